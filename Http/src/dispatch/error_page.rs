//! The page for a request whose handler failed.

use super::handler;
use super::hints;
use super::settings::ErrorDetails;
use crate::codes::Code;
use crate::ecb::Connection;
use crate::request::Request;
use isapi_base::page::{self, Shown};
use pyo3::exceptions::{PyConnectionError, PyImportError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::fmt::Write as _;

/// What is known about a failure.
pub(super) struct Page {
    shown: page::Page,
    /// For the log: the traceback as Python prints it.
    pub(super) log: String,
    /// The client has gone: there is nobody to show a page to.
    pub(super) client_gone: bool,
}

impl Page {
    /// A failure outside scripts.
    pub(super) fn plain(reason: &str, detail: &str) -> Self {
        Self {
            shown: page::Page::plain(reason, detail),
            log: String::new(),
            client_gone: false,
        }
    }

    /// A failure inside the site's handler.
    pub(super) fn exception(
        py: Python<'_>,
        request: &Request,
        reason: &str,
        error: &PyErr,
    ) -> Self {
        let mut traceback = format_exception(py, error);
        if let Some(hint) = hints::hint(py, error) {
            traceback.push_str(hint.trim_start());
            traceback.push('\n');
        }
        let failed = request.body.client_gone()
            || request
                .response
                .borrow()
                .as_ref()
                .is_some_and(|r| r.client_gone());
        let search = error
            .is_instance_of::<PyImportError>(py)
            .then(|| search_paths(py));
        let kind = error
            .get_type(py)
            .name()
            .map(|n| n.to_string())
            .unwrap_or_default();
        Self {
            log: traceback.clone(),
            shown: page::Page {
                reason: reason.to_owned(),
                detail: traceback,
                search,
                exception: Some((kind, error.value(py).to_string())),
            },
            client_gone: failed && error.is_instance_of::<PyConnectionError>(py),
        }
    }

    /// See [`page::Page::summary`].
    pub(super) fn summary(&self) -> String {
        self.shown.summary()
    }

    /// The page as the client may see it and wants it.
    pub(super) fn render(&self, connection: &Connection, code: Code) -> Shown {
        let detailed = match handler::error_details() {
            ErrorDetails::Always => true,
            ErrorDetails::Never => false,
            ErrorDetails::Local => page::is_local(connection),
        };
        self.shown.render(connection, detailed, code)
    }
}

/// The original's texts, then the cause and the cure.
pub(super) fn recursion() -> Page {
    Page::plain(
        "Possible recursion detected!",
        "You probably did a passthrough with PyISAPIe configured as an application map instead \
         of a wildcard map.\n\
         Cause: the handler returned True, which hands the request to the next handler; for a \
         script map (such as *.py) the next handler is this one again.\n\
         Cure: do not return True for files that the script map owns, or map PyISAPIe as a \
         wildcard (path=\"*\").",
    )
}

/// The traceback as Python prints it, whatever the script did to `sys.stderr` or `sys.excepthook`.
fn format_exception(py: Python<'_>, error: &PyErr) -> String {
    let lines = py.import("traceback").and_then(|traceback| {
        traceback.call_method1(
            "format_exception",
            (error.get_type(py), error.value(py), error.traceback(py)),
        )
    });
    let lines: PyResult<Vec<Bound<'_, PyString>>> = lines.and_then(|l| l.extract());
    // An exception whose own __str__ fails has no lines. Lone surrogates become marks: they stand
    // for bytes of a file name that are no text.
    lines.map_or_else(
        |_| format!("{error}\n"),
        |lines| {
            let lines = lines.iter().map(|line| line.to_string_lossy());
            lines.collect()
        },
    )
}

/// Where Python looked for modules.
fn search_paths(py: Python<'_>) -> String {
    let Ok(sys) = py.import("sys") else {
        return String::new();
    };
    let mut text = String::new();
    match sys.getattr("path").and_then(|p| p.extract::<Vec<String>>()) {
        Ok(path) => {
            text.push_str("-- Module Search Path --\n");
            for entry in path {
                let _ = writeln!(text, "{entry}");
            }
        }
        Err(_) => text.push_str("-- Unable to determine module search path! --\n"),
    }
    text.push_str("\n-- Other Path Info --\n");
    let folder = std::env::current_dir().unwrap_or_default();
    let _ = writeln!(text, "Current Directory = '{}'", folder.display());
    let home = std::env::var("PYTHONHOME").unwrap_or_else(|_| "<Auto>".to_owned());
    let _ = writeln!(text, "Python Home = '{home}'");
    for name in ["executable", "exec_prefix", "prefix"] {
        let value = sys.getattr(name).map(|v| v.to_string()).unwrap_or_default();
        let _ = writeln!(text, "sys.{name} = '{value}'");
    }
    text
}
