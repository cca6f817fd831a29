//! The bytes below `sys.stdin`: the body of the request, by bytes or by lines.

use super::{ready, streams, write};
use crate::request::{Attached, Request};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::rc::Rc;

/// The request whose body can be read; `None` on a thread that has none.
fn request() -> PyResult<Option<Rc<Request>>> {
    let Ok(request) = ready() else {
        return Ok(None);
    };
    let closed = request
        .cgi
        .borrow()
        .as_ref()
        .is_some_and(|r| r.input_closed);
    if closed {
        return Err(streams::closed());
    }
    Ok(Some(request))
}

/// At most `most` bytes of the body, or all that is left.
pub(crate) fn take<'py>(
    py: Python<'py>,
    request: &Request,
    most: Option<u64>,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut source = Attached(py, &request.connection);
    let data = request.body.take(&request.connection, most, &mut source);
    let data = data.map_err(|e| write::os_error(py, e))?;
    match data.as_one() {
        Some(data) => Ok(PyBytes::new(py, data)),
        // Each block is let go of behind its copy.
        None => PyBytes::new_with_writer(py, data.len(), |bytes| {
            data.into_blocks()
                .try_for_each(|block| bytes.write_bytes(&block))
        }),
    }
}

/// The rest of a line of the body, with its line feed, at most `most` bytes.
pub(crate) fn line<'py>(
    py: Python<'py>,
    request: &Request,
    most: Option<u64>,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut source = Attached(py, &request.connection);
    let line = request.body.line(&request.connection, most, &mut source);
    let line = line.map_err(|e| write::os_error(py, e))?;
    Ok(PyBytes::new(py, &line))
}

/// At most `size` bytes, or all that is left where it is negative.
#[pyfunction]
pub(super) fn read(py: Python<'_>, size: i64) -> PyResult<Bound<'_, PyBytes>> {
    match request()?.filter(|_| size != 0) {
        Some(request) => take(py, &request, u64::try_from(size).ok()),
        None => Ok(PyBytes::new(py, b"")),
    }
}

/// A line with its end, of at most `size` bytes where that is not negative.
#[pyfunction]
pub(super) fn readline(py: Python<'_>, size: i64) -> PyResult<Bound<'_, PyBytes>> {
    match request()?.filter(|_| size != 0) {
        Some(request) => line(py, &request, u64::try_from(size).ok()),
        None => Ok(PyBytes::new(py, b"")),
    }
}
