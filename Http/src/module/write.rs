//! `Write`, and how host errors become Python's.
#![allow(non_snake_case, reason = "the functions of PyISAPIe are capitalised")]

use super::ready;
use crate::ecb::win32::Win32Error;
use crate::request::{Attached, Request};
use crate::response::WriteError;
use pyo3::exceptions::{
    PyConnectionAbortedError, PyConnectionResetError, PyOSError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyString};

/// Write(data, /)
/// --
///
/// Sends text (in the charset of the script's own Content-Type, else UTF-8) or bytes to the
/// client. Empty data does nothing at all.
#[pyfunction]
#[pyo3(signature = (data, /), text_signature = None)]
pub(super) fn Write(data: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = data.py();
    if let Ok(bytes) = data.cast::<PyBytes>() {
        return send(py, bytes.as_bytes(), None);
    }
    if let Ok(text) = data.cast::<PyString>() {
        return write_text(text);
    }
    let Ok(view) = PyMemoryView::from(data) else {
        let kind = data.get_type();
        let name = kind.name()?;
        return Err(PyTypeError::new_err(format!(
            "Parameter to Write() must be a string or a bytes-like object, not {name}"
        )));
    };
    // Other threads may change the object while the bytes are on their way: so a copy.
    let bytes = view.call_method0("tobytes")?;
    send(py, bytes.cast::<PyBytes>()?.as_bytes(), None)
}

fn write_text(text: &Bound<'_, PyString>) -> PyResult<()> {
    let py = text.py();
    let length = text.len()?;
    if length == 0 {
        return Ok(());
    }
    let request = ready()?;
    let charset = request.charset.borrow().clone();
    match charset {
        None => match text.to_cow() {
            Ok(utf8) => send_in(py, &request, utf8.as_bytes(), Some(length)),
            // A lone surrogate: let Python say so, with the place in the text.
            Err(_) => Err(encode(text, "utf-8")
                .err()
                .unwrap_or_else(|| PyValueError::new_err("the text cannot be encoded as UTF-8"))),
        },
        Some(charset) => {
            let bytes = encode(text, &charset)?;
            send_in(py, &request, bytes.as_bytes(), Some(length))
        }
    }
}

pub(super) fn encode<'py>(
    text: &Bound<'py, PyString>,
    charset: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    Ok(text.call_method1("encode", (charset,))?.cast_into()?)
}

fn send(py: Python<'_>, data: &[u8], characters: Option<usize>) -> PyResult<()> {
    // Before the check for a request: so the original did, and `Write("")` never fails.
    if data.is_empty() {
        return Ok(());
    }
    send_in(py, &*ready()?, data, characters)
}

fn send_in(
    py: Python<'_>,
    request: &Request,
    data: &[u8],
    characters: Option<usize>,
) -> PyResult<()> {
    let mut response = request.response.borrow_mut();
    let Some(response) = response.as_mut() else {
        return Ok(());
    };
    let mut client = Attached(py, &request.connection);
    response
        .write(data, characters, &mut client)
        .map_err(|e| error(py, e))
}

/// The exception for output that was refused.
pub(crate) fn error(py: Python<'_>, error: WriteError) -> PyErr {
    match error {
        WriteError::Host(code) => os_error(py, code),
        refused => PyValueError::new_err(refused.message()),
    }
}

/// The `OSError` for a Win32 code; a client that has gone is a `ConnectionError` of the right
/// kind. `winerror` holds the code on every system.
pub(crate) fn os_error(py: Python<'_>, code: Win32Error) -> PyErr {
    // errno values differ between systems; Python's own names are the same.
    let message = format!("[WinError {}] {}", code.0, code.text());
    let error = match code {
        Win32Error::WSAECONNRESET => {
            PyConnectionResetError::new_err((errno(py, "ECONNRESET"), message))
        }
        gone if gone.is_client_gone() => {
            PyConnectionAbortedError::new_err((errno(py, "ECONNABORTED"), message))
        }
        _ => PyOSError::new_err((errno(py, "EIO"), message)),
    };
    // On Windows the attribute is there already and read-only for some; the text has the code.
    let _ = error.value(py).setattr("winerror", code.0);
    error
}

fn errno(py: Python<'_>, name: &str) -> i32 {
    let value = py
        .import("errno")
        .and_then(|m| m.getattr(name))
        .and_then(|v| v.extract());
    value.unwrap_or(0)
}

/// Whether a header text is a `Content-Type`.
pub(super) fn is_content_type(header: &[u8]) -> bool {
    const NAME: &[u8] = b"content-type";
    header
        .split_at_checked(NAME.len())
        .is_some_and(|(name, rest)| name.eq_ignore_ascii_case(NAME) && rest.first() == Some(&b':'))
}

/// The charset that a header text names, if it is a `Content-Type` that names one.
pub(crate) fn charset_of(header: &[u8]) -> Option<String> {
    if !is_content_type(header) {
        return None;
    }
    let (_, parameters) = std::str::from_utf8(header).ok()?.split_once(';')?;
    parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (key.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::charset_of;

    #[test]
    fn the_charset_is_taken_from_a_content_type_only() {
        let header = b"content-type: text/html; x=1; CHARSET=\"iso-8859-1\"";
        assert_eq!(charset_of(header).as_deref(), Some("iso-8859-1"));
        assert_eq!(charset_of(b"Content-Type: text/html"), None);
        assert_eq!(charset_of(b"X-Other: a; charset=utf-16"), None);
    }
}
