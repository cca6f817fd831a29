//! What scripts find in `sys` and `builtins`.

use super::{debug, guest};
use crate::{dispatch, log, module, wsgi};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyModule};
use std::sync::atomic::{AtomicBool, Ordering};

/// Makes the modules known to a Python, and nothing else: it may not be this extension's own.
pub(crate) fn join(py: Python<'_>) -> PyResult<()> {
    static JOINED: AtomicBool = AtomicBool::new(false);
    if JOINED.swap(true, Ordering::AcqRel) {
        return Ok(());
    }
    module::install(py)?;
    dispatch::install(py)?;
    wsgi::install(py)?;
    py.import("builtins")?.setattr("__interp__", "__main__")?;
    let streams = PyModule::new(py, "_PyISAPIe_streams")?;
    module::package::run_source(module::package::STREAMS, "<PyISAPIe>/streams.py", &streams)?;
    py.import("_PyISAPIe")?.setattr("streams", &streams)?;
    debug::install(py)
}

/// Prepares a Python for scripts.
pub(super) fn prepare(py: Python<'_>) -> PyResult<()> {
    join(py)?;
    if guest::is_guest() {
        return Ok(());
    }
    // Whichever thread imports it first is Python's main one, and a host's worker may end.
    py.import("threading")?;
    let sys = py.import("sys")?;
    // The original had no `argv` at all, which broke more programs than any other thing it did.
    if sys
        .getattr_opt("argv")?
        .is_none_or(|argv| argv.is_empty().unwrap_or(true))
    {
        sys.setattr("argv", PyList::new(py, [""])?)?;
    }
    // The import system asks this copy, which the C library made when the process started.
    if cfg!(windows) {
        let environment = py.import("nt")?.getattr("environ")?;
        environment.call_method1("pop", ("PYTHONCASEOK", py.None()))?;
    }
    put_streams(py)?;
    debug::hook(py).map(drop)
}

/// Puts the text streams into `sys`.
pub(super) fn put_streams(py: Python<'_>) -> PyResult<()> {
    let streams = py.import("_PyISAPIe")?.getattr("streams")?;
    let sys = py.import("sys")?;
    for name in ["stdin", "stdout", "stderr"] {
        sys.setattr(name, streams.getattr(name)?)?;
    }
    Ok(())
}

/// Runs what Python runs at its end.
pub(super) fn finish(py: Python<'_>) {
    let module = PyModule::new(py, "_PyISAPIe_finish");
    let done = module.and_then(|module| {
        module::package::run_source(module::package::FINISH, "<PyISAPIe>/finish.py", &module)
    });
    if let Err(error) = done {
        log::write(format!("{error}\n").as_bytes());
    }
}
