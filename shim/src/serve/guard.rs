//! Keeps the server answering while a script runs on the thread that drives the connections.
//!
//! A script that ends at once costs less there than a hand-over to another thread, by far. Which
//! scripts those are is known from their past (`costs`), and the past may deceive: so the runtime
//! has two workers. One drives all connections. The other one's thread is kept by [`watch`], which
//! does not yield, so it is given nothing to do. Where a call takes longer than a tick the watch
//! ends, and its worker goes on with the connections, the caller's own among them; the worker that
//! made the call is the next one to watch. Meanwhile all scripts go to the pool.
//!
//! So one thread at a time runs quick scripts, and nobody has to wait for the GIL.

use super::held::Held;
use super::lock;
use super::thread_state::{self, ThreadState};
use super::wire::Wire;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::Thread;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// A call that is the same at two ticks holds up the connections.
const TICK: Duration = Duration::from_millis(3);

/// A thread that only waits for a processor is not to blame: another one would wait, too. So one
/// that runs must have run for so long.
const RAN: Duration = Duration::from_millis(2);

/// So long after a watch has ended quick scripts wait for the next one: most calls that take too
/// long take just a little too long. Then the pool runs them.
const PATIENCE: Duration = Duration::from_millis(10);

/// So much longer for each request on the pool, with which such a call takes turns. More requests
/// there would only make it take longer.
const PATIENCE_EACH: Duration = Duration::from_millis(3);

/// No longer than this, however many they are.
const MOST_PATIENCE: Duration = Duration::from_millis(250);

/// After so many ticks without a call the watch sleeps until there is one.
const QUIET_TICKS: u32 = 20;

/// A worker watches.
const WATCHED: u64 = 1;
/// A call is under way.
const CALLING: u64 = 2;
/// Counts calls, so that two of them are told apart.
const CALL: u64 = 4;

/// See the module.
pub(super) struct Guard {
    held: Arc<Held>,
    state: AtomicU64,
    asleep: AtomicBool,
    watcher: Mutex<Option<Thread>>,
    /// The thread that makes the call.
    thread: AtomicU64,
    /// When the last watch ended, if that was for a call that takes too long.
    ended: Mutex<Option<Instant>>,
    /// The connection that the call is for.
    caller: Mutex<Option<Arc<Wire>>>,
    /// Told when a worker begins to watch.
    begun: Notify,
}

/// A call under way; it ends when dropped.
pub(super) struct Calling<'a>(&'a Arc<Guard>);

impl Guard {
    /// Sees to it that the answers that are `held` do not wait for a call that takes long.
    pub(super) fn new(held: Arc<Held>) -> Arc<Self> {
        Arc::new(Self {
            held,
            state: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
            watcher: Mutex::default(),
            thread: AtomicU64::new(0),
            ended: Mutex::default(),
            caller: Mutex::default(),
            begun: Notify::new(),
        })
    }

