//! What answers have cost so far, by URL path: which ones are quick enough to be made on the
//! thread that drives the connections.
//!
//! A wrong guess costs all connections some milliseconds (see `guard`), so that guesses may be
//! bold; and a busy machine makes any answer slow now and then, so that one slow answer is no
//! reason to change one's mind. A path is tried after one answer of the pool that was not long,
//! and given up when more than one in a hundred answers was slow; then it is tried again ever more
//! seldom.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An answer of the pool that took longer is no reason to try. It may have waited for the others
/// of the pool: those take turns.
const LONG: Duration = Duration::from_millis(50);

/// An answer that held up the connections for longer was slow.
const SLOW: Duration = super::guard::TICK;

/// One slow answer weighs as much as so many quick ones.
const WEIGHT: u32 = 100;

/// A path is given up above this weight: three slow answers close together.
const MOST_WEIGHT: u32 = 250;

/// A path that was given up is tried again after so many answers of the pool; each time it was
/// given up doubles them, up to [`DOUBLINGS`] times.
const PAUSE: u32 = 16;
const DOUBLINGS: u32 = 12;

/// A client can make paths up; those of quick answers are kept first.
const MOST_PATHS: usize = 4096;

/// The cost of one path's answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    quick: bool,
    /// Of slow answers while it was quick; quick ones take it away again.
    weight: u32,
    /// Answers of the pool that were not long, since it was given up.
    waited: u32,
    given_up: u32,
}

impl Cost {
    fn took_here(&mut self, time: Duration) {
        if time < SLOW {
            self.weight = self.weight.saturating_sub(1);
            return;
        }
        self.weight += WEIGHT;
        if self.weight > MOST_WEIGHT {
            self.quick = false;
            self.waited = 0;
            self.given_up = (self.given_up + 1).min(DOUBLINGS);
        }
    }

    fn took_on_pool(&mut self, time: Duration) {
        if time >= LONG {
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

/// Where an answer was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On the thread that drives the connections.
    Here,
    Pool,
}

type Shared = Arc<Mutex<Cost>>;

fn lock(cost: &Shared) -> MutexGuard<'_, Cost> {
    cost.lock().unwrap_or_else(PoisonError::into_inner)
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Costs(Mutex<HashMap<Box<str>, Shared>>);

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
    fn known(&self) -> MutexGuard<'_, HashMap<Box<str>, Shared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a path.
    pub(super) fn past(&self, path: &str) -> Past {
        let known = self.known();
        let known = known.get(path).map(|cost| Past::Known(Arc::clone(cost)));
        known.unwrap_or_else(|| Past::Unknown(path.into()))
    }

    /// An answer took so long.
    pub(super) fn took(&self, past: Past, place: Place, time: Duration) {
        match past {
            Past::Known(cost) if place == Place::Here => lock(&cost).took_here(time),
            Past::Known(cost) => lock(&cost).took_on_pool(time),
            Past::Unknown(path) => {
                let mut known = self.known();
                if known.len() >= MOST_PATHS {
                    known.retain(|_, cost| lock(cost).quick);
                }
                if known.len() >= MOST_PATHS {
                    known.clear();
                }
                lock(known.entry(path).or_default()).took_on_pool(time);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUICK: Duration = Duration::from_micros(50);
    const PATH: &str = "/a.py";

    impl Costs {
        fn answers(&self, place: Place, time: Duration, count: u32) {
            (0..count).for_each(|_| self.took(self.past(PATH), place, time));
        }

        fn is_quick(&self) -> bool {
            self.past(PATH).is_quick()
        }
    }

    #[test]
    fn a_path_is_tried_after_an_answer_that_was_not_long() {
        let costs = Costs::default();
        costs.answers(Place::Pool, LONG, 10);
        assert!(!costs.is_quick());
        costs.answers(Place::Pool, LONG / 2, 1);
        assert!(costs.is_quick());
        assert!(!costs.past("/b.py").is_quick());
    }

    #[test]
    fn a_path_on_trial_is_given_up_after_two_slow_answers_and_tried_ever_more_seldom() {
        let costs = Costs::default();
        costs.answers(Place::Pool, QUICK, 1);
        for times in 1..4 {
            costs.answers(Place::Here, SLOW, 1);
            assert!(costs.is_quick(), "one slow answer is no reason");
            costs.answers(Place::Here, SLOW, 1);
            assert!(!costs.is_quick());
            costs.answers(Place::Pool, QUICK, PAUSE << times);
            assert!(!costs.is_quick());
            costs.answers(Place::Pool, QUICK, 1);
            assert!(costs.is_quick());
        }
    }

    #[test]
    fn a_slow_answer_in_every_two_hundred_is_put_up_with_and_one_in_fifty_is_not() {
        for (quick, stays) in [(200, true), (50, false)] {
            let costs = Costs::default();
            costs.answers(Place::Pool, QUICK, 1);
            for _ in 0..100 {
                costs.answers(Place::Here, QUICK, quick);
                costs.answers(Place::Here, SLOW, 1);
            }
            assert_eq!(costs.is_quick(), stays);
        }
    }

    #[test]
    fn quick_paths_outlive_made_up_ones() {
        let costs = Costs::default();
        costs.answers(Place::Pool, QUICK, 1);
        for n in 0..3 * MOST_PATHS {
            costs.took(costs.past(&format!("/{n}")), Place::Pool, LONG);
        }
        assert!(costs.known().len() <= MOST_PATHS);
        assert!(costs.is_quick());
    }

    proptest! {
        #[test]
        fn an_always_slow_path_is_tried_ever_more_seldom(millis in 5u64..50) {
            let costs = Costs::default();
            let time = Duration::from_millis(millis);
            let mut here = 0;
            for _ in 0..100_000 {
                let place = if costs.is_quick() { Place::Here } else { Place::Pool };
                here += u32::from(place == Place::Here);
                costs.took(costs.past(PATH), place, time);
            }
            prop_assert!(here <= 2 * DOUBLINGS + 4, "{here}");
        }
    }
}
