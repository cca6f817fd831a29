//! A response as a Python object.

use isapi_shim::testing::{CUT_OFF, Recorded};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A response, and what came with it.
#[pyclass(frozen, module = "isapi_shim._native")]
pub(crate) struct Response {
    /// As `isapi-shim test` would have it.
    pub(crate) recorded: Recorded,
    /// Folders of the site, which no snapshot shows.
    pub(crate) roots: Vec<String>,
    /// The response ended before what it announced.
    pub(crate) cut: bool,
    /// What an extension did wrong, or what this host does not have.
    pub(crate) reports: Vec<String>,
    /// The calls across the control block, each as a line of JSON, where `trace` is on.
    pub(crate) calls: Vec<String>,
    /// The exception that ended the script, or None.
    pub(crate) exception: Option<Py<PyAny>>,
}

#[pymethods]
impl Response {
    /// The status code; 0: the connection was closed without a response.
    #[getter]
    fn status(&self) -> u16 {
        self.recorded.status
    }

    #[getter]
    fn reason(&self) -> &str {
        match self.recorded.status {
            0 => "",
            _ => &self.recorded.reason,
        }
    }

    /// Names as spelled, and values as Latin-1 text.
    #[getter]
    fn headers(&self) -> Vec<(&str, String)> {
        let latin = |value: &[u8]| value.iter().copied().map(char::from).collect();
        let headers = self.recorded.headers.iter();
        headers
            .filter(|(name, _)| name != CUT_OFF)
            .map(|(name, value)| (name.as_str(), latin(value)))
            .collect()
    }

    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.recorded.body)
    }

    #[getter]
    fn cut(&self) -> bool {
        self.cut
    }

    /// The script failed: its response is the error page, or part of it.
    #[getter]
    fn failed(&self) -> bool {
        self.recorded.script_failed
    }

    /// What the script wrote to sys.stderr, tracebacks, and what the host reports.
    #[getter]
    fn stderr(&self) -> &str {
        &self.recorded.stderr
    }

    #[getter]
    fn reports(&self) -> Vec<String> {
        self.reports.clone()
    }

    #[getter]
    fn calls(&self) -> Vec<String> {
        self.calls.clone()
    }

    #[getter]
    fn exception(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.exception.as_ref().map(|e| e.clone_ref(py))
    }
}
