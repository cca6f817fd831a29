//! What a developer wants besides: a debugger that attaches, coverage, `breakpoint()` at the
//! terminal.
//!
//! Debugger and coverage are asked for by environment variables and not by a request's, because
//! both begin before there is a request. See [`isapi_base::host_variables`].

use super::{StartError, ffi};
use crate::codes;
use crate::module::package;
use isapi_base::host_variables;
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::PyModule;
use std::cell::Cell;
use std::sync::OnceLock;

thread_local! {
    /// The debugger and the like know of this thread.
    static KNOWN: Cell<bool> = const { Cell::new(false) };
}

/// What the environment asks for.
#[derive(Debug)]
struct Wanted {
    coverage: Option<String>,
    debugger: Option<String>,
}

static WANTED: OnceLock<Wanted> = OnceLock::new();

/// Hears what is wanted, and takes it out of the environment: a program that a script starts is
/// not meant. Before Python starts, which makes a copy of the environment.
pub(super) fn hear() {
    WANTED.get_or_init(|| Wanted {
        coverage: ffi::take_variable(host_variables::COVERAGE),
        debugger: ffi::take_variable(host_variables::DEBUGPY),
    });
}

/// Brings the functions that are written in Python.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    let debug = PyModule::new(py, "_PyISAPIe_debug")?;
    package::run_source(package::DEBUG, "<PyISAPIe>/debug.py", &debug)?;
    py.import("_PyISAPIe")?.setattr("debug", &debug)
}

fn functions(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("_PyISAPIe")?.getattr("debug")
}

/// Sends `breakpoint()` to the terminal. `false`: it leads elsewhere already, and stays so.
pub(super) fn hook(py: Python<'_>) -> PyResult<bool> {
    functions(py)?.call_method0("hook")?.extract()
}

/// Undoes [`hook`].
pub(super) fn unhook(py: Python<'_>) -> PyResult<()> {
    functions(py)?.call_method0("unhook").map(drop)
}

/// Starts what is wanted.
pub(super) fn start(py: Python<'_>) -> Result<(), StartError> {
    let Some(Wanted { coverage, debugger }) = WANTED.get() else {
        return Ok(());
    };
    let run = |name: &'static str, call: &dyn Fn() -> PyResult<()>| {
        call().map_err(|error| {
            let fix = if error.is_instance_of::<PyImportError>(py) {
                format!("; install it for this Python: pip install {name}")
            } else {
                String::new()
            };
            let text = format!("{name} cannot be used: {error}{fix}");
            StartError::new(codes::DEBUGGING, text)
        })
    };
    if let Some(folder) = coverage {
        // `1` names no folder: there is one process.
        let folder = if folder == "1" { "" } else { folder };
        run("coverage", &|| {
            functions(py)?.call_method1("cover", (folder,)).map(drop)
        })?;
    }
    if let Some(value) = debugger {
        let (address, wait) = match value.strip_suffix(",wait") {
            Some(address) => (address, true),
            None => (&**value, false),
        };
        let (host, port) = address.rsplit_once(':').unwrap_or(("127.0.0.1", address));
        let host = host.trim_matches(['[', ']']);
        let port: u16 = port.parse().map_err(|_| {
            let name = host_variables::DEBUGPY;
            let text = format!("{name} is ADDRESS:PORT or ADDRESS:PORT,wait, not {value:?}");
            StartError::new(codes::DEBUGGING, text)
        })?;
        run("debugpy", &|| {
            functions(py)?
                .call_method1("listen", (host, port, wait))
                .map(drop)
        })?;
    }
    Ok(())
}

/// Makes the calling thread, which Python has not started, known to debuggers and the like.
pub(crate) fn enter_thread(py: Python<'_>) -> PyResult<()> {
    // Threads of somebody else's Python are known to it.
    if KNOWN.replace(true) || super::is_guest() {
        return Ok(());
    }
    functions(py)?.call_method0("enter_thread").map(drop)
}
