//! Many requests at once, on threads that come and go.

use acceptance::other_host::Home;

/// Answers with the token it was asked with, after having given other threads a chance.
const ECHO: &str = "token = Env.QUERY_STRING
Write(token)
import time
time.sleep(0)
Write(' ' + Env.QUERY_STRING)
Write(Read() or b'')";

fn calm(requests: u32) -> String {
    format!("storm {requests} right, 0 wrong, 0 problems")
}

#[test]
fn no_response_gets_into_another() {
    let home = Home::with_request(ECHO);
    let ran = home
        .host()
        .script("app.py")
        .words(&["--storm", "8", "100"])
        .run();
    assert!(ran.has(&calm(800)), "{ran:#?}");
}

#[test]
fn no_request_body_gets_into_another() {
    let home = Home::with_request(ECHO);
    for words in [["--available", "49152"], ["--available", "3"]] {
        let host = home
            .host()
            .script("app.py")
            .words(&["--body", "x"])
            .words(&words);
        let ran = host
            .words(&["--read-most", "2", "--storm", "8", "40"])
            .run();
        assert!(ran.has(&calm(320)), "{ran:#?}");
    }
}

#[test]
fn threads_may_end_and_new_ones_come() {
    let home = Home::with_request(ECHO);
    let mut host = home.host().script("app.py");
    for _ in 0..10 {
        host = host.words(&["--storm", "6", "3"]);
    }
    let ran = host.words(&["--terminate", "2"]).run();
    let storms = ran.lines.iter().filter(|line| **line == calm(18));
    assert_eq!(storms.count(), 10, "{ran:#?}");
}

#[test]
fn the_first_request_may_come_on_many_threads_at_once() {
    let home = Home::with_request(ECHO);
    home.file(
        "Http/Config.py",
        "import time\ntime.sleep(0.05)\nBufferSize = 64\n",
    );
    let ran = home
        .host()
        .script("app.py")
        .words(&["--storm", "16", "1"])
        .run();
    assert!(ran.has(&calm(16)), "{ran:#?}");
}

#[test]
fn short_writes_of_many_requests_do_not_mix() {
    let home = Home::with_request(ECHO);
    let host = home.host().script("app.py").words(&["--write-most", "7"]);
    // A token that is cut in two would not be its own.
    let ran = host.words(&["--storm", "6", "30"]).run();
    assert!(ran.has(&calm(180)), "{ran:#?}");
}

#[test]
fn what_a_thread_keeps_stays_with_it_from_one_request_to_the_next() {
    let home = Home::new();
    home.file(
        "app.py",
        "import threading\nfrom Http import *\nkept = threading.local()\n\
         def Request():\n    kept.n = getattr(kept, 'n', 0) + 1\n    Write(str(kept.n))\n",
    );
    let host = home
        .host()
        .script("app.py")
        .words(&["--request", "--request", "--thread"]);
    let ran = host.words(&["--thread", "--request"]).run();
    let seen: Vec<_> = ran.answers.iter().map(|answer| answer.text()).collect();
    assert_eq!(seen, ["1", "2", "1", "1", "3"]);
}

#[test]
fn a_request_that_waits_holds_up_no_other() {
    let home = Home::new();
    home.request(
        "wait.py",
        "import os, time\nopen('waits', 'w').close()\nwhile not os.path.exists('go'): time.sleep(0.01)\nWrite('waited')",
    );
    home.request("app.py", "Write('at once')");
    let (waits, go) = (home.path("waits"), home.path("go"));
    let host = home.host().script("wait.py").words(&["--start"]);
    let host = host.path("--wait", &[&waits]).script("app.py").request();
    let ran = host.path("--touch", &[&go]).words(&["--finish"]).run();
    assert_eq!(ran.answers[0].text(), "at once");
    assert_eq!(ran.answers[1].text(), "waited");
}

#[test]
fn a_thread_of_the_scripts_own_has_no_request() {
    let home = Home::with_request(
        "import threading
said = []
def work():
    try: Write('x')
    except Exception as e: said.append(str(e))
    print('to the log')
one = threading.Thread(target=work)
one.start(); one.join()
Write(said[0])",
    );
    let ran = home.host().script("app.py").request().run();
    assert_eq!(ran.answers[0].text(), "Not currently processing a request");
    assert!(ran.err.contains("to the log"), "{}", ran.err);
}
