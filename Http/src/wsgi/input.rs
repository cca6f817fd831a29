//! `wsgi.input`: the request body as a stream (PEP 3333, "Input and Error Streams").

use crate::module::{input, ready};
use crate::request::Request;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use std::rc::Rc;

/// The body of one request; it ends by itself, whatever its length.
#[pyclass(frozen, module = "Http.WSGI")]
pub(super) struct Input {
    /// The request that it belongs to.
    pub(super) serial: u64,
}

/// The request of that number, which must be the one that runs on this thread now.
pub(super) fn request(serial: u64) -> PyResult<Rc<Request>> {
    let request = ready()?;
    if request.serial != serial {
        return Err(PyValueError::new_err(
            "I/O operation on the stream of a request that is over",
        ));
    }
    Ok(request)
}

/// `None` and negative numbers: no limit.
fn limit(size: Option<i64>) -> Option<u64> {
    size.and_then(|n| u64::try_from(n).ok())
}

impl Input {
    fn line<'py>(&self, py: Python<'py>, size: Option<i64>) -> PyResult<Bound<'py, PyBytes>> {
        input::line(py, &*request(self.serial)?, limit(size))
    }
}

#[pymethods]
impl Input {
    /// read(size=-1, /)
    /// --
    ///
    /// At most size bytes, or all that is left; b"" at the end.
    #[pyo3(signature = (size = -1, /), text_signature = None)]
    fn read<'py>(&self, py: Python<'py>, size: Option<i64>) -> PyResult<Bound<'py, PyBytes>> {
        match size {
            Some(0) => Ok(PyBytes::new(py, b"")),
            size => input::take(py, &*request(self.serial)?, limit(size)),
        }
    }

    /// As read.
    #[pyo3(signature = (size = -1, /))]
    fn read1<'py>(&self, py: Python<'py>, size: Option<i64>) -> PyResult<Bound<'py, PyBytes>> {
        self.read(py, size)
    }

    /// readinto(buffer, /)
    /// --
    ///
    /// Fills a buffer; the number of bytes that were there.
    #[pyo3(text_signature = None)]
    fn readinto(&self, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = buffer.py();
        let view = pyo3::types::PyMemoryView::from(buffer)?.call_method1("cast", ("B",))?;
        let room = i64::try_from(view.len()?).unwrap_or(i64::MAX);
        let data = self.read(py, Some(room))?;
        let size = data.as_bytes().len();
        view.set_item(pyo3::types::PySlice::new(py, 0, size as isize, 1), data)?;
        Ok(size)
    }

    /// readline(size=-1, /)
    /// --
    ///
    /// The rest of the line, with its line feed, at most size bytes; b"" at the end.
    #[pyo3(signature = (size = -1, /), text_signature = None)]
    fn readline<'py>(&self, py: Python<'py>, size: Option<i64>) -> PyResult<Bound<'py, PyBytes>> {
        self.line(py, size)
    }

    /// readlines(hint=-1, /)
    /// --
    ///
    /// Lines until hint bytes are there, or all that are left.
    #[pyo3(signature = (hint = -1, /), text_signature = None)]
    fn readlines<'py>(&self, py: Python<'py>, hint: Option<i64>) -> PyResult<Bound<'py, PyList>> {
        // As io.IOBase has it: 0 is no hint either.
        let hint = limit(hint).filter(|n| *n > 0).unwrap_or(u64::MAX);
        let lines = PyList::empty(py);
        let mut size = 0;
        while size < hint {
            let line = self.line(py, None)?;
            if line.as_bytes().is_empty() {
                break;
            }
            size += line.as_bytes().len() as u64;
            lines.append(line)?;
        }
        Ok(lines)
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let line = self.line(py, None)?;
        Ok((!line.as_bytes().is_empty()).then_some(line))
    }

    /// True.
    fn readable(&self) -> bool {
        true
    }

    /// False: what was read is gone.
    fn seekable(&self) -> bool {
        false
    }

    /// False.
    fn writable(&self) -> bool {
        false
    }

    /// False.
    fn isatty(&self) -> bool {
        false
    }

    /// Without effect: the stream is the server's.
    fn close(&self) {}

    /// False.
    #[getter]
    fn closed(&self) -> bool {
        false
    }
}
