//! The core of isapi-shim: PyISAPIe's `Http` module behind the three entry points of an ISAPI
//! extension.
//!
//! A host sees [`GetExtensionVersion`], [`HttpExtensionProc`] and [`TerminateExtension`] and the
//! types of [`ecb`], nothing else. Where it is more than IIS it says so by answering server
//! variables that IIS does not have: see [`host_variables`].
#![deny(unsafe_code)]

pub mod codes;
mod dispatch;
pub mod ecb;
mod entry;
mod interpreter;
mod log;
mod module;
mod request;
mod response;

pub use entry::{GetExtensionVersion, HttpExtensionProc, SetLastError, TerminateExtension};

/// For the library that carries this core: the folder it lies in, which is the home where the
/// host names none.
pub fn set_library_folder(folder: std::path::PathBuf) {
    dispatch::set_library_folder(folder);
}

/// Server variables by which a host that is not IIS tells this extension how to run a site.
///
/// A client cannot set them: only `HTTP_` and `HEADER_` variables come from a request. They are
/// asked for once, at the first request.
pub mod host_variables {
    use std::ffi::CStr;

    /// The home folder; without it, the folder of the extension's library.
    pub const HOME: &CStr = c"PYISAPIE_HOME";
    /// A Python file with a function `Request()` in the place of the home's `Http/Isapi.py`.
    pub const HANDLER: &CStr = c"PYISAPIE_HANDLER";
    /// When scripts are loaded again: `never`, `changed` or `always`; without it, `never`.
    pub const RELOAD: &CStr = c"PYISAPIE_RELOAD";
    /// Who sees tracebacks: `local`, `always` or `never`; without it, `local`.
    pub const ERROR_DETAILS: &CStr = c"PYISAPIE_ERROR_DETAILS";
}
