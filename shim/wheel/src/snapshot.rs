//! Request files and snapshots as Python sees them: the code of `isapi-shim test`, a request at a
//! time.

use crate::host::python_error;
use crate::response::Response;
use isapi_shim::testing::http_file::Records;
use isapi_shim::testing::settle::settle;
use isapi_shim::testing::snapshot::{self, Rendered, Update, Verdict};
use isapi_shim::testing::{self, Environment, HttpFile, Redaction, Redactor};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};

/// HttpRequest(method, target, headers, body, server_vars, *, name="", title=None, redact=())
/// --
///
/// A request: of a file, or made by a test. A body of None is no body.
#[pyclass(frozen, module = "isapi_shim._native")]
pub(crate) struct HttpRequest {
    pub(crate) request: testing::HttpRequest,
    key: String,
    /// There is a body though it is empty.
    empty_body: bool,
}

impl HttpRequest {
    /// The body, if there is one.
    pub(crate) fn body(&self) -> Option<Vec<u8>> {
        let there = self.empty_body || !self.request.body.is_empty();
        there.then(|| self.request.body.clone())
    }
}

#[pymethods]
impl HttpRequest {
    #[new]
    #[pyo3(signature = (method, target, headers, body, server_vars, *, name = String::new(),
                        title = None, redact = Vec::new()), text_signature = None)]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn new(
        method: String,
        target: String,
        headers: Vec<(String, String)>,
        body: Option<Vec<u8>>,
        server_vars: Vec<(String, String)>,
        name: String,
        title: Option<String>,
        redact: Vec<String>,
    ) -> PyResult<Self> {
        let redactions: Result<Vec<_>, _> = redact.iter().map(|r| Redaction::parse(r)).collect();
        Ok(Self {
            key: name,
            empty_body: body.is_some(),
            request: testing::HttpRequest {
                name: None,
                title,
                line: 0,
                method,
                target,
                headers,
                body: body.unwrap_or_default(),
                server_vars,
                redactions: redactions.map_err(PyValueError::new_err)?,
                skip: None,
                script: None,
                marks: Vec::new(),
                client_gone: None,
                faults: Vec::new(),
                records: Records::default(),
                shares_state: false,
                refers_to: Vec::new(),
            },
        })
    }

    /// What the snapshot is called.
    #[getter]
    fn name(&self) -> &str {
        &self.key
    }

    #[getter]
    fn title(&self) -> Option<&str> {
        self.request.title.as_deref()
    }

    /// The line of the request line, counted from 1.
    #[getter]
    fn line(&self) -> usize {
        self.request.line
    }

    #[getter]
    fn method(&self) -> &str {
        &self.request.method
    }

    #[getter]
    fn target(&self) -> &str {
        &self.request.target
    }

    #[getter]
    fn marks(&self) -> Vec<String> {
        self.request.marks.clone()
    }

    /// Why it is not sent, or None.
    #[getter]
    fn skip(&self) -> Option<&str> {
        let request = &self.request;
        if request.skip.is_some() {
            return request.skip.as_deref();
        }
        // What needs a host that is told to fail, or to count: the command has one for each run.
        if request.client_gone.is_some() {
            Some("# @expect-abort is for `isapi-shim test`")
        } else if request.records.host_calls {
            Some("# @record host-calls is for `isapi-shim test`")
        } else {
            None
        }
    }

    /// The same request, for a snapshot of another name.
    #[pyo3(signature = (name, title, redact))]
    fn named(&self, name: String, title: Option<String>, redact: Vec<String>) -> PyResult<Self> {
        let redactions: Result<Vec<_>, _> = redact.iter().map(|r| Redaction::parse(r)).collect();
        let mut request = self.request.clone();
        request.title = title;
        request
            .redactions
            .extend(redactions.map_err(PyValueError::new_err)?);
        Ok(Self {
            request,
            key: name,
            empty_body: self.empty_body,
        })
    }
}

/// read_http_file(path, env=None, /)
/// --
///
/// The requests of a file, and warnings. env: the environment for its variables. ValueError where it cannot be used.
#[pyfunction]
#[pyo3(signature = (path, env = None, /), text_signature = None)]
pub(crate) fn read_http_file(
    path: PathBuf,
    env: Option<&str>,
) -> PyResult<(Vec<HttpRequest>, Vec<String>)> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = Environment::find(folder, env).and_then(|env| HttpFile::load(&path, &env));
    let file = file.map_err(|e| python_error(&e))?;
    let keys: Vec<String> = (0..file.requests.len()).map(|i| file.key(i)).collect();
    let requests = file.requests.into_iter().zip(keys);
    let requests = requests.map(|(request, key)| HttpRequest {
        request,
        key,
        empty_body: false,
    });
    Ok((requests.collect(), file.warnings))
}

fn render(request: &HttpRequest, response: &Response, source: &str) -> Rendered {
    let mut redactions = request.request.redactions.clone();
    if response.recorded.static_file {
        redactions.extend(Redaction::of_static_files());
    }
    let redactor = Redactor::new(&redactions, &response.roots);
    snapshot::render(&response.recorded, &request.request, source, &redactor)
}

/// shown(request, response, /)
/// --
///
/// The response as text, without what differs between runs and machines.
#[pyfunction]
#[pyo3(text_signature = None)]
pub(crate) fn shown(request: &HttpRequest, response: &Response) -> String {
    render(request, response, "").shown()
}

/// compare(source, request, response, update, /)
/// --
///
/// Compares the response with the snapshot of the request's name beside the file `source`; what
/// `update` allows is written: "nothing", "pending" (.snap.new), "unseen" (also a snapshot where
/// there is none), "accept". A word and a diff: "same", "new", "differs", or "accepted".
#[pyfunction]
#[pyo3(text_signature = None)]
pub(crate) fn compare(
    source: PathBuf,
    request: &HttpRequest,
    response: &Response,
    update: &str,
) -> PyResult<(&'static str, String)> {
    let path = snapshot::path_for(&source, &request.key);
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    let now = render(request, response, &name);
    let folder = std::env::var_os("INSTA_PENDING_DIR").filter(|dir| !dir.is_empty());
    let base = std::env::current_dir().unwrap_or_default();
    let folder = folder.map(|folder| base.join(folder));
    let pending = snapshot::pending_for(&path, &base, folder.as_deref());
    let settled = settle(&path, &pending, &now, allowed(update)?, false);
    let settled = settled.map_err(|e| python_error(&e))?;
    Ok(match settled.verdict {
        _ if settled.accepted => ("accepted", String::new()),
        Verdict::Match | Verdict::Stale => ("same", String::new()),
        Verdict::New => ("new", now.shown()),
        Verdict::Differs { diff } => ("differs", diff),
    })
}

fn allowed(update: &str) -> PyResult<Update> {
    match update {
        "nothing" => Ok(Update::Nothing),
        "pending" => Ok(Update::Pending),
        "unseen" => Ok(Update::Unseen),
        "accept" => Ok(Update::Accept),
        _ => Err(PyValueError::new_err(format!("no update is {update:?}"))),
    }
}

/// discover_root(path, /)
/// --
///
/// The root of the site that a file is part of.
#[pyfunction]
#[pyo3(text_signature = None)]
pub(crate) fn discover_root(path: PathBuf) -> PathBuf {
    isapi_shim::site::discover_root(&path)
}
