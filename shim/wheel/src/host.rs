//! The fake IIS as a Python object: requests without sockets, for tests.

use crate::capture;
use crate::response::Response;
use crate::snapshot::HttpRequest;
use isapi_shim::cli::{ErrorDetails, HostArgs, Reload};
use isapi_shim::ecb_host::{self, Application, Overtime, Said};
use isapi_shim::error::Error;
use isapi_shim::run::new_host;
use isapi_shim::site::{Site, SiteOptions};
use isapi_shim::testing;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The host of the site that this process has. A process has one, as an application pool does; a
/// new one takes its place.
static CURRENT: Mutex<Option<Arc<ecb_host::Host>>> = Mutex::new(None);

/// What an error of the command is in Python.
pub(crate) fn python_error(error: &Error) -> PyErr {
    PyValueError::new_err(error.render(false).trim().to_owned())
}

/// Host(root, home=None, *, wsgi=None, mount=None, wildcard=False, map=None, web_config=True,
///      reload="changed", trace=True)
/// --
///
/// The fake IIS with the site in a folder. ValueError where the site cannot be used.
#[pyclass(frozen, module = "isapi_shim._native")]
pub(crate) struct Host {
    host: Arc<ecb_host::Host>,
}

impl Host {
    fn is_current(&self) -> bool {
        let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, &self.host))
    }

    fn roots(&self) -> Vec<String> {
        let site = self.host.site();
        [&site.root, &site.home]
            .map(|path| path.to_string_lossy().into_owned())
            .to_vec()
    }
}

#[pymethods]
impl Host {
    #[new]
    #[pyo3(signature = (root, home = None, *, wsgi = None, mount = None, wildcard = false,
                        map = None, web_config = true, reload = "changed", trace = true),
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
            error_details: ErrorDetails::Local,
            pending_timeout: 0,
            timeout: None,
            coverage: false,
            coverage_run: None,
        };
        let application = wsgi.map_or(Application::Home, |application| Application::Wsgi {
            application,
            mount,
        });
        let host = py
            .detach(|| new_host(site, &args, application, "threads", Overtime::Answer))
            .map_err(|e| python_error(&e))?;
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&host));
        isapi_http::guest::leave_site(py)?;
        Ok(Self { host })
    }

    /// Whether this is the site that the process has.
    #[getter]
    fn current(&self) -> bool {
        self.is_current()
    }

    /// What was taken from web.config, and what was not.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.host.site().notes.clone()
    }

    /// send(request, /)
    /// --
    ///
    /// Sends one request. RuntimeError where the process serves another site meanwhile.
    #[pyo3(text_signature = None)]
    fn send(&self, py: Python<'_>, request: &HttpRequest) -> PyResult<Response> {
        if !self.is_current() {
            return Err(PyRuntimeError::new_err(
                "this process serves another site now: one process has one site at a time",
            ));
        }
        let sent = py.detach(|| {
            request.sent(&self.host, |sent| {
                let (done, captured) = capture::during(|| testing::send(&self.host, sent));
                // It is no part of the response that is asked for.
                capture::text(&captured.text);
                done
            })
        });
        let sent = sent.map_err(|e| python_error(&e))?;
        let _of_an_earlier_request = isapi_http::guest::take_failure();
        let (done, captured) = py.detach(|| {
            let (done, captured) = capture::during(|| testing::send(&self.host, &sent));
            request.keep(&self.host, &sent, &done);
            (done, captured)
        });
        let exception = isapi_http::guest::take_failure();
        let (mut recorded, cut) = (done.recorded, done.cut);
        recorded.stderr = String::from_utf8_lossy(&captured.text).into_owned();
        Ok(Response {
            recorded,
            roots: self.roots(),
            cut,
            reports: captured.reports,
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
        Said::Report => capture::report(line),
        Said::Call => capture::call(line),
    }
}
