//! `threads` in `PyISAPIe.toml`: the host's thread goes back at once, and the request is ended by
//! `DONE_WITH_SESSION` from a thread of the extension's own.

use acceptance::other_host::{Answer, ERROR, Home, KEEP, PENDING, SUCCESS};

fn home(settings: &str, body: &str) -> Home {
    let home = Home::with_request(body);
    home.file("PyISAPIe.toml", settings);
    home
}

/// The answer of a request that was pending.
fn pended(answer: &Answer) -> String {
    assert_eq!(answer.returned, PENDING, "{:#?}", answer.events);
    assert_eq!(answer.support(4), 1, "{:#?}", answer.events);
    answer.text()
}

#[test]
fn a_request_is_pending_until_it_is_done() {
    let home = home("threads = 2\n", "Write('hello')");
    let answer = home.get(&[]);
    assert_eq!(pended(&answer), "hello");
    assert_eq!(
        (answer.done, answer.keep, answer.http),
        (Some(KEEP), Some(true), 200)
    );
    let answer = home.get(&["--keep", "0"]);
    assert_eq!(pended(&answer), "hello");
    assert_eq!((answer.done, answer.keep), (Some(SUCCESS), Some(false)));
}

#[test]
fn a_failure_is_told_when_the_request_is_done() {
    let answer = home("threads = 1\n", "raise ValueError('told')").get(&[]);
    assert!(pended(&answer).contains("told"));
    assert_eq!((answer.done, answer.http), (Some(ERROR), 500));
    assert_eq!(answer.log, "ISH0401");
}

#[test]
fn no_response_gets_into_another_on_own_threads() {
    let echo = "Write(Env.QUERY_STRING)\nWrite(Read() or b'')\nWrite(Env.QUERY_STRING)";
    let home = home("threads = 3\n", echo);
    let host = home
        .host()
        .script("app.py")
        .words(&["--body", "x", "--available", "2"]);
    let host = host.words(&["--storm", "8", "60", "--storm", "4", "10"]);
    let ran = host.words(&["--terminate", "2"]).run();
    assert!(ran.has("storm 480 right, 0 wrong, 0 problems"), "{ran:#?}");
    assert!(ran.has("storm 40 right, 0 wrong, 0 problems"), "{ran:#?}");
    assert!(ran.has("terminate TRUE"));
}

#[test]
fn a_full_queue_refuses_at_once_and_what_waits_is_answered() {
    let home = home(
        "threads = 2\nqueue = 1\n",
        "import os, time
open(Env.QUERY_STRING, 'w').close()
while not os.path.exists('go'): time.sleep(0.01)
Write('answered ' + Env.QUERY_STRING)",
    );
    let mut host = home.host().script("app.py");
    // Two are being answered...
    for name in ["one", "two"] {
        let started = home.path(name);
        host = host
            .words(&["--query", name, "--start"])
            .path("--wait", &[&started]);
    }
    // ... a third waits: its start is no event, but its thread ends with the word for it.
    host = host.words(&["--query", "three", "--start", "--returned"]);
    host = host.words(&["--query", "four", "--request"]);
    let ran = host
        .path("--touch", &[&home.path("go")])
        .words(&["--finish"])
        .run();
    let [refused, waited @ ..] = &ran.answers[..] else {
        panic!("{ran:#?}")
    };
    assert_eq!(refused.status, "503 Service Unavailable");
    assert_eq!((refused.returned, refused.http), (ERROR, 503));
    assert_eq!((refused.log.as_str(), refused.support(4)), ("ISH0409", 0));
    let page = refused.text();
    assert!(page.contains("ISH0409") && page.contains("queue"), "{page}");
    for (answer, name) in waited.iter().zip(["one", "two", "three"]) {
        assert_eq!(pended(answer), format!("answered {name}"));
    }
    assert_eq!(waited.len(), 3);
}

#[test]
fn requests_do_not_count_as_waiting_while_threads_are_free() {
    // The queue is for those that find no thread, however quickly they come one after the other.
    let home = home("threads = 4\nqueue = 0\n", "Write('hello')");
    let mut host = home.host().script("app.py").words(&["--request"]);
    for _ in 0..10 {
        for _ in 0..4 {
            host = host.words(&["--start"]);
        }
        host = host.words(&["--finish"]);
    }
    let ran = host.run();
    assert_eq!(ran.answers.len(), 41);
    for answer in &ran.answers[1..] {
        assert_eq!(pended(answer), "hello");
    }
}

