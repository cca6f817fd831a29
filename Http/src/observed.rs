//! What the core counts for a host that asks: what nobody else can see.

use pyo3::Python;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// Where it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    /// How long threads have waited for Python, in nanoseconds: at the beginning of each request,
    /// and behind each call of the host. With a GIL that is the time without it.
    pub waits: &'static AtomicU64,
    /// How often scripts were loaded again because they, or what they import, had changed.
    pub reloads: &'static AtomicU64,
}

/// Nothing is measured, and no clock is read, before somebody asks.
static OBSERVED: OnceLock<Observed> = OnceLock::new();

/// Counts from now on. The first place counts.
pub fn observe(observed: Observed) {
    let _counts_already = OBSERVED.set(observed);
}

/// A thread that waits for Python.
pub(crate) struct Waiting(Option<(Instant, &'static AtomicU64)>);

impl Waiting {
    pub(crate) fn begin() -> Self {
        Self(OBSERVED.get().map(|o| (Instant::now(), o.waits)))
    }

    pub(crate) fn end(self) {
        if let Some((begun, waits)) = self.0 {
            let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            waits.fetch_add(nanos, Relaxed);
        }
    }
}

/// Does what needs no Python, and lets other threads have it meanwhile.
pub(crate) fn detach<R: Send>(py: Python<'_>, f: impl FnOnce() -> R + Send) -> R {
    let (result, waiting) = py.detach(|| {
        let result = f();
        (result, Waiting::begin())
    });
    waiting.end();
    result
}

/// A script was loaded again.
pub(crate) fn reloaded() {
    if let Some(observed) = OBSERVED.get() {
        observed.reloads.fetch_add(1, Relaxed);
    }
}