    /// Begins a call on this thread. `None`: not now, since nobody watches, or another call is
    /// under way.
    pub(super) fn call(self: &Arc<Self>, wire: &Arc<Wire>) -> Option<Calling<'_>> {
        let state = self.state.load(SeqCst);
        if state & (WATCHED | CALLING) != WATCHED {
            return None;
        }
        let next = state.wrapping_add(CALL) | CALLING;
        self.state
            .compare_exchange(state, next, SeqCst, SeqCst)
            .ok()?;
        self.thread.store(thread_state::own_id(), SeqCst);
        *lock(&self.caller) = Some(Arc::clone(wire));
        if self.asleep.load(SeqCst) {
            let watcher = lock(&self.watcher);
            if let Some(thread) = watcher.as_ref() {
                thread.unpark();
            }
        }
        Some(Calling(self))
    }

    /// Waits until a worker watches again, for a while: a script that is quick had better not be
    /// one of many on the pool that take turns. So many are there now.
    pub(super) async fn back(&self, on_pool: u32) {
        let begun = self.begun.notified();
        if self.state.load(SeqCst) & WATCHED != 0 {
            return;
        }
        let patience = self.patience(Instant::now(), on_pool);
        if !patience.is_zero() {
            let _not_yet = tokio::time::timeout(patience, begun).await;
        }
    }

    /// How long a quick script may yet wait for a watch.
    fn patience(&self, now: Instant, on_pool: u32) -> Duration {
        let ended = lock(&self.ended).unwrap_or(now);
        let others = PATIENCE_EACH.saturating_mul(on_pool);
        let patience = PATIENCE.saturating_add(others).min(MOST_PATIENCE);
        patience.saturating_sub(now.saturating_duration_since(ended))
    }

    /// Blocks until a call takes too long.
    fn wait(&self) {
        *lock(&self.watcher) = Some(std::thread::current());
        let mut last = self.state.load(SeqCst);
        let mut quiet = 0;
        // How long the calling thread had run when its call was first found to last.
        let mut ran_before = None;
        loop {
            std::thread::park_timeout(TICK);
            let state = self.state.load(SeqCst);
            if state != last {
                (last, quiet, ran_before) = (state, 0, None);
            } else if state & CALLING != 0 {
                self.held.send();
                if !self.holds_up(&mut ran_before) {
                    continue;
                }
                // Held, so that nobody hears of the end without its time.
                let mut ended = lock(&self.ended);
                let over = self
                    .state
                    .compare_exchange(state, state & !WATCHED, SeqCst, SeqCst);
                if over.is_ok() {
                    *ended = Some(Instant::now());
                    return;
                }
            } else if quiet < QUIET_TICKS {
                quiet += 1;
            } else {
                self.asleep.store(true, SeqCst);
                // One that began before it could see this is seen here.
                if self.state.load(SeqCst) == last {
                    std::thread::park();
                }
                self.asleep.store(false, SeqCst);
                quiet = 0;
            }
        }
    }

    /// Whether a call that lasts is to blame for it.
    fn holds_up(&self, ran_before: &mut Option<u64>) -> bool {
        match thread_state::of(self.thread.load(SeqCst)) {
            ThreadState::Waits | ThreadState::Unknown => true,
            ThreadState::Runs(ran) => {
                let before = *ran_before.get_or_insert(ran);
                Duration::from_nanos(ran.saturating_sub(before)) >= RAN
            }
        }
    }
}

impl Calling<'_> {
    /// Ends the call. Whether the other worker had to take over.
    pub(super) fn end(self) -> bool {
        let watched = self.0.state.load(SeqCst) & WATCHED;
        drop(self);
        watched == 0
    }
}

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        let guard = self.0;
        *lock(&guard.caller) = None;
        let before = guard.state.fetch_and(!CALLING, SeqCst);
        if before & WATCHED == 0 {
            // The other worker drives the connections now, so this one can watch.
            tokio::spawn(watch(Arc::clone(guard)));
        }
    }
}

/// Keeps a worker on watch until a call takes too long; then drives the caller's connection, whose
/// own task is inside the call.
pub(super) async fn watch(guard: Arc<Guard>) {
    // Now this is the next task of its worker's own queue; tokio lets the other worker have the
    // rest of that queue, but not what was woken last.
    tokio::task::yield_now().await;
    guard.state.fetch_or(WATCHED, SeqCst);
    wake_other_worker(&guard);
    // No longer this worker's to send when it is idle.
    guard.held.send();
    guard.wait();
    let caller = lock(&guard.caller).clone();
    if let Some(wire) = caller {
        wire.help().await;
    }
}

/// Has tokio wake the other worker, as it does for whatever a thread of somebody else's spawns or
/// wakes. That one sleeps perhaps, and not where events of sockets would wake it: only one worker
/// waits for those, and that may have been this one. It also looks for what is left in this one's
/// queue. Nothing may be woken from here: it would be for this worker to do.
fn wake_other_worker(guard: &Arc<Guard>) {
    let (handle, guard) = (Handle::current(), Arc::clone(guard));
    super::from_another_thread(move || {
        drop(handle.spawn(async {}));
        guard.begun.notify_waiters();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_goes_on_and_on_is_waited_for_once() {
        let guard = Guard::new(Arc::default());
        let now = Instant::now();
        assert_eq!(guard.patience(now, 0), PATIENCE);
        assert_eq!(guard.patience(now, 10), PATIENCE + PATIENCE_EACH * 10);
        assert_eq!(guard.patience(now, u32::MAX), MOST_PATIENCE);
        *lock(&guard.ended) = Some(now);
        let half = PATIENCE / 2;
        assert_eq!(guard.patience(now + half, 0), PATIENCE - half);
        assert_eq!(guard.patience(now + PATIENCE, 0), Duration::ZERO);
        assert_eq!(
            guard.patience(now + Duration::from_secs(60), 1000),
            Duration::ZERO
        );
    }
}
