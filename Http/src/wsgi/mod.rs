//! `Http.WSGI`: runs WSGI applications (PEP 3333).
//!
//! The original's served the body as a module with `read` only, wrote `wsgi.errors` into the
//! response, knew no `REMOTE_ADDR`, and failed on a second piece of a body with a length. Nothing
//! of that is left; `docs/differences.md` has the list.
#![allow(non_snake_case, reason = "the names of PyISAPIe are capitalised")]

mod command;
mod environ;
mod file_wrapper;
mod input;
mod known;
mod mount;
mod send;
mod start_response;

use crate::module::{self, Given, ready};
use crate::request::Request;
use crate::response::Response;
use crate::{codes, interpreter, log};
use environ::Asked;
use file_wrapper::FileWrapper;
use mount::Base;
use pyo3::PyTypeInfo;
use pyo3::exceptions::{PyAssertionError, PySystemExit, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use start_response::StartResponse;

pub(crate) use command::{Spec, handler};

/// Brings the module `Http.WSGI`. It is built in, and a file `Http/WSGI.py` does not replace it: a
/// site that was copied from an old installation has the original's, which is Python 2.
pub(crate) fn install(py: Python<'_>) -> PyResult<()> {
    let modules = interpreter::modules(py)?;
    modules.set_item("Http.WSGI", pyo3::wrap_pymodule!(http_wsgi)(py))
}

/// Runs WSGI applications (PEP 3333).
#[pymodule]
#[pyo3(name = "WSGI")]
fn http_wsgi(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(RunWSGI, m)?)?;
    m.add_class::<FileWrapper>()
}

/// RunWSGI(Application, Base="/")
/// --
///
/// Answers the current request by a WSGI application. Base is the path at which it is mounted:
/// "/" for the script that runs, or for the whole site where a handler of the site's own runs it;
/// "/name" for a prefix; None for the path of the IIS application.
#[pyfunction]
#[pyo3(signature = (Application, Base = Given::No), text_signature = None)]
fn RunWSGI(Application: &Bound<'_, PyAny>, Base: Given<'_>) -> PyResult<()> {
    let request = ready()?;
    let asked = Asked::of(Application.py(), &request)?;
    let path = match &Base {
        Given::Yes(base) if base.is_none() => {
            let path = module::variable(&request, "APPL_MD_PATH").unwrap_or_default();
            let base = mount::Base::Application(&path);
            return run(Application, &request, &asked, base);
        }
        Given::Yes(base) => normal(&base.cast::<PyString>()?.to_string_lossy()),
        Given::No => String::new(),
    };
    let base = match &path[..] {
        "" => mount::Base::Site,
        prefix => mount::Base::Prefix(prefix),
    };
    run(Application, &request, &asked, base)
}

/// A prefix with a slash before it and none behind it; empty for the whole site.
fn normal(prefix: &str) -> String {
    match prefix.trim_matches('/') {
        "" => String::new(),
        name => format!("/{name}"),
    }
}

fn run(
    application: &Bound<'_, PyAny>,
    request: &Request,
    asked: &Asked,
    base: Base<'_>,
) -> PyResult<()> {
    if !application.is_callable() {
        let text = format!("the application is not callable: {}", application.repr()?);
        return Err(violation::<PyTypeError>(request, &text));
    }
    request.with_response(Response::as_gateway);
    // Another application has answered before, or is answering: the response is its.
    let again = request.prints_to_log.replace(true);
    let answered = answer(application, request, asked, base);
    if let Err(error) = &answered
        && !again
        // To dispatch that is a normal end, behind what the application has said.
        && !error.is_instance_of::<PySystemExit>(application.py())
        && request.with_response(Response::start_over) == Some(true)
    {
        // Who called this may want to answer something else.
        request.prints_to_log.set(false);
    }
    answered
}

/// From the environ to the end of the body. What the application prints goes to the log.
fn answer(
    application: &Bound<'_, PyAny>,
    request: &Request,
    asked: &Asked,
    base: Base<'_>,
) -> PyResult<()> {
    let py = application.py();
    let environ = environ::build(py, request, asked, base)?;
    let start = Bound::new(py, StartResponse::new(request.serial))?;
    let result = application.call1((environ, &start)).map_err(|error| {
        // Dispatch takes it for a normal end, which would be an empty page here.
        if error.is_instance_of::<PySystemExit>(py) && !start.get().started() {
            let text = "the application exited before it called start_response()";
            let early = violation::<PyAssertionError>(request, text);
            early.set_cause(py, Some(error));
            return early;
        }
        error
    })?;
    let sent = send::body(request, start.get(), &result);
    if let Err(error) = close(&result) {
        // The response is whole, or there is an error already that says more.
        log::event(
            codes::SCRIPT_RAISED,
            "close() of what the application returned raised",
        );
        error.write_unraisable(py, Some(&result));
    }
    sent
}

/// PEP 3333: `close()` is called whatever happened.
fn close(result: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = result.py();
    // Most return a list, and Python before 3.13 makes an exception of what is not there.
    if result.is_exact_instance_of::<PyList>() {
        return Ok(());
    }
    match result.getattr_opt(intern!(py, "close"))? {
        Some(close) => close.call0().map(|_| ()),
        None => Ok(()),
    }
}

/// The application has broken a rule of WSGI; the error page and the log say which one.
fn violation<E: PyTypeInfo>(request: &Request, text: &str) -> PyErr {
    request.failure.set(Some(codes::WSGI_PROTOCOL));
    PyErr::new::<E, _>(format!("[WSGI] {text}"))
}
