//! The fake IIS as a Python object: requests without sockets, for tests.

use crate::capture;
use isapi_base::ecb::win32::Win32Error;
use isapi_shim::cli::{ErrorDetails, HostArgs, Reload};
use isapi_shim::ecb_host::{self, Application, BytesBody, End, Head, Said, Sink};
use isapi_shim::error::Error;
use isapi_shim::run::{new_host, offline_request};
use isapi_shim::site::{Site, SiteOptions};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The host of the site that this process has. A process has one, as an application pool does; a
/// new one takes its place.
static CURRENT: Mutex<Option<Arc<ecb_host::Host>>> = Mutex::new(None);

/// What an error of the command is in Python.
fn python_error(error: &Error) -> PyErr {
    PyValueError::new_err(error.render(false))
}

/// Host(root, home=None, *, wsgi=None, mount=None, wildcard=False, map=None, web_config=True,
///      reload="changed", trace=False)
/// --
///
/// The fake IIS with the site in a folder. ValueError where the site cannot be used.
#[pyclass(frozen, module = "isapi_shim._native")]
pub(crate) struct Host {
    host: Arc<ecb_host::Host>,
}

/// A response, and what came with it.
#[pyclass(frozen, get_all, module = "isapi_shim._native")]
pub(crate) struct Response {
    /// The status code; 0: the connection was closed without a response.
    status: u16,
    reason: String,
    /// Names as spelled, and values as Latin-1 text.
    headers: Vec<(String, String)>,
    body: Py<PyBytes>,
    /// The response ended before what it announced.
    cut: bool,
    /// The script failed: its response is the error page, or part of it.
    failed: bool,
    /// What the script wrote to sys.stderr, tracebacks, and what the host reports.
    stderr: String,
    /// The calls across the control block, each as a line of JSON, where `trace` is on.
    calls: Vec<String>,
    /// The exception that ended the script, or None.
    exception: Option<Py<PyAny>>,
}

#[pymethods]
impl Host {
    #[new]
    #[pyo3(signature = (root, home = None, *, wsgi = None, mount = None, wildcard = false,
                        map = None, web_config = true, reload = "changed", trace = false),
           text_signature = None)]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn new(
        py: Python<'_>,
        root: PathBuf,
        home: Option<PathBuf>,
        wsgi: Option<String>,
        mount: Option<String>,
        wildcard: bool,
        map: Option<Vec<String>>,
        web_config: bool,
        reload: &str,
        trace: bool,
    ) -> PyResult<Self> {
        isapi_http::guest::join(py)?;
        isapi_http::guest::be_guest();
        isapi_http::guest::set_log(capture::text);
        ecb_host::listen(listen);
        let options = SiteOptions {
            map_is_explicit: map.is_some(),
            map: map.unwrap_or_else(|| SiteOptions::default().map),
            wildcard: wildcard || wsgi.is_some(),
            home: home.clone(),
            use_web_config: web_config,
        };
        let site = Site::open(&root, &options).map_err(|e| python_error(&e))?;
        let args = HostArgs {
            home,
            extension: None,
            trace: trace.then_some(isapi_shim::cli::TraceFormat::Json),
            reload: reload_mode(reload)?,
            error_details: ErrorDetails::Always,
            pending_timeout: 0,
            coverage: false,
            coverage_run: None,
        };
        let application = wsgi.map_or(Application::Home, |application| Application::Wsgi {
            application,
            mount,
        });
        let host = py
            .detach(|| new_host(site, &args, application, "threads"))
            .map_err(|e| python_error(&e))?;
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&host));
        isapi_http::guest::leave_site(py)?;
        Ok(Self { host })
    }

    /// request(method, target, headers, body, server_vars, /)
    /// --
    ///
    /// One request. target begins with a slash; headers are pairs of str and bytes.
    #[pyo3(text_signature = None)]
    fn request(
        &self,
        py: Python<'_>,
        method: String,
        target: String,
        headers: Vec<(String, Vec<u8>)>,
        body: Option<Vec<u8>>,
        server_vars: Vec<(String, String)>,
    ) -> PyResult<Response> {
        let current = CURRENT
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if !current.is_some_and(|current| Arc::ptr_eq(&current, &self.host)) {
            return Err(PyRuntimeError::new_err(
                "this process serves another site now: one process has one site at a time",
            ));
        }
        let request = offline_request(
            method,
            target,
            headers,
            body.as_ref().map(Vec::len),
            server_vars,
        );
        let recorder = Recorder::default();
        let sink = recorder.clone();
        let _of_an_earlier_request = isapi_http::guest::take_failure();
        let (outcome, captured) = py.detach(|| {
            let body = BytesBody::new(body.unwrap_or_default());
            capture::during(|| self.host.handle(request, Box::new(body), Box::new(sink)))
        });
        let recorded = std::mem::take(&mut *recorder.lock());
        let head = recorded.head.unwrap_or_else(|| Head {
            status: 0,
            reason: String::new(),
            headers: Vec::new(),
        });
        let headers = head.headers.into_iter().map(|(name, value)| {
            let value = value.into_iter().map(char::from).collect();
            (name, value)
        });
        let exception = isapi_http::guest::take_failure();
        Ok(Response {
            status: head.status,
            reason: head.reason,
            headers: headers.collect(),
            body: PyBytes::new(py, &recorded.body).unbind(),
            cut: recorded.cut,
            failed: outcome.failed(),
            stderr: String::from_utf8_lossy(&captured.text).into_owned(),
            calls: captured.calls,
            exception: exception.map(|e| e.into_value(py).into_any()),
        })
    }
}

fn reload_mode(text: &str) -> PyResult<Reload> {
    match text {
        "never" => Ok(Reload::Never),
        "changed" => Ok(Reload::Changed),
        "always" => Ok(Reload::Always),
        _ => Err(PyValueError::new_err(format!(
            "reload is 'never', 'changed' or 'always', not {text:?}"
        ))),
    }
}

fn listen(said: Said, line: &str) {
    match said {
        Said::Report => capture::text(format!("{line}\n").as_bytes()),
        Said::Call => capture::call(line),
    }
}

#[derive(Default)]
struct Recorded {
    head: Option<Head>,
    body: Vec<u8>,
    cut: bool,
}

/// A client that keeps everything.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Recorded>>);

impl Recorder {
    fn lock(&self) -> std::sync::MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Recorder {
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
