//! `Read`: the request body.
#![allow(non_snake_case, reason = "the functions of PyISAPIe are capitalised")]

use super::{ready, write};
use crate::ecb::win32::Win32Error;
use crate::request::Request;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// How much is asked from the host at once: IIS's own read-ahead, and small beside what a script
/// that reads everything will hold anyway.
const PIECE: usize = 65_536;

/// Memory is reserved for so much of an announced body; more grows as it really comes, since a
/// client may announce anything.
const MOST_RESERVED: usize = 1 << 20;

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
        let left = left(&request).map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX));
        return Ok(left.into_pyobject(py)?.into_any());
    }
    // As the original's last revision: other negative numbers read everything.
    let wanted = u64::try_from(Bytes).ok().filter(|n| *n > 0);
    let body = RequestBody { request: &request };
    let body = body.take(py, wanted).map_err(|e| write::os_error(py, e))?;
    Ok(PyBytes::new(py, &body).into_any())
}

/// Bytes of the body that were not read yet, where the length is known.
fn left(request: &Request) -> Option<u64> {
    if request.body_ended.get() {
        return Some(0);
    }
    let read = request.preload_read.get() as u64 + request.client_read.get();
    request
        .connection
        .total_bytes()
        .map(|total| total.saturating_sub(read))
}

struct RequestBody<'a> {
    request: &'a Request,
}

impl RequestBody<'_> {
    /// At most `wanted` bytes, or all that is left; fewer only at the body's end.
    fn take(&self, py: Python<'_>, wanted: Option<u64>) -> Result<Vec<u8>, Win32Error> {
        let expected = match (wanted, left(self.request)) {
            (Some(wanted), Some(left)) => wanted.min(left),
            (wanted, left) => wanted.or(left).unwrap_or(0),
        };
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        let mut body = Vec::with_capacity(expected.min(MOST_RESERVED));
        self.take_preloaded(wanted, &mut body);
        loop {
            let left = match (wanted, left(self.request)) {
                (Some(wanted), Some(left)) => left.min(wanted - body.len() as u64),
                (Some(wanted), None) => wanted - body.len() as u64,
                (None, Some(left)) => left,
                (None, None) => u64::MAX,
            };
            if left == 0 || self.request.body_ended.get() {
                return Ok(body);
            }
            self.take_from_client(py, usize::try_from(left).unwrap_or(PIECE), &mut body)?;
        }
    }

    fn take_preloaded(&self, wanted: Option<u64>, body: &mut Vec<u8>) {
        let read = self.request.preload_read.get();
        let rest = self
            .request
            .connection
            .preloaded()
            .get(read..)
            .unwrap_or_default();
        let size = wanted.map_or(rest.len(), |n| {
            rest.len().min(usize::try_from(n).unwrap_or(usize::MAX))
        });
        body.extend_from_slice(&rest[..size]);
        self.request.preload_read.set(read + size);
    }

    /// One call of the host, with the GIL released.
    fn take_from_client(
        &self,
        py: Python<'_>,
        most: usize,
        body: &mut Vec<u8>,
    ) -> Result<(), Win32Error> {
        let filled = body.len();
        body.resize(filled + most.min(PIECE), 0);
        let connection = &self.request.connection;
        let target = &mut body[filled..];
        let result = py.detach(|| connection.read(target));
        let size = *result.as_ref().unwrap_or(&0);
        body.truncate(filled + size);
        self.request
            .client_read
            .set(self.request.client_read.get() + size as u64);
        // 0 bytes: the end of a body of unknown length, or a client that has gone. IIS does not
        // tell them apart, and the original's last revision took both as the end.
        self.request.body_ended.set(size == 0);
        if result.is_err_and(Win32Error::is_client_gone) {
            self.request.client_gone.set(true);
        }
        result.map(|_| ())
    }
}
