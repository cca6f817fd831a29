//! Server variables by which a host that is not IIS tells the core how to run a site.
//!
//! A client cannot set them: only `HTTP_` and `HEADER_` variables come from a request. They are
//! asked for once, at the first request.

use std::ffi::CStr;

/// The home folder; without it, the folder of the extension's library.
pub const HOME: &CStr = c"PYISAPIE_HOME";
/// A Python file with a function `Request()` in the place of the home's `Http/Isapi.py`.
pub const HANDLER: &CStr = c"PYISAPIE_HANDLER";
/// When scripts are loaded again: `never`, `changed` or `always`; without it, `never`.
pub const RELOAD: &CStr = c"PYISAPIE_RELOAD";
/// Who sees tracebacks: `local`, `always` or `never`; without it, `local`.
pub const ERROR_DETAILS: &CStr = c"PYISAPIE_ERROR_DETAILS";
/// `1`: the file that the URL maps to is run as a CGI script, whatever its name.
pub const CGI: &CStr = c"PYISAPIE_CGI";
