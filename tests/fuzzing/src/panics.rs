//! Panics of any thread: host and core catch theirs, so that no client sees one. Here each is a
//! finding.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

static SEEN: AtomicUsize = AtomicUsize::new(0);

/// Counts panics from now on. Under a fuzzing engine its own hook ends the process.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            SEEN.fetch_add(1, Ordering::SeqCst);
            before(info);
        }));
    });
}

/// # Panics
/// A thread has panicked.
pub(crate) fn none() {
    assert_eq!(SEEN.load(Ordering::SeqCst), 0, "a thread has panicked");
}
