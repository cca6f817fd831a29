//! A short form of `just soak`: all kinds of requests, each with its own answer.
// There the server's process is another one than Wine's.
#![cfg(not(feature = "windows"))]

#[path = "../soak/mod.rs"]
mod soak;

use std::time::Duration;

#[test]
fn no_response_is_lost_or_crossed_and_nothing_is_left_open() {
    let plan = soak::Plan {
        requests: 3000,
        time: Duration::from_secs(8),
        ..soak::Plan::default()
    };
    let report = soak::run(&plan);
    assert!(report.requests() > 100, "{report}");
    assert_eq!(report.failures(), [""; 0], "{report}");
}
