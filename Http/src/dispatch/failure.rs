//! The exception of the last request of a thread, for a test runner that wants to raise it.

use crate::interpreter;
use pyo3::prelude::*;
use std::cell::RefCell;

thread_local! {
    static LAST: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Keeps it, where somebody may ask for it: a traceback keeps every variable of the script alive.
pub(super) fn keep(py: Python<'_>, error: &PyErr) {
    if interpreter::is_guest() {
        LAST.set(Some(error.clone_ref(py)));
    }
}

/// Takes it.
pub(crate) fn take() -> Option<PyErr> {
    LAST.take()
}
