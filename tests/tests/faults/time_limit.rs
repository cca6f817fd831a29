//! `--timeout`: scripts that take too long. How long that is, is nowhere measured: the scripts
//! wait for the test, which waits for the server's answer.

use super::Victim;
use acceptance::http::Connection;
use acceptance::server::{Server, wait_for_text};
use acceptance::site::Site;
use acceptance::{finish, shim};

/// Takes its time where the query says so, and writes down what becomes of it then.
const SCRIPT: &str = "\
import os, time
here = os.path.dirname(__file__)
def path(name):
    return os.path.join(here, name)
def wait():
    while not os.path.exists(path('go')):
        time.sleep(0.005)
query = Env.QUERY_STRING
if query == 'begins':
    DisableBuffer()
    Write('begun')
if query == 'reads':
    Read()
if query in ('waits', 'begins'):
    wait()
    try:
        if query == 'waits': DisableBuffer()
        Write('too late')
        said = 'nothing'
    except Exception as error:
        said = type(error).__name__
    os.rename(open(path('late.new'), 'w').write(said) and path('late.new'), path('late'))
Write('end')";

const LIMIT: [&str; 2] = ["--timeout", "1"];

/// `threads`: with one, all scripts run on the pool.
fn victim(threads: &str) -> Victim {
    Victim::with(&["--threads", threads, LIMIT[0], LIMIT[1]], |site| {
        site.request("slow.py", SCRIPT);
    })
}

/// Asks and does not wait for the answer.
fn ask(connection: &mut Connection, query: &str) {
    let request = format!("GET /slow.py?{query} HTTP/1.1\r\nHost: a\r\n\r\n");
    connection.send(request).expect("sent");
}

/// Lets the waiting script go on, to see what it does, and then the server.
#[track_caller]
fn ends_late(victim: &Victim) {
    victim.site.file("go", "");
    assert_eq!(
        wait_for_text(&victim.site.path("late")),
        "ConnectionAbortedError"
    );
    // It writes, by whichever callback.
    let report = "was called for GET /slow.py";
    victim.server.wait_for_err(|err| err.contains(report));
    victim.is_well();
}

#[track_caller]
fn reported(victim: &Victim, request: &str) {
    let report = format!("ISH0511: {request} /slow.py");
    let err = victim.server.wait_for_err(|err| err.contains(&report));
    assert_eq!(err.matches(&report).count(), 1, "{err}");
}

#[test]
fn a_script_that_takes_too_long_is_answered_for() {
    let victim = victim("2");
    let response = victim.connect().get("/slow.py?waits");
    assert_eq!(response.status, 500);
    assert!(response.text().contains("ISH0511"), "{}", response.text());
    reported(&victim, "GET");
    // Its thread is busy still, and others have the rest.
    assert_eq!(victim.connect().get("/app.py?other").text(), "well other");
    ends_late(&victim);
}

#[test]
fn a_connection_outlives_a_request_that_took_too_long() {
    let victim = victim("2");
    let mut connection = victim.connect();
    assert_eq!(connection.get("/slow.py?waits").status, 500);
    assert_eq!(connection.get("/app.py?next").text(), "well next");
    drop(connection);
    ends_late(&victim);
}

#[test]
fn a_response_that_was_begun_is_cut_off() {
    let victim = victim("2");
    let mut connection = victim.connect();
    ask(&mut connection, "begins");
    assert!(connection.response(false).is_err(), "it has no end");
    assert!(connection.is_closed());
    reported(&victim, "GET");
    ends_late(&victim);
}

#[test]
fn a_script_that_was_quick_before_is_answered_for_all_the_same() {
    for (query, cut) in [("waits", false), ("begins", true)] {
        let victim = victim("32");
        let mut connection = victim.connect();
        for _ in 0..20 {
            assert_eq!(connection.get("/slow.py").text(), "end");
        }
        ask(&mut connection, query);
        match connection.response(false) {
            Ok(response) => {
                assert_eq!((response.status, cut), (500, false));
                // What runs the quick ones of this connection is inside the script still.
                assert_eq!(connection.get("/app.py?next").text(), "well next");
            }
            Err(_) => assert!(cut),
        }
        reported(&victim, "GET");
        assert_eq!(victim.connect().get("/app.py?other").text(), "well other");
        drop(connection);
        ends_late(&victim);
    }
}