#[test]
fn a_refusal_for_a_full_queue_has_no_body_for_head() {
    let home = home(
        "threads = 1\nqueue = 0\n",
        "import os, time
open('started', 'w').close()
while not os.path.exists('go'): time.sleep(0.01)",
    );
    let host = home.host().script("app.py").words(&["--start"]);
    let host = host.path("--wait", &[&home.path("started")]);
    let host = host.words(&["--method", "HEAD", "--request"]);
    let ran = host
        .path("--touch", &[&home.path("go")])
        .words(&["--finish"])
        .run();
    let refused = &ran.answers[0];
    assert!(refused.status.starts_with("503"), "{refused:#?}");
    assert!(refused.writes.is_empty());
}

#[test]
fn a_request_that_is_passed_on_is_done_when_the_next_handler_is() {
    for when in ["before", "after", "whenever"] {
        let home = home("threads = 2\n", "return True");
        let answer = home.get(&["--complete", when, "--child-status", "304"]);
        assert_eq!((answer.returned, answer.support(4)), (PENDING, 1), "{when}");
        assert_eq!(answer.http, 304);
        assert_eq!(answer.problems(), [""; 0]);
    }
}

#[test]
fn a_script_map_that_passes_on_gets_the_recursion_page_on_own_threads() {
    for threads in ["threads = 1\n", "threads = 2\n"] {
        let home = home(threads, "return True");
        let ran = home
            .host()
            .script("app.py")
            .words(&["--recurse"])
            .request()
            .run();
        let [parent, child] = &ran.answers[..] else {
            panic!("{ran:#?}")
        };
        assert!(child.text().contains("Possible recursion detected!"));
        assert_eq!((parent.returned, parent.http), (PENDING, 500));
        assert_eq!((child.returned, &*child.log), (ERROR, "ISH0402"));
    }
}

#[test]
fn the_end_waits_for_requests_that_wait() {
    let home = home(
        "threads = 1\n",
        "import time\nopen(Env.QUERY_STRING, 'w').close()\ntime.sleep(0.05)\nWrite('whole')",
    );
    let mut host = home.host().script("app.py").words(&["--version"]);
    for name in ["a", "b", "c", "d"] {
        host = host.words(&["--query", name, "--start"]);
    }
    let started = home.path("a");
    let host = host.path("--wait", &[&started]).words(&["--returned"]);
    let ran = host.words(&["--terminate", "2", "--finish"]).run();
    for answer in &ran.answers {
        assert_eq!(pended(answer), "whole");
    }
    assert_eq!(ran.answers.len(), 4);
}

#[test]
fn a_client_that_has_gone_ends_its_request_all_the_same() {
    let home = home("threads = 1\n", "Write('hello')");
    let host = home
        .host()
        .script("app.py")
        .words(&["--write-fail", "2", "10054", "--request"]);
    let ran = host.words(&["--reset"]).script("app.py").request().run();
    assert_eq!(
        (ran.answers[0].returned, ran.answers[0].support(4)),
        (PENDING, 1)
    );
    assert_eq!(ran.answers[0].problems(), [""; 0]);
    assert_eq!(pended(&ran.answers[1]), "hello");
}

#[test]
fn what_a_thread_keeps_stays_with_it_on_own_threads_too() {
    let home = home("threads = 1\n", "");
    home.file(
        "app.py",
        "import threading\nfrom Http import *\nkept = threading.local()\n\
         def Request():\n    kept.n = getattr(kept, 'n', 0) + 1\n    Write(str(kept.n))\n",
    );
    let host = home.host().script("app.py");
    let ran = host.words(&["--request", "--thread", "--request"]).run();
    let seen: Vec<_> = ran.answers.iter().map(pended).collect();
    assert_eq!(seen, ["1", "2", "3"]);
}

#[test]
fn a_library_with_own_threads_that_was_ended_can_be_started_again() {
    let home = home("threads = 2\n", "Write('hello')");
    let host = home.host().script("app.py").request();
    let host = host.words(&[
        "--terminate",
        "2",
        "--version-again",
        "--request",
        "--thread",
    ]);
    let ran = host
        .words(&["--terminate", "1", "--request", "--terminate", "2"])
        .run();
    assert_eq!(ran.answers.len(), 4);
    for answer in &ran.answers {
        assert_eq!(pended(answer), "hello");
    }
}

#[test]
fn a_control_block_that_is_missing_is_refused_with_own_threads_too() {
    let home = home("threads = 1\n", "Write('hello')");
    let ran = home
        .host()
        .script("app.py")
        .request()
        .words(&["--null"])
        .run();
    assert!(ran.has("null 4"), "{ran:#?}");
}

#[test]
fn a_thread_that_asked_for_the_version_may_end_before_the_pool_works() {
    let home = home("threads = 2\n", "Write('hello')");
    let host = home.host().words(&["--version-thread"]).script("app.py");
    let ran = host.words(&["--thread", "--thread", "--request"]).run();
    for answer in &ran.answers {
        assert_eq!(pended(answer), "hello");
    }
}
