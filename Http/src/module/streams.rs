//! What `sys.stdout` writes: a script's output as it is, or that of a CGI script, whose header
//! block is taken apart.

use super::{charset_of, ready, write};
use crate::cgi::{Fault, Head, Taken};
use crate::codes;
use crate::request::{Attached, Request};
use crate::response::WriteError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyString};

/// As Python says it of any closed stream.
pub(super) fn closed() -> PyErr {
    PyValueError::new_err("I/O operation on closed file.")
}

/// Closes `sys.stdout` or (`input`) `sys.stdin` for the CGI script that runs. Other scripts share
/// them for ever, so that nothing happens there.
#[pyfunction]
pub(super) fn close_stream(input: bool) {
    let Ok(request) = ready() else { return };
    if let Some(running) = request.cgi.borrow_mut().as_mut() {
        running.input_closed |= input;
        running.output_closed |= !input;
    }
}

/// Whether that was done.
#[pyfunction]
pub(super) fn stream_closed(input: bool) -> bool {
    let Ok(request) = ready() else { return false };
    request
        .cgi
        .borrow()
        .as_ref()
        .is_some_and(|running| match input {
            true => running.input_closed,
            false => running.output_closed,
        })
}

/// Chooses the charset of a CGI script's text, whatever its headers say.
#[pyfunction]
pub(super) fn set_charset(name: String) {
    let Ok(request) = ready() else { return };
    if let Some(running) = request.cgi.borrow_mut().as_mut() {
        running.own_charset = true;
        request.charset.replace(Some(name));
    }
}

/// Writes text or bytes.
#[pyfunction]
#[pyo3(name = "write")]
pub(super) fn print(data: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = data.py();
    let request = ready()?;
    let state = request
        .cgi
        .borrow()
        .as_ref()
        .map(|r| (r.output_closed, r.output.in_body()));
    let Some((is_closed, in_body)) = state else {
        return write::Write(data);
    };
    if is_closed {
        return Err(closed());
    }
    if let Ok(text) = data.cast::<PyString>() {
        return match in_body {
            true => write_text(&request, text),
            false => begin_with_text(&request, text),
        };
    }
    if let Ok(bytes) = data.cast::<PyBytes>() {
        return take(py, &request, bytes.as_bytes());
    }
    // Other threads may change the object while the bytes are on their way: so a copy.
    let bytes = PyMemoryView::from(data)?.call_method0("tobytes")?;
    take(py, &request, bytes.cast::<PyBytes>()?.as_bytes())
}

/// Text that may be header block and body in one: the charset of the one is named in the other.
fn begin_with_text(request: &Request, text: &Bound<'_, PyString>) -> PyResult<()> {
    let py = text.py();
    let Ok(utf8) = text.to_cow() else {
        let bytes = text.call_method1("encode", ("utf-8", "surrogateescape"))?;
        return take(py, request, bytes.cast::<PyBytes>()?.as_bytes());
    };
    let mut at = 0;
    for line in utf8.split_inclusive('\n') {
        take(py, request, line.as_bytes())?;
        at += line.len();
        let in_body = |r: &crate::cgi::Running| r.output.in_body();
        if request.cgi.borrow().as_ref().is_some_and(in_body) {
            return write_text(request, &PyString::new(py, &utf8[at..]));
        }
    }
    Ok(())
}

fn write_text(request: &Request, text: &Bound<'_, PyString>) -> PyResult<()> {
    let charset = request.charset.borrow().clone();
    let bytes = write::encode(text, charset.as_deref().unwrap_or("utf-8"))?;
    write_body(text.py(), request, bytes.as_bytes(), Some(text.len()?))
}

/// Takes bytes of whatever part of the response.
fn take(py: Python<'_>, request: &Request, data: &[u8]) -> PyResult<()> {
    let taken = {
        let mut running = request.cgi.borrow_mut();
        running.as_mut().map(|r| r.output.take(data))
    };
    match taken {
        None | Some(Taken::All) => Ok(()),
        Some(Taken::Body) => write_body(py, request, data, None),
        Some(Taken::Head(head, end)) => {
            if let Err(fault) = begin(py, request, head) {
                if let Some(running) = request.cgi.borrow_mut().as_mut() {
                    running.output.refuse(fault);
                }
                return Ok(());
            }
            write_body(py, request, &data[end..], None)
        }
    }
}

/// Hands the header block to the response.
fn begin(py: Python<'_>, request: &Request, head: Head) -> Result<(), Fault> {
    let mut response = request.response.borrow_mut();
    let Some(response) = response.as_mut() else {
        return Ok(());
    };
    match head.status {
        Some((code, reason)) if !reason.is_empty() => response.set_status_line(code, &reason),
        Some((code, _)) => response.set_status(code),
        None => response.set_status(200),
    }
    let charset = head.headers.iter().find_map(|header| charset_of(header));
    for header in head.headers {
        if let Err(error) = response.add_header(&header) {
            return Err(Fault::Refused(header, error.message()));
        }
    }
    let chosen = |r: &crate::cgi::Running| r.own_charset;
    if !request.cgi.borrow().as_ref().is_some_and(chosen) {
        // A name that only browsers know is no reason to fail: the text is written as UTF-8, as
        // Python would have done whatever the header says.
        let known = |name: &String| {
            let codecs = py.import("codecs");
            codecs
                .and_then(|c| c.call_method1("lookup", (name,)))
                .is_ok()
        };
        request.charset.replace(charset.filter(known));
    }
    Ok(())
}

fn write_body(
    py: Python<'_>,
    request: &Request,
    data: &[u8],
    characters: Option<usize>,
) -> PyResult<()> {
    if data.is_empty() {
        return Ok(());
    }
    if let Some(running) = request.cgi.borrow_mut().as_mut() {
        running.has_body = true;
        if running.output.begins_as_bytes(data) {
            let text = format!(
                "{}: the body begins with b', which is how print() shows bytes: write them with \
                 sys.stdout.buffer.write(data)",
                running.path
            );
            request.note(codes::CGI_BYTES_PRINTED, &text);
        }
    }
    let mut response = request.response.borrow_mut();
    let Some(response) = response.as_mut() else {
        return Ok(());
    };
    let mut client = Attached(py, &request.connection);
    let written = match response.write(data, characters, &mut client) {
        Err(WriteError::LengthExceeded | WriteError::LengthSent) => {
            let left = response.left().and_then(|left| usize::try_from(left).ok());
            let fits = &data[..left.unwrap_or(0).min(data.len())];
            tell_excess(request, &data[fits.len()..]);
            response.write(fits, None, &mut client)
        }
        written => written,
    };
    written.map_err(|e| write::error(py, e))
}

/// What goes beyond the announced length is not sent. A server would cut it off too, and most
/// often it is the line feed of a `print`, which is not worth a word.
fn tell_excess(request: &Request, excess: &[u8]) {
    let mut running = request.cgi.borrow_mut();
    let Some(running) = running.as_mut() else {
        return;
    };
    if !matches!(excess, b"\n" | b"\r\n") && !std::mem::replace(&mut running.told_excess, true) {
        let text = format!(
            "{}: what goes beyond the Content-Length is not sent",
            running.path
        );
        request.note(codes::CGI_EXCESS, &text);
    }
}