#[test]
fn an_upload_that_takes_too_long_is_answered_for() {
    let victim = victim("2");
    let mut connection = victim.connect();
    let head = "POST /slow.py?reads HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
    connection
        .send([head.as_bytes(), &[b'x'; 60_000]].concat())
        .expect("sent");
    let response = connection.response(false).expect("an answer comes");
    assert_eq!(response.status, 500);
    assert!(response.text().contains("ISH0511"), "{}", response.text());
    reported(&victim, "POST");
    drop(connection);
    victim.is_well();
}

#[test]
fn scripts_that_end_in_time_are_left_alone() {
    let victim = victim("8");
    let mut connection = victim.connect();
    for _ in 0..50 {
        assert_eq!(connection.get("/slow.py").text(), "end");
    }
    // One is timed when the others, which came before it, would have been due.
    assert_eq!(victim.connect().get("/slow.py?waits").status, 500);
    reported(&victim, "GET");
    assert_eq!(victim.server.err().matches("ISH0511").count(), 1);
    assert_eq!(connection.get("/slow.py").text(), "end");
    drop(connection);
    ends_late(&victim);
}

#[test]
fn many_at_once_are_all_answered_for() {
    let victim = victim("32");
    let mut connections: Vec<Connection> = (0..16).map(|_| victim.connect()).collect();
    for connection in &mut connections {
        ask(connection, "waits");
    }
    for connection in &mut connections {
        assert_eq!(connection.response(false).expect("an answer").status, 500);
    }
    drop(connections);
    victim.site.file("go", "");
    victim.is_well();
    let reports = |err: &str| err.matches("ISH0511: GET /slow.py?waits: the").count();
    let err = victim.server.wait_for_err(|err| reports(err) >= 16);
    assert_eq!(reports(&err), 16);
}

#[cfg(unix)]
#[test]
fn a_server_ends_when_the_late_scripts_have_ended() {
    let site = Site::new();
    site.request("slow.py", SCRIPT);
    let server = Server::start(site.root(), &LIMIT);
    let mut connection = Connection::open(&server.address);
    assert_eq!(connection.get("/slow.py?waits").status, 500);
    server.signal();
    server.wait_for_err(|err| err.contains("running requests finish"));
    site.file("go", "");
    let err = server.wait_for_err(|err| err.contains("refused"));
    assert!(!err.contains("TerminateExtension is not called"), "{err}");
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn run_ends_with_a_script_that_takes_too_long() {
    let site = Site::new();
    let script = site.request("slow.py", SCRIPT);
    for (query, said) in [("waits", "HTTP/1.1 500 "), ("begins", "HTTP/1.1 200 ")] {
        let mut command = shim(&["run", "-i", "--query", query]);
        let done = finish({
            command.args(LIMIT).arg(&script);
            command
        });
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(done.out.starts_with(said), "{}", done.out);
        assert!(done.err.contains("ISH0511: GET /slow.py"), "{}", done.err);
    }
}

#[test]
fn a_test_that_takes_too_long_fails_alone() {
    let site = Site::new();
    site.request("slow.py", SCRIPT);
    let requests = ["first", "waits", "last"]
        .map(|query| format!("###\n# @name {query}\nGET /slow.py?{query}\n"));
    site.file("slow.http", requests.concat());
    let mut command = shim(&["test", "--accept"]);
    command.args(LIMIT).arg(site.root());
    let done = finish(command);
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!(
        done.out.contains("ISH0511: GET /slow.py?waits"),
        "{}",
        done.out
    );
    assert_eq!(
        done.out.lines().last(),
        Some("2 passed, 1 failed, 0 skipped")
    );
}

#[test]
fn no_time_is_a_usage_error() {
    for time in ["0", "-1", "1.5", "soon"] {
        let mut command = shim(&["serve"]);
        command.arg(format!("--timeout={time}"));
        let done = finish(command);
        assert_eq!(done.code, 2, "{}", done.err);
        assert!(done.err.contains("--timeout"), "{}", done.err);
    }
}
