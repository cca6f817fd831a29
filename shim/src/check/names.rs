//! What Python 3 has no longer, or under another name. Data only.

/// A module of Python 2, and what to use.
pub(super) const MODULES: &[(&str, &str)] = &[
    ("BaseHTTPServer", "http.server"),
    ("CGIHTTPServer", "http.server"),
    ("ConfigParser", "configparser"),
    ("Cookie", "http.cookies"),
    ("DocXMLRPCServer", "xmlrpc.server"),
    ("HTMLParser", "html.parser"),
    ("MimeWriter", "email"),
    ("Queue", "queue"),
    ("SimpleHTTPServer", "http.server"),
    ("SimpleXMLRPCServer", "xmlrpc.server"),
    ("SocketServer", "socketserver"),
    ("StringIO", "io.StringIO for text, io.BytesIO for bytes"),
    ("Tkinter", "tkinter"),
    ("UserDict", "collections.UserDict"),
    ("UserList", "collections.UserList"),
    ("UserString", "collections.UserString"),
    ("__builtin__", "builtins"),
    ("_winreg", "winreg"),
    ("anydbm", "dbm"),
    ("cPickle", "pickle"),
    ("cStringIO", "io.StringIO for text, io.BytesIO for bytes"),
    ("commands", "subprocess"),
    ("compiler", "ast"),
    ("cookielib", "http.cookiejar"),
    ("copy_reg", "copyreg"),
    ("dbhash", "dbm"),
    ("dircache", "os.listdir"),
    ("dumbdbm", "dbm.dumb"),
    ("dummy_thread", "_thread"),
    ("dummy_threading", "threading"),
    ("email.Charset", "email.charset"),
    ("email.Encoders", "email.encoders"),
    ("email.Errors", "email.errors"),
    ("email.Generator", "email.generator"),
    ("email.Header", "email.header"),
    ("email.Iterators", "email.iterators"),
    ("email.MIMEAudio", "email.mime.audio"),
    ("email.MIMEBase", "email.mime.base"),
    ("email.MIMEImage", "email.mime.image"),
    ("email.MIMEMessage", "email.mime.message"),
    ("email.MIMEMultipart", "email.mime.multipart"),
    ("email.MIMENonMultipart", "email.mime.nonmultipart"),
    ("email.MIMEText", "email.mime.text"),
    ("email.Message", "email.message"),
    ("email.Parser", "email.parser"),
    ("email.Utils", "email.utils"),
    (
        "exceptions",
        "leave it out: the exceptions are built-in names",
    ),
    ("fpformat", "format()"),
    ("future_builtins", "leave it out: they are built in"),
    ("gdbm", "dbm.gnu"),
    ("hotshot", "cProfile"),
    ("htmlentitydefs", "html.entities"),
    ("htmllib", "html.parser"),
    ("httplib", "http.client"),
    ("ihooks", "importlib"),
    ("imputil", "importlib"),
    ("markupbase", "html.parser"),
    ("mhlib", "mailbox"),
    ("mimetools", "email"),
    ("mimify", "email"),
    ("multifile", "email"),
    ("popen2", "subprocess"),
    ("rfc822", "email"),
    ("robotparser", "urllib.robotparser"),
    ("sets", "the built-in set and frozenset"),
    ("sgmllib", "html.parser"),
    ("sha", "hashlib.sha1"),
    ("statvfs", "os.statvfs"),
    ("stringold", "methods of text: x.upper()"),
    ("thread", "threading, or _thread"),
    ("tkMessageBox", "tkinter.messagebox"),
    ("urllib2", "urllib.request, urllib.error"),
    ("urlparse", "urllib.parse"),
    ("whichdb", "dbm.whichdb"),
    ("xml.etree.cElementTree", "xml.etree.ElementTree"),
    ("xmlrpclib", "xmlrpc.client"),
];

