//! When a request is over: `HttpExtensionProc` has returned, and where it returned *pending*,
//! `HSE_REQ_DONE_WITH_SESSION` has come, which may be before the return or after it.

use isapi_base::ecb::constants::HSE_STATUS_PENDING;
use std::sync::{Condvar, Mutex, PoisonError};

#[derive(Debug, Default)]
struct State {
    returned: Option<u32>,
    done: Option<u32>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Latch {
    state: Mutex<State>,
    changed: Condvar,
}

impl Latch {
    /// `DONE_WITH_SESSION` came. `false`: it had come before, which is an error of the extension.
    pub(super) fn done(&self, status: u32) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let first = state.done.is_none();
        state.done.get_or_insert(status);
        self.changed.notify_all();
        first
    }

    /// `DONE_WITH_SESSION` has come: the extension may not call back any more.
    pub(super) fn is_done(&self) -> bool {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .done
            .is_some()
    }

    /// The request is over, as far as the extension knows: it may not be called back any more.
    pub(super) fn is_over(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let final_return = state.returned.is_some_and(|r| r != HSE_STATUS_PENDING);
        state.done.is_some() || final_return
    }

    /// `HttpExtensionProc` returned `status`; waits for `DONE` where that is *pending*. The result
    /// is the status the request ended with.
    ///
    /// An extension that says *done* and returns another status (isapi_wsgi does) is finished all
    /// the same, and only once.
    pub(super) fn returned(&self, status: u32) -> u32 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.returned = Some(status);
        if status != HSE_STATUS_PENDING {
            return status;
        }
        loop {
            if let Some(done) = state.done {
                return done;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isapi_base::ecb::constants::{HSE_STATUS_SUCCESS, HSE_STATUS_SUCCESS_AND_KEEP_CONN};
    use std::sync::Arc;

    #[test]
    fn done_before_the_return_of_pending_ends_the_request() {
        let latch = Latch::default();
        assert!(latch.done(HSE_STATUS_SUCCESS_AND_KEEP_CONN));
        assert_eq!(
            latch.returned(HSE_STATUS_PENDING),
            HSE_STATUS_SUCCESS_AND_KEEP_CONN
        );
    }

    #[test]
    fn done_after_the_return_of_pending_ends_the_request() {
        let latch = Arc::new(Latch::default());
        let other = Arc::clone(&latch);
        let done = std::thread::spawn(move || other.done(HSE_STATUS_SUCCESS));
        assert_eq!(latch.returned(HSE_STATUS_PENDING), HSE_STATUS_SUCCESS);
        assert!(done.join().unwrap());
    }

    #[test]
    fn done_and_a_final_return_end_the_request_once() {
        let latch = Latch::default();
        assert!(latch.done(HSE_STATUS_SUCCESS));
        assert_eq!(latch.returned(HSE_STATUS_SUCCESS), HSE_STATUS_SUCCESS);
        assert!(!latch.done(HSE_STATUS_SUCCESS), "a second DONE is told");
    }
}
