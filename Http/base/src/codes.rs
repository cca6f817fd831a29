//! The core's and its carriers' table of error codes: `ISH03xx` for Python and the process,
//! `ISH04xx` for requests.
//!
//! A code is allocated once and never reused. It stands on the error page, in the log, and in the
//! control block's log data, so it also shows in IIS's own request log.

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The number behind `ISH`, printed with four digits.
    pub number: u16,
    /// The row's title, as `docs/errors.md` has it.
    pub title: &'static str,
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ISH{:04}", self.number)
    }
}

macro_rules! codes {
    ($($number:literal $name:ident $title:literal)*) => {
        $(#[doc = $title] pub const $name: Code = Code { number: $number, title: $title };)*
    };
}

codes! {
    301 PYTHON_NOT_FOUND    "no Python of the right version was found"
    302 PYTHON_START        "Python could not be started"
    303 ENVIRONMENT_VERSION "the virtual environment is for another Python"
    304 HOME_FOLDER         "the home folder cannot be used"
    305 PANIC               "the extension itself failed"
    306 HOST_CALL           "the host refused a call that every host must support"
    307 PYTHON_UNUSABLE     "the Python that was found cannot be used"
    308 PYTHON_BITNESS      "Python and the server process are of different bitness"
    309 CORE_MISSING        "there is no core for this version of Python"
    310 CORE_UNUSABLE       "the core cannot be used"
    311 PYTHON_TAKEN        "Python runs in this process already, for somebody else"
    312 SETTINGS_FILE       "PyISAPIe.toml cannot be used"
    313 LIBRARY_FOLDER      "the folder of the extension library cannot be found"
    314 LOG_FILE            "the log file cannot be written"
    315 DEBUGGING           "the debugger or the measuring of coverage cannot be started"
    401 SCRIPT_RAISED       "the request handler raised an exception"
    402 RECURSION           "a request was passed through to the handler that passed it"
    403 PASS_THROUGH        "a request could not be passed through"
    404 BODY_SHORT          "the script wrote less than it announced"
    405 BODY_FORBIDDEN      "the script wrote a body that its status does not allow"
    406 HANDLER_INIT              "the site's handler or configuration could not be loaded"
    407 CLIENT_GONE         "the client went away before the response was whole"
    408 SETTING_IGNORED     "a setting of the site has no effect"
    409 QUEUE_FULL          "too many requests wait for a thread"
    410 WSGI_PROTOCOL       "a WSGI application broke a rule of WSGI"
    411 CGI_OUTPUT          "the output of a CGI script is no CGI response"
    412 CGI_ENDED_BADLY     "a CGI script ended with an error after its response"
    413 CGI_BYTES_PRINTED   "bytes were printed as text"
    414 BODY_LONG           "a WSGI application sent more than it announced"
    415 WSGI_LOAD           "the WSGI application cannot be loaded"
    416 CGI_EXCESS          "a CGI script wrote more than its Content-Length"
}
