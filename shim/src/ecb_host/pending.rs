//! Requests that an extension does not end: it returned *pending*, and is not heard of any more.
//!
//! IIS waits for ever, and its worker process cannot end then: `TerminateExtension` comes only
//! after all requests are done. Here the client gets an answer, and the request is put aside. Its
//! control block stays valid, since the extension may still use it: it is leaked unless
//! `DONE_WITH_SESSION` comes after all.

use super::{Conn, NoBody, Outcome, registry, report, send_refusal};
use crate::codes::{self, Code};
use crate::site::Refusal;
use isapi_base::ecb::constants::HSE_STATUS_ERROR;
use isapi_base::ecb::win32::Win32Error;
use std::sync::TryLockError;
use std::sync::atomic::Ordering;

impl Conn {
    /// How reports name the request.
    pub(super) fn named(&self) -> String {
        format!("{} {}", self.request.method, self.url.raw())
    }

    fn given_up_for(&self) -> Code {
        if self.latch.has_timed_out() {
            codes::TIME_LIMIT
        } else {
            codes::PENDING_TIMEOUT
        }
    }

    /// Answers in the place of the extension.
    pub(super) fn give_up(&self) -> Outcome {
        self.host.given_up.fetch_add(1, Ordering::AcqRel);
        let limit = self.host.options.pending_timeout.unwrap_or_default();
        let why = format!(
            "the extension returned PENDING, and for {} s it neither called back nor ended the \
             request",
            limit.as_secs()
        );
        let text = format!("{}: {why}; the request is given up", self.named());
        report(codes::PENDING_TIMEOUT, &text);
        self.drop_body();
        let mut reply = self.reply();
        if reply.is_begun() {
            reply.break_off();
        } else {
            let reason = format!("{why} ({})", codes::PENDING_TIMEOUT);
            send_refusal(&mut reply, &self.request, &Refusal::new(500, 0, reason));
        }
        drop(reply);
        // The block's fields are the extension's still.
        Outcome {
            extension: Some(HSE_STATUS_ERROR),
            given_up: true,
            log: codes::PENDING_TIMEOUT.to_string() + &self.take_log(),
            ..Outcome::default()
        }
    }

    /// Lets go of the client's side, which would keep its connection open. A read that is under
    /// way does so when it ends.
    pub(super) fn drop_body(&self) {
        let mut incoming = match self.incoming.try_lock() {
            Ok(incoming) => incoming,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        incoming.body = Box::new(NoBody);
    }

    /// A call for a request that was given up. To the extension it is one whose client has gone.
    pub(super) fn late(&self, name: &str) -> Win32Error {
        let text = format!(
            "{name} was called for {}, which was given up; refused",
            self.named()
        );
        report(self.given_up_for(), &text);
        Win32Error::CONNECTION_INVALID
    }

    /// `DONE_WITH_SESSION` of a request that was given up: now nothing of it is needed any more.
    pub(super) fn done_late(&self) {
        let text = format!(
            "DONE_WITH_SESSION came for {}, which was given up before",
            self.named()
        );
        report(self.given_up_for(), &text);
        registry::remove(self.id);
        if let Some(block) = self.take_block() {
            block.poison();
        }
        self.host.given_up.fetch_sub(1, Ordering::AcqRel);
    }
}

impl super::Host {
    /// Tells the extension that the process ends; no request may be running. Requests that were
    /// given up are running, as far as the extension knows: it may be waiting for them in
    /// `TerminateExtension`, so it is not called then.
    pub fn terminate(&self) {
        match self.given_up.load(Ordering::Acquire) {
            0 => self.extension.terminate(),
            count => {
                let text = format!(
                    "TerminateExtension is not called: requests that never ended: {count}. IIS \
                     would end its process by force"
                );
                report(codes::PENDING_TIMEOUT, &text);
            }
        }
    }
}
