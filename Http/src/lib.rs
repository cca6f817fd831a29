//! The core of isapi-shim: PyISAPIe's `Http` module behind the three entry points of an ISAPI
//! extension.
//!
//! A host sees [`GetExtensionVersion`], [`HttpExtensionProc`] and [`TerminateExtension`] and the
//! types of [`isapi_base::ecb`], nothing else. Where it is more than IIS it says so by answering
//! server variables that IIS does not have: see [`isapi_base::host_variables`].
#![deny(unsafe_code)]

mod body;
mod cgi;
mod dispatch;
mod entry;
mod interpreter;
mod log;
mod module;
mod request;
mod response;

use isapi_base::{codes, ecb, host_variables};

use std::path::PathBuf;

pub use entry::{GetExtensionVersion, HttpExtensionProc, SetLastError, TerminateExtension};
pub use interpreter::PythonAt;

/// What a library that carries this core tells it, before the first request.
#[derive(Debug)]
pub struct Carrier {
    /// The folder it lies in, which is the home where the host names none.
    pub library_folder: PathBuf,
    /// The package of handler and settings: `Http`, or `Name` of `PyISAPIe-Name.dll`.
    pub package: String,
    /// The Python it has found and loaded; without it, the one this was built for.
    pub python: Option<PythonAt>,
    /// Where the log goes; without it, to standard error.
    pub log: Option<isapi_base::calls::LogFn>,
}

/// Starts Python for a carrier. Where that fails, every request is answered with a page that says
/// why.
pub fn start(carrier: Carrier) {
    if let Some(log) = carrier.log {
        log::set(log);
    }
    dispatch::set_library_folder(carrier.library_folder);
    module::set_package(carrier.package);
    if let Some(python) = carrier.python {
        interpreter::set_python(python);
    }
    interpreter::forget_case_variable();
    let _told_by_each_request = interpreter::start();
}
