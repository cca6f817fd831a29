//! The WSGI environ (PEP 3333, "environ Variables").

use super::input::Input;
use super::known::{Known, known, latin1};
use super::mount::{Base, Paths, by_script, mount};
use crate::ecb::Connection;
use crate::gateway;
use crate::module::os_error;
use crate::request::Request;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};
use std::ffi::CStr;

/// A variable that is taken from the host as it is.
struct Variable {
    key: &'static str,
    /// The host's name of it.
    name: &'static CStr,
    /// Asked for in UTF-16, because the ANSI form loses characters.
    wide: bool,
    /// Also where it is empty.
    always: bool,
}

const fn variable(key: &'static str, name: &'static CStr, wide: bool, always: bool) -> Variable {
    Variable {
        key,
        name,
        wide,
        always,
    }
}

/// Apache's name for the application's folder, which has no slash at its end there. Only newer
/// versions of IIS have a variable of this name themselves.
const DOCUMENT_ROOT: &str = "DOCUMENT_ROOT";

/// The variables of CGI and WSGI, then those of IIS that applications ask for. Whatever else a
/// host has is to be had from `Http.Env`.
#[rustfmt::skip]
const VARIABLES: &[Variable] = &[
    variable("REQUEST_METHOD",     c"REQUEST_METHOD",            false, true),
    variable("QUERY_STRING",       c"QUERY_STRING",              false, true),
    variable("CONTENT_TYPE",       c"CONTENT_TYPE",              false, false),
    variable("SERVER_NAME",        c"SERVER_NAME",               false, true),
    variable("SERVER_PORT",        c"SERVER_PORT",               false, true),
    variable("SERVER_PROTOCOL",    c"SERVER_PROTOCOL",           false, true),
    variable("SERVER_SOFTWARE",    c"SERVER_SOFTWARE",           false, true),
    variable("REMOTE_ADDR",        c"REMOTE_ADDR",               false, true),
    variable("REMOTE_HOST",        c"REMOTE_HOST",               false, true),
    variable("REMOTE_PORT",        c"REMOTE_PORT",               false, false),
    // Whoever is not logged on has no name: applications ask whether the key is there.
    variable("REMOTE_USER",        c"UNICODE_REMOTE_USER",       true,  false),
    variable("AUTH_TYPE",          c"AUTH_TYPE",                 false, false),
    variable("LOGON_USER",         c"UNICODE_LOGON_USER",        true,  false),
    variable("HTTPS",              c"HTTPS",                     false, true),
    variable("PATH_TRANSLATED",    c"UNICODE_PATH_TRANSLATED",   true,  false),
    variable(DOCUMENT_ROOT,        c"UNICODE_APPL_PHYSICAL_PATH", true, false),
    variable("APPL_PHYSICAL_PATH", c"UNICODE_APPL_PHYSICAL_PATH", true, false),
    variable("APPL_MD_PATH",       c"UNICODE_APPL_MD_PATH",      true,  false),
    variable("INSTANCE_ID",        c"INSTANCE_ID",               false, false),
    variable("LOCAL_ADDR",         c"LOCAL_ADDR",                false, false),
];

/// What does not change from request to request.
static TEMPLATE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

