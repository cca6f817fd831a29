//! `wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling").

use crate::response::FilePart;
use pyo3::prelude::*;
use pyo3::types::PyAny;

/// An iterable over a file, by blocks. A real file that an application returns in it is sent by
/// the server, which need not read it into Python's memory.
#[pyclass(frozen, module = "Http.WSGI")]
pub(super) struct FileWrapper {
    file: Py<PyAny>,
    block_size: usize,
}

#[pymethods]
impl FileWrapper {
    #[new]
    #[pyo3(signature = (file, block_size = 8192, /))]
    fn new(file: Py<PyAny>, block_size: usize) -> Self {
        Self { file, block_size }
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let data = self
            .file
            .bind(py)
            .call_method1("read", (self.block_size,))?;
        Ok(data.is_truthy()?.then_some(data))
    }

    /// Closes the file, where it can be closed.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(close) = self.file.bind(py).getattr_opt("close")? {
            close.call0()?;
        }
        Ok(())
    }
}

impl FileWrapper {
    /// What is left of the file, where it is a real one.
    pub(super) fn part(&self, py: Python<'_>) -> PyResult<Option<FilePart>> {
        let file = self.file.bind(py);
        if !is_plain(py, file)? {
            return Ok(None);
        }
        let Ok(descriptor) = file.call_method0("fileno") else {
            return Ok(None);
        };
        let state = py.import("os")?.call_method1("fstat", (&descriptor,))?;
        let mode = state.getattr("st_mode")?;
        let regular = py.import("stat")?.call_method1("S_ISREG", (mode,))?;
        if !regular.is_truthy()? {
            return Ok(None);
        }
        let size: u64 = state.getattr("st_size")?.extract()?;
        // Not the descriptor's position: Python reads ahead of what it hands out.
        let offset: u64 = file.call_method0("tell")?.extract()?;
        Ok(Some(FilePart {
            handle: system_handle(py, &descriptor)?,
            offset,
            length: size.saturating_sub(offset),
        }))
    }
}

/// Whether what the file reads is what its descriptor has. A `GzipFile` has the descriptor of the
/// packed file; a text file changes line ends.
fn is_plain(py: Python<'_>, file: &Bound<'_, PyAny>) -> PyResult<bool> {
    let io = py.import("io")?;
    let raw = io.getattr("FileIO")?;
    let is = |object: &Bound<'_, PyAny>, class: &Bound<'_, PyAny>| object.get_type().is(class);
    if is(file, &raw) {
        return Ok(true);
    }
    let buffered =
        is(file, &io.getattr("BufferedReader")?) || is(file, &io.getattr("BufferedRandom")?);
    Ok(buffered && is(&file.getattr("raw")?, &raw))
}

/// The host is no part of the C library: on Windows it knows files by handles.
fn system_handle(py: Python<'_>, descriptor: &Bound<'_, PyAny>) -> PyResult<usize> {
    if !cfg!(windows) {
        return descriptor.extract();
    }
    let handle = py
        .import("msvcrt")?
        .call_method1("get_osfhandle", (descriptor,))?;
    let handle: isize = handle.extract()?;
    Ok(handle.cast_unsigned())
}
