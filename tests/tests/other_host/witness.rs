//! The host itself, tried with a third party's extension that breaks rules on purpose: what it
//! does not notice, it cannot vouch for.

use acceptance::c;
use acceptance::other_host::{Home, KEEP, PENDING, SUCCESS, target};
use acceptance::probe::probe;

/// A home with the probe (`tests/extensions`); it is for this machine only.
fn with_probe(test: impl FnOnce(&Home)) {
    if !target().is_windows() {
        test(&Home::of(probe()));
    }
}

#[test]
fn the_host_accepts_what_is_allowed() {
    with_probe(|home| {
        let host = home
            .host()
            .words(&["--query", "scenario=threaded", "--request"]);
        let host = host.words(&["--query", "scenario=done&code=1", "--request"]);
        let ran = host.words(&["--query", "scenario=done", "--request"]).run();
        let [threaded, done_and_success, done_before_return] = &ran.answers[..] else {
            panic!("{ran:#?}")
        };
        assert_eq!((threaded.returned, threaded.done), (PENDING, Some(KEEP)));
        assert_eq!(threaded.text(), "from a thread");
        assert_eq!(done_and_success.returned, SUCCESS);
        assert_eq!(done_and_success.text(), "done, then returned");
        assert_eq!(done_before_return.text(), "done, then returned");
    });
}

#[test]
fn the_host_notices_callbacks_after_the_request_is_done() {
    with_probe(|home| {
        for (query, times) in [("scenario=done-twice", 1), ("scenario=after-done", 4)] {
            let answer = home.host().words(&["--query", query]).request().answer();
            let expected = vec!["a callback after the request was done"; times];
            assert_eq!(answer.problems(), expected, "{query}");
        }
    });
}

#[test]
fn the_host_notices_callbacks_of_requests_long_gone() {
    with_probe(|home| {
        let host = home
            .host()
            .words(&["--query", "scenario=remember", "--request"]);
        let ran = host
            .words(&["--query", "scenario=poke", "--request"])
            .caught();
        assert!(ran.answers[1].text().contains("block poisoned"), "{ran:#?}");
        let late = ran.err.matches("a callback after the request was done");
        assert_eq!(late.count(), 4, "{}", ran.err);
    });
}

#[test]
fn the_host_notices_requests_that_never_end() {
    with_probe(|home| {
        let host = home
            .host()
            .words(&["--limit", "1", "--query", "scenario=held"]);
        let answer = host.request().answer();
        assert_eq!(answer.problems(), ["pending, and never done"]);
    });
}

/// A home with an extension that writes where it must not.
fn with_rogue(test: impl FnOnce(&Home)) {
    if !target().is_windows() {
        let rogue = c::compile("tests/hosts/rogue", "rogue", &["-shared"]);
        test(&Home::of(&rogue));
    }
}

#[test]
fn the_host_notices_what_is_written_where_it_must_not() {
    with_rogue(|home| {
        for (query, problem) in [
            ("block", "the control block was changed"),
            ("method", "a string was written into"),
            ("body", "lpbData was written into"),
            ("behind-body", "a guard was written into"),
            ("log", "lpszLogData has no end"),
            ("headers", "headers sent twice"),
            ("asynchronous", "WriteClient with flags 0x2"),
        ] {
            let host = home.host().words(&["--body", "text", "--query", query]);
            assert_eq!(host.request().answer().problems(), [problem], "{query}");
        }
        let host = home.host().words(&["--query", "allowed"]);
        let answer = host.request().answer();
        assert_eq!(answer.problems(), [""; 0]);
        assert_eq!((answer.http, &*answer.log), (404, "log"));
    });
}

#[test]
fn the_host_notices_what_is_written_when_the_request_is_over() {
    with_rogue(|home| {
        let host = home.host().words(&["--query", "remember", "--request"]);
        let ran = host.words(&["--query", "late", "--request"]).caught();
        assert!(
            ran.err
                .contains("request 1: written into after it was done"),
            "{}",
            ran.err
        );
    });
}
