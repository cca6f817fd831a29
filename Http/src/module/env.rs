//! `Env`: the server variables as attributes.

use super::ready;
use crate::request::{self, Request};
use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::ffi::{CStr, CString};

/// Variables that hold paths or account names: IIS gives them in the ANSI code page, which loses
/// characters, and whole under the names beside them.
const WIDE: &[(&str, &CStr)] = &[
    ("APPL_MD_PATH", c"UNICODE_APPL_MD_PATH"),
    ("APPL_PHYSICAL_PATH", c"UNICODE_APPL_PHYSICAL_PATH"),
    ("APP_POOL_CONFIG", c"UNICODE_APP_POOL_CONFIG"),
    ("APP_POOL_ID", c"UNICODE_APP_POOL_ID"),
    ("AUTH_USER", c"UNICODE_AUTH_USER"),
    ("DOCUMENT_ROOT", c"UNICODE_DOCUMENT_ROOT"),
    ("INSTANCE_NAME", c"UNICODE_INSTANCE_NAME"),
    ("LOGON_USER", c"UNICODE_LOGON_USER"),
    ("PATH_INFO", c"UNICODE_PATH_INFO"),
    ("PATH_TRANSLATED", c"UNICODE_PATH_TRANSLATED"),
    ("REMOTE_USER", c"UNICODE_REMOTE_USER"),
    ("REQUEST_FILENAME", c"UNICODE_REQUEST_FILENAME"),
    ("SCRIPT_FILENAME", c"UNICODE_SCRIPT_FILENAME"),
    ("SCRIPT_NAME", c"UNICODE_SCRIPT_NAME"),
    ("SCRIPT_TRANSLATED", c"UNICODE_SCRIPT_TRANSLATED"),
    ("UNMAPPED_REMOTE_USER", c"UNICODE_UNMAPPED_REMOTE_USER"),
    ("URL", c"UNICODE_URL"),
];

/// Why an attribute cannot be set: the variables are the host's.
const READ_ONLY: &str = "server variables can only be read";

/// The server variables: ``Env.NAME`` is always a str, and "" where the host knows none of that
/// name. Env.KeepAlive, Env.DataSent and Env.HeadersSent are bools.
#[pyclass(frozen, module = "PyISAPIe")]
pub(super) struct Env;

#[pymethods]
impl Env {
    /// Not `__getattr__`: Python would look for the name in vain first, at half the cost of the
    /// whole access.
    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = name.py();
        let text = name.to_cow()?;
        // `copy`, `inspect` and `unittest.mock` probe for these and must get Python's own answer.
        if text.starts_with("__") && text.ends_with("__") {
            let object = py.get_type::<PyAny>();
            return object.call_method1(intern!(py, "__getattribute__"), (slf, name));
        }
        let request = ready()?;
        let value = variable(&request, &text).map_err(|e| super::write::os_error(py, e))?;
        if let Some(value) = value {
            return Ok(value.into_pyobject(py)?.into_any());
        }
        let response = request.response.try_borrow().ok();
        let flag = match (&*text, response.as_deref().and_then(Option::as_ref)) {
            ("KeepAlive", Some(response)) => response.keep_alive(),
            ("DataSent", Some(response)) => response.data_sent(),
            ("HeadersSent", Some(response)) => response.headers_sent(),
            _ => return Ok(intern!(py, "").clone().into_any()),
        };
        Ok(flag.into_pyobject(py)?.to_owned().into_any())
    }

    fn __setattr__(&self, _name: &str, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyAttributeError::new_err(READ_ONLY))
    }

    fn __delattr__(&self, _name: &str) -> PyResult<()> {
        Err(PyAttributeError::new_err(READ_ONLY))
    }

    fn __repr__(&self) -> &'static str {
        match request::current() {
            Some(_) => "<the server variables of the current request>",
            None => "<the server variables; not currently processing a request>",
        }
    }
}

/// A server variable as bytes, paths and account names as UTF-8; `None` where the host does not
/// know it, or cannot say.
pub(super) fn bytes(request: &Request, name: &str) -> Option<Vec<u8>> {
    let value = variable(request, name).ok().flatten()?;
    if wide(name).is_some() {
        return Some(value.into_bytes());
    }
    // Latin-1 as below.
    value.chars().map(|c| u8::try_from(c).ok()).collect()
}

fn wide(name: &str) -> Option<&'static CStr> {
    WIDE.iter().find(|(n, _)| *n == name).map(|(_, wide)| *wide)
}

/// A server variable as text; `None` where the host does not know it.
pub(super) fn variable(
    request: &Request,
    name: &str,
) -> Result<Option<String>, crate::ecb::win32::Win32Error> {
    let connection = &request.connection;
    if let Some(wide) = wide(name)
        && let Some(value) = connection.server_variable_unicode(wide)?
    {
        return Ok(Some(value));
    }
    // A name that holds a NUL is no variable's.
    let Ok(asked) = CString::new(name) else {
        return Ok(None);
    };
    if name.starts_with("UNICODE_") {
        return connection.server_variable_unicode(&asked);
    }
    let mut value = Vec::new();
    let known = connection.server_variable(&asked, &mut value)?;
    // Latin-1: each byte is a character, so nothing raises and nothing is lost (PEP 3333).
    Ok(known.then(|| match String::from_utf8(value) {
        Ok(ascii) if ascii.is_ascii() => ascii,
        Ok(other) => other.bytes().map(char::from).collect(),
        Err(error) => error.as_bytes().iter().copied().map(char::from).collect(),
    }))
}
