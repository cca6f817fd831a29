//! One script, one response: through `run`, `serve` and `test`, by the built-in core and by the
//! same core in a shared library.

use acceptance::http::send;
use acceptance::server::Server;
use acceptance::{builtin_shim, finish, library, root};
use std::process::Command;

/// Requests of the sample site, as (method, target, body). None of them depends on those before.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("GET", "/hello.py", ""),
    ("HEAD", "/hello.py", ""),
    ("GET", "/page.py", ""),
    ("GET", "/form.py", ""),
    ("POST", "/form.py", "name=Ann&message=%3Cb%3E"),
    ("GET", "/download.py", ""),
    ("HEAD", "/download.py", ""),
    ("GET", "/charset.py", ""),
    ("GET", "/cookies.py", ""),
    ("GET", "/redirect.py", ""),
    ("GET", "/missing.py", ""),
    ("GET", "/stream.py", ""),
    ("GET", "/uses_module.py", ""),
    ("POST", "/upload.py", "some bytes"),
    ("GET", "/threadlocal_db.py", ""),
    ("GET", "/passthrough.py", ""),
];

/// A response without what changes from one to the next.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(line: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        let headers = headers
            .into_iter()
            .filter(|(name, _)| name != "Date")
            .collect();
        Self {
            line: line.to_owned(),
            headers,
            body,
        }
    }

    /// As `run -i` prints it.
    fn printed(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .expect("a head");
        let head: String = bytes[..end].iter().copied().map(char::from).collect();
        let mut lines = head.split("\r\n");
        let line = lines.next().expect("a status line");
        let headers = lines.map(|l| {
            let (name, value) = l.split_once(": ").expect("a header");
            (name.to_owned(), value.to_owned())
        });
        Self::new(line, headers.collect(), bytes[end + 4..].to_vec())
    }
}

fn run(method: &str, target: &str, body: &str, extension: bool) -> Answer {
    let script = root()
        .join("examples/site")
        .join(target.trim_start_matches('/'));
    let mut command = builtin_shim(&["run", "-i", "-X", method]);
    if !body.is_empty() {
        command.args(["-d", body]);
    }
    if extension {
        command.arg("--extension").arg(library());
    }
    command.arg(script);
    Answer::printed(&finish(command).bytes)
}

fn serve(server: &Server, method: &str, target: &str, body: &str) -> Answer {
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\nAccept: */*\r\n"
    );
    if !body.is_empty() {
        let length = body.len();
        request += "Content-Type: application/x-www-form-urlencoded\r\n";
        request += &format!("Content-Length: {length}\r\n");
    }
    let response = send(&server.address, format!("{request}\r\n{body}")).expect("a response");
    let mut headers = response.headers;
    // hyper frames in chunks what IIS would end by closing the connection (docs/fidelity.md).
    let closes = headers
        .iter()
        .any(|(n, v)| n == "Connection" && v == "close");
    let own = ("Transfer-Encoding".to_owned(), "chunked".to_owned());
    if closes && headers.last() == Some(&own) {
        headers.pop();
    }
    Answer::new(&response.line, headers, response.body)
}

#[test]
fn run_serve_and_the_shared_library_answer_alike() {
    let server = Server::start(&root().join("examples/site"), &["--no-access-log"]);
    let library = library().display().to_string();
    let options = ["--no-access-log", "--extension", &library];
    let served_by_library = Server::start(&root().join("examples/site"), &options);
    for (method, target, body) in REQUESTS {
        let expected = run(method, target, body, false);
        assert_eq!(
            run(method, target, body, true),
            expected,
            "{method} {target}: library"
        );
        assert_eq!(
            serve(&server, method, target, body),
            expected,
            "{method} {target}: serve"
        );
        let answer = serve(&served_by_library, method, target, body);
        assert_eq!(
            answer, expected,
            "{method} {target}: serve with the library"
        );
    }
}

fn test_examples(change: impl FnOnce(&mut Command)) {
    let mut command = builtin_shim(&["test"]);
    change(&mut command);
    command.arg(root().join("examples"));
    let done = finish(command);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let last = done.out.lines().last().expect("a closing line");
    assert!(last.ends_with(" 0 failed, 0 skipped"), "{last}");
}

#[test]
fn the_examples_match_their_snapshots() {
    test_examples(|_| {});
}

#[test]
fn the_examples_match_their_snapshots_through_the_shared_library() {
    test_examples(|command| {
        command.arg("--extension").arg(library());
    });
}
