//! `start_response` and the `write` that it returns (PEP 3333, "The start_response() Callable").

use super::input::request;
use super::{send, violation};
use crate::module::latin1;
use crate::request::Request;
use crate::response::Response;
use pyo3::exceptions::{PyAssertionError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};
use std::sync::atomic::{AtomicBool, Ordering};

/// What an application calls to say status and headers.
#[pyclass(frozen, module = "Http.WSGI")]
pub(super) struct StartResponse {
    serial: u64,
    started: AtomicBool,
}

impl StartResponse {
    pub(super) fn new(serial: u64) -> Self {
        Self {
            serial,
            started: AtomicBool::new(false),
        }
    }

    /// Whether the application has called it.
    pub(super) fn started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }
}

#[pymethods]
impl StartResponse {
    #[pyo3(signature = (status, headers, exc_info = None))]
    fn __call__(
        slf: &Bound<'_, Self>,
        status: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        exc_info: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Write> {
        let this = slf.get();
        let request = request(this.serial)?;
        match exc_info.filter(|info| !info.is_none()) {
            Some(info) if has_begun(&request) => return Err(raise_again(info)?),
            Some(_) => request.with_response(Response::restart).unwrap_or_default(),
            None if this.started() => {
                let text = "start_response() was called twice, the second time without exc_info";
                return Err(violation::<PyAssertionError>(&request, text));
            }
            None => {}
        }
        // All that may run Python code comes first: it may use the response, too.
        let (code, reason) = status_line(&request, status)?;
        let Ok(list) = headers.cast::<PyList>() else {
            let kind = headers.get_type().name()?;
            let text = format!("the response headers must be a list of tuples, not {kind}");
            return Err(violation::<PyTypeError>(&request, &text));
        };
        let mut lines = Vec::with_capacity(list.len());
        for header in list.iter() {
            lines.extend(Line::of(&request, &header)?);
        }
        let applied = request.with_response(|response| {
            match &reason[..] {
                b"" => response.set_status(code),
                reason => response.set_status_line(code, reason),
            }
            let applied = lines
                .iter()
                .try_for_each(|line| line.apply(&request, response));
            if applied.is_err() {
                // What was refused leaves nothing behind: the application may try again.
                response.restart();
            }
            applied
        });
        applied.unwrap_or(Ok(()))?;
        this.started.store(true, Ordering::Relaxed);
        Ok(Write(this.serial))
    }
}

fn has_begun(request: &Request) -> bool {
    let sent = request.with_response(|response| response.headers_sent());
    sent.unwrap_or(false)
}

/// The exception of an `exc_info`: headers are out already, and the application cannot answer
/// something else.
fn raise_again(info: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let info = info.cast::<PyTuple>()?;
    let error = info.get_item(1)?;
    error.call_method1("with_traceback", (info.get_item(2)?,))?;
    Ok(PyErr::from_value(error))
}

/// `404 Tile Not Found`: a number of three digits, a blank, and the application's own words.
fn status_line(request: &Request, status: &Bound<'_, PyAny>) -> PyResult<(u16, Vec<u8>)> {
    let Ok(text) = status.cast::<PyString>() else {
        let kind = status.get_type().name()?;
        let text = format!("the status must be a str such as '200 OK', not {kind}");
        return Err(violation::<PyTypeError>(request, &text));
    };
    let line = latin1(text)?;
    let (code, reason) = match line.iter().position(|b| *b == b' ') {
        Some(blank) => (&line[..blank], line[blank + 1..].trim_ascii()),
        None => (&line[..], &b""[..]),
    };
    let digits = std::str::from_utf8(code).ok();
    let digits = digits.filter(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_digit()));
    let number = digits
        .and_then(|digits| digits.parse().ok())
        // The client waits for another response behind one of the hundreds.
        .filter(|n| (200..600).contains(n));
    if let Some(number) = number
        && !reason.iter().any(u8::is_ascii_control)
    {
        return Ok((number, reason.to_vec()));
    }
    let text = format!("the status {} is none: write '200 OK'", text.repr()?);
    Err(violation::<PyValueError>(request, &text))
}

/// What one header says.
enum Line {
    /// `Name: value`, and how long the name is.
    Header(Vec<u8>, usize),
    /// The connection ends after the response.
    Close,
}

impl Line {
    fn of(request: &Request, header: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let pair = header.cast::<PyTuple>().ok().filter(|t| t.len() == 2);
        let pair = pair.and_then(|pair| {
            let name = pair.get_item(0).ok()?.cast_into::<PyString>().ok()?;
            let value = pair.get_item(1).ok()?.cast_into::<PyString>().ok()?;
            Some((name, value))
        });
        let Some((name, value)) = pair else {
            let shown = header.repr()?;
            let text = format!("a response header must be a tuple of two str, not {shown}");
            return Err(violation::<PyTypeError>(request, &text));
        };
        let (name, value) = (latin1(&name)?, latin1(&value)?);
        // The rest of it would be the value's beginning.
        if name.contains(&b':') {
            let text = format!("a header's name holds no colon: {}", header.repr()?);
            return Err(violation::<PyValueError>(request, &text));
        }
        match Hop::of(&name) {
            Hop::None => {
                let line = [&name, &b": "[..], &value].concat();
                Ok(Some(Self::Header(line, name.len())))
            }
            Hop::Connection => {
                let mut tokens = value.split(|b| *b == b',');
                let close = tokens.any(|t| t.trim_ascii().eq_ignore_ascii_case(b"close"));
                Ok(close.then_some(Self::Close))
            }
            Hop::Forbidden => {
                let name = String::from_utf8_lossy(&name);
                let text = format!("{name} is the server's business: it frames the body itself");
                Err(violation::<PyAssertionError>(request, &text))
            }
        }
    }

    fn apply(&self, request: &Request, response: &mut Response) -> PyResult<()> {
        let (line, end) = match self {
            Self::Header(line, end) => (line, *end),
            Self::Close => {
                response.set_close();
                return Ok(());
            }
        };
        response.add_header(line).map_err(|error| {
            let name = String::from_utf8_lossy(&line[..end]);
            let text = format!("{}: {:?}", error.message(), name);
            violation::<PyValueError>(request, &text)
        })
    }
}

/// Headers between two neighbours, which an application cannot set (RFC 9110, 7.6.1; PEP 3333,
/// "Other HTTP Features").
enum Hop {
    None,
    /// As in the original: of the connection only its end can be decided.
    Connection,
    Forbidden,
}

impl Hop {
    fn of(name: &[u8]) -> Self {
        let is = |names: &[&str]| {
            names
                .iter()
                .any(|n| name.eq_ignore_ascii_case(n.as_bytes()))
        };
        if is(&["connection", "keep-alive", "proxy-connection"]) {
            Self::Connection
        } else if is(&["transfer-encoding", "te", "trailer", "trailers", "upgrade"]) {
            Self::Forbidden
        } else {
            Self::None
        }
    }
}

/// The `write` of old applications: sends a piece of the body at once.
#[pyclass(frozen, module = "Http.WSGI")]
pub(super) struct Write(u64);

#[pymethods]
impl Write {
    #[pyo3(signature = (data, /))]
    fn __call__(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let request = request(self.0)?;
        let data = send::piece(&request, data, "write() got")?;
        send::put(&request, data, true)
    }
}
