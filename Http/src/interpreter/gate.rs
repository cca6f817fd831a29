//! Who of many threads waits for the GIL next.
//!
//! Python wakes a waiting thread at each release of the GIL, and a wake-up costs more than a short
//! script: with eight threads nearly all time went there. So only one thread at a time tries to
//! take the GIL. It first spins for as long as short scripts take, so that in most cases nobody
//! has to be woken. The others sleep, and are let in when somebody leaves, or after [`TURNS`] threads
//! have gone before them. Whoever is inside may have given the GIL up, and for long: so one that has
//! slept for [`PATIENCE`] goes by itself, and the others behind it.
//!
//! Nothing but speed hangs on this: a thread that was let in takes the GIL as Python has it. It is
//! for Windows, where a wake-up is dear; `isapi-dll/windows/bench` shows what it brings.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

/// After so many threads that came and were let in at once, one that sleeps is next.
const TURNS: u32 = 64;

/// So long one sleeps before it looks for itself, and for [`PATIENCE_EACH`] longer for each one that
/// sleeps already: hundreds that wait for a script that computes had better not wake one another all
/// the time. Beside the GIL's own interval of 5 ms it is not much.
const PATIENCE: Duration = Duration::from_millis(5);
const PATIENCE_EACH: Duration = Duration::from_millis(1);

/// The longest spin, in rounds of a few nanoseconds: some 20 µs, about what waking a thread costs.
const LONGEST_SPIN: u32 = 2000;

/// See the module.
pub(super) struct Gate {
    /// A thread is trying to take the GIL.
    trying: AtomicBool,
    /// Threads that were let in and have not left; those may or may not hold the GIL.
    inside: AtomicUsize,
    asleep: AtomicUsize,
    sleepers: Mutex<VecDeque<Arc<Sleeper>>>,
    turns: AtomicU32,
    /// How many rounds a spin took lately: spinning longer than that seldom helps.
    usual_spin: AtomicU32,
}

struct Sleeper {
    thread: Thread,
    /// It is the thread that tries now.
    let_in: AtomicBool,
}

/// The calling thread is the one that tries.
pub(super) struct Trying<'a> {
    gate: &'a Gate,
    /// It has slept, and nobody let it in.
    late: bool,
}

/// The calling thread has the GIL, or had it and has given it up for a while.
pub(super) struct Inside<'a>(&'a Gate);

impl Gate {
    pub(super) const fn new() -> Self {
        Self {
            trying: AtomicBool::new(false),
            inside: AtomicUsize::new(0),
            asleep: AtomicUsize::new(0),
            sleepers: Mutex::new(VecDeque::new()),
            turns: AtomicU32::new(0),
            usual_spin: AtomicU32::new(LONGEST_SPIN / 4),
        }
    }

    /// Returns when it is the calling thread's turn to take the GIL.
    pub(super) fn wait(&self) -> Trying<'_> {
        let late = !self.try_now() && self.sleep();
        self.spin();
        Trying { gate: self, late }
    }

    fn try_now(&self) -> bool {
        self.trying
            .compare_exchange(false, true, SeqCst, SeqCst)
            .is_ok()
    }

    fn sleepers(&self) -> MutexGuard<'_, VecDeque<Arc<Sleeper>>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody let it in.
    fn sleep(&self) -> bool {
        let own = Arc::new(Sleeper {
            thread: std::thread::current(),
            let_in: AtomicBool::new(false),
        });
        self.sleepers().push_back(Arc::clone(&own));
        let others = self.asleep.fetch_add(1, SeqCst);
        let patience = PATIENCE + PATIENCE_EACH * u32::try_from(others).unwrap_or(u32::MAX);
        let mut late = false;
        loop {
            // The one that tried may have gone before it could see this one.
            if self.try_now() {
                self.sleepers().retain(|other| !Arc::ptr_eq(other, &own));
                self.asleep.fetch_sub(1, SeqCst);
                return late;
            }
            std::thread::park_timeout(patience);
            if own.let_in.load(SeqCst) {
                return false;
            }
            late = true;
        }
    }

    /// Waits a little for whoever is inside: most scripts are short.
    fn spin(&self) {
        let usual = self.usual_spin.load(SeqCst);
        let most = (usual * 2 + 20).min(LONGEST_SPIN);
        let mut rounds = 0;
        while self.inside.load(SeqCst) > 0 {
            if rounds == most {
                // A long script, or one that waits without the GIL: spin less the next time.
                self.usual_spin.store(usual / 2, SeqCst);
                return;
            }
            std::hint::spin_loop();
            rounds += 1;
        }
        if rounds > 0 {
            self.usual_spin.store((usual * 7 + rounds * 2) / 8, SeqCst);
        }
    }

    /// Lets the longest sleeper in. The calling thread is the one that tries, and is so no more.
    fn hand_on(&self) {
        let next = self.sleepers().pop_front();
        match next {
            Some(next) => {
                self.asleep.fetch_sub(1, SeqCst);
                next.let_in.store(true, SeqCst);
                next.thread.unpark();
            }
            None => self.stop_trying(),
        }
    }

    fn stop_trying(&self) {
        self.trying.store(false, SeqCst);
        // One may have gone to sleep just before.
        self.wake_if_nobody_tries();
    }

    fn wake_if_nobody_tries(&self) {
        if self.asleep.load(SeqCst) > 0 && self.inside.load(SeqCst) == 0 && self.try_now() {
            self.hand_on();
        }
    }
}

