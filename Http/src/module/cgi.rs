//! `RunCGI`: one CGI script, from its turn to its response. What it does to the process is in
//! `Http/CGI.py`.

use super::{env, ready};
use crate::cgi::variables::{self, Paths};
use crate::cgi::{self, Nested, Running};
use crate::codes;
use crate::dispatch;
use crate::gateway;
use crate::request::Request;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};

/// RunCGI(path)
/// --
///
/// Answers the current request with a CGI script, which is run as `__main__`. One script runs at
/// a time; others wait.
#[pyclass(frozen, name = "RunCGI", module = "Http.CGI")]
struct RunCgi {
    /// `Http.CGI._run`
    run: Py<PyAny>,
    /// `Http.CGI.CGIError`
    error: Py<PyAny>,
}

/// How a script ended: the exception that nobody took, whether the script's own
/// `sys.excepthook` has told it, and what else was wrong.
type Ended = (Option<Py<PyAny>>, bool, Option<String>);

#[pymethods]
impl RunCgi {
    #[new]
    fn new(run: Py<PyAny>, error: Py<PyAny>) -> Self {
        Self { run, error }
    }

    #[pyo3(signature = (path))]
    fn __call__(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let request = ready()?;
        let turn = cgi::take(py).map_err(|Nested| {
            PyRuntimeError::new_err("RunCGI() was called by a CGI script; one runs at a time")
        })?;
        // With the turn: a relative path begins at the home, and not where a script has gone.
        let path = std::path::absolute(dispatch::bare_path(&path.to_string_lossy()))?;
        let variables = environment(&request, &path);
        let shown = path.display().to_string();
        let charset = request.charset.replace(None);
        if let Some(response) = request.response.borrow_mut().as_mut() {
            response.as_gateway();
        }
        request.cgi.replace(Some(Running::new(shown)));
        let ended = self.run.call1(py, (path.into_os_string(), variables));
        let running = request.cgi.take();
        drop(turn);
        let result = ended.and_then(|ended| {
            let ended: Ended = ended.extract(py)?;
            running.map_or(Ok(()), |running| self.end(py, &request, &running, ended))
        });
        if result.is_err()
            && let Some(response) = request.response.borrow_mut().as_mut()
            && response.start_over()
        {
            // Who called this may want to answer something else.
            request.charset.replace(charset);
        }
        result
    }
}

impl RunCgi {
    fn end(
        &self,
        py: Python<'_>,
        request: &Request,
        running: &Running,
        (error, told, mut note): Ended,
    ) -> PyResult<()> {
        let error = error.map(|error| PyErr::from_value(error.into_bound(py)));
        let Some(fault) = running.output.fault() else {
            let mut response = request.response.borrow_mut();
            let sent = response.as_ref().is_some_and(|r| r.headers_sent());
            if let Some(error) = error {
                if !told {
                    if sent {
                        request.failure.set(Some(codes::CGI_ENDED_BADLY));
                    }
                    return Err(error);
                }
                note = Some(error.to_string());
            }
            if let Some(response) = response.as_mut()
                && response.is_head()
                && !running.has_body
                && response.announced().is_none()
            {
                // Many scripts write no body for HEAD; that says nothing of GET's.
                response.no_length();
            }
            if let Some(note) = note {
                let text = format!("{}: {note}", running.path);
                request.note(codes::CGI_ENDED_BADLY, &text);
            }
            return Ok(());
        };
        if let Some(error) = error {
            return Err(error);
        }
        request.failure.set(Some(codes::CGI_OUTPUT));
        let mut text = format!("{}: {}", running.path, running.output.explain(&fault));
        if let Some(note) = note {
            text.push_str(&format!("\n\nThe script ended with {note}."));
        }
        Err(PyErr::from_value(self.error.bind(py).call1((text,))?))
    }
}

