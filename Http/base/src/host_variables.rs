//! Server variables by which a host that is not IIS tells the core how to run a site.
//!
//! A client cannot set them: only `HTTP_` and `HEADER_` variables come from a request. They are
//! asked for once, at the first request.

use std::ffi::CStr;

/// What the names of all of them begin with.
pub const PREFIX: &[u8] = b"PYISAPIE_";

/// The home folder; without it, the folder of the extension's library.
pub const HOME: &CStr = c"PYISAPIE_HOME";
/// An environment variable, told before an extension is loaded: where debugpy listens, as
/// `ADDRESS:PORT`; with `,wait` behind it, a debugger is waited for.
pub const DEBUGPY: &str = "PYISAPIE_DEBUGPY";
/// An environment variable, too: coverage.py measures. `1`, or a folder by which the processes of
/// one run find each other.
pub const COVERAGE: &str = "PYISAPIE_COVERAGE";
/// A Python file with a function `Request()` in the place of the home's `Http/Isapi.py`.
pub const HANDLER: &CStr = c"PYISAPIE_HANDLER";
/// When scripts are loaded again: `never`, `changed` or `always`; without it, `never`.
pub const RELOAD: &CStr = c"PYISAPIE_RELOAD";
/// Who sees tracebacks: `local`, `always` or `never`; without it, `local`.
pub const ERROR_DETAILS: &CStr = c"PYISAPIE_ERROR_DETAILS";
/// A WSGI application in the place of the home's handler: `module:attribute`, or
/// `module:function()` for one that a function makes.
pub const WSGI: &CStr = c"PYISAPIE_WSGI";
/// Where that application is mounted, such as `/blog`; what lies elsewhere is passed through.
pub const MOUNT: &CStr = c"PYISAPIE_MOUNT";
/// How requests are run: `threads` (one process with many), `processes` (several of these), `once`
/// (one request, then the process ends); without it, `processes`, since IIS does not tell.
pub const PROCESS_MODEL: &CStr = c"PYISAPIE_PROCESS_MODEL";
/// `1`: the file that the URL maps to is run as a CGI script, whatever its name.
pub const CGI: &CStr = c"PYISAPIE_CGI";
