//! What is said about the request that a thread waits for.

use std::cell::RefCell;
use std::io::Write;

/// What was said during one request.
#[derive(Default)]
pub(crate) struct Captured {
    /// The log, and what the host reports.
    pub(crate) text: Vec<u8>,
    /// What the host reports, for strict tests.
    pub(crate) reports: Vec<String>,
    /// The trace.
    pub(crate) calls: Vec<String>,
}

thread_local! {
    /// `None`: the thread waits for no request, and everything goes to standard error.
    static CAPTURED: RefCell<Option<Captured>> = const { RefCell::new(None) };
}

/// Text for the log of the calling thread's request: it runs on the thread that waits for it.
pub(crate) fn text(text: &[u8]) {
    let kept = CAPTURED.with_borrow_mut(|captured| match captured {
        Some(captured) => {
            captured.text.extend_from_slice(text);
            true
        }
        None => false,
    });
    if !kept {
        let _nobody_reads = std::io::stderr().lock().write_all(text);
    }
}

/// A line that the host reports.
pub(crate) fn report(line: &str) {
    text(format!("{line}\n").as_bytes());
    CAPTURED.with_borrow_mut(|captured| {
        if let Some(captured) = captured {
            captured.reports.push(line.to_owned());
        }
    });
}

/// A line of the trace.
pub(crate) fn call(line: &str) {
    CAPTURED.with_borrow_mut(|captured| {
        if let Some(captured) = captured {
            captured.calls.push(line.to_owned());
        }
    });
}

/// Collects what is said on the calling thread while `f` runs.
pub(crate) fn during<R>(f: impl FnOnce() -> R) -> (R, Captured) {
    let before = CAPTURED.replace(Some(Captured::default()));
    let result = f();
    (result, CAPTURED.replace(before).unwrap_or_default())
}