/// A module that some Python 3 still has: since when it is gone, and what to do.
pub(super) const LATER: &[(&str, &str, &str)] = &[
    ("aifc", "3.13", "pip install standard-aifc"),
    ("asynchat", "3.12", "asyncio, or: pip install pyasynchat"),
    ("asyncore", "3.12", "asyncio, or: pip install pyasyncore"),
    ("audioop", "3.13", "pip install audioop-lts"),
    ("binhex", "3.11", "binascii"),
    (
        "cgi",
        "3.13",
        "urllib.parse and email; or: pip install legacy-cgi",
    ),
    ("cgitb", "3.13", "traceback; or: pip install legacy-cgi"),
    ("chunk", "3.13", "pip install standard-chunk"),
    ("crypt", "3.13", "hashlib, or a package for passwords"),
    (
        "distutils",
        "3.12",
        "shutil, subprocess, sysconfig; or: pip install setuptools",
    ),
    (
        "formatter",
        "3.10",
        "there is nothing like it in Python itself",
    ),
    (
        "imghdr",
        "3.13",
        "mimetypes, or: pip install standard-imghdr",
    ),
    ("mailcap", "3.13", "mimetypes"),
    (
        "msilib",
        "3.13",
        "there is nothing like it in Python itself",
    ),
    ("nntplib", "3.13", "pip install standard-nntplib"),
    ("parser", "3.10", "ast"),
    ("pipes", "3.13", "shlex.quote and subprocess"),
    ("smtpd", "3.12", "pip install aiosmtpd"),
    ("sndhdr", "3.13", "pip install standard-sndhdr"),
    ("sunau", "3.13", "pip install standard-sunau"),
    ("symbol", "3.10", "ast"),
    ("telnetlib", "3.13", "pip install standard-telnetlib"),
    ("uu", "3.13", "base64"),
    ("xdrlib", "3.13", "struct"),
];

/// Modules that this project puts in the place of Python's own, and what they have.
pub(super) const STAND_INS: &[(&str, &str)] = &[
    (
        "imp",
        "Python 3.12 and newer have no `imp`; here a stand-in has load_source, new_module, reload and the locks",
    ),
    (
        "md5",
        "Python 3 has no `md5`; here a stand-in has md5 and new, and hashes text as UTF-8",
    ),
];

