//! The page for a request that failed, in the sections the original's page had.

use super::handler;
use super::settings::ErrorDetails;
use crate::codes::Code;
use crate::ecb::Connection;
use crate::request::Request;
use pyo3::exceptions::{PyConnectionError, PyImportError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::fmt::Write as _;

/// What is known about a failure.
pub(super) struct Page {
    /// One of the phrases of the original.
    reason: String,
    /// The traceback, or what to do.
    detail: String,
    /// Where Python looked, for an `ImportError`.
    search: Option<String>,
    exception: Option<(String, String)>,
    /// For the log: the traceback as Python prints it.
    pub(super) log: String,
    /// The client has gone: there is nobody to show a page to.
    pub(super) client_gone: bool,
}

/// A page for one client.
pub(super) struct Shown {
    /// A whole header text.
    pub(super) content_type: &'static str,
    pub(super) page: Vec<u8>,
    /// What is appended to a response that was begun.
    pub(super) fragment: Vec<u8>,
}

impl Page {
    /// A failure outside scripts.
    pub(super) fn plain(reason: &str, detail: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            detail: detail.to_owned(),
            search: None,
            exception: None,
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
        let traceback = format_exception(py, error);
        let failed = request
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
            reason: reason.to_owned(),
            log: traceback.clone(),
            detail: traceback,
            search,
            exception: Some((kind, error.value(py).to_string())),
            client_gone: failed && error.is_instance_of::<PyConnectionError>(py),
        }
    }

    /// One line for the log, or as many as the detail has where there was no exception.
    pub(super) fn summary(&self) -> String {
        match &self.exception {
            Some((kind, message)) => format!("{}: {kind}: {message}", self.reason),
            None => format!("{}: {}", self.reason, self.detail),
        }
    }

    /// The page as the client may see it and wants it.
    pub(super) fn render(&self, connection: &Connection, code: Code) -> Shown {
        let detailed = match handler::error_details() {
            ErrorDetails::Always => true,
            ErrorDetails::Never => false,
            ErrorDetails::Local => is_local(connection),
        };
        let fragment = self.fragment(detailed, code);
        if wants_json(connection) {
            return Shown {
                content_type: "Content-Type: application/json",
                page: self.json(detailed, code).into_bytes(),
                fragment: fragment.into_bytes(),
            };
        }
        Shown {
            content_type: "Content-Type: text/html; charset=utf-8",
            page: html(&fragment).into_bytes(),
            fragment: fragment.into_bytes(),
        }
    }

    fn fragment(&self, detailed: bool, code: Code) -> String {
        let mut text = String::new();
        let reason = format!("{} [{code}]", self.reason);
        let _ = write!(
            text,
            "<pre><font color=\"blue\">{}</font>\r\n",
            escape(&reason)
        );
        let detail = if detailed { &self.detail } else { NOT_SHOWN };
        let _ = write!(
            text,
            "<font color=\"red\">{}</font></pre>\r\n",
            escape(detail)
        );
        if let Some(search) = self.search.as_ref().filter(|_| detailed) {
            text.push_str("<font size=\"+2\"><b>Additional Information</b></font>\r\n");
            text.push_str("<hr size=\"1\" color=\"black\">\r\n");
            let _ = write!(
                text,
                "<pre><font color=\"blue\">{}</font></pre>\r\n",
                escape(search)
            );
        }
        text
    }

    fn json(&self, detailed: bool, code: Code) -> String {
        let mut fields = vec![("code", code.to_string()), ("reason", self.reason.clone())];
        if detailed {
            if let Some((kind, message)) = &self.exception {
                fields.push(("exception", kind.clone()));
                fields.push(("message", message.clone()));
            }
            fields.push(("detail", self.detail.clone()));
        } else {
            fields.push(("detail", NOT_SHOWN.to_owned()));
        }
        let fields: Vec<String> = fields
            .iter()
            .map(|(key, value)| format!("\"{key}\": {}", json_text(value)))
            .collect();
        format!("{{\"error\": {{{}}}}}\n", fields.join(", "))
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

/// What remote clients see.
const NOT_SHOWN: &str = "The details are in the server's log; clients on the server itself see \
                         them here (Config.ErrorDetails).";

fn html(fragment: &str) -> String {
    format!(
        "<html><head><title>Internal Server Error</title></head>\r\n\
         <body style=\"font-family: sans-serif\">\r\n\
         <font size=\"+3\"><b>Internal Server Error</b></font>\r\n\
         <p>An error occurred processing this request.</p>\r\n\
         <hr size=\"1\" color=\"black\">\r\n\
         {fragment}</body></html>\r\n"
    )
}

/// A message may hold text from the URL or a form.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether the client is on this machine: by the loopback address, or by the server's own.
fn is_local(connection: &Connection) -> bool {
    let ask = |name| {
        let mut value = Vec::new();
        let known = connection
            .server_variable(name, &mut value)
            .unwrap_or(false);
        known.then(|| String::from_utf8_lossy(&value).into_owned())
    };
    let Some(remote) = ask(c"REMOTE_ADDR").filter(|r| !r.is_empty()) else {
        return false;
    };
    let loopback = remote
        .parse::<std::net::IpAddr>()
        .is_ok_and(|a| a.to_canonical().is_loopback());
    loopback || ask(c"LOCAL_ADDR").is_some_and(|local| local == remote)
}

/// Whether the client accepts JSON and not HTML.
fn wants_json(connection: &Connection) -> bool {
    let mut accept = Vec::new();
    if !connection
        .server_variable(c"HTTP_ACCEPT", &mut accept)
        .unwrap_or(false)
    {
        return false;
    }
    let accept = String::from_utf8_lossy(&accept).to_ascii_lowercase();
    accept.contains("json") && !accept.contains("html")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_request_cannot_become_markup() {
        let page = Page::plain("<script>", "a & \"b\" </pre>");
        let fragment = page.fragment(true, crate::codes::SCRIPT_RAISED);
        assert!(!fragment.contains("<script>") && fragment.matches("</pre>").count() == 1);
    }

    #[test]
    fn remote_clients_see_the_code_but_no_details() {
        let page = Page::plain("Request handler failed", "secret");
        let code = crate::codes::SCRIPT_RAISED;
        assert!(!page.fragment(false, code).contains("secret"));
        assert!(page.fragment(false, code).contains("ISH0401"));
        assert!(!page.json(false, code).contains("secret"));
    }

    #[test]
    fn json_text_is_escaped() {
        assert_eq!(json_text("a\"\\\n\u{1}é"), "\"a\\\"\\\\\\n\\u0001é\"");
    }
}
