//! Bytes on the wire that are easily lost, doubled or waited for.

use acceptance::http::{Connection, get, send};
use acceptance::server::Server;
use acceptance::site::Site;
use acceptance::{finish, shim};

#[test]
fn headers_of_300_kb_are_given_whole_and_stop_nobody() {
    let site = Site::with_request("Write(str(len(Env.ALL_RAW)))");
    let server = Server::start(site.root(), &[]);
    let long = "x".repeat(300_000);
    let request = format!("GET /app.py HTTP/1.1\r\nHost: a\r\nx-Long: {long}\r\n\r\n");
    assert_eq!(send(&server.address, request).unwrap().text(), "300019");
    assert_eq!(get(&server.address, "/app.py").text(), "17");
}

#[test]
fn a_query_that_is_not_encoded_keeps_its_bytes() {
    let site = Site::with_request("Write(Env.QUERY_STRING.encode('latin-1'))");
    let server = Server::start(site.root(), &[]);
    let request = "GET /app.py?a=\u{e9}\u{436} HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(
        send(&server.address, request).unwrap().body,
        "a=\u{e9}\u{436}".as_bytes()
    );
}

#[test]
fn chunks_behind_another_coding_are_framed_once() {
    let site = Site::with_request(
        "Header(['Transfer-Encoding: gzip, chunked'])\nWrite(b'5\\r\\nhello\\r\\n0\\r\\n\\r\\n')",
    );
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    connection
        .send("GET /app.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    while !connection.line().unwrap().is_empty() {}
    let lines: Vec<String> = (0..4).map(|_| connection.line().unwrap()).collect();
    assert_eq!(lines, ["5", "hello", "0", ""]);
}

#[test]
fn a_response_that_breaks_off_is_cut_for_the_client_and_shown_by_test() {
    let site = Site::with_request("Header(Length=10)\nWrite('abc')");
    site.file("app.http", "# @name short\nGET /app.py\n");
    let server = Server::start(site.root(), &[]);
    let request = "GET /app.py HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(
        send(&server.address, request).is_err(),
        "the client can tell"
    );
    let mut command = shim(&["test", "--accept"]);
    command.current_dir(site.root());
    finish(command);
    let stored = std::fs::read_to_string(site.path("snapshots/app__short.snap")).unwrap();
    assert!(
        stored.contains("(cut off): the connection was closed"),
        "{stored}"
    );
}

#[test]
fn flushing_inside_a_header_is_no_panic() {
    let site = Site::with_request(
        "import sys\nclass Text(str):\n    def encode(self, *a):\n        sys.stdout.flush()\n        \
         print('x', end='', flush=True)\n        return b'X-A: b'\nHeader(Text('X-\\xe9: b'))\nWrite('fine')",
    );
    let done = site.run("app.py", &["-i"]);
    assert!(
        done.out.contains("X-A: b\r\n") && done.out.ends_with("fine"),
        "{} {}",
        done.out,
        done.err
    );
}

#[test]
fn characters_of_standard_input_are_never_torn_apart() {
    let site = Site::with_request(
        "import sys\nWrite(repr([sys.stdin.read(1), sys.stdin.read(2), sys.stdin.read()]))",
    );
    let done = site.run("app.py", &["-d", "\u{e9}\u{20ac}\u{1f600}end"]);
    assert_eq!(done.out, "['\u{e9}', '\u{20ac}\u{1f600}', 'end']");
}

#[test]
fn a_traceback_with_odd_characters_is_shown_whole() {
    let site = Site::with_request("raise ValueError('bad \\udc80 x')");
    let done = site.run("app.py", &[]);
    assert!(
        done.err.starts_with("Traceback (most recent call last):\n"),
        "{}",
        done.err
    );
}
