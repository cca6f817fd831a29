//! What answers have cost so far, by URL path: which ones are quick enough to be made on the
//! thread that drives the connections.
//!
//! A wrong guess costs all connections some milliseconds (see `guard`), so that guesses may be
//! bold; and a busy machine makes any answer slow now and then, so that one slow answer is no
//! reason to change one's mind. A path is tried after one answer of the pool that was not long,
//! and given up when more than one in a hundred answers was slow; then it is tried again ever more
//! seldom.
//!
//! With a free-threaded Python scripts run at the same time, but for those on that one thread. So
//! only brief ones are quick there.

use super::lock;
use crate::kept::{ByPath, MOST_PATHS, thin_out};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// An answer of the pool that took longer is no reason to try.
const LONG: Duration = Duration::from_millis(50);

/// For so long Python leaves the GIL to a thread before another one gets it
/// (`sys.getswitchinterval`): an answer may have waited so long for each other one.
const TURN: Duration = Duration::from_millis(5);

/// What is brief with a free-threaded Python: beside a longer script a hand-over to a thread of its
/// own, some 20 µs, is little.
const BRIEF: Duration = Duration::from_micros(200);

/// One slow answer weighs as much as so many quick ones.
const WEIGHT: u32 = 100;

/// A path is given up above this weight: three slow answers close together.
const MOST_WEIGHT: u32 = 250;

/// So many answers without a slow one, and one time of giving up is forgotten.
const FORGIVEN: u32 = 10_000;

/// A path that was given up is tried again after so many answers of the pool; each time it was
/// given up doubles them, up to [`DOUBLINGS`] times.
const PAUSE: u32 = 16;
const DOUBLINGS: u32 = 12;

/// The cost of one path's answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    quick: bool,
    /// Of slow answers while it was quick; quick ones take it away again.
    weight: u32,
    /// Answers of the pool that were not long, since it was given up.
    waited: u32,
    given_up: u32,
    /// Answers since the latest slow one, while it was quick.
    in_a_row: u32,
}

impl Cost {
    fn note(&mut self, answered: Answered, long: Duration) {
        match answered {
            Answered::Here { slow } => self.answered_here(slow),
            Answered::Pool(time) => self.answered_on_pool(time, long),
        }
    }

    fn answered_here(&mut self, slow: bool) {
        if !slow {
            self.weight = self.weight.saturating_sub(1);
            self.in_a_row += 1;
            if self.in_a_row >= FORGIVEN {
                self.in_a_row = 0;
                self.given_up = self.given_up.saturating_sub(1);
            }
            return;
        }
        self.in_a_row = 0;
        self.weight += WEIGHT;
        if self.weight > MOST_WEIGHT {
            self.quick = false;
            self.waited = 0;
            self.given_up = (self.given_up + 1).min(DOUBLINGS);
        }
    }

    fn answered_on_pool(&mut self, time: Duration, long: Duration) {
        if time >= long {
            self.waited = 0;
            return;
        }
        self.waited += 1;
        let pause = if self.given_up == 0 {
            0
        } else {
            PAUSE << self.given_up
        };
        if !self.quick && self.waited > pause {
            self.quick = true;
            // On trial: two more slow answers are too many.
            self.weight = WEIGHT;
        }
    }
}

/// What an answer cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// On the thread that drives the connections.
    Here { slow: bool },
    /// On the pool, in so long, without what may have been waiting for others.
    Pool(Duration),
}

type Shared = Arc<Mutex<Cost>>;

/// See the module.
#[derive(Debug)]
pub(super) struct Costs {
    known: Mutex<ByPath<Shared>>,
    free_threaded: bool,
}

/// The past of one path.
#[derive(Debug)]
pub(super) enum Past {
    Known(Shared),
    /// The path.
    Unknown(Box<str>),
}

impl Past {
    /// Whether the next answer will be quick, as far as the past tells.
    pub(super) fn is_quick(&self) -> bool {
        match self {
            Self::Known(cost) => lock(cost).quick,
            Self::Unknown(_) => false,
        }
    }
}

impl Costs {
    pub(super) fn new(free_threaded: bool) -> Self {
        Self {
            known: Mutex::default(),
            free_threaded,
        }
    }

