//! Starts Python once in the process, and keeps one thread state for each host thread.

mod debug;
mod ffi;
#[cfg(feature = "embed")]
mod find;
mod gate;
mod guest;
mod setup;
#[cfg(feature = "embed")]
mod start;

pub(crate) use debug::enter_thread;
pub(crate) use ffi::forget_case_variable;
#[cfg(feature = "embed")]
pub use find::PythonAt;
#[cfg(feature = "embed")]
pub(crate) use find::set_python;
pub(crate) use guest::{Visit, be_guest, is_guest};
pub(crate) use setup::join;

use crate::codes::{self, Code};
use crate::observed::Waiting;
use gate::Gate;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Mutex, PoisonError};

/// Why there is no Python. Kept, and told to every request, while the process stays up.
#[derive(Clone, Debug)]
pub(crate) struct StartError {
    pub(crate) code: Code,
    /// What happened and what to do, in sentences.
    pub(crate) text: String,
}

impl StartError {
    fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}

static GATE: Gate = Gate::new();

/// `None` until the first attempt; then how it ended.
static STARTED: Mutex<Option<Result<(), StartError>>> = Mutex::new(None);

/// Starts Python if that was not tried yet.
///
/// A failure is final: CPython cannot be started again in a process in which that failed. What
/// can be found out beforehand (a missing or a wrong Python) is tried again at every call.
pub(crate) fn start() -> Result<(), StartError> {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(result) = started.as_ref() {
        return result.clone();
    }
    debug::hear();
    let result = running()?.and_then(|()| {
        Python::attach(setup::prepare)
            .map_err(|e| StartError::new(codes::PYTHON_START, e.to_string()))
    });
    // Somebody else's Python has its own.
    let result = result.and_then(|()| {
        if is_guest() {
            Ok(())
        } else {
            Python::attach(debug::start)
        }
    });
    *started = Some(result.clone());
    result
}

/// Makes sure that Python runs. The outer error is one that may be gone at the next call.
#[cfg(feature = "embed")]
fn running() -> Result<Result<(), StartError>, StartError> {
    let python = find::python()?;
    let started = start::initialize(&python)
        .map_err(|e| StartError::new(codes::PYTHON_START, start_failed(&python.program, &e)));
    Ok(started.and_then(|()| Python::attach(check_alone)))
}

/// Python has loaded this module, so it runs.
#[cfg(not(feature = "embed"))]
fn running() -> Result<Result<(), StartError>, StartError> {
    Ok(Ok(()))
}

/// Another copy of this extension may have started Python and set it up for itself. On Windows the
/// carrier has found out before.
#[cfg(feature = "embed")]
fn check_alone(py: Python<'_>) -> Result<(), StartError> {
    let other = modules(py).and_then(|modules| modules.contains("_PyISAPIe"));
    if !other.unwrap_or(false) {
        return Ok(());
    }
    Err(StartError::new(
        codes::PYTHON_TAKEN,
        "The Python DLL was loaded and initialized prior to this extension, by another copy of \
         PyISAPIe: for multiple instances of this extension, use a separate application pool for \
         each.",
    ))
}

#[cfg(feature = "embed")]
fn start_failed(python: &std::path::Path, reason: &str) -> String {
    format!(
        "Python could not be started with {}: {reason}. Check PYTHONHOME and PYTHONPATH, and that \
         this Python runs by itself.",
        python.display()
    )
}

/// Runs `f` attached to Python on the calling thread, whose thread state is kept afterwards: so
/// `threading.local` lives from one request to the next on the same host thread.
pub(crate) fn attach<R>(f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
    let waiting = Waiting::begin();
    ffi::keep_thread_state();
    // Elsewhere waking a thread costs less than it takes two of them to take turns.
    if !cfg!(windows) {
        return Python::attach(|py| {
            waiting.end();
            f(py)
        });
    }
    let turn = GATE.wait();
    let mut inside = None;
    let result = Python::attach(|py| {
        inside = Some(turn.taken());
        waiting.end();
        f(py)
    });
    // After the GIL was given up, so that the next one finds it free.
    drop(inside);
    result
}

/// Runs what Python would run at its end (`atexit`, waiting for threads), without ending it:
/// other threads of the host may still be inside.
pub(crate) fn stop() {
    let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let runs = matches!(*started, Some(Ok(())));
    // Not held while script threads are waited for.
    drop(started);
    if runs {
        attach(setup::finish);
    }
}

/// `sys.modules`.
pub(crate) fn modules(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    Ok(py.import("sys")?.getattr("modules")?.cast_into()?)
}
