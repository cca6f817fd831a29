//! The server under load, and among clients that behave badly.

use acceptance::http::{Connection, get};
use acceptance::server::Server;
use acceptance::site::Site;

/// The numbers of the issue that this server was built for.
const REQUESTS: usize = 10_000;
const CONNECTIONS: usize = 64;

/// Runs `each` on every connection, for its share of the requests.
fn on_all_connections(address: &str, each: impl Fn(&mut Connection, usize) + Sync) {
    std::thread::scope(|scope| {
        for worker in 0..CONNECTIONS {
            let each = &each;
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                for i in (worker..REQUESTS).step_by(CONNECTIONS) {
                    each(&mut connection, i);
                }
            });
        }
    });
}

#[test]
fn ten_thousand_requests_on_64_connections_get_each_their_own_answer() {
    let site = Site::with_request("Write('token ' + Env.QUERY_STRING)");
    let server = Server::start(site.root(), &["--no-access-log"]);
    on_all_connections(&server.address, |connection, i| {
        let response = connection.get(&format!("/app.py?{i}"));
        assert_eq!(
            (response.status, response.text()),
            (200, format!("token {i}"))
        );
    });
}

#[test]
fn a_script_that_raises_on_every_second_request_harms_no_other() {
    let site = Site::with_request(
        "n = int(Env.QUERY_STRING)\nif n % 2:\n    raise ValueError('odd %d' % n)\nWrite('even %d' % n)",
    );
    let server = Server::start(site.root(), &["--no-access-log"]);
    std::thread::scope(|scope| {
        for worker in 0..16 {
            let address = &server.address;
            scope.spawn(move || {
                for i in (worker..1600).step_by(16) {
                    let response = get(address, &format!("/app.py?{i}"));
                    let (status, text) = if i % 2 == 0 {
                        (200, format!("even {i}"))
                    } else {
                        (500, format!("odd {i}"))
                    };
                    assert_eq!(response.status, status);
                    assert!(response.text().contains(&text), "{}", response.text());
                }
            });
        }
    });
}

#[test]
fn clients_that_vanish_at_any_moment_harm_no_other() {
    let site = Site::new();
    site.request("echo.py", "Write(Read())");
    site.request(
        "large.py",
        "DisableBuffer()\nfor i in range(64):\n    Write('x' * 16384)",
    );
    site.request("app.py", "Write('token ' + Env.QUERY_STRING)");
    let server = Server::start(site.root(), &["--no-access-log"]);
    let upload = format!(
        "POST /echo.py HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{}",
        "x".repeat(100_000)
    );
    std::thread::scope(|scope| {
        // Cut off at every place: in the request line, the headers, the body.
        scope.spawn(|| {
            for cut in (1..upload.len()).step_by(997).chain(1..70) {
                let mut connection = Connection::open(&server.address);
                let _ = connection.send(&upload[..cut]);
                connection.reset();
            }
        });
        // Gone in the middle of the response.
        scope.spawn(|| {
            for _ in 0..100 {
                let mut connection = Connection::open(&server.address);
                let _ = connection.send("GET /large.py HTTP/1.1\r\nHost: a\r\n\r\n");
                connection.reset();
            }
        });
        for worker in 0..8 {
            let address = &server.address;
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                for i in 0..200 {
                    let token = worker * 1000 + i;
                    let response = connection.get(&format!("/app.py?{token}"));
                    assert_eq!(response.text(), format!("token {token}"));
                }
            });
        }
    });
    assert_eq!(get(&server.address, "/app.py?end").text(), "token end");
}