fn template(py: Python<'_>) -> PyResult<&'static Py<PyDict>> {
    TEMPLATE.get_or_try_init(py, || {
        let model = crate::dispatch::process_model();
        let environ = PyDict::new(py);
        environ.set_item("GATEWAY_INTERFACE", "CGI/1.1")?;
        environ.set_item("wsgi.version", (1, 0))?;
        environ.set_item("wsgi.multithread", model.multithread())?;
        environ.set_item("wsgi.multiprocess", model.multiprocess())?;
        environ.set_item("wsgi.run_once", model.run_once())?;
        environ.set_item("wsgi.file_wrapper", py.get_type::<super::FileWrapper>())?;
        // The body ends by itself, so applications may read one of unknown length.
        environ.set_item("wsgi.input_terminated", true)?;
        let streams = py.import("_PyISAPIe")?.getattr("streams")?;
        environ.set_item("wsgi.errors", streams.getattr("stderr")?)?;
        // What each request has of its own gets its place here: a copy need not grow then.
        let own = VARIABLES.iter().filter(|v| v.always).map(|v| v.key);
        for key in own.chain(["wsgi.url_scheme", "wsgi.input", "SCRIPT_NAME", "PATH_INFO"]) {
            environ.set_item(PyString::intern(py, key), py.None())?;
        }
        Ok(environ.unbind())
    })
}

/// What the host says of the request's path; asked once for each request.
pub(super) struct Asked {
    script_name: String,
    path_info: String,
    raw_url: Vec<u8>,
}

impl Asked {
    pub(super) fn of(py: Python<'_>, request: &Request) -> PyResult<Self> {
        let host = Host::new(py, request);
        Ok(Self {
            script_name: host.text(c"UNICODE_SCRIPT_NAME")?,
            path_info: host.text(c"UNICODE_PATH_INFO")?,
            raw_url: host.get(c"UNENCODED_URL")?,
        })
    }

    /// Whether the path lies below a prefix.
    pub(super) fn is_below(&self, prefix: &str) -> bool {
        mount(self.paths(false), Base::Prefix(prefix)).is_some()
    }

    fn paths(&self, in_script: bool) -> Paths<'_> {
        Paths {
            script_name: &self.script_name,
            path_info: &self.path_info,
            raw_path: &self.raw_url,
            in_script,
        }
    }
}

/// The keys of [`VARIABLES`], made once.
fn keys(py: Python<'_>) -> &'static [Py<PyString>] {
    static KEYS: PyOnceLock<Vec<Py<PyString>>> = PyOnceLock::new();
    KEYS.get_or_init(py, || {
        let keys = VARIABLES.iter().map(|v| PyString::intern(py, v.key));
        keys.map(Bound::unbind).collect()
    })
}

/// Makes the environ of a request.
pub(super) fn build<'py>(
    py: Python<'py>,
    request: &Request,
    asked: &Asked,
    base: Base<'_>,
) -> PyResult<Bound<'py, PyDict>> {
    let environ = template(py)?.bind(py).copy()?;
    let host = Host::new(py, request);
    // Before what may run Python code of others.
    let paths = asked.paths(request.in_script.get() || runs_script(&host, asked)?);
    let mut guard = known();
    let mut alone = Known::default();
    let known = guard.as_deref_mut().unwrap_or(&mut alone);
    let https = add_variables(&environ, &host, known)?;
    let scheme = if https {
        intern!(py, "https")
    } else {
        intern!(py, "http")
    };
    environ.set_item(intern!(py, "wsgi.url_scheme"), scheme)?;
    let serial = request.serial;
    environ.set_item(intern!(py, "wsgi.input"), Input { serial })?;
    // A body of unknown length has -1 there; in the environ it has no length.
    let length = host.get(c"CONTENT_LENGTH")?;
    if !length.is_empty() && length.iter().all(u8::is_ascii_digit) {
        environ.set_item(intern!(py, "CONTENT_LENGTH"), latin1(py, &length))?;
    }
    if !asked.raw_url.is_empty() {
        environ.set_item(intern!(py, "REQUEST_URI"), latin1(py, &asked.raw_url))?;
    }
    // A base that does not fit is none.
    let mounted = mount(paths, base).unwrap_or_else(|| by_script(paths));
    let (script_name, path_info) = (mounted.script_name.as_bytes(), mounted.path_info.as_bytes());
    environ.set_item(intern!(py, "SCRIPT_NAME"), latin1(py, script_name))?;
    environ.set_item(intern!(py, "PATH_INFO"), latin1(py, path_info))?;
    add_headers(&environ, &host.get(c"ALL_RAW")?, known)?;
    Ok(environ)
}

