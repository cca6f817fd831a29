//! Request files and snapshots as Python sees them: the code of `isapi-shim test`, a request at a
//! time.

use crate::host::python_error;
use crate::response::Response;
use isapi_shim::ecb_host::{Fault, Host};
use isapi_shim::error::Result as Outcome;
use isapi_shim::testing::http_file::Records;
use isapi_shim::testing::settle::settle;
use isapi_shim::testing::snapshot::{self, Rendered, Update, Verdict};
use isapi_shim::testing::{self, Dialogue, Done, Environment, HttpFile, Redaction, Redactor, Sent};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

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
    /// What goes wrong.
    fault: Option<Fault>,
    /// Where requests of its file refer to one another: which one it is.
    place: Option<(Arc<Talk>, usize)>,
}

/// What the requests of a file have said, to which host. To another one they said nothing.
struct Talk(Mutex<(Dialogue, Weak<Host>)>);

impl Talk {
    fn with<R>(&self, host: &Arc<Host>, f: impl FnOnce(&mut Dialogue) -> R) -> R {
        let mut talk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (dialogue, of) = &mut *talk;
        if !Weak::ptr_eq(of, &Arc::downgrade(host)) {
            dialogue.forget();
            *of = Arc::downgrade(host);
        }
        f(dialogue)
    }
}

impl HttpRequest {
    /// What is to be sent, now that what it refers to is known. What must be sent for that goes to
    /// `send`. Detached: a script may run meanwhile.
    pub(crate) fn sent(&self, host: &Arc<Host>, send: impl Fn(&Sent) -> Done) -> Outcome<Sent> {
        let keep_calls = self.request.records.host_calls;
        let new = |request: &testing::HttpRequest| {
            let sent = Sent::new(request, self.fault.as_ref(), keep_calls);
            if self.empty_body {
                sent.with_body()
            } else {
                sent
            }
        };
        let Some((talk, index)) = &self.place else {
            return Ok(new(&self.request));
        };
        let request = talk.with(host, |dialogue| {
            dialogue.request(*index, &mut |_, request| {
                let sent = Sent::new(request, None, false);
                send(&sent).exchange(&sent)
            })
        });
        Ok(new(&request?))
    }

    /// Keeps its response for those that refer to it. Detached, as before.
    pub(crate) fn keep(&self, host: &Arc<Host>, sent: &Sent, done: &Done) {
        if let (Some((talk, index)), None) = (&self.place, &self.fault) {
            talk.with(host, |dialogue| dialogue.keep(*index, done.exchange(sent)));
        }
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
            fault: None,
            place: None,
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
        self.request.skip.as_deref()
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
            fault: self.fault.clone(),
            place: self.place.clone(),
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
    let talk = file.written.as_deref().map(Dialogue::new).transpose();
    let talk = talk.map_err(|e| python_error(&e))?;
    let talk = talk.map(|dialogue| Arc::new(Talk(Mutex::new((dialogue, Weak::new())))));
    let request = |index: usize, key: String, fault: Option<Fault>| HttpRequest {
        request: file.requests[index].clone(),
        key,
        empty_body: false,
        fault,
        place: talk.clone().map(|talk| (talk, index)),
    };
    let mut requests = Vec::new();
    // Behind all others, as for the command.
    let mut with_faults = Vec::new();
    for index in 0..file.requests.len() {
        let faults = file.faults(index, Vec::new()).into_iter();
        with_faults.extend(faults.map(|(key, fault)| request(index, key, Some(fault))));
        requests.push(request(index, file.key(index), None));
    }
    requests.extend(with_faults);
    Ok((requests, file.warnings))
}

fn render(request: &HttpRequest, response: &Response, source: &str) -> Rendered {
    let mut redactions = request.request.redactions.clone();
    if response.recorded.static_file {
        redactions.extend(Redaction::of_static_files());
    }
    let redactor = Redactor::new(&redactions, &response.roots);
    let mut rendered = snapshot::render(&response.recorded, &request.request, source, &redactor);
    if let Some(fault) = &request.fault {
        rendered.note_fault(&fault.to_string());
    }
    rendered
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
