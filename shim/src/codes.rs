//! The table of error codes of the command and the fake host.
//!
//! A code is allocated once and never reused: administrators search for it. The core has its own
//! table (`ISH03xx` and `ISH04xx`); `docs/errors.md` lists both, and a test compares them.

/// How the process ends. Part of the interface: see `docs/cli.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The script, or a comparison, failed.
    Failed = 1,
    /// The command line, or a file it names, cannot be used as given.
    Usage = 2,
    /// The host failed: no socket, no Python, a broken extension.
    Host = 3,
    /// There was nothing to do (pytest's number for "no tests collected").
    Nothing = 5,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The number behind `ISH`, printed with four digits.
    pub number: u16,
    /// The exit code of a process that ends because of it.
    pub exit: Exit,
    /// The row's title, as `docs/errors.md` has it.
    pub title: &'static str,
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ISH{:04}", self.number)
    }
}

/// As in a text.
impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

macro_rules! codes {
    ($($number:literal $name:ident $exit:ident $title:literal)*) => {
        $(#[doc = $title] pub const $name: Code =
            Code { number: $number, exit: Exit::$exit, title: $title };)*
        /// Every code of this crate, for the documentation's test.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    // 01xx: the command line and the files it names
    101 SCRIPT_MISSING      Usage "script not found"
    102 SCRIPT_IS_DIRECTORY Usage "the script is a directory"
    103 BAD_HEADER_FLAG     Usage "a header on the command line is malformed"
    104 BAD_SERVER_VAR_FLAG Usage "a server variable on the command line is malformed"
    105 DATA_UNREADABLE     Usage "request data cannot be read"
    106 HOME_MISSING        Usage "the home folder does not exist"
    107 BAD_URL             Usage "a URL or path cannot be used"
    108 BAD_METHOD          Usage "a request method is malformed"
    109 SCRIPT_UNMAPPED     Usage "no handler maps the script"
    110 SCRIPT_UNREADABLE   Usage "the script cannot be read"
    111 DEBUGGING           Host  "a debugger or coverage was asked for and could not be started"
    112 OUTPUT_UNWRITABLE   Host  "standard output cannot be written"
    // 02xx: the site and the server
    201 SITE_MISSING        Usage "the site's folder does not exist"
    202 SITE_NOT_A_FOLDER   Usage "the site is not a folder"
    203 BAD_MAP             Usage "a handler pattern on the command line is malformed"
    204 CONFIG_UNREADABLE   Usage "web.config cannot be read"
    205 CONFIG_XML          Usage "web.config is not well-formed XML"
    206 CONFIG_VALUE        Usage "web.config holds a value that IIS refuses"
    207 CONFIG_MISSING      Usage "web.config lacks an attribute that IIS requires"
    208 CONFIG_DUPLICATE    Usage "web.config adds the same entry twice"
    209 ADDRESS_IN_USE      Host  "the address cannot be listened on"
    210 READY_FILE          Usage "the ready file cannot be written"
    211 SERVER_FAILED       Host  "the server could not be started"
    212 HANDLER_MISSING     Usage "the wildcard handler's file cannot be used"
    213 OPEN_TO_OTHERS      Host  "the server listens for other computers"
    214 FORKED              Failed "a child process of a script came back into the server"
    215 SERVE_OPTION        Usage "an option of serve cannot be used"
    216 WORKER_ENDED        Host  "a worker process ended"
    217 WORKERS_FAILED      Host  "the worker processes do not start"
    // 05xx: extensions and the ECB contract
    501 EXTENSION_MISSING    Usage "the extension library does not exist"
    502 EXTENSION_UNLOADABLE Host  "the extension library cannot be loaded"
    503 EXTENSION_EXPORT     Host  "the extension library lacks an export"
    504 EXTENSION_REFUSED    Host  "the extension refused to start"
    505 EXTENSION_CONTRACT   Host  "the extension broke a rule of ISAPI"
    506 REQUEST_REFUSED      Host  "the extension asked for something this host does not have"
    507 RESPONSE_FRAMING     Host  "the extension's response does not keep to its framing"
    508 UNHEALTHY            Host  "the extension reports itself unhealthy"
    509 PENDING_TIMEOUT      Host  "the extension does not end a request"
    510 HEAD_FORM            Host  "the extension's response head is not written as ISAPI demands"
    511 TIME_LIMIT           Failed "a request takes longer than --timeout allows"
    // 06xx: request files and snapshots
    601 HTTP_FILE_MISSING    Usage "a request file or folder does not exist"
    602 HTTP_FILE_UNREADABLE Usage "a request file cannot be read"
    603 NOTHING_COLLECTED    Nothing "no request files were found"
    604 BAD_REQUEST_LINE     Usage "a request line is malformed"
    605 BAD_REQUEST_HEADER   Usage "a header in a request file is malformed"
    606 UNKNOWN_VARIABLE     Usage "a request file uses an unknown variable"
    607 BAD_VARIABLE         Usage "a variable in a request file is malformed"
    608 BAD_REQUEST_NAME     Usage "a request's name cannot name a snapshot"
    609 DUPLICATE_NAME       Usage "two requests of one file have the same name"
    610 BODY_FILE_UNREADABLE Usage "a file named as a request's body cannot be read"
    611 BAD_DIRECTIVE        Usage "a directive in a request file is malformed"
    612 SNAPSHOT_UNREADABLE  Usage "a stored snapshot cannot be read"
    613 SNAPSHOT_UNWRITABLE  Usage "a snapshot cannot be written"
    614 SHARED_SNAPSHOTS     Usage "two request files would share their snapshots"
    615 REPORT_UNWRITABLE    Host "the test report cannot be written"
    616 TEST_PROCESS         Host  "the requests of a site could not be answered"
    617 HTTP_SCRIPT_OPEN     Usage "a script in a request file has no end"
    618 BAD_ENVIRONMENT      Usage "an environment of a request file cannot be used"
    619 PROCESS_ENDED        Failed "the process ended while a request was answered"
    620 SNAPSHOT_CONFLICT    Usage "a snapshot has marks of a merge conflict"
    621 WRITING_REFUSED      Usage "snapshots are not written on a build server"
    622 TEST_OPTION          Usage "an option of test or review cannot be used"
    623 STRICT               Failed "a test does something that `--strict` forbids"
    624 STATE_LEAK           Failed "a response depends on the requests before it"
    625 UNWATCHABLE          Host  "files cannot be watched"
    626 NO_SUCH_REQUEST      Usage "a request refers to one that does not come before it"
    627 BAD_REFERENCE        Usage "a reference to another request is malformed"
    628 NO_RESPONSE          Failed "a request refers to one that has no response"
    629 NOT_IN_RESPONSE      Failed "what a request refers to is not there"
    // 07xx: IIS, as `iis config` and `iis check` know it
    701 IIS_OPTION           Usage  "an option of the iis commands cannot be used"
    702 IIS_NOT_LISTED       Usage  "applicationHost.config has no such site, application or pool"
    703 IIS_NOT_MAPPED       Failed "no handler leads to PyISAPIe.dll"
    704 IIS_DLL_MISSING      Failed "the handler's DLL is not there"
    705 IIS_DLL_INVALID      Failed "the handler's file is no DLL of Windows"
    706 IIS_WRONG_DLL        Failed "the handler names another DLL than PyISAPIe.dll"
    707 IIS_EXPORTS          Failed "the handler's DLL is no ISAPI extension"
    708 IIS_BITNESS          Failed "the DLL and the application pool are of different bitness"
    709 IIS_PRECONDITION     Failed "a preCondition takes the handler out"
    710 IIS_MODULE           Failed "the handler is not carried out by IsapiModule"
    711 IIS_RESOURCE_TYPE    Failed "the handler's resourceType does not fit its path"
    712 IIS_ACCESS           Failed "the access policy does not grant what the handler needs"
    713 IIS_VERB             Failed "the handler does not take all methods"
    714 IIS_ORDER            Failed "an earlier handler takes the requests"
    715 IIS_NO_STATIC        Failed "no handler for static files is left"
    716 IIS_RESTRICTED       Failed "the DLL is not allowed under ISAPI and CGI Restrictions"
    717 IIS_RESTRICTION_PATH Failed "a restriction spells the path of the DLL differently"
    718 IIS_NO_ISAPI         Failed "the feature ISAPI Extensions is missing"
    719 IIS_FILTERED         Failed "request filtering refuses scripts"
    720 IIS_PYTHON           Failed "the DLL cannot use the site's Python"
    721 IIS_CORE             Failed "the core for the site's Python is missing or cannot be used"
    722 IIS_SETTINGS         Failed "the settings file beside the DLL cannot be used"
    723 IIS_POOL_SHARED      Failed "two copies of PyISAPIe are in one application pool"
    724 IIS_PASS_THROUGH     Failed "the request handler and the kind of mapping do not fit"
    725 IIS_PYTHON2          Failed "a file of the package Http is Python 2"
    726 IIS_EXPOSED          Failed "files of PyISAPIe lie where clients can ask for them"
    727 IIS_NOT_SEEN         Failed "something cannot be seen from here"
    728 IIS_POOL             Failed "the application pool is missing or does not start"
    729 IIS_LOCKED           Failed "web.config has a section that the server has locked"
    730 IIS_DUPLICATE        Failed "a handler of this name is inherited already"
    731 IIS_HOME             Failed "a package Http in the site's folder has no effect"
    // 08xx: Python files, as `check` reads them
    801 CHECK_MISSING    Usage   "a file or folder to check does not exist"
    802 CHECK_UNREADABLE Usage   "a file or folder to check cannot be read"
    803 CHECK_NOTHING    Nothing "no Python files were found to check"
    804 PY_ENCODING      Failed "the bytes of a script do not fit its encoding"
    805 PY_NUL           Failed "a script holds a NUL byte"
    806 PY_NOT_CHECKED   Failed "a script was not looked at"
    807 PY_SYNTAX        Failed "a script has a syntax error"
    808 PY_TABS          Failed "tabs and blanks are mixed in an indentation"
    809 PY_PRINT         Failed "print is written as a statement"
    810 PY_EXEC          Failed "exec is written as a statement"
    811 PY_EXCEPT        Failed "except is written with a comma"
    812 PY_RAISE         Failed "raise is written as in Python 2"
    813 PY_BACKQUOTES    Failed "backquotes are used for repr"
    814 PY_NOT_EQUAL     Failed "<> is used for not equal"
    815 PY_UR_STRING     Failed "a text has the prefix ur"
    816 PY_OCTAL         Failed "an octal number begins with 0 only"
    817 PY_LONG          Failed "a number ends with L"
    818 PY_TUPLE_PARAM   Failed "a parameter is a tuple"
    819 PY_STAR_IMPORT   Failed "import * stands in a function or class"
    820 PY_KEYWORD       Failed "a keyword of Python 3 is used as a name"
    821 PY_RELATIVE      Failed "an import inside a package lacks its dot"
    822 PY_MODULE        Failed "a module is gone or has another name"
    823 PY_STAND_IN      Failed "a module of Python 2 has a stand-in here"
    824 PY_LATER         Failed "a module is gone in newer Pythons"
    825 PY_ATTRIBUTE     Failed "a function of a module is gone or has another name"
    826 PY_BUILTIN       Failed "a built-in function is gone or has another name"
    827 PY_METHOD        Failed "a method is gone or has another name"
    828 PY_CODEC         Failed "a codec does not turn text into bytes"
    829 PY_SORT          Failed "a sort is given a function that compares"
    830 PY_LAZY          Failed "a list is expected where Python 3 gives none"
    831 PY_READ_TEXT     Failed "the bytes of Read are used as text"
    832 PY_WANTS_BYTES   Failed "text is given where bytes are wanted"
    833 PY_BINARY_FILE   Failed "a binary file is opened as text"
    834 PY_WRITE_TYPE    Failed "Write is given what is neither text nor bytes"
    835 PY_LENGTH        Failed "a length counts characters"
    836 PY_NO_REQUEST    Failed "a script has no function Request"
    837 PY_REQUEST_ARGS  Failed "the function Request takes arguments"
    838 PY_REQUEST_ASYNC Failed "the function Request is not an ordinary one"
    839 PY_IMPORT_TIME   Failed "a function of Http is used at import"
    840 PY_THREAD        Failed "a thread uses a function of Http"
    841 PY_ARGV          Failed "a script reads arguments that are not there"
    842 PY_ESCAPE        Failed "a backslash in a text begins no escape sequence"
    843 PY_PATH_ESCAPE   Failed "a path holds an escape sequence"
    844 PY_BAD_ESCAPE    Failed "an escape sequence is cut off"
    845 PY_PASS_THROUGH  Failed "a script returns True"
    846 PY_CGI_VARIABLE  Failed "a script reads CGI variables that are not there"
    847 PY_HEADER_STATUS Failed "a status is given as a header"
    848 PY_HEADER_FORM   Failed "Header is given what it refuses"
    849 PY_STDOUT        Failed "a stream of all requests is replaced"
    850 PY_EXIT          Failed "a script ends the process or the request"
    851 PY_CHDIR         Failed "a script changes the current folder"
}