/// Adds what stands in [`VARIABLES`]. Whether the connection is encrypted.
fn add_variables(
    environ: &Bound<'_, PyDict>,
    host: &Host<'_, '_>,
    known: &mut Known,
) -> PyResult<bool> {
    let py = host.py;
    let mut https = false;
    let mut value: Option<Bound<'_, PyString>> = None;
    let mut asked_last = c"";
    for (place, (variable, key)) in VARIABLES.iter().zip(keys(py)).enumerate() {
        // Two that are one to the host stand together.
        if variable.name != asked_last {
            value = host
                .with(variable.name, |value| {
                    // It seldom comes again, and may hold secrets.
                    let kept = variable.key != "QUERY_STRING";
                    known.variable(py, kept.then_some(place), value, variable.wide)
                })?
                .flatten();
            asked_last = variable.name;
        }
        match &value {
            Some(value) => {
                if variable.key == "HTTPS" {
                    https = value.to_cow()?.eq_ignore_ascii_case("on");
                }
                match variable.key {
                    DOCUMENT_ROOT => environ.set_item(key, without_slash(&value.to_cow()?))?,
                    _ => environ.set_item(key, value)?,
                }
            }
            None if variable.always => environ.set_item(key, intern!(py, ""))?,
            None => {}
        }
    }
    Ok(https)
}

/// A folder's path; that of a whole drive (`C:\`) is none without its slash.
fn without_slash(path: &str) -> &str {
    let bare = path.trim_end_matches(['/', '\\']);
    match bare.is_empty() || bare.ends_with(':') {
        true => path,
        false => bare,
    }
}

/// Adds `HTTP_*`, from `ALL_RAW`.
fn add_headers(environ: &Bound<'_, PyDict>, all_raw: &[u8], known: &mut Known) -> PyResult<()> {
    let py = environ.py();
    for line in gateway::lines(all_raw) {
        let Some(header) = known.header(py, line) else {
            continue;
        };
        let (name, value) = (header.name.bind(py), header.value.bind(py));
        match environ.get_item(name)? {
            Some(values) => {
                let between = gateway::between(&name.to_cow()?);
                environ.set_item(name, values.add(between)?.add(value)?)?;
            }
            None => environ.set_item(name, value)?,
        }
    }
    Ok(())
}

/// Whether a handler of the site's own runs a script that it has loaded: the URL itself does not
/// tell a script's from a wildcard's where nothing follows the script's name.
fn runs_script(host: &Host<'_, '_>, asked: &Asked) -> PyResult<bool> {
    if asked.script_name != asked.path_info {
        return Ok(false);
    }
    let file = host.text(c"UNICODE_SCRIPT_TRANSLATED")?;
    Ok(crate::dispatch::is_loaded(host.py, &file))
}

/// The host's variables.
struct Host<'a, 'py> {
    py: Python<'py>,
    connection: &'a Connection,
}

impl<'a, 'py> Host<'a, 'py> {
    fn new(py: Python<'py>, request: &'a Request) -> Self {
        let connection = &request.connection;
        Self { py, connection }
    }

    /// Shows a variable's value, with its NUL; `None` where there is none.
    fn with<R>(&self, name: &CStr, f: impl FnOnce(&[u8]) -> R) -> PyResult<Option<R>> {
        let value = self.connection.with_variable(name, f);
        value.map_err(|error| os_error(self.py, error))
    }

    /// A variable's bytes; empty where there is none.
    fn get(&self, name: &CStr) -> PyResult<Vec<u8>> {
        let mut value = Vec::new();
        let known = self.connection.server_variable(name, &mut value);
        known.map_err(|error| os_error(self.py, error))?;
        Ok(value)
    }

    /// A variable that is asked for by its `UNICODE_` name.
    fn text(&self, name: &CStr) -> PyResult<String> {
        let value = self.connection.server_variable_unicode(name);
        let value = value.map_err(|error| os_error(self.py, error))?;
        Ok(value.unwrap_or_default())
    }
}
