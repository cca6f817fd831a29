//! One request: from the three ISAPI entry points to the site's handler and back.

mod changes;
mod error_page;
mod failure;
mod handler;
mod hints;
mod loader;
mod process_model;
mod python2;
mod settings;
mod turns;

use crate::codes::{self, Code};
use crate::ecb::constants::{
    HSE_STATUS_ERROR, HSE_STATUS_PENDING, HSE_STATUS_SUCCESS, HSE_STATUS_SUCCESS_AND_KEEP_CONN,
};
use crate::ecb::win32::Win32Error;
use crate::ecb::{Connection, Passed, without_nul};
use crate::request::{self, Detached, Request};
use crate::response::{Output, Protocol, Response};
use crate::{interpreter, log};
use error_page::Page;
use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use failure::take as take_failure;
#[cfg(feature = "embed")]
pub(crate) use handler::set_library_folder;
pub(crate) use handler::{leave_site, process_model};
pub(crate) use loader::{bare_path, install, is_loaded};

/// Counts the changes of the site's modules; `None`: edits are not to be seen.
pub(crate) fn module_generation() -> Option<u64> {
    (handler::reload() != settings::Reload::Never).then(changes::generation)
}

/// How the site's handler ended.
enum Ended {
    /// Anything but `True`, and `SystemExit`.
    Normally,
    /// The object `True`: the next handler shall answer.
    PassThrough,
    Failed(Page),
}

impl Ended {
    /// The site's handler is not there.
    fn failed(py: Python<'_>, request: &Request, error: &PyErr) -> Self {
        failure::keep(py, error);
        let reason = "Could not initialize interpreter";
        Self::Failed(Page::exception(py, request, reason, error))
    }
}

/// Processes one request. The result is `HttpExtensionProc`'s.
pub(crate) fn process(connection: Connection) -> u32 {
    let Some(_inside) = request::mark_inside() else {
        return Unready(connection).fail(codes::RECURSION, error_page::recursion());
    };
    if let Err(error) = interpreter::start() {
        let page = Page::plain("Could not initialize interpreter", &error.text);
        return Unready(connection).fail(error.code, page);
    }
    connection.set_flush_flag();
    let protocol = match protocol(&connection) {
        Ok(protocol) => protocol,
        Err(text) => {
            return Unready(connection).fail(codes::HOST_CALL, Page::plain(text, ""));
        }
    };
    let request = Rc::new(Request::new(connection, protocol));
    let ended = interpreter::attach(|py| handle(py, &request));
    finish(&request, ended)
}

/// What the request says about its connection; the error is the original's message.
fn protocol(connection: &Connection) -> Result<Protocol, &'static str> {
    let http11 = connection.with_variable(c"SERVER_PROTOCOL", |value| {
        let version = without_nul(value, 1);
        // The original gives up beyond 14 characters.
        (version.len() <= 14).then_some(version == b"HTTP/1.1")
    });
    let Ok(Some(Some(http11))) = http11 else {
        return Err("Could not determine protocol version");
    };
    let keep_connection = connection
        .is_keep_connection()
        .map_err(|_| "Could not determine keepalive status")?;
    Ok(Protocol {
        http11,
        keep_connection,
        head: connection.method() == c"HEAD",
    })
}

/// Calls the site's handler.
fn handle(py: Python<'_>, request: &Rc<Request>) -> (Ended, Code) {
    if let Err(error) = interpreter::enter_thread(py) {
        return (Ended::failed(py, request, &error), codes::DEBUGGING);
    }
    let _visit = match interpreter::Visit::begin(py, handler::home) {
        Ok(visit) => visit,
        Err(error) => return (Ended::failed(py, request, &error), codes::HANDLER_INIT),
    };
    let handler = match handler::current(py, request) {
        Ok(handler) => handler,
        Err((code, error)) => return (Ended::failed(py, request, &error), code),
    };
    request.response.replace(Some(Response::new(
        Arc::clone(&handler.output),
        request.protocol,
    )));
    if let Some(charset) = &handler.charset {
        request.charset.replace(Some(charset.clone()));
    }
    let result = {
        let _entered = request::enter(request);
        handler.request.call0(py)
    };
    let ended = match result {
        // Identity, not truth: old handlers return whatever their script returned.
        Ok(value) if value.bind(py).is(pyo3::types::PyBool::new(py, true)) => Ended::PassThrough,
        Ok(_) => Ended::Normally,
        Err(error) if error.is_instance_of::<PySystemExit>(py) => Ended::Normally,
        Err(error) => {
            failure::keep(py, &error);
            Ended::Failed(Page::exception(
                py,
                request,
                "Request handler failed",
                &error,
            ))
        }
    };
    (ended, request.failure.get().unwrap_or(codes::SCRIPT_RAISED))
}

