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
mod gateway;
mod interpreter;
mod log;
mod module;
mod observed;
mod request;
mod response;
mod wsgi;

use isapi_base::{codes, ecb, host_variables};

#[cfg(feature = "embed")]
use std::path::PathBuf;

pub use entry::{GetExtensionVersion, HttpExtensionProc, SetLastError, TerminateExtension};
#[cfg(feature = "embed")]
pub use interpreter::PythonAt;
pub use observed::{Observed, observe};

/// Whether the Python this was built for has no GIL: scripts run at the same time on threads.
pub const FREE_THREADED: bool = cfg!(Py_GIL_DISABLED);

/// What a library that carries this core tells it, before the first request.
#[cfg(feature = "embed")]
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
#[cfg(feature = "embed")]
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

/// The core as a part of a Python that runs already.
pub mod guest {
    use super::{dispatch, interpreter, log};
    use pyo3::prelude::*;

    /// Makes the modules `Http` and `PyISAPIe` known to Python, and nothing else.
    ///
    /// # Errors
    /// Python's.
    pub fn join(py: Python<'_>) -> PyResult<()> {
        interpreter::join(py)
    }

    /// The process is somebody else's: streams and current folder are changed for as long as a
    /// request takes. Before the first request.
    pub fn be_guest() {
        interpreter::be_guest();
    }

    /// Forgets the site, so that the next request can be another one's. No request may be running.
    ///
    /// # Errors
    /// Python's.
    pub fn leave_site(py: Python<'_>) -> PyResult<()> {
        dispatch::leave_site(py)
    }

    /// The exception that ended the last request on this thread.
    pub fn take_failure() -> Option<PyErr> {
        dispatch::take_failure()
    }

    /// Says where the log goes from now on. The first one counts.
    pub fn set_log(to: fn(&[u8])) {
        log::listen(to);
    }
}
