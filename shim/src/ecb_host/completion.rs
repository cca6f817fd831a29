//! Asynchronous operations: one at a time for each request, on a thread of their own, and then
//! the extension's callback.
#![allow(unsafe_code)]

use super::{Conn, report};
use crate::codes;
use isapi_base::ecb::layout::IoCompletionFn;
use isapi_base::ecb::win32::Win32Error;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

/// What `HSE_REQ_IO_COMPLETION` registered.
#[derive(Clone, Copy)]
pub(super) struct Completion {
    pub(super) callback: IoCompletionFn,
    pub(super) context: *mut c_void,
}

// SAFETY: the context is the extension's and only handed back to it; ISAPI calls completions from
// any thread.
unsafe impl Send for Completion {}

impl Conn {
    /// The registered callback.
    pub(super) fn completion(&self) -> Option<Completion> {
        *self
            .completion
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on another thread and then calls `completion` with its result. Never inline:
    /// callbacks that start the next operation would pile up on the stack.
    pub(super) fn start_async(
        self: &Arc<Self>,
        completion: Option<Completion>,
        work: impl FnOnce(&Arc<Conn>) -> Result<u32, Win32Error> + Send + 'static,
    ) -> Result<(), Win32Error> {
        let completion = completion.ok_or(Win32Error::INVALID_PARAMETER)?;
        self.claim()?;
        self.start_claimed(completion, work)
    }

    /// Makes the operation that is about to start the only one.
    pub(super) fn claim(&self) -> Result<(), Win32Error> {
        if !self.latch.begin_operation() {
            report(
                codes::EXTENSION_CONTRACT,
                "a second asynchronous operation was started before the first had ended; refused",
            );
            return Err(Win32Error::INVALID_PARAMETER);
        }
        Ok(())
    }

    /// [`Conn::start_async`] of an operation that has claimed its place.
    pub(super) fn start_claimed(
        self: &Arc<Self>,
        completion: Completion,
        work: impl FnOnce(&Arc<Conn>) -> Result<u32, Win32Error> + Send + 'static,
    ) -> Result<(), Win32Error> {
        let conn = Arc::clone(self);
        let spawned = std::thread::Builder::new()
            .name("isapi-completion".into())
            .spawn(move || {
                // A panic of the host is a failure like others: without its completion the request
                // would hang for ever.
                let result = catch_unwind(AssertUnwindSafe(|| work(&conn)))
                    .unwrap_or(Err(Win32Error::READ_FAULT));
                let (bytes, error) = match result {
                    Ok(bytes) => (bytes, 0),
                    Err(error) => (0, error.0),
                };
                // The callback may start the next operation.
                conn.latch.end_operation();
                conn.complete(completion, bytes, error);
            });
        spawned.map(|_| ()).map_err(|_| {
            self.latch.end_operation();
            Win32Error::READ_FAULT
        })
    }

    fn complete(&self, completion: Completion, bytes: u32, error: u32) {
        let block = self
            .block
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        // The block is taken away a little later than the extension says that it is done.
        let Some(block) = block.filter(|_| !self.latch.is_over()) else {
            report(
                codes::EXTENSION_CONTRACT,
                "an asynchronous operation ended after its request was done",
            );
            return;
        };
        // SAFETY: the callback and its context are what the extension registered; the control
        // block lives as long as `block`.
        unsafe { (completion.callback)(block.as_ptr(), completion.context, bytes, error) }
    }
}