/// The variables of a script, as the system has them.
fn environment(request: &Request, path: &Path) -> Vec<(Native, Native)> {
    let mut out: Vec<(String, Vec<u8>)> = Vec::with_capacity(64);
    let get = |name: &str| env::bytes(request, name).unwrap_or_default();
    for name in variables::HANDED_ON {
        let value = get(name);
        if !value.is_empty() {
            out.push(((*name).to_owned(), value));
        }
    }
    let mut add = |name: &str, value: Vec<u8>| out.push((name.to_owned(), value));
    let all_raw = get("ALL_RAW");
    let raw_url = get("UNENCODED_URL");
    let script = path.to_string_lossy().into_owned();
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let (script_name, path_info) = variables::split_path(Paths {
        script_name: &get("SCRIPT_NAME"),
        path_info: &get("PATH_INFO"),
        raw_url: &raw_url,
        file_name: file_name.as_bytes(),
    });
    add("GATEWAY_INTERFACE", b"CGI/1.1".to_vec());
    add("QUERY_STRING", get("QUERY_STRING"));
    add("REQUEST_URI", raw_url);
    add("SCRIPT_NAME", script_name);
    add("SCRIPT_FILENAME", script.clone().into_bytes());
    // As IIS has it: without an extra path, the script.
    let translated = match path_info.is_empty() {
        true => script.into_bytes(),
        false => translated(&get("APPL_PHYSICAL_PATH"), &path_info),
    };
    add("PATH_TRANSLATED", translated);
    add("PATH_INFO", path_info);
    let length = request.connection.total_bytes();
    let announced = has_header(&all_raw, b"content-length");
    if let Some(length) = length.filter(|n| *n > 0 || announced) {
        add("CONTENT_LENGTH", length.to_string().into_bytes());
    }
    let authenticated = !get("REMOTE_USER").is_empty();
    let headers = gateway::header_variables(&all_raw);
    // Who was authenticated by the server has no password for the script.
    out.extend(
        headers
            .into_iter()
            .filter(|(name, _)| !authenticated || name != "HTTP_AUTHORIZATION"),
    );
    out.retain(|(_, value)| !value.contains(&0));
    let out = out.into_iter();
    out.map(|(name, value)| (native(name.into_bytes()), native(value)))
        .collect()
}

fn has_header(all_raw: &[u8], name: &[u8]) -> bool {
    gateway::lines(all_raw).any(|line| {
        line.get(..name.len())
            .is_some_and(|n| n.eq_ignore_ascii_case(name))
            && line.get(name.len()) == Some(&b':')
    })
}

/// The extra path below the site's folder, though there may be no such file.
fn translated(root: &[u8], path_info: &[u8]) -> Vec<u8> {
    let bare = root.strip_suffix(b"/").or(root.strip_suffix(b"\\"));
    let mut path = bare.unwrap_or(root).to_vec();
    let separator = std::path::MAIN_SEPARATOR as u8;
    path.extend(path_info.iter().map(|b| match b {
        b'/' => separator,
        b => *b,
    }));
    path
}

/// Bytes, for Python too.
#[cfg(unix)]
type Native = std::borrow::Cow<'static, [u8]>;

#[cfg(unix)]
fn native(value: Vec<u8>) -> Native {
    value.into()
}

/// Windows has text: what is no UTF-8 is read as Latin-1.
#[cfg(not(unix))]
type Native = String;

#[cfg(not(unix))]
fn native(value: Vec<u8>) -> Native {
    String::from_utf8(value).unwrap_or_else(|error| {
        let bytes = error.as_bytes().iter().copied();
        bytes.map(char::from).collect()
    })
}

/// Whether an environment variable of that name tells of a request.
#[pyfunction]
fn is_of_request(name: &str) -> bool {
    variables::is_of_request(name)
}

/// The script has ended: a flush sends nothing any more, since the end of the request does.
#[pyfunction]
fn cgi_ending() {
    let Ok(request) = ready() else { return };
    if let Some(running) = request.cgi.borrow_mut().as_mut() {
        running.ending = true;
    }
}

/// Counts the changes of the site's modules; `None`: edits are not to be seen.
#[pyfunction]
fn module_generation() -> Option<u64> {
    dispatch::module_generation()
}

pub(super) fn add_to(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<RunCgi>()?;
    m.add_function(wrap_pyfunction!(is_of_request, m)?)?;
    m.add_function(wrap_pyfunction!(cgi_ending, m)?)?;
    m.add_function(wrap_pyfunction!(module_generation, m)?)
}
