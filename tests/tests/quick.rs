//! Scripts that were quick so far run on the thread that drives the connections. What they do then
//! is the same as on any other thread, and what they do after all holds nobody up.

use acceptance::http::{Connection, get};
use acceptance::server::{Server, wait};
use acceptance::site::Site;

/// Enough answers for a script to count as quick.
const PROVEN: usize = 20;

/// Ends with what the query asks for; `waits` lasts until a file `go` is in the folder.
const SCRIPT: &str = "\
import os, time
here = os.path.dirname(__file__)
def wait():
    open(os.path.join(here, 'waits'), 'w').close()
    while not os.path.exists(os.path.join(here, 'go')):
        time.sleep(0.001)
query = Env.QUERY_STRING
if query == 'waits':
    wait()
if query == 'pauses':
    time.sleep(0.002)
if query == 'computes':
    open(os.path.join(here, 'waits'), 'w').close()
    while not os.path.exists(os.path.join(here, 'go')):
        pass
if query in ('streams', 'streams-late'):
    DisableBuffer()
    if query == 'streams-late':
        time.sleep(0.05)
    Write('first,')
    wait()
if query == 'large':
    DisableBuffer()
    for i in range(512):
        Write(('%07d,' % i) * 2048)
if query == 'whole':
    Header(Length=8388608)
    Write('0123456789abcdef' * 524288)
    return
if query == 'to-nobody':
    DisableBuffer()
    try:
        while True:
            Write('x' * 1000)
    except Exception as error:
        open(os.path.join(here, 'raised'), 'w').write(type(error).__name__)
        raise
Write('token ' + query + ' ' + Read().decode())";

fn site() -> Site {
    Site::with_request(SCRIPT)
}

/// A server to which the script is a quick one.
fn server(site: &Site) -> Server {
    let server = Server::start(site.root(), &["--no-access-log"]);
    let mut connection = Connection::open(&server.address);
    for i in 0..PROVEN {
        assert_eq!(
            token(&mut connection, &i.to_string()),
            format!("token {i} ")
        );
    }
    server
}

fn token(connection: &mut Connection, query: &str) -> String {
    connection.get(&format!("/app.py?{query}")).text()
}

fn ask(server: &Server, query: &str) -> Connection {
    let mut connection = Connection::open(&server.address);
    let head = format!("GET /app.py?{query} HTTP/1.1\r\nHost: a\r\n\r\n");
    connection.send(head).unwrap();
    connection
}

fn waits(site: &Site) {
    wait(|| site.root().join("waits").exists().then_some(()));
}

fn go(site: &Site) {
    std::fs::write(site.root().join("go"), "").unwrap();
}

#[test]
fn a_quick_script_that_takes_long_after_all_holds_up_nobody() {
    for query in ["waits", "computes"] {
        let site = site();
        let server = server(&site);
        let mut long = ask(&server, query);
        waits(&site);
        let mut others: Vec<_> = (0..4).map(|_| Connection::open(&server.address)).collect();
        for i in 0..PROVEN {
            for other in &mut others {
                assert_eq!(token(other, &i.to_string()), format!("token {i} "));
            }
        }
        go(&site);
        assert_eq!(
            long.response(false).unwrap().text(),
            format!("token {query} ")
        );
        assert_eq!(token(&mut long, "again"), "token again ");
    }
}

#[test]
fn two_that_take_long_at_once_hold_up_nobody() {
    let site = site();
    let server = server(&site);
    let long: Vec<_> = (0..8).map(|_| ask(&server, "waits")).collect();
    waits(&site);
    assert_eq!(get(&server.address, "/app.py?x").text(), "token x ");
    go(&site);
    for mut connection in long {
        let response = connection.response(false).unwrap();
        assert_eq!(response.text(), "token waits ");
    }
}

#[test]
fn an_answer_does_not_wait_for_a_script_of_another_connection() {
    for _ in 0..3 {
        let site = site();
        let server = server(&site);
        // Those behind it are ready together when it ends, and their answers wait for one another.
        let mut first = ask(&server, "pauses");
        let mut answered: Vec<_> = (0..3).map(|_| ask(&server, "x")).collect();
        let mut long = ask(&server, "waits");
        answered.push(ask(&server, "x"));
        for connection in &mut answered {
            let response = connection.response(false).unwrap();
            assert_eq!(response.text(), "token x ");
        }
        waits(&site);
        assert_eq!(first.response(false).unwrap().text(), "token pauses ");
        go(&site);
        assert_eq!(long.response(false).unwrap().text(), "token waits ");
    }
}

