//! When a request is over: `HttpExtensionProc` has returned, and where it returned *pending*,
//! `HSE_REQ_DONE_WITH_SESSION` has come, which may be before the return or after it. Or it never
//! comes, and the request is given up; so it is where it takes too long (`time_limit`).

use isapi_base::ecb::constants::HSE_STATUS_PENDING;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct State {
    returned: Option<u32>,
    done: Option<u32>,
    /// An asynchronous operation is under way; a second one is refused.
    busy: bool,
    /// The last sign of life of an extension that returned *pending*.
    heard: Option<Instant>,
    given_up: bool,
    /// Given up because it took too long.
    timed_out: bool,
    /// And answered by the host.
    answered: bool,
}

impl State {
    fn has_returned_finally(&self) -> bool {
        self.returned.is_some_and(|r| r != HSE_STATUS_PENDING)
    }

    fn is_over(&self) -> bool {
        self.done.is_some() || self.has_returned_finally()
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Latch {
    /// Something has happened that a call must know of. Most requests have all their calls before,
    /// and need no lock.
    eventful: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

/// What a call of the extension finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// The request is open.
    Open,
    /// `DONE_WITH_SESSION` has come: the extension may not call back any more.
    Done,
    /// The host has not waited for the extension.
    GivenUp,
}

/// What `DONE_WITH_SESSION` was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// The end of the request.
    First,
    /// An error of the extension.
    Again,
    /// The end of a request that was given up.
    Late,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With this `HSE_STATUS`.
    With(u32),
    /// The extension did not end it.
    GivenUp,
    /// It took too long and was given up. `last`: nothing will come from the extension any more.
    TimedOut { last: bool },
}

impl Latch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, to be changed in what a call must know of.
    fn change(&self) -> MutexGuard<'_, State> {
        let state = self.state();
        self.eventful.store(true, Ordering::Release);
        state
    }

    fn is_eventful(&self) -> bool {
        self.eventful.load(Ordering::Acquire)
    }

    /// `DONE_WITH_SESSION` came.
    pub(super) fn done(&self, status: u32) -> Done {
        let mut state = self.change();
        // One that was given up, and has returned finally since then, has ended without it.
        let has_ended = state.given_up && state.has_returned_finally();
        let first = state.done.is_none() && !has_ended;
        if !has_ended {
            state.done.get_or_insert(status);
        }
        self.changed.notify_all();
        match (first, state.given_up) {
            (false, _) => Done::Again,
            (true, false) => Done::First,
            (true, true) => Done::Late,
        }
    }

    /// The extension calls, which is a sign of life.
    pub(super) fn enter(&self) -> Access {
        if !self.is_eventful() {
            return Access::Open;
        }
        let mut state = self.state();
        if state.done.is_some() {
            Access::Done
        } else if state.given_up {
            Access::GivenUp
        } else {
            // Before *pending* nobody asks for it.
            if state.returned.is_some() {
                state.heard = Some(Instant::now());
            }
            Access::Open
        }
    }

    /// The request is over, as far as the extension knows: it may not be called back any more.
    pub(super) fn is_over(&self) -> bool {
        self.state().is_over()
    }

    /// The request takes too long; whoever says so has to answer for it, and then to say
    /// [`answered`](Self::answered). `false`: it is over, or was given up before.
    pub(super) fn time_out(&self) -> bool {
        let mut state = self.change();
        if state.is_over() || state.given_up {
            return false;
        }
        state.given_up = true;
        state.timed_out = true;
        true
    }

    /// See [`time_out`](Self::time_out).
    pub(super) fn answered(&self) {
        self.state().answered = true;
        self.changed.notify_all();
    }

    /// The request was given up because it took too long.
    pub(super) fn has_timed_out(&self) -> bool {
        self.state().timed_out
    }

    /// The host has not waited for the extension.
    pub(super) fn is_given_up(&self) -> bool {
        self.is_eventful() && self.state().given_up
    }

    /// An asynchronous operation begins. `false`: one is under way.
    pub(super) fn begin_operation(&self) -> bool {
        !std::mem::replace(&mut self.state().busy, true)
    }

    /// The asynchronous operation has ended; the extension is about to be told.
    pub(super) fn end_operation(&self) {
        let mut state = self.state();
        state.busy = false;
        state.heard = Some(Instant::now());
        self.changed.notify_all();
    }

    /// `HttpExtensionProc` returned `status`; waits for `DONE` where that is *pending*, as long as
    /// the extension is heard of at least every `limit` (`None`: for ever). The time of an
    /// operation does not count: it is the client's, and has limits of its own.
    ///
    /// An extension that says *done* and returns another status (isapi_wsgi does) is finished all
    /// the same, and only once.
    pub(super) fn returned(&self, status: u32, limit: Option<Duration>) -> Ended {
        let mut state = self.change();
        state.returned = Some(status);
        let is_final = status != HSE_STATUS_PENDING;
        if is_final && !state.timed_out {
            return Ended::With(status);
        }
        let since = Instant::now();
        loop {
            if state.timed_out && state.answered {
                // Where it is done, too, whoever said so has cleaned up behind it.
                let last = is_final && state.done.is_none();
                return Ended::TimedOut { last };
            }
            if let Some(done) = state.done.filter(|_| !state.timed_out) {
                return Ended::With(done);
            }
            let Some(limit) = limit.filter(|_| !state.busy && !state.timed_out) else {
                let woken = self.changed.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let silent = state.heard.unwrap_or(since).max(since).elapsed();
            let Some(left) = limit.checked_sub(silent).filter(|left| !left.is_zero()) else {
                state.given_up = true;
                return Ended::GivenUp;
            };
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isapi_base::ecb::constants::{HSE_STATUS_SUCCESS, HSE_STATUS_SUCCESS_AND_KEEP_CONN};
    use std::sync::Arc;

    const SHORT: Option<Duration> = Some(Duration::from_millis(20));

    #[test]
    fn done_before_the_return_of_pending_ends_the_request() {
        let latch = Latch::default();
        assert_eq!(latch.done(HSE_STATUS_SUCCESS_AND_KEEP_CONN), Done::First);
        assert_eq!(
            latch.returned(HSE_STATUS_PENDING, None),
            Ended::With(HSE_STATUS_SUCCESS_AND_KEEP_CONN)
        );
    }

    #[test]
    fn done_after_the_return_of_pending_ends_the_request() {
        for limit in [None, Some(Duration::from_secs(600))] {
            let latch = Arc::new(Latch::default());
            let other = Arc::clone(&latch);
            let done = std::thread::spawn(move || other.done(HSE_STATUS_SUCCESS));
            assert_eq!(
                latch.returned(HSE_STATUS_PENDING, limit),
                Ended::With(HSE_STATUS_SUCCESS)
            );
            assert_eq!(done.join().unwrap(), Done::First);
        }
    }

    #[test]
    fn done_and_a_final_return_end_the_request_once() {
        let latch = Latch::default();
        assert_eq!(latch.done(HSE_STATUS_SUCCESS), Done::First);
        assert_eq!(
            latch.returned(HSE_STATUS_SUCCESS, None),
            Ended::With(HSE_STATUS_SUCCESS)
        );
        assert_eq!(latch.done(HSE_STATUS_SUCCESS), Done::Again);
    }

    #[test]
    fn an_extension_that_is_not_heard_of_is_given_up_and_may_end_late_once() {
        let latch = Latch::default();
        assert_eq!(latch.enter(), Access::Open);
        assert_eq!(latch.returned(HSE_STATUS_PENDING, SHORT), Ended::GivenUp);
        assert!(!latch.is_over(), "a completion is due all the same");
        assert_eq!(latch.enter(), Access::GivenUp);
        assert_eq!(latch.done(HSE_STATUS_SUCCESS), Done::Late);
        assert_eq!(latch.enter(), Access::Done);
        assert_eq!(latch.done(HSE_STATUS_SUCCESS), Done::Again);
    }

    #[test]
    fn what_is_over_does_not_time_out() {
        let latch = Latch::default();
        latch.returned(HSE_STATUS_SUCCESS, None);
        assert!(!latch.time_out());
        let latch = Latch::default();
        latch.done(HSE_STATUS_SUCCESS);
        assert!(!latch.time_out());
        assert_eq!(latch.enter(), Access::Done);
    }

    #[test]
    fn a_request_that_timed_out_ends_by_its_return() {
        let latch = Latch::default();
        assert!(latch.time_out());
        assert!(!latch.time_out(), "once");
        latch.answered();
        assert_eq!(latch.enter(), Access::GivenUp);
        let ended = latch.returned(HSE_STATUS_SUCCESS, None);
        assert_eq!(ended, Ended::TimedOut { last: true });
        assert_eq!(latch.done(HSE_STATUS_SUCCESS), Done::Again);
    }

    #[test]
    fn a_request_that_timed_out_and_is_pending_ends_by_done() {
        for done_first in [true, false] {
            let latch = Latch::default();
            assert!(latch.time_out());
            latch.answered();
            if done_first {
                assert_eq!(latch.done(HSE_STATUS_SUCCESS), Done::Late);
            }
            let ended = latch.returned(HSE_STATUS_PENDING, None);
            assert_eq!(ended, Ended::TimedOut { last: false });
            if !done_first {
                assert_eq!(latch.done(HSE_STATUS_SUCCESS), Done::Late);
            }
            assert_eq!(latch.done(HSE_STATUS_SUCCESS), Done::Again);
        }
    }

    #[test]
    fn a_pending_request_that_times_out_is_not_waited_for() {
        let latch = Arc::new(Latch::default());
        let other = Arc::clone(&latch);
        let clock = std::thread::spawn(move || {
            assert!(other.time_out());
            std::thread::sleep(Duration::from_millis(20));
            other.answered();
        });
        let ended = latch.returned(HSE_STATUS_PENDING, None);
        assert_eq!(ended, Ended::TimedOut { last: false });
        assert!(latch.state().answered, "it would end the reply before");
        clock.join().unwrap();
    }

    #[test]
    fn an_operation_under_way_is_waited_for() {
        let latch = Arc::new(Latch::default());
        assert!(latch.begin_operation());
        assert!(!latch.begin_operation(), "one at a time");
        let other = Arc::clone(&latch);
        let operation = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            let given_up = other.is_given_up();
            other.end_operation();
            given_up
        });
        // The extension does nothing with its end.
        assert_eq!(latch.returned(HSE_STATUS_PENDING, SHORT), Ended::GivenUp);
        assert!(!operation.join().unwrap());
    }

    #[test]
    fn a_call_is_a_sign_of_life() {
        let latch = Arc::new(Latch::default());
        let other = Arc::clone(&latch);
        let limit = Duration::from_secs(600);
        let calls = std::thread::spawn(move || {
            while other.state().returned.is_none() {
                std::thread::yield_now();
            }
            let before = Instant::now();
            let access = other.enter();
            let heard = other.state().heard;
            other.done(HSE_STATUS_SUCCESS);
            (access, heard.is_some_and(|heard| heard >= before))
        });
        latch.returned(HSE_STATUS_PENDING, Some(limit));
        assert_eq!(calls.join().unwrap(), (Access::Open, true));
    }
}
