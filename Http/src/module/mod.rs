//! The built-in modules of Python: `PyISAPIe`, its private part `_PyISAPIe`, and the finder that
//! brings the package `Http`.

mod cgi;
mod env;
mod functions;
pub(crate) mod input;
pub(crate) mod package;
mod read;
mod streams;
mod write;

use crate::{interpreter, log};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::rc::Rc;

use crate::request::{self, Request};
pub(crate) use functions::{Given, header_block, latin1};
#[cfg(feature = "embed")]
pub(crate) use package::set_package;
use write::is_content_type;
pub(crate) use write::{charset_of, error as write_error, os_error};

/// The version of this extension: major, minor, release, revision.
const VERSION: (u32, u32, u32, u32) = (2, 0, 0, 1);

/// The calling thread's request, ready to answer.
pub(crate) fn ready() -> PyResult<Rc<Request>> {
    request::current()
        .filter(|r| r.response.try_borrow().is_ok_and(|r| r.is_some()))
        .ok_or_else(|| PyException::new_err("Not currently processing a request"))
}

/// The functions and objects of PyISAPIe.
#[pymodule]
#[pyo3(name = "PyISAPIe")]
fn pyisapie(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(functions::Header, m)?)?;
    m.add_function(wrap_pyfunction!(functions::DisableBuffer, m)?)?;
    m.add_function(wrap_pyfunction!(write::Write, m)?)?;
    m.add_function(wrap_pyfunction!(read::Read, m)?)?;
    m.add("Env", env::Env)?;
    let (major, minor, release, revision) = VERSION;
    let short = format!("{major}.{minor}.{release}.{revision}");
    let bits = usize::BITS.to_string();
    let python = m.py().version_info();
    let python = format!("Python-{}.{}.{}", python.major, python.minor, python.patch);
    m.add("VersionFull", format!("{short} {bits}bit {python}"))?;
    m.add("Version", short)?;
    m.add("VersionMajor", major)?;
    m.add("VersionMinor", minor)?;
    m.add("VersionRelease", release)?;
    m.add("VersionRevision", revision)?;
    m.add("VersionBits", bits)?;
    Ok(())
}

/// What the text streams are made of. Private: scripts use `sys.stdin` and its like.
#[pymodule]
#[pyo3(name = "_PyISAPIe")]
fn internals(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(to_client, m)?)?;
    m.add_function(wrap_pyfunction!(write_log, m)?)?;
    m.add_function(wrap_pyfunction!(functions::charset, m)?)?;
    m.add_function(wrap_pyfunction!(functions::flush, m)?)?;
    m.add_function(wrap_pyfunction!(input::read, m)?)?;
    m.add_function(wrap_pyfunction!(input::readline, m)?)?;
    m.add_function(wrap_pyfunction!(streams::print, m)?)?;
    m.add_function(wrap_pyfunction!(streams::close_stream, m)?)?;
    m.add_function(wrap_pyfunction!(streams::stream_closed, m)?)?;
    m.add_function(wrap_pyfunction!(streams::set_charset, m)?)?;
    cgi::add_to(m)
}

/// Whether what the calling thread prints is for a client.
#[pyfunction]
fn to_client() -> bool {
    ready().is_ok_and(|request| !request.prints_to_log.get())
}

/// Writes bytes to the log.
#[pyfunction]
#[pyo3(name = "log")]
fn write_log(py: Python<'_>, data: &Bound<'_, PyBytes>) {
    let bytes = data.as_bytes();
    // A log that nobody reads may block; other threads shall run meanwhile.
    py.detach(|| log::write(bytes));
}

/// The calling thread's `SCRIPT_TRANSLATED`: the file that the URL maps to.
pub(crate) fn script_translated(py: Python<'_>) -> PyResult<String> {
    let request = ready()?;
    let value = env::variable(&request, "SCRIPT_TRANSLATED");
    Ok(value
        .map_err(|e| write::os_error(py, e))?
        .unwrap_or_default())
}

/// A server variable as `Env` gives it; `None` where the host has none.
pub(crate) fn variable(request: &Request, name: &str) -> Option<String> {
    env::variable(request, name).ok().flatten()
}

/// Puts the built-in modules where `import` finds them.
pub(crate) fn install(py: Python<'_>) -> PyResult<()> {
    let modules = interpreter::modules(py)?;
    modules.set_item("PyISAPIe", pyo3::wrap_pymodule!(pyisapie)(py))?;
    modules.set_item("_PyISAPIe", pyo3::wrap_pymodule!(internals)(py))?;
    package::install(py)
}
