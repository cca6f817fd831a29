//! A panic must not cross into the host.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `f`; a panic becomes `failure`, after `tell` has had its text.
pub fn guarded<R>(failure: R, tell: impl FnOnce(&str), f: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        tell(text);
        failure
    })
}