    fn known(&self) -> MutexGuard<'_, ByPath<Shared>> {
        lock(&self.known)
    }

    /// An answer on the thread that drives the connections took so long beside `others` of the pool;
    /// `held_up`: another thread had to take the connections.
    pub(super) fn here(&self, time: Duration, others: u32, held_up: bool) -> Answered {
        let slow = if self.free_threaded {
            held_up || time >= BRIEF
        } else {
            held_up && !self.own_part(time, others).is_zero()
        };
        Answered::Here { slow }
    }

    /// As [`Costs::here`], of the pool.
    pub(super) fn on_pool(&self, time: Duration, others: u32) -> Answered {
        Answered::Pool(self.own_part(time, others))
    }

    /// What cannot have been waiting for the others: without this a server with many clients would not
    /// find out that a script is quick. Who slept instead, beside many others, is taken for quick,
    /// and holds nobody up (`guard`).
    fn own_part(&self, time: Duration, others: u32) -> Duration {
        let others = if self.free_threaded { 0 } else { others };
        time.saturating_sub(TURN.saturating_mul(others))
    }

    fn long(&self) -> Duration {
        if self.free_threaded { BRIEF } else { LONG }
    }

    /// What is known of a path.
    pub(super) fn past(&self, path: &str) -> Past {
        let known = self.known();
        let known = known.get(path).map(|cost| Past::Known(Arc::clone(cost)));
        known.unwrap_or_else(|| Past::Unknown(path.into()))
    }

    /// Takes note of an answer.
    pub(super) fn note(&self, past: Past, answered: Answered) {
        match past {
            Past::Known(cost) => lock(&cost).note(answered, self.long()),
            Past::Unknown(path) => {
                let mut known = self.known();
                // Those of quick answers are kept first.
                if known.len() >= MOST_PATHS {
                    known.retain(|_, cost| lock(cost).quick);
                }
                if known.len() >= MOST_PATHS {
                    thin_out(&mut known);
                }
                lock(known.entry(path).or_default()).note(answered, self.long());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Answered = Answered::Here { slow: false };
    const SLOW: Answered = Answered::Here { slow: true };
    const POOL: Answered = Answered::Pool(Duration::from_millis(1));
    const PATH: &str = "/a.py";

    impl Costs {
        fn answers(&self, answered: Answered, count: u32) {
            (0..count).for_each(|_| self.note(self.past(PATH), answered));
        }

        fn is_quick(&self) -> bool {
            self.past(PATH).is_quick()
        }
    }

    #[test]
    fn a_path_is_tried_after_an_answer_that_was_not_long() {
        let costs = Costs::new(false);
        costs.answers(Answered::Pool(LONG), 10);
        assert!(!costs.is_quick());
        costs.answers(Answered::Pool(LONG / 2), 1);
        assert!(costs.is_quick());
        assert!(!costs.past("/b.py").is_quick());
    }

    #[test]
    fn an_answer_that_took_turns_with_others_is_not_slow_for_that() {
        let costs = Costs::new(false);
        assert_eq!(costs.here(TURN, 0, true), SLOW);
        assert_eq!(costs.here(TURN, 0, false), QUICK);
        assert_eq!(costs.here(TURN * 63, 63, true), QUICK);
        assert_eq!(costs.here(TURN * 64, 63, true), SLOW);
        assert_eq!(costs.on_pool(LONG, 0), Answered::Pool(LONG));
        assert_eq!(costs.on_pool(LONG + TURN * 63, 63), Answered::Pool(LONG));
        let costs = Costs::new(true);
        assert_eq!(costs.on_pool(BRIEF, 63), Answered::Pool(BRIEF));
    }

    #[test]
    fn with_a_free_threaded_python_only_brief_answers_are_quick() {
        let costs = Costs::new(true);
        costs.answers(POOL, 10);
        assert!(!costs.is_quick());
        costs.answers(Answered::Pool(BRIEF / 2), 1);
        assert!(costs.is_quick());
        assert_eq!(costs.here(BRIEF, 0, false), SLOW);
        assert_eq!(costs.here(BRIEF / 2, 0, false), QUICK);
        assert_eq!(costs.here(BRIEF / 2, 0, true), SLOW);
    }

    #[test]
    fn a_path_on_trial_is_given_up_after_two_slow_answers_and_tried_ever_more_seldom() {
        let costs = Costs::new(false);
        costs.answers(POOL, 1);
        for times in 1..4 {
            costs.answers(SLOW, 1);
            assert!(costs.is_quick(), "one slow answer is no reason");
            costs.answers(SLOW, 1);
            assert!(!costs.is_quick());
            costs.answers(POOL, PAUSE << times);
            assert!(!costs.is_quick());
            costs.answers(POOL, 1);
            assert!(costs.is_quick());
        }
    }

    #[test]
    fn a_slow_answer_in_every_two_hundred_is_put_up_with_and_one_in_fifty_is_not() {
        for (quick, stays) in [(200, true), (50, false)] {
            let costs = Costs::new(false);
            costs.answers(POOL, 1);
            for _ in 0..100 {
                costs.answers(QUICK, quick);
                costs.answers(SLOW, 1);
            }
            assert_eq!(costs.is_quick(), stays);
        }
    }

    #[test]
    fn quick_paths_outlive_made_up_ones() {
        let costs = Costs::new(false);
        costs.answers(POOL, 1);
        for n in 0..3 * MOST_PATHS {
            costs.note(costs.past(&format!("/{n}")), Answered::Pool(LONG));
        }
        assert!(costs.known().len() <= MOST_PATHS);
        assert!(costs.is_quick());
    }

    #[test]
    fn an_always_slow_path_is_tried_ever_more_seldom() {
        let costs = Costs::new(false);
        let mut here = 0;
        for _ in 0..100_000 {
            here += u32::from(costs.is_quick());
            costs.answers(if costs.is_quick() { SLOW } else { POOL }, 1);
        }
        assert!(here <= 2 * DOUBLINGS + 4, "{here}");
    }

    #[test]
    fn what_was_given_up_long_ago_is_forgotten() {
        let costs = Costs::new(false);
        for _ in 0..3 {
            costs.answers(POOL, 10_000);
            costs.answers(SLOW, 2);
        }
        costs.answers(POOL, 10_000);
        costs.answers(QUICK, 3 * FORGIVEN);
        costs.answers(SLOW, 3);
        costs.answers(POOL, (PAUSE << 1) + 1);
        assert!(costs.is_quick());
    }
}
