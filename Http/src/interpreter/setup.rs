//! What scripts find in `sys` and `builtins`.

use crate::{dispatch, log, module};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyModule};

/// Prepares a Python that has just started.
pub(super) fn prepare(py: Python<'_>) -> PyResult<()> {
    module::install(py)?;
    dispatch::install(py)?;
    let sys = py.import("sys")?;
    // The original had no `argv` at all, which broke more programs than any other thing it did.
    if sys
        .getattr_opt("argv")?
        .is_none_or(|argv| argv.is_empty().unwrap_or(true))
    {
        sys.setattr("argv", PyList::new(py, [""])?)?;
    }
    py.import("builtins")?.setattr("__interp__", "__main__")?;
    let streams = PyModule::new(py, "_PyISAPIe_streams")?;
    module::package::run_source(module::package::STREAMS, "<PyISAPIe>/streams.py", &streams)?;
    py.import("_PyISAPIe")?.setattr("streams", &streams)?;
    restore_streams(py)
}

/// Puts the text streams into `sys`.
fn restore_streams(py: Python<'_>) -> PyResult<()> {
    let streams = py.import("_PyISAPIe")?.getattr("streams")?;
    let sys = py.import("sys")?;
    for name in ["stdin", "stdout", "stderr"] {
        sys.setattr(name, streams.getattr(name)?)?;
    }
    Ok(())
}

/// Runs what Python runs at its end.
pub(super) fn finish(py: Python<'_>) {
    if let Err(error) = run_exit_functions(py) {
        log::write(error.to_string().as_bytes());
    }
}

fn run_exit_functions(py: Python<'_>) -> PyResult<()> {
    let modules: Bound<'_, PyDict> = py.import("sys")?.getattr("modules")?.cast_into()?;
    // Only if a script started threads: importing it here would be for nothing.
    if let Some(threading) = modules.get_item("threading")? {
        threading.call_method0("_shutdown")?;
    }
    py.import("atexit")?.call_method0("_run_exitfuncs")?;
    Ok(())
}
