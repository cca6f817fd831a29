//! `--timeout`: requests that take too long.
//!
//! Nothing ends a thread that is inside a script, and IIS does not even try: what its time-outs
//! end is a process. So `serve` answers in the place of the script and goes on without it; `run`
//! and `test`, whose processes are for one request, end the process.

use super::{Conn, Outcome, registry, report, send_refusal};
use crate::codes;
use crate::process;
use crate::site::Refusal;
use isapi_base::ecb::constants::HSE_STATUS_ERROR;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
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
        // A client that takes its response slowly may hold this up; others must not wait for it.
        std::thread::spawn(move || conn.time_out(limit));
    }
}

impl Conn {
    /// Answers in the place of the extension.
    fn time_out(&self, limit: TimeLimit) {
        self.host.given_up.fetch_add(1, Ordering::AcqRel);
        let seconds = limit.after.as_secs();
        let why = format!("the script has not ended within {seconds} s, the time of --timeout");
        let text = format!("{}: {why}; its request is given up", self.named());
        report(codes::TIME_LIMIT, &text);
        self.drop_body();
        let mut reply = self.reply();
        if reply.is_begun() {
            reply.break_off();
        } else {
            let reason = format!("{why} ({})", codes::TIME_LIMIT);
            send_refusal(&mut reply, &self.request, &Refusal::new(500, 0, reason));
        }
        // The script's thread would do it too late.
        reply.end();
        drop(reply);
        self.latch.answered();
        if limit.then == Overtime::EndProcess {
            process::end(codes::TIME_LIMIT.exit as u8);
        }
    }

    /// The extension has returned from a request that was given up here. `last`: and uses nothing
    /// of it any more.
    pub(super) fn timed_out(&self, last: bool) -> Outcome {
        if last {
            registry::remove(self.id);
            if let Some(block) = self.take_block() {
                block.poison();
            }
            self.host.given_up.fetch_sub(1, Ordering::AcqRel);
        }
        Outcome {
            extension: Some(HSE_STATUS_ERROR),
            given_up: true,
            log: codes::TIME_LIMIT.to_string() + &self.take_log(),
            ..Outcome::default()
        }
    }
}