/// Ends the response, detached from Python.
fn finish(request: &Request, (ended, code): (Ended, Code)) -> u32 {
    match ended {
        Ended::Normally => finish_response(request),
        Ended::Failed(page) => fail(request, code, &page),
        Ended::PassThrough => match pass_through(request) {
            Ok(Passed { .. }) => HSE_STATUS_PENDING,
            Err((reason, error)) => {
                let cause = "The request was passed on by returning True, and the server refused.";
                let page = Page::plain(&format!("{reason}: Win32 error {error}"), cause);
                fail(request, codes::PASS_THROUGH, &page)
            }
        },
    }
}

/// Headers and text in the buffer are dropped, as in the original; what was sent cannot be.
fn pass_through(request: &Request) -> Result<Passed, (&'static str, Win32Error)> {
    let sent = request
        .response
        .borrow()
        .as_ref()
        .is_some_and(Response::headers_sent);
    if sent {
        return Err((
            "Cannot pass through: a response was begun",
            Win32Error::INVALID_PARAMETER,
        ));
    }
    request.connection.pass_through()
}

fn finish_response(request: &Request) -> u32 {
    match request.finish_response(&mut Detached(&request.connection)) {
        Ok(()) => {}
        // There is nobody to tell, and nothing was wrong here.
        Err(error) if error.is_client_gone() => return HSE_STATUS_SUCCESS,
        Err(error) => {
            let text = format!("the response was refused: Win32 error {error}");
            request.note(codes::HOST_CALL, &text);
            return HSE_STATUS_ERROR;
        }
    }
    let response = request.response.borrow();
    if response.as_ref().is_some_and(Response::keep_alive) {
        HSE_STATUS_SUCCESS_AND_KEEP_CONN
    } else {
        HSE_STATUS_SUCCESS
    }
}

/// Sends an error page instead of the response, or behind what is out already.
fn fail(request: &Request, code: Code, page: &Page) -> u32 {
    if page.client_gone {
        // Nothing was wrong here, and nobody is left to be told; the traceback would only say
        // where the script was when it happened.
        log::event(codes::CLIENT_GONE, &page.summary());
        let response = request.response.borrow();
        let tried = response
            .as_ref()
            .is_some_and(|r| r.headers_sent() || r.client_gone());
        if tried {
            return HSE_STATUS_SUCCESS;
        }
        // It went while the script read from it. A server that only gave up reading (a limit of
        // size or time) has a client yet, and must not take nothing for an empty response.
        request.connection.set_status(500);
        return HSE_STATUS_ERROR;
    }
    if !page.log.is_empty() {
        log::write(page.log.as_bytes());
    }
    request.connection.set_log_data(&code.to_string());
    let mut response = request.response.borrow_mut();
    let response = response.get_or_insert_with(|| {
        Response::new(
            handler::output().unwrap_or_else(|| Arc::new(Output::unconfigured())),
            request.protocol,
        )
    });
    let shown = page.render(&request.connection, code);
    let client = &mut Detached(&request.connection);
    let sent = response.error_page(
        shown.content_type.as_bytes(),
        &shown.page,
        &shown.fragment,
        client,
    );
    if sent.is_ok_and(|finished| finished.must_close) {
        request.connection.close();
    }
    request.connection.set_status(500);
    HSE_STATUS_ERROR
}

/// A request for which there is no Python, or must not be.
struct Unready(Connection);

impl Unready {
    fn fail(self, code: Code, page: Page) -> u32 {
        log::event(code, &page.summary());
        let protocol = Protocol {
            http11: false,
            keep_connection: false,
            head: self.0.method() == c"HEAD",
        };
        fail(&Request::new(self.0, protocol), code, &page)
    }
}
