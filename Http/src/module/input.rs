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

/// At most `size` bytes, or all that is left where it is negative.
#[pyfunction]
pub(super) fn read(py: Python<'_>, size: i64) -> PyResult<Bound<'_, PyBytes>> {
    let Some(request) = request()?.filter(|_| size != 0) else {
        return Ok(PyBytes::new(py, b""));
    };
    let mut source = Attached(py, &request.connection);
    let wanted = u64::try_from(size).ok();
    let body = request.body.take(&request.connection, wanted, &mut source);
    let body = body.map_err(|e| write::os_error(py, e))?;
    Ok(PyBytes::new(py, &body))
}

/// A line with its end, of at most `size` bytes where that is not negative.
#[pyfunction]
pub(super) fn readline(py: Python<'_>, size: i64) -> PyResult<Bound<'_, PyBytes>> {
    let Some(request) = request()?.filter(|_| size != 0) else {
        return Ok(PyBytes::new(py, b""));
    };
    let mut source = Attached(py, &request.connection);
    let limit = u64::try_from(size).ok();
    let line = request.body.line(&request.connection, limit, &mut source);
    let line = line.map_err(|e| write::os_error(py, e))?;
    Ok(PyBytes::new(py, &line))
}