/// A name of a module that is gone: since when where some Python from 3.9 on still has it, and
/// what to use.
pub(super) const ATTRIBUTES: &[(&str, &str, &str)] = &[
    (
        "HTMLParser.HTMLParseError",
        "",
        "leave it out: it is not raised any more",
    ),
    ("base64.decodestring", "", "base64.decodebytes"),
    ("base64.encodestring", "", "base64.encodebytes"),
    ("cgi.escape", "", "html.escape"),
    ("cgi.parse_qs", "", "urllib.parse.parse_qs"),
    ("cgi.parse_qsl", "", "urllib.parse.parse_qsl"),
    ("collections.Callable", "3.10", "collections.abc.Callable"),
    ("collections.Hashable", "3.10", "collections.abc.Hashable"),
    ("collections.Iterable", "3.10", "collections.abc.Iterable"),
    ("collections.Iterator", "3.10", "collections.abc.Iterator"),
    ("collections.Mapping", "3.10", "collections.abc.Mapping"),
    (
        "collections.MutableMapping",
        "3.10",
        "collections.abc.MutableMapping",
    ),
    (
        "collections.MutableSequence",
        "3.10",
        "collections.abc.MutableSequence",
    ),
    (
        "collections.MutableSet",
        "3.10",
        "collections.abc.MutableSet",
    ),
    ("collections.Sequence", "3.10", "collections.abc.Sequence"),
    ("collections.Set", "3.10", "collections.abc.Set"),
    ("inspect.getargspec", "3.11", "inspect.getfullargspec"),
    ("itertools.ifilter", "", "filter"),
    ("itertools.ifilterfalse", "", "itertools.filterfalse"),
    ("itertools.imap", "", "map"),
    ("itertools.izip", "", "zip"),
    ("itertools.izip_longest", "", "itertools.zip_longest"),
    ("locale.format", "3.12", "locale.format_string"),
    ("operator.isCallable", "", "callable"),
    ("operator.sequenceIncludes", "", "operator.contains"),
    ("os.errno", "", "import errno"),
    ("os.getcwdu", "", "os.getcwd"),
    ("os.popen2", "", "subprocess.Popen"),
    ("os.popen3", "", "subprocess.Popen"),
    ("os.popen4", "", "subprocess.Popen"),
    ("os.tempnam", "", "tempfile.mkstemp"),
    ("os.tmpnam", "", "tempfile.mkstemp"),
    ("platform.dist", "", "platform.freedesktop_os_release"),
    (
        "platform.linux_distribution",
        "",
        "platform.freedesktop_os_release",
    ),
    ("string.atof", "", "float(x)"),
    ("string.atoi", "", "int(x)"),
    ("string.atol", "", "int(x)"),
    ("string.capitalize", "", "x.capitalize()"),
    ("string.count", "", "x.count(y)"),
    ("string.expandtabs", "", "x.expandtabs()"),
    ("string.find", "", "x.find(y)"),
    ("string.index", "", "x.index(y)"),
    ("string.join", "", "separator.join(list)"),
    ("string.joinfields", "", "separator.join(list)"),
    ("string.letters", "", "string.ascii_letters"),
    ("string.ljust", "", "x.ljust(n)"),
    ("string.lower", "", "x.lower()"),
    ("string.lowercase", "", "string.ascii_lowercase"),
    ("string.lstrip", "", "x.lstrip()"),
    ("string.maketrans", "", "str.maketrans or bytes.maketrans"),
    ("string.replace", "", "x.replace(old, new)"),
    ("string.rfind", "", "x.rfind(y)"),
    ("string.rjust", "", "x.rjust(n)"),
    ("string.rstrip", "", "x.rstrip()"),
    ("string.split", "", "x.split(separator)"),
    ("string.splitfields", "", "x.split(separator)"),
    ("string.strip", "", "x.strip()"),
    ("string.swapcase", "", "x.swapcase()"),
    ("string.translate", "", "x.translate(table)"),
    ("string.upper", "", "x.upper()"),
    ("string.uppercase", "", "string.ascii_uppercase"),
    ("string.zfill", "", "x.zfill(n)"),
    ("sys.exc_clear", "", "leave it out"),
    ("sys.exc_traceback", "", "sys.exc_info()[2]"),
    ("sys.exc_type", "", "sys.exc_info()[0]"),
    ("sys.exc_value", "", "sys.exc_info()[1]"),
    ("sys.getcheckinterval", "", "sys.getswitchinterval"),
    ("sys.maxint", "", "sys.maxsize"),
    ("sys.setcheckinterval", "", "sys.setswitchinterval"),
    (
        "sys.setdefaultencoding",
        "",
        "leave it out: text is Unicode",
    ),
    ("time.clock", "", "time.perf_counter or time.process_time"),
    ("types.BooleanType", "", "bool"),
    ("types.ClassType", "", "type"),
    ("types.DictType", "", "dict"),
    ("types.FileType", "", "io.IOBase"),
    ("types.FloatType", "", "float"),
    ("types.InstanceType", "", "object"),
    ("types.IntType", "", "int"),
    ("types.ListType", "", "list"),
    ("types.LongType", "", "int"),
    ("types.StringType", "", "str"),
    ("types.StringTypes", "", "str"),
    ("types.TupleType", "", "tuple"),
    ("types.UnicodeType", "", "str"),
    ("urllib.FancyURLopener", "", "urllib.request.build_opener"),
    ("urllib.URLopener", "", "urllib.request.build_opener"),
    ("urllib.getproxies", "", "urllib.request.getproxies"),
    ("urllib.pathname2url", "", "urllib.request.pathname2url"),
    ("urllib.quote", "", "urllib.parse.quote"),
    ("urllib.quote_plus", "", "urllib.parse.quote_plus"),
    ("urllib.unquote", "", "urllib.parse.unquote"),
    ("urllib.unquote_plus", "", "urllib.parse.unquote_plus"),
    ("urllib.url2pathname", "", "urllib.request.url2pathname"),
    ("urllib.urlcleanup", "", "urllib.request.urlcleanup"),
    ("urllib.urlencode", "", "urllib.parse.urlencode"),
    ("urllib.urlopen", "", "urllib.request.urlopen"),
    ("urllib.urlretrieve", "", "urllib.request.urlretrieve"),
];

/// A built-in name of Python 2, and what to use.
pub(super) const BUILT_INS: &[(&str, &str)] = &[
    ("StandardError", "Exception"),
    ("apply", "f(*args, **kwargs)"),
    ("basestring", "str"),
    ("buffer", "memoryview"),
    ("cmp", "(a > b) - (a < b)"),
    ("coerce", "leave it out"),
    ("execfile", "exec(open(path).read())"),
    ("file", "open"),
    ("intern", "sys.intern"),
    ("long", "int"),
    (
        "raw_input",
        "Read() or Env.QUERY_STRING: a request has no keyboard",
    ),
    ("reduce", "functools.reduce"),
    ("reload", "importlib.reload"),
    ("unichr", "chr"),
    ("unicode", "str"),
    ("xrange", "range"),
];

