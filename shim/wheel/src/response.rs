//! A response as a Python object, and the client that takes it.

use isapi_base::ecb::win32::Win32Error;
use isapi_shim::ecb_host::{End, Head, Sink};
use isapi_shim::testing::Recorded;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// What a snapshot has behind the headers of a response that ends too early.
const CUT_OFF: &str = "(cut off)";

/// What a client has got.
#[derive(Default)]
pub(crate) struct Taken {
    head: Option<Head>,
    body: Vec<u8>,
    cut: bool,
}

impl Taken {
    /// The response, and whether it was cut off.
    pub(crate) fn into_recorded(self) -> (Recorded, bool) {
        let head = self.head.unwrap_or_else(|| Head {
            status: 0,
            reason: "(the connection was closed without a response)".to_owned(),
            headers: Vec::new(),
        });
        let mut headers = head.headers;
        if self.cut && head.status != 0 {
            // In the snapshot, so that nobody takes a part for the whole.
            let text = b"the connection was closed in the middle of the body".to_vec();
            headers.push((CUT_OFF.to_owned(), text));
        }
        let recorded = Recorded {
            status: head.status,
            reason: head.reason,
            headers,
            body: self.body,
            ..Recorded::default()
        };
        (recorded, self.cut)
    }
}

/// A client that keeps everything.
#[derive(Clone, Default)]
pub(crate) struct Taker(Arc<Mutex<Taken>>);

impl Taker {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is; nothing is left.
    pub(crate) fn take(&self) -> Taken {
        std::mem::take(&mut *self.lock())
    }
}

impl Sink for Taker {
    fn head(&mut self, head: Head) -> Result<(), Win32Error> {
        self.lock().head = Some(head);
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        self.lock().body.extend_from_slice(data);
        Ok(())
    }

    fn end(&mut self, end: End) {
        self.lock().cut = end == End::Aborted;
    }

    fn is_connected(&self) -> bool {
        true
    }
}
