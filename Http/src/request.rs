//! The request that the calling thread is processing.

use crate::ecb::Connection;
use crate::ecb::win32::Win32Error;
use crate::response::{Client, Protocol, Response, status};
use pyo3::Python;
use std::cell::{Cell, RefCell};
use std::ffi::{CString, NulError};
use std::rc::Rc;

/// One request, from the call of `HttpExtensionProc` to its return.
pub(crate) struct Request {
    pub(crate) connection: Connection,
    pub(crate) protocol: Protocol,
    /// There is no response before the site's configuration was read.
    pub(crate) response: RefCell<Option<Response>>,
    /// Bytes of the preloaded body that were read already.
    pub(crate) preload_read: Cell<usize>,
    /// Bytes read behind the preloaded ones.
    pub(crate) client_read: Cell<u64>,
    /// The client's part of the body has ended.
    pub(crate) body_ended: Cell<bool>,
    /// Reading failed because the client has gone.
    pub(crate) client_gone: Cell<bool>,
    /// The site was looked through for changes, for this request, and nothing has run since.
    pub(crate) looked_through: Cell<bool>,
    /// The charset of the script's own `Content-Type`; `None`: UTF-8.
    pub(crate) charset: RefCell<Option<String>>,
}

impl Request {
    pub(crate) fn new(connection: Connection, protocol: Protocol) -> Self {
        Self {
            connection,
            protocol,
            response: RefCell::new(None),
            preload_read: Cell::new(0),
            client_read: Cell::new(0),
            body_ended: Cell::new(false),
            client_gone: Cell::new(false),
            looked_through: Cell::new(false),
            charset: RefCell::new(None),
        }
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
    fn head(&mut self, code: u16, block: Vec<u8>, keep: bool) -> Result<(), Win32Error> {
        self.0.set_status(code);
        let block = CString::new(block).map_err(nul)?;
        if code == 200 {
            return self.0.send_headers(c"200 OK", &block, keep);
        }
        let line = CString::new(format!("{code} {}", status::reason(code))).map_err(nul)?;
        self.0.send_headers(&line, &block, keep)
    }

    fn body(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        self.0.write(data)
    }
}

/// Header texts with a NUL are refused long before.
fn nul(_: NulError) -> Win32Error {
    Win32Error::INVALID_PARAMETER
}

/// Sends through the control block and lets other Python threads run meanwhile.
pub(crate) struct Attached<'a, 'py>(pub(crate) Python<'py>, pub(crate) &'a Connection);

impl Client for Attached<'_, '_> {
    fn head(&mut self, code: u16, block: Vec<u8>, keep: bool) -> Result<(), Win32Error> {
        let connection = self.1;
        self.0
            .detach(|| Detached(connection).head(code, block, keep))
    }

    fn body(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        let connection = self.1;
        self.0.detach(|| connection.write(data))
    }
}
