//! `Read`: the request body.
#![allow(non_snake_case, reason = "the functions of PyISAPIe are capitalised")]

use super::{input, ready};
use pyo3::prelude::*;

/// Read(Bytes=0, /)
/// --
///
/// Reads from the request body. No argument or 0: everything that is left; n: at most n bytes; at
/// the end b"". -1: the number of bytes left, as an int, reading nothing (-1 where the length is
/// not known).
#[pyfunction]
#[pyo3(signature = (Bytes = 0, /), text_signature = None)]
pub(super) fn Read(py: Python<'_>, Bytes: i64) -> PyResult<Bound<'_, PyAny>> {
    let request = ready()?;
    if Bytes == -1 {
        let left = request.body.left(&request.connection);
        let left = left.map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX));
        return Ok(left.into_pyobject(py)?.into_any());
    }
    // As the original's last revision: other negative numbers read everything.
    let wanted = u64::try_from(Bytes).ok().filter(|n| *n > 0);
    Ok(input::take(py, &request, wanted)?.into_any())
}
