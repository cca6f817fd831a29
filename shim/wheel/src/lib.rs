//! The extension module `isapi_shim._native`: the command and the fake IIS in the Python that has
//! loaded it.
#![deny(unsafe_code)]

mod capture;
mod host;
mod response;
mod snapshot;

use pyo3::prelude::*;
use std::ffi::OsString;

/// Makes the modules `Http` and `PyISAPIe` known to this Python, and changes nothing else.
#[pyfunction]
fn join(py: Python<'_>) -> PyResult<()> {
    isapi_http::guest::join(py)
}

/// main(program, arguments, /)
/// --
///
/// Runs the command with the arguments behind the program's name; the exit code. `program` is how
/// another process of it is started: a program and its first arguments.
#[pyfunction]
#[pyo3(text_signature = None)]
fn main(py: Python<'_>, program: Vec<OsString>, arguments: Vec<OsString>) -> u8 {
    isapi_shim::process::set_program(program);
    let name = std::iter::once(OsString::from("isapi-shim"));
    let arguments: Vec<OsString> = name.chain(arguments).collect();
    // The requests run on threads of their own, or on this one: each attaches by itself.
    py.detach(|| isapi_shim::command(arguments))
}

/// The command and the fake IIS of isapi-shim, in this Python.
#[pymodule]
#[pyo3(name = "_native")]
fn native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(join, m)?)?;
    m.add_function(wrap_pyfunction!(main, m)?)?;
    m.add_function(wrap_pyfunction!(snapshot::read_http_file, m)?)?;
    m.add_function(wrap_pyfunction!(snapshot::shown, m)?)?;
    m.add_function(wrap_pyfunction!(snapshot::compare, m)?)?;
    m.add_function(wrap_pyfunction!(snapshot::discover_root, m)?)?;
    m.add_class::<host::Host>()?;
    m.add_class::<response::Response>()?;
    m.add_class::<snapshot::HttpRequest>()
}
