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

/// Asks for `/app.py`: the header lines of a name as they are on the wire, and where the body begins.
fn spelled(server: &Server, name: &str) -> (Connection, Vec<String>) {
    let mut connection = Connection::open(&server.address);
    connection
        .send("GET /app.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let lines = std::iter::from_fn(|| connection.line().ok().filter(|line| !line.is_empty()));
    let lines: Vec<String> = lines
        .filter(|line| line.to_ascii_lowercase().starts_with(name))
        .collect();
    (connection, lines)
}

#[test]
fn chunks_behind_another_coding_are_framed_once() {
    for codings in ["gzip, chunked", "gzip', 'Transfer-Encoding: chunked"] {
        let site = Site::with_request(&format!(
            "Header(['Transfer-Encoding: {codings}'])\n\
             Write(b'5\\r\\nhello\\r\\n0\\r\\n\\r\\n')",
        ));
        let server = Server::start(site.root(), &[]);
        let (mut connection, said) = spelled(&server, "transfer-encoding");
        assert_eq!(said, ["Transfer-Encoding: gzip, chunked"], "{codings}");
        let lines: Vec<String> = (0..4).map(|_| connection.line().unwrap()).collect();
        assert_eq!(lines, ["5", "hello", "0", ""], "{codings}");
    }
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

#[test]
fn http_1_0_is_told_one_thing_about_the_connection() {
    let site = Site::with_request("Header(Close=True)\nWrite('x' * 300_000)");
    let server = Server::start(site.root(), &[]);
    for target in ["/app.py", "/none.py"] {
        let request = format!("GET {target} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        let response = send(&server.address, request).unwrap();
        let said: Vec<&str> = response
            .headers
            .iter()
            .filter(|(name, _)| name == "Connection")
            .map(|(_, value)| &value[..])
            .collect();
        let expected = if target == "/app.py" {
            "close"
        } else {
            "keep-alive"
        };
        assert_eq!(said, [expected], "{target}");
    }
}

#[test]
fn chunks_of_a_script_are_taken_apart_for_http_1_0() {
    let site = Site::with_request(
        "Header('Transfer-Encoding: chunked')\nWrite(b'5\\r\\nhello\\r\\n0\\r\\n\\r\\n')",
    );
    let server = Server::start(site.root(), &[]);
    let request = "GET /app.py HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let response = send(&server.address, request).unwrap();
    assert_eq!(response.text(), "hello");
    assert_eq!(response.header("Transfer-Encoding"), None);
    assert_eq!(response.header("Connection"), Some("close"));
}

#[test]
fn a_coding_without_chunks_gets_some_and_no_other_header_does() {
    let site = Site::with_request(
        "Header(['Transfer-Encoding: gzip', 'Cache-Control: no-store'])\nWrite('hello')",
    );
    let server = Server::start(site.root(), &[]);
    let response = get(&server.address, "/app.py");
    assert_eq!(response.header("Transfer-Encoding"), Some("gzip, chunked"));
    assert_eq!(response.header("Connection"), Some("close"));
    assert_eq!(response.header("Cache-Control"), Some("no-store"));
    // As it is on the wire: this client takes no other coding than `chunked` apart.
    assert_eq!(response.text(), "5\r\nhello\r\n0\r\n\r\n");
}

#[test]
fn each_value_of_a_repeated_header_keeps_its_spelling() {
    let site = Site::with_request(
        "for name in 'Set-Cookie', 'set-cookie', 'SET-COOKIE':\n        \
         Header(name + ': ' + name)",
    );
    let server = Server::start(site.root(), &[]);
    let (_, cookies) = spelled(&server, "set-cookie");
    assert_eq!(
        cookies,
        [
            "Set-Cookie: Set-Cookie",
            "set-cookie: set-cookie",
            "SET-COOKIE: SET-COOKIE"
        ]
    );
}
