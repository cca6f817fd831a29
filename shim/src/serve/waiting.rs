//! Answers that wait while other connections that are ready have their calls.
//!
//! So answers go out one right behind the other, and a client on this machine that waits for several
//! of them, as a proxy does, is woken once. That wake-up costs more than a brief script.

use super::lock;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The answer of a longer call does not wait: beside it a wake-up is little.
const BRIEF: Duration = Duration::from_micros(100);

/// After so long nothing more is held: no answer waits longer than for this and one more call.
const LONGEST: Duration = Duration::from_millis(2);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    count: usize,
    /// When the first of them began to wait.
    since: Option<Instant>,
}

/// An answer that waits, until dropped.
#[derive(Debug)]
pub(super) struct Held(Arc<Waiting>);

impl Waiting {
    /// Whether the answer of a call waits.
    pub(super) fn hold(self: &Arc<Self>, begun: Instant, ended: Instant) -> Option<Held> {
        if ended.saturating_duration_since(begun) > BRIEF {
            return None;
        }
        let mut state = lock(&self.0);
        if state.count == 0 {
            state.since = Some(ended);
        }
        let since = state.since.unwrap_or(ended);
        if ended.saturating_duration_since(since) > LONGEST {
            return None;
        }
        state.count += 1;
        Some(Held(Arc::clone(self)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.0.0).count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_brief_calls_wait_for_a_short_time() {
        let waiting = Arc::<Waiting>::default();
        let begun = Instant::now();
        let brief = |after: Duration| waiting.hold(begun + after, begun + after + BRIEF);
        let first = brief(Duration::ZERO).unwrap();
        let second = brief(LONGEST).unwrap();
        assert!(brief(LONGEST + BRIEF).is_none());
        drop(first);
        assert!(brief(LONGEST + BRIEF).is_none(), "one waits still");
        drop(second);
        assert!(brief(LONGEST + BRIEF).is_some());
    }

    #[test]
    fn the_answer_of_a_longer_call_goes_out_at_once() {
        let waiting = Arc::<Waiting>::default();
        let begun = Instant::now();
        assert!(waiting.hold(begun, begun + BRIEF * 2).is_none());
        assert_eq!(lock(&waiting.0).count, 0);
    }
}
