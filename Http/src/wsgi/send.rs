//! The body that an application returns, sent to the client.

use super::file_wrapper::FileWrapper;
use super::start_response::StartResponse;
use super::violation;
use crate::codes;
use crate::module::{os_error, write_error};
use crate::request::{Attached, Request};
use pyo3::exceptions::{PyAssertionError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

/// Sends the body, and ends the response.
pub(super) fn body(
    request: &Request,
    start: &StartResponse,
    result: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = result.py();
    let whole = match (
        result.cast_exact::<PyList>(),
        result.cast_exact::<PyTuple>(),
    ) {
        (Ok(list), _) => Some(list.to_tuple()),
        (_, Ok(tuple)) => Some(tuple.clone()),
        _ => None,
    };
    if let Some(pieces) = whole {
        all_at_once(request, start, &pieces)?;
    } else if !file(request, start, result)? {
        one_by_one(request, start, result)?;
    }
    if !start.started() {
        return Err(not_started(request));
    }
    request.with_response(|response| {
        if response.is_head() && response.announced().is_none() && response.is_empty() {
            response.no_length();
        }
    });
    let finished = request.finish_response(&mut Attached(py, &request.connection));
    finished.map_err(|error| os_error(py, error))
}

fn not_started(request: &Request) -> PyErr {
    let text = "the application did not call start_response()";
    violation::<PyAssertionError>(request, text)
}

/// A list or a tuple: all of the body is there, and so is its length.
fn all_at_once(
    request: &Request,
    start: &StartResponse,
    pieces: &Bound<'_, PyTuple>,
) -> PyResult<()> {
    for data in pieces.iter_borrowed() {
        let data = piece(request, &data, "the body has")?;
        if data.as_bytes().is_empty() {
            continue;
        }
        if !start.started() {
            return Err(not_started(request));
        }
        if !write(request, data, false)? {
            break;
        }
    }
    Ok(())
}

/// Any other iterable: each piece goes out before the next one is asked for.
fn one_by_one(request: &Request, start: &StartResponse, result: &Bound<'_, PyAny>) -> PyResult<()> {
    if result.is_instance_of::<PyBytes>() || result.is_instance_of::<PyString>() {
        let kind = result.get_type().name()?;
        let text = format!("the application returned {kind}: return a list with bytes in it");
        return Err(violation::<PyTypeError>(request, &text));
    }
    let py = result.py();
    let pieces = match result.try_iter() {
        Ok(pieces) => pieces,
        Err(error) if error.is_instance_of::<PyTypeError>(py) => {
            let kind = result.get_type().name()?;
            let text = format!("the application returned {kind}, which is no iterable of bytes");
            let no_iterable = violation::<PyTypeError>(request, &text);
            no_iterable.set_cause(py, Some(error));
            return Err(no_iterable);
        }
        // Of the application's own `__iter__`.
        Err(error) => return Err(error),
    };
    let head_only = request.with_response(|response| response.is_head());
    for data in pieces {
        let data = data?;
        let data = piece(request, &data, "the body has")?;
        // An empty piece sends no headers: the application may change its mind yet.
        if data.as_bytes().is_empty() {
            continue;
        }
        if !start.started() {
            return Err(not_started(request));
        }
        // The headers are final now, and nobody takes the body, which may have no end.
        if head_only == Some(true) || !write(request, data, true)? {
            break;
        }
    }
    Ok(())
}

/// A piece of the body must be bytes. `what`: how the message begins.
pub(super) fn piece<'a, 'py>(
    request: &Request,
    data: &'a Bound<'py, PyAny>,
    what: &str,
) -> PyResult<&'a Bound<'py, PyBytes>> {
    if let Ok(bytes) = data.cast::<PyBytes>() {
        return Ok(bytes);
    }
    let kind = data.get_type().name()?;
    let hint = if data.is_instance_of::<PyString>() {
        ": encode it"
    } else {
        ""
    };
    let text = format!("{what} {kind} in it, where bytes are wanted{hint}");
    Err(violation::<PyTypeError>(request, &text))
}

/// Writes a piece, as far as the announced length goes. `false`: it ends here.
fn write(request: &Request, data: &Bound<'_, PyBytes>, at_once: bool) -> PyResult<bool> {
    let length = request.with_response(|response| response.announced().zip(response.left()));
    let Some((announced, left)) = length.flatten() else {
        return put(request, data, at_once).map(|()| true);
    };
    let all = data.as_bytes();
    let room = usize::try_from(left).unwrap_or(all.len());
    if all.len() <= room {
        return put(request, data, at_once).map(|()| true);
    }
    // PEP 3333: a server should stop there, since the client takes the rest for the next response.
    let text = format!("the application announced {announced} bytes, and its body has more");
    request.note(codes::BODY_LONG, &text);
    put(request, &PyBytes::new(data.py(), &all[..room]), true)?;
    Ok(false)
}

/// Hands a piece of the body to the response. `at_once`: without waiting for more of it (PEP 3333,
/// "Buffering and Streaming").
pub(super) fn put(request: &Request, data: &Bound<'_, PyBytes>, at_once: bool) -> PyResult<()> {
    let py = data.py();
    let sent = request.with_response(|response| {
        if at_once {
            // Without effect once something was sent, and then there is no buffer any more.
            response.disable_buffer();
        }
        let mut client = Attached(py, &request.connection);
        response.write(data.as_bytes(), None, &mut client)
    });
    sent.unwrap_or(Ok(()))
        .map_err(|error| write_error(py, error))
}

/// The `wsgi.file_wrapper` of a real file goes out without being read here. `false`: it is
/// something else.
fn file(request: &Request, start: &StartResponse, result: &Bound<'_, PyAny>) -> PyResult<bool> {
    let Ok(wrapper) = result.cast::<FileWrapper>() else {
        return Ok(false);
    };
    let Some(part) = wrapper.get().part(result.py())? else {
        return Ok(false);
    };
    if !start.started() {
        return Err(not_started(request));
    }
    let py = result.py();
    let sent = request
        .with_response(|response| response.send_file(part, &mut Attached(py, &request.connection)));
    let sent = sent.unwrap_or(Ok(()));
    sent.map_err(|error| write_error(py, error))?;
    Ok(true)
}
