//! Requests that an extension does not end: it returned *pending*, and is not heard of any more.
//!
//! IIS waits for ever, and its worker process cannot end then: `TerminateExtension` comes only
//! after all requests are done. Here the client gets an answer, and the request is put aside. Its
//! control block stays valid, since the extension may still use it: it is leaked unless
//! `DONE_WITH_SESSION` comes after all.

use super::{Conn, NoBody, Outcome, Reply, registry, report};
use crate::codes::{self, Code};
use crate::site::Refusal;
use isapi_base::ecb::constants::HSE_STATUS_ERROR;
use isapi_base::ecb::win32::Win32Error;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, TryLockError};

impl Conn {
    /// How reports name the request.
    pub(super) fn named(&self) -> String {
        format!("{} {}", self.request().method, self.url().raw())
    }

    /// The code of the reason.
    fn given_up_for(&self) -> Code {
        if self.latch.has_timed_out() {
            codes::TIME_LIMIT
        } else {
            codes::PENDING_TIMEOUT
        }
    }

    /// Answers in the place of an extension that is not heard of.
    pub(super) fn give_up(&self) -> Outcome {
        let limit = self.host.options.pending_timeout.unwrap_or_default();
        let why = format!(
            "the extension returned PENDING, and for {} s it neither called back nor ended the \
             request",
            limit.as_secs()
        );
        drop(self.answer_for_it(&why));
        self.outcome_of_given_up()
    }

    /// Answers in the place of the extension, and says aloud why; the reply is not ended.
    pub(super) fn answer_for_it(&self, why: &str) -> MutexGuard<'_, Reply> {
        let code = self.given_up_for();
        self.host.given_up.fetch_add(1, Ordering::AcqRel);
        let text = format!("{}: {why}; the request is given up", self.named());
        report(code, &text);
        self.drop_body();
        let mut reply = self.reply();
        if reply.is_begun() {
            reply.break_off();
        } else {
            let refusal = Refusal::new(500, 0, format!("{why} ({code})"));
            self.host.send_refusal(&mut reply, self.request(), &refusal);
        }
        reply
    }

    /// The block's fields are the extension's still.
    pub(super) fn outcome_of_given_up(&self) -> Outcome {
        Outcome {
            extension: Some(HSE_STATUS_ERROR),
            given_up: true,
            log: self.given_up_for().to_string() + &self.take_log(),
            ..Outcome::default()
        }
    }

    /// Nothing of a request that was given up is needed any more.
    pub(super) fn forget_given_up(&self) {
        registry::remove(self.id);
        if let Some(block) = self.take_block() {
            block.poison();
        }
        self.host.given_up.fetch_sub(1, Ordering::AcqRel);
    }

    /// Lets go of the client's side, which would keep its connection open. A read that is under
    /// way does so when it ends.
    pub(super) fn drop_body(&self) {
        let mut incoming = match self.entity.rest.try_lock() {
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

    /// `DONE_WITH_SESSION` of a request that was given up.
    pub(super) fn done_late(&self) {
        let text = format!(
            "DONE_WITH_SESSION came for {}, which was given up before",
            self.named()
        );
        report(self.given_up_for(), &text);
        self.forget_given_up();
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
