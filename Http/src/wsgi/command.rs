//! A WSGI application that the host names: `isapi-shim serve --wsgi module:app`.

use super::environ::Asked;
use super::{mount, normal, run};
use crate::module::ready;
use pyo3::exceptions::{PyImportError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyCFunction, PyDict, PyTuple};

/// What the host says of it.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    /// `module:attribute`, `module:function()`, or `module`, which has `application` or `app`.
    pub(crate) application: String,
    /// Where it is mounted; empty for the whole site.
    pub(crate) mount: String,
}

/// The names that an application has where the host names only its module: mod_wsgi's, then
/// Flask's.
const USUAL_NAMES: [&str; 2] = ["application", "app"];

/// A handler that runs the application, and passes through what lies outside of its mount.
pub(crate) fn handler<'py>(py: Python<'py>, spec: &Spec) -> PyResult<Bound<'py, PyAny>> {
    let application = load(py, &spec.application).map_err(|error| failure(py, spec, error))?;
    let application = application.unbind();
    let prefix = normal(&spec.mount);
    let call =
        move |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<Py<PyAny>> {
            let py = args.py();
            let request = ready()?;
            let asked = Asked::of(py, &request)?;
            let base = match &prefix[..] {
                "" => mount::Base::Site,
                prefix if !asked.is_below(prefix) => {
                    return Ok(PyBool::new(py, true).to_owned().into_any().unbind());
                }
                prefix => mount::Base::Prefix(prefix),
            };
            run(application.bind(py), &request, &asked, base)?;
            Ok(py.None())
        };
    Ok(PyCFunction::new_closure(py, Some(c"Request"), None, call)?.into_any())
}

fn load<'py>(py: Python<'py>, spec: &str) -> PyResult<Bound<'py, PyAny>> {
    let (module, attribute) = match spec.split_once(':') {
        Some((module, attribute)) => (module, Some(attribute.trim())),
        None => (spec, None),
    };
    let module = py
        .import("importlib")?
        .call_method1("import_module", (module.trim(),))?;
    let application = match attribute {
        None => usual(&module)?,
        Some(path) => {
            let (path, made) = match path.strip_suffix("()") {
                Some(path) => (path, true),
                None => (path, false),
            };
            let mut object = module;
            for name in path.split('.') {
                object = object.getattr(name)?;
            }
            if made { object.call0()? } else { object }
        }
    };
    if application.is_callable() {
        return Ok(application);
    }
    let text = format!("{} is not callable", application.repr()?);
    Err(PyTypeError::new_err(text))
}

fn usual<'py>(module: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    for name in USUAL_NAMES {
        if let Some(application) = module.getattr_opt(name)? {
            return Ok(application);
        }
    }
    let [first, second] = USUAL_NAMES;
    let text = format!("the module has neither '{first}' nor '{second}': write module:name");
    Err(PyTypeError::new_err(text))
}

/// The application's own exception is the cause, with its traceback.
fn failure(py: Python<'_>, spec: &Spec, cause: PyErr) -> PyErr {
    let text = format!(
        "the WSGI application '{}' cannot be loaded: {cause}",
        spec.application
    );
    let error = PyImportError::new_err(text);
    error.set_cause(py, Some(cause));
    error
}