/// A method without arguments (or with one, where it says so) of Python 2, and what to use.
pub(super) const METHODS: &[(&str, usize, &str)] = &[
    ("has_key", 1, "key in x"),
    ("isAlive", 0, "x.is_alive()"),
    ("iteritems", 0, "x.items()"),
    ("iterkeys", 0, "x.keys()"),
    ("itervalues", 0, "x.values()"),
    ("next", 0, "next(x)"),
    ("viewitems", 0, "x.items()"),
    ("viewkeys", 0, "x.keys()"),
    ("viewvalues", 0, "x.values()"),
];

/// Codecs from bytes to bytes or from text to text, and what to use.
pub(super) const CODECS: &[(&str, &str)] = &[
    ("base64", "base64.b64encode, base64.b64decode"),
    ("bz2", "bz2.compress, bz2.decompress"),
    ("hex", "bytes.hex, bytes.fromhex"),
    ("quopri", "quopri.encodestring, quopri.decodestring"),
    ("rot13", "codecs.encode(x, 'rot13')"),
    ("rot_13", "codecs.encode(x, 'rot13')"),
    ("string-escape", "codecs.escape_decode, or unicode_escape"),
    ("string_escape", "codecs.escape_decode, or unicode_escape"),
    ("uu", "binascii.b2a_uu, binascii.a2b_uu"),
    ("zip", "zlib.compress, zlib.decompress"),
    ("zlib", "zlib.compress, zlib.decompress"),
];

/// Functions whose first argument must be bytes.
pub(super) const WANT_BYTES: &[&str] = &[
    "base64.b64encode",
    "base64.encodebytes",
    "base64.standard_b64encode",
    "base64.urlsafe_b64encode",
    "binascii.crc32",
    "binascii.hexlify",
    "hashlib.md5",
    "hashlib.sha1",
    "hashlib.sha224",
    "hashlib.sha256",
    "hashlib.sha384",
    "hashlib.sha512",
    "hmac.new",
    "zlib.adler32",
    "zlib.compress",
    "zlib.crc32",
];

/// Files that are no text, by their extension.
pub(super) const BINARY: &[&str] = &[
    "bin", "bmp", "dll", "doc", "docx", "exe", "gif", "gz", "ico", "jpeg", "jpg", "mp3", "mp4",
    "pdf", "png", "pptx", "tar", "tif", "tiff", "ttf", "webp", "woff", "woff2", "xls", "xlsx",
    "zip",
];

/// Content types that are no text, as they begin.
pub(super) const BINARY_TYPES: &[&str] = &[
    "application/msword",
    "application/octet-stream",
    "application/pdf",
    "application/vnd.",
    "application/x-zip",
    "application/zip",
    "audio/",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/jpg",
    "image/png",
    "image/tiff",
    "image/webp",
    "image/x-icon",
    "video/",
];

/// CGI variables (besides `HTTP_...`).
pub(super) const CGI_VARIABLES: &[&str] = &[
    "AUTH_TYPE",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "GATEWAY_INTERFACE",
    "PATH_INFO",
    "PATH_TRANSLATED",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_USER",
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "SERVER_SOFTWARE",
];

/// Modules of Python 3's own, which an import without a dot finds first.
pub(super) const STANDARD: &str = "\
abc antigravity argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 \
cProfile calendar cmath cmd code codecs codeop collections colorsys compileall concurrent \
configparser contextlib contextvars copy copyreg csv ctypes curses dataclasses datetime dbm \
decimal difflib dis doctest email encodings ensurepip enum errno faulthandler fcntl filecmp \
fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib \
grp gzip hashlib heapq hmac html http idlelib imaplib importlib inspect io ipaddress itertools \
json keyword linecache locale logging lzma mailbox marshal math mimetypes mmap modulefinder \
msvcrt multiprocessing netrc nt ntpath nturl2path numbers opcode operator optparse os pathlib \
pdb pickle pickletools pkgutil platform plistlib poplib posix posixpath pprint profile pstats \
pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib \
resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site \
smtplib socket socketserver sqlite3 sre_compile sre_constants sre_parse ssl stat statistics \
string stringprep struct subprocess symtable sys sysconfig syslog tabnanny tarfile tempfile \
termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback \
tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uuid venv warnings \
wave weakref webbrowser winreg winsound wsgiref xml xmlrpc zipapp zipfile zipimport zlib \
zoneinfo \
";