#[test]
fn what_a_quick_script_has_sent_arrives_while_it_goes_on() {
    // The late one is sent when another thread drives the connection already.
    for query in ["streams", "streams-late"] {
        let site = site();
        let server = server(&site);
        let mut connection = ask(&server, query);
        waits(&site);
        let mut lines = String::new();
        while !lines.ends_with("first,") {
            lines = connection.line().unwrap().trim_end().to_owned();
        }
        go(&site);
    }
}

#[test]
fn a_quick_script_may_send_more_than_its_client_takes_at_once() {
    let site = site();
    let server = server(&site);
    let mut slow = ask(&server, "large");
    for i in 0..PROVEN {
        let text = get(&server.address, &format!("/app.py?{i}")).text();
        assert_eq!(text, format!("token {i} "));
    }
    let text = slow.response(false).unwrap().text();
    let pieces: String = (0..512).map(|i| format!("{i:07},").repeat(2048)).collect();
    assert!(text == pieces + "token large ", "{} bytes", text.len());
}

#[test]
fn a_quick_script_may_send_a_large_response_of_known_length_at_once() {
    let site = site();
    let server = server(&site);
    let mut slow = ask(&server, "whole");
    assert_eq!(get(&server.address, "/app.py?x").text(), "token x ");
    let response = slow.response(false).unwrap();
    assert_eq!(response.header("Content-Length"), Some("8388608"));
    assert!(response.text() == "0123456789abcdef".repeat(524_288));
}

#[test]
fn a_quick_script_learns_that_its_client_has_gone() {
    let site = site();
    let server = server(&site);
    let mut client = ask(&server, "to-nobody");
    client.line().unwrap();
    client.reset();
    let raised = site.root().join("raised");
    let name = wait(|| {
        let text = std::fs::read_to_string(&raised).ok()?;
        (!text.is_empty()).then_some(text)
    });
    assert_eq!(name, "ConnectionResetError");
    assert_eq!(get(&server.address, "/app.py?x").text(), "token x ");
}

#[test]
fn requests_in_a_row_are_answered_in_their_order() {
    let site = site();
    let server = server(&site);
    let mut connection = Connection::open(&server.address);
    let requests: String = (0..100)
        .map(|i| format!("GET /app.py?{i} HTTP/1.1\r\nHost: a\r\n\r\n"))
        .collect();
    connection.send(requests).unwrap();
    for i in 0..100 {
        let response = connection.response(false).unwrap();
        assert_eq!(response.text(), format!("token {i} "));
    }
}

#[test]
fn a_body_reaches_a_quick_script_however_it_is_cut() {
    let site = site();
    let server = server(&site);
    let mut connection = Connection::open(&server.address);
    for (framing, pieces) in [
        ("Content-Length: 6", &["abcdef"][..]),
        ("Content-Length: 6", &["", "ab", "cdef"]),
        (
            "Transfer-Encoding: chunked",
            &["", "3\r\nabc\r\n", "3\r\ndef\r\n0\r\n\r\n"],
        ),
    ] {
        let head = format!("POST /app.py?q HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
        connection.send(head + pieces[0]).unwrap();
        for piece in &pieces[1..] {
            connection.send(piece).unwrap();
        }
        assert_eq!(connection.response(false).unwrap().text(), "token q abcdef");
    }
}

#[test]
fn a_body_that_does_not_come_whole_holds_up_nobody_and_is_the_scripts_to_see() {
    let site = site();
    let server = server(&site);
    let mut partly = Connection::open(&server.address);
    let head = "POST /app.py?q HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc";
    partly.send(head).unwrap();
    assert_eq!(get(&server.address, "/app.py?x").text(), "token x ");
    partly.reset();
    assert_eq!(get(&server.address, "/app.py?x").text(), "token x ");
}

#[test]
#[cfg(unix)]
fn a_server_whose_clients_have_left_ends_all_the_same() {
    let site = site();
    let server = server(&site);
    for _ in 0..4 {
        let left: Vec<_> = (0..64).map(|i| ask(&server, &i.to_string())).collect();
        left.into_iter().for_each(Connection::reset);
        let mut long = ask(&server, "streams");
        waits(&site);
        let left: Vec<_> = (0..64).map(|i| ask(&server, &i.to_string())).collect();
        left.into_iter().for_each(Connection::reset);
        go(&site);
        long.response(false).unwrap();
    }
    server.signal();
    assert_eq!(server.ended(), Some(0));
}
