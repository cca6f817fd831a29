//! `Header`, `DisableBuffer`, and what belongs to them.
#![allow(
    non_snake_case,
    reason = "the functions and arguments of PyISAPIe are capitalised"
)]

use super::{charset_of, is_content_type, ready};
use crate::request::{self, Attached};
use crate::response::{HeaderError, WriteError};
use pyo3::exceptions::{PyException, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyList, PyString, PyTuple};
use std::borrow::Cow;

/// An argument that tells `None` from "not given", as the original did.
pub(crate) enum Given<'py> {
    No,
    Yes(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(any: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Yes(any.to_owned()))
    }
}

impl From<HeaderError> for PyErr {
    fn from(error: HeaderError) -> Self {
        PyValueError::new_err(error.message())
    }
}

/// Header(Header, Status=0, Length=-1, Close)
/// --
///
/// Sets headers ("Name: value", or a list or tuple of such), the status code, the length of the
/// body in bytes, or (Close=True) that the connection closes afterwards.
///
/// Headers are collected and go out with the first output that is really sent. The first header
/// text replaces Config.DefaultHeaders.
#[pyfunction]
#[pyo3(signature = (Header = Given::No, Status = 0, Length = -1, Close = Given::No), text_signature = None)]
pub(super) fn Header(
    Header: Given<'_>,
    Status: i32,
    Length: i64,
    Close: Given<'_>,
) -> PyResult<()> {
    let request = ready()?;
    let mut response = request.response.borrow_mut();
    let Some(response) = response.as_mut() else {
        return Ok(());
    };
    if response.headers_sent() {
        return Err(PyException::new_err("Headers already sent"));
    }
    // The order of the checks, and that an error leaves earlier effects in place, is the
    // original's.
    if Status != 0 {
        let status = u16::try_from(Status)
            .ok()
            .filter(|s| (100..600).contains(s));
        response.set_status(status.ok_or_else(|| PyValueError::new_err("Invalid status code"))?);
    }
    if let Ok(length) = u64::try_from(Length) {
        response.set_length(length)?;
    }
    if let Given::Yes(close) = Close {
        if !close.cast::<PyBool>().is_ok_and(|b| b.is_true()) {
            return Err(PyValueError::new_err(
                "Close parameter must be True when specified",
            ));
        }
        response.set_close();
    }
    if let Given::Yes(header) = Header {
        each_header(
            &header,
            "Header parameter must be a list, tuple, or string",
            &mut |text| {
                let had = response.has_headers();
                response.add_header(text)?;
                // The first text replaces the default headers, and so their charset. A length is
                // none: it is kept apart.
                let first = !had && response.has_headers();
                if first || is_content_type(text) {
                    request.charset.replace(charset_of(text));
                }
                Ok(())
            },
        )?;
    }
    Ok(())
}

/// Hands each header text of a string, list or tuple to `take`, as Latin-1 bytes.
fn each_header(
    header: &Bound<'_, PyAny>,
    wrong_type: &'static str,
    take: &mut dyn FnMut(&[u8]) -> PyResult<()>,
) -> PyResult<()> {
    if let Ok(text) = header.cast::<PyString>() {
        return take(&latin1(text)?);
    }
    let items = match (header.cast::<PyList>(), header.cast::<PyTuple>()) {
        (Ok(list), _) => list.to_tuple(),
        (_, Ok(tuple)) => tuple.clone(),
        _ => return Err(PyValueError::new_err(wrong_type)),
    };
    for item in items {
        let text = item
            .cast::<PyString>()
            .map_err(|_| PyValueError::new_err("Sequence items must be strings"))?;
        take(&latin1(text)?)?;
    }
    Ok(())
}

/// A setting with headers (`DefaultHeaders`, `StaticHeaders`), as lines that end in CRLF.
pub(crate) fn header_block(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let mut block = Vec::new();
    if value.is_none() {
        return Ok(block);
    }
    each_header(
        value,
        "Parameter must be a list, tuple, or string",
        &mut |text| {
            crate::response::check_header(text)?;
            block.extend_from_slice(text);
            block.extend_from_slice(b"\r\n");
            Ok(())
        },
    )?;
    Ok(block)
}

/// Headers are Latin-1 on the wire (PEP 3333); other characters raise `UnicodeEncodeError`.
pub(crate) fn latin1<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, [u8]>> {
    match text.to_cow() {
        Ok(Cow::Borrowed(ascii)) if ascii.is_ascii() => Ok(ascii.as_bytes().into()),
        _ => {
            let bytes: Vec<u8> = text.call_method1("encode", ("latin-1",))?.extract()?;
            Ok(bytes.into())
        }
    }
}

/// DisableBuffer()
/// --
///
/// Every write goes out at once from now on. RuntimeError where something was sent already.
#[pyfunction]
#[pyo3(text_signature = None)]
pub(super) fn DisableBuffer() -> PyResult<()> {
    let request = ready()?;
    let mut response = request.response.borrow_mut();
    if response.as_mut().is_some_and(|r| r.disable_buffer()) {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(
        "Cannot disable buffer: content already sent",
    ))
}

/// Sends what is in the buffer; nothing outside a request.
#[pyfunction]
pub(super) fn flush(py: Python<'_>) -> PyResult<()> {
    let Some(request) = request::current() else {
        return Ok(());
    };
    let ending = request.cgi.try_borrow();
    if ending.is_ok_and(|r| r.as_ref().is_some_and(|r| r.ending)) {
        return Ok(());
    }
    // Python code may run inside Header or Write: an `encode` of a str subclass, a finaliser.
    let Ok(mut response) = request.response.try_borrow_mut() else {
        return Ok(());
    };
    let Some(response) = response.as_mut() else {
        return Ok(());
    };
    let sent = response.flush(&mut Attached(py, &request.connection));
    sent.map_err(|e: WriteError| super::write::error(py, e))
}

/// The charset in which `Write` encodes text.
#[pyfunction]
pub(super) fn charset() -> String {
    request::current()
        .and_then(|request| request.charset.borrow().clone())
        .unwrap_or_else(|| "utf-8".to_owned())
}
