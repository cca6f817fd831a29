//! `--timeout`: requests that take too long.
//!
//! Nothing ends a thread that is inside a script, and IIS does not even try: what its time-outs
//! end is a process. So `serve` answers in the place of the script and goes on without it; `run`
//! and `test`, whose processes are for one request, end the process.

use super::{Conn, Outcome};
use crate::codes;
use crate::process;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How long a request may take from the call of the extension on; the time for which its client
/// keeps it waiting counts, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit {
    /// So long.
    pub after: Duration,
    /// And then this is done.
    pub then: Overtime,
}

/// What is done with a request that takes too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overtime {
    /// It is answered, and the extension is left to itself.
    Answer,
    /// The process ends, when it is answered.
    EndProcess,
}

/// The running requests of a host that has a limit.
#[derive(Debug)]
pub(super) struct Clock {
    limit: TimeLimit,
    /// By when they are due, and by their numbers.
    running: Mutex<BTreeMap<(Instant, usize), Weak<Conn>>>,
    more: Condvar,
}

/// A request that is timed, until dropped.
pub(super) struct Timed<'a> {
    clock: &'a Clock,
    key: (Instant, usize),
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        self.clock.running().remove(&self.key);
    }
}

impl Clock {
    /// Starts to watch requests, on a thread of its own.
    pub(super) fn start(limit: TimeLimit) -> Arc<Self> {
        let clock = Arc::new(Self {
            limit,
            running: Mutex::default(),
            more: Condvar::new(),
        });
        let watched = Arc::downgrade(&clock);
        std::thread::spawn(move || watch(&watched, limit.after));
        clock
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<(Instant, usize), Weak<Conn>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The extension is about to be called.
    pub(super) fn time(&self, conn: &Arc<Conn>) -> Timed<'_> {
        let key = (Instant::now() + self.limit.after, conn.id);
        let mut running = self.running();
        let was_empty = running.is_empty();
        running.insert(key, Arc::downgrade(conn));
        // All wait equally long: one that comes later is not due before the others.
        if was_empty {
            self.more.notify_all();
        }
        Timed { clock: self, key }
    }

    /// Takes out what is due; waits for it at most `patience`.
    fn due(&self, patience: Duration) -> Option<Arc<Conn>> {
        let mut running = self.running();
        let now = Instant::now();
        let wait = match running.first_key_value() {
            Some(((due, _), _)) if *due <= now => {
                let (_, conn) = running.pop_first()?;
                return conn.upgrade();
            }
            Some(((due, _), _)) => (*due - now).min(patience),
            None => patience,
        };
        let _woken = self.more.wait_timeout(running, wait);
        None
    }
}

/// Watches until the host has gone.
fn watch(clock: &Weak<Clock>, patience: Duration) {
    while let Some(clock) = clock.upgrade() {
        let Some(conn) = clock.due(patience) else {
            continue;
        };
        if !conn.latch.time_out() {
            continue;
        }
        let limit = clock.limit;
        // A client that takes its response slowly may hold this up; others must not wait for it,
        // unless the system has no thread to spare.
        let other = Arc::clone(&conn);
        let answers = std::thread::Builder::new().spawn(move || other.time_out(limit));
        if answers.is_err() {
            conn.time_out(limit);
        }
    }
}

impl Conn {
    /// Answers in the place of the extension.
    fn time_out(&self, limit: TimeLimit) {
        let seconds = limit.after.as_secs();
        let why = format!("the script has not ended within {seconds} s, the time of --timeout");
        // The script's thread would end it too late.
        self.answer_for_it(&why).end();
        if limit.then == Overtime::EndProcess {
            process::end(codes::TIME_LIMIT.exit as u8);
        }
        self.latch.answered();
    }

    /// The extension has returned from a request that was given up here. `last`: and uses nothing
    /// of it any more.
    pub(super) fn timed_out(&self, last: bool) -> Outcome {
        if last {
            self.forget_given_up();
        }
        self.outcome_of_given_up()
    }
}
