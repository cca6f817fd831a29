//! The request that the calling thread is processing.

use crate::body::{Body, Source};
use crate::cgi::Running;
use crate::codes::{self, Code};
use crate::ecb::Connection;
use crate::ecb::win32::Win32Error;
use crate::log;
use crate::observed::detach;
use crate::response::{Client, FilePart, Finished, Protocol, Response, status};
use pyo3::Python;
use std::cell::{Cell, RefCell};
use std::ffi::CStr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

static SERIAL: AtomicU64 = AtomicU64::new(0);

/// One request, from the call of `HttpExtensionProc` to its return.
pub(crate) struct Request {
    pub(crate) connection: Connection,
    pub(crate) protocol: Protocol,
    /// There is no response before the site's configuration was read.
    pub(crate) response: RefCell<Option<Response>>,
    pub(crate) body: Body,
    /// The script that the loader runs for it, whose URL ends where the script's name does.
    pub(crate) in_script: Cell<bool>,
    /// What is printed goes to the log: a WSGI application returns its response.
    pub(crate) prints_to_log: Cell<bool>,
    /// Why it failed, where that is known better than by the exception.
    pub(crate) failure: Cell<Option<Code>>,
    /// Tells it from others of the same thread: streams of an old request must not read another's.
    pub(crate) serial: u64,
    /// The site was looked through for changes, for this request, and nothing has run since.
    pub(crate) looked_through: Cell<bool>,
    /// The charset of the script's own `Content-Type`; `None`: UTF-8.
    pub(crate) charset: RefCell<Option<String>>,
    /// The CGI script that answers it, while one runs.
    pub(crate) cgi: RefCell<Option<Running>>,
}

impl Request {
    pub(crate) fn new(connection: Connection, protocol: Protocol) -> Self {
        Self {
            connection,
            protocol,
            response: RefCell::new(None),
            body: Body::default(),
            in_script: Cell::new(false),
            prints_to_log: Cell::new(false),
            failure: Cell::new(None),
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            looked_through: Cell::new(false),
            charset: RefCell::new(None),
            cgi: RefCell::new(None),
        }
    }
}

impl Request {
    /// Does something with the response; `None` before there is one. No Python code may run in
    /// `f`: it might use the response itself.
    pub(crate) fn with_response<R>(&self, f: impl FnOnce(&mut Response) -> R) -> Option<R> {
        self.response.borrow_mut().as_mut().map(f)
    }

    /// Ends the response, and tells the log what was wrong with it.
    ///
    /// # Errors
    /// The host's error.
    pub(crate) fn finish_response(&self, client: &mut dyn Client) -> Result<(), Win32Error> {
        let mut response = self.response.borrow_mut();
        let Some(response) = response.as_mut() else {
            return Ok(());
        };
        let finished = response.finish(client)?;
        self.tell(&finished, response.status());
        if finished.must_close {
            self.connection.close();
        }
        Ok(())
    }

    fn tell(&self, finished: &Finished, status: u16) {
        if let Some((announced, written)) = finished.short {
            let text = format!("the script announced {announced} bytes and wrote {written}");
            self.note(codes::BODY_SHORT, &text);
        }
        if finished.suppressed > 0 {
            let count = finished.suppressed;
            let text = format!("{count} bytes of body were not sent: status {status} allows none");
            self.note(codes::BODY_FORBIDDEN, &text);
        }
    }

    /// Tells the log, and the host's own log by the code.
    pub(crate) fn note(&self, code: Code, text: &str) {
        log::event(code, text);
        self.connection.set_log_data(&code.to_string());
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Request>>> = const { RefCell::new(None) };
    /// This thread is inside `HttpExtensionProc`, whether or not a script runs.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// The calling thread's request, or `None` on a thread that processes none.
pub(crate) fn current() -> Option<Rc<Request>> {
    // At a thread's end finalisers still run when this is gone already.
    CURRENT
        .try_with(|current| current.try_borrow().ok()?.clone())
        .ok()
        .flatten()
}

/// Makes `request` the calling thread's, until the result is dropped.
pub(crate) fn enter(request: &Rc<Request>) -> Entered {
    CURRENT.set(Some(Rc::clone(request)));
    Entered(())
}

/// See [`enter`].
pub(crate) struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

/// Marks the calling thread as inside the extension. `None`: it is already, so the request was
/// passed through to the handler that passed it.
pub(crate) fn mark_inside() -> Option<Inside> {
    // Not then_some: a value made and dropped would take the outer call's mark away.
    (!INSIDE.replace(true)).then(|| Inside(()))
}

/// See [`mark_inside`].
pub(crate) struct Inside(());

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

/// Sends through the control block, on a thread that is not attached to Python.
pub(crate) struct Detached<'a>(pub(crate) &'a Connection);

impl Client for Detached<'_> {
    fn head(
        &mut self,
        code: u16,
        reason: Option<&[u8]>,
        mut block: Vec<u8>,
        keep: bool,
    ) -> Result<(), Win32Error> {
        self.0.set_status(code);
        let block = c_string(&mut block)?;
        if code == 200 && reason.is_none_or(|reason| reason == b"OK") {
            return self.0.send_headers(c"200 OK", block, keep);
        }
        let mut line = format!("{code} ").into_bytes();
        line.extend_from_slice(reason.unwrap_or_else(|| status::reason(code).as_bytes()));
        self.0.send_headers(c_string(&mut line)?, block, keep)
    }

    fn body(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        self.0.write(data)
    }

    fn file(&mut self, part: FilePart) -> Result<(), Win32Error> {
        self.0.send_file(part.handle, part.offset, part.length)
    }
}

/// In place: a `CString` would take as much memory as it needs anew.
fn c_string(text: &mut Vec<u8>) -> Result<&CStr, Win32Error> {
    text.push(0);
    // Header texts with a NUL are refused long before.
    CStr::from_bytes_with_nul(text).map_err(|_| Win32Error::INVALID_PARAMETER)
}

/// Sends through the control block and lets other Python threads run meanwhile.
pub(crate) struct Attached<'a, 'py>(pub(crate) Python<'py>, pub(crate) &'a Connection);

impl Client for Attached<'_, '_> {
    fn head(
        &mut self,
        code: u16,
        reason: Option<&[u8]>,
        block: Vec<u8>,
        keep: bool,
    ) -> Result<(), Win32Error> {
        let connection = self.1;
        detach(self.0, || {
            Detached(connection).head(code, reason, block, keep)
        })
    }

    fn body(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        let connection = self.1;
        detach(self.0, || connection.write(data))
    }

    fn file(&mut self, part: FilePart) -> Result<(), Win32Error> {
        let connection = self.1;
        detach(self.0, || Detached(connection).file(part))
    }
}

impl Source for Attached<'_, '_> {
    fn read(&mut self, connection: &Connection, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        detach(self.0, || connection.read(buffer))
    }
}