impl<'a> Trying<'a> {
    /// The calling thread has taken the GIL.
    pub(super) fn taken(self) -> Inside<'a> {
        let Self { gate, late } = self;
        std::mem::forget(self);
        gate.inside.fetch_add(1, SeqCst);
        let asleep = gate.asleep.load(SeqCst) > 0;
        if asleep && (late || gate.turns.fetch_add(1, SeqCst) % TURNS == TURNS - 1) {
            gate.hand_on();
        } else {
            gate.stop_trying();
        }
        Inside(gate)
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        self.gate.stop_trying();
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, SeqCst);
        if self.0.asleep.load(SeqCst) > 0 && self.0.try_now() {
            self.0.hand_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_sleeps_for_ever_and_one_at_a_time_is_let_in() {
        let gate = Gate::new();
        let gil = Mutex::new(0u32);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (gate, gil) = (&gate, &gil);
                scope.spawn(move || {
                    for round in 0..2000 {
                        let trying = gate.wait();
                        let mut held = gil.lock().unwrap();
                        let inside = trying.taken();
                        *held += 1;
                        if (round + thread) % 97 == 0 {
                            // Longer than any spin, and without the GIL.
                            drop(held);
                            std::thread::yield_now();
                        } else {
                            drop(held);
                        }
                        drop(inside);
                    }
                });
            }
        });
        assert_eq!(*gil.lock().unwrap(), 16_000);
        assert_eq!(gate.asleep.load(SeqCst), 0);
        assert_eq!(gate.inside.load(SeqCst), 0);
        assert!(!gate.trying.load(SeqCst));
    }

    #[test]
    fn one_that_waits_inside_holds_nobody_up() {
        let gate = Gate::new();
        let inside = gate.wait().taken();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| drop(gate.wait().taken()));
            }
        });
        drop(inside);
        assert_eq!(gate.asleep.load(SeqCst), 0);
    }

    #[test]
    fn one_that_stays_inside_holds_up_nobody_who_came_before_it_was() {
        let gate = Gate::new();
        let trying = gate.wait();
        std::thread::scope(|scope| {
            let others: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| std::mem::forget(gate.wait().taken())))
                .collect();
            while gate.asleep.load(SeqCst) < others.len() {
                std::thread::yield_now();
            }
            let inside = trying.taken();
            others.into_iter().for_each(|other| other.join().unwrap());
            drop(inside);
        });
        assert_eq!(gate.inside.load(SeqCst), 4);
        assert_eq!(gate.asleep.load(SeqCst), 0);
    }

    #[test]
    fn one_that_gives_up_lets_the_next_one_try() {
        let gate = Gate::new();
        drop(gate.wait());
        drop(gate.wait().taken());
        assert!(!gate.trying.load(SeqCst));
    }
}
