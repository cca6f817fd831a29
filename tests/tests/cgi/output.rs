//! `sys.stdout` of a CGI script: header block and body.

use super::{PLAIN, plain, site, whole};
use acceptance::http::{Connection, get, send};
use acceptance::server::Server;
use acceptance::site::Site;

#[test]
fn a_status_keeps_its_text_and_headers_go_out_as_written() {
    let site = site(
        "print('Status: 404 Tile Not Found\\r\\nContent-Type: text/plain\\r\\nX-MIXed: a\\r\\nset-cookie: a=1\\r\\nset-cookie: b=2\\r\\n\\r\\nno tile')",
    );
    let (head, body) = whole(&site, &[]);
    assert!(
        head.starts_with("HTTP/1.1 404 Tile Not Found\r\n"),
        "{head}"
    );
    for line in ["X-MIXed: a", "set-cookie: a=1", "set-cookie: b=2"] {
        assert!(head.contains(line), "{head}");
    }
    assert_eq!(body, "no tile\n");
    assert!(
        !head.contains("text/html") && !head.contains("Status:"),
        "{head}"
    );
}

#[test]
fn a_location_redirects() {
    for (headers, status) in [
        ("Location: http://a/b", "302 Found"),
        ("Location: /local", "302 Found"),
        ("Status: 301 Moved\\nLocation: /local", "301 Moved"),
    ] {
        let (head, body) = whole(&site(&format!("print('{headers}\\n')")), &[]);
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}\r\nX-Powered-By")),
            "{head}"
        );
        assert!(head.contains("\r\nLocation: ") && body.is_empty(), "{head}");
    }
}

#[test]
fn a_script_may_write_the_status_line_itself() {
    let site = site("print('HTTP/1.0 299 Odd\\r\\nX-A: b\\r\\n\\r\\nbody', end='')");
    let (head, body) = whole(&site, &[]);
    assert!(
        head.starts_with("HTTP/1.1 299 Odd\r\n") && head.contains("X-A: b"),
        "{head}"
    );
    assert_eq!(body, "body");
}

#[test]
fn bytes_and_text_come_in_the_order_they_were_written() {
    let site = site(
        "import sys\nprint('Content-Type: image/png')\nsys.stdout.buffer.write(b'X-A: b\\n')\nprint()\n\
         sys.stdout.flush()\nsys.stdout.buffer.write(b'\\x89PNG\\xff')\nprint('text')\nsys.stdout.buffer.write(bytearray(b'\\0end'))",
    );
    let done = site.run("app.cgi", &["-i"]);
    assert!(
        done.bytes.ends_with(b"\r\n\r\n\x89PNG\xfftext\n\0end"),
        "{}",
        done.out
    );
    // A flush between headers and body makes no chunks of a short response.
    assert!(done.out.contains("Content-Length: 14\r\n"), "{}", done.out);
}

#[test]
fn text_is_written_in_the_charset_of_its_content_type() {
    let run = |source: &str| site(source).run("app.cgi", &[]).bytes;
    let latin = "Content-Type: text/plain; charset=iso-8859-1";
    assert_eq!(
        run(&format!("print('{latin}\\n\\ngr\\xfcn', end='')")),
        b"gr\xfcn"
    );
    assert_eq!(
        run(&format!("print('{latin}')\nprint()\nprint('gr\\xfcn')")),
        b"gr\xfcn\n"
    );
    let utf8 = "gr\u{fc}n\n".as_bytes();
    assert_eq!(run("print('Content-Type: text/plain\\n\\ngr\\xfcn')"), utf8);
    assert_eq!(
        run("print('Content-Type: text/plain; charset=x-odd\\n\\ngr\\xfcn')"),
        utf8
    );
    let own = "import sys\nsys.stdout.reconfigure(encoding='latin-1')\n";
    assert_eq!(
        run(&format!(
            "{own}print('Content-Type: text/plain\\n\\ngr\\xfcn')"
        )),
        b"gr\xfcn\n"
    );
}

#[test]
fn streams_of_the_scripts_own_around_the_output_are_emptied_at_its_end() {
    for wrap in [
        "out = sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-16-le', newline='\\n')",
        "sys.stdout = io.TextIOWrapper(sys.stdout.detach(), 'utf-16-le', newline='\\n')",
        "out = io.TextIOWrapper(sys.stdout.buffer, 'utf-16-le', newline='\\n')\nprint = lambda t: out.write(t + '\\n')",
        "sys.stdout = codecs.getwriter('utf-16-le')(sys.stdout.buffer)",
    ] {
        let source = format!(
            "import codecs, io, sys\nsys.stdout.write('Content-Type: text/plain\\n\\n')\n{wrap}\nprint('h\\xe9')"
        );
        let site = site(&source);
        let server = Server::start(site.root(), &[]);
        for _ in 0..2 {
            let response = get(&server.address, "/app.cgi");
            assert_eq!(response.body, b"h\0\xe9\0\n\0", "{wrap}: {}", server.err());
            assert_eq!(response.header("content-length"), Some("6"), "{wrap}");
        }
    }
}

#[test]
fn a_module_may_keep_the_streams_of_its_first_import() {
    let site = plain("import keeper\nkeeper.say('now')");
    site.file(
        "keeper.py",
        "import sys\nout, text, read = sys.stdout.buffer, sys.stdout, sys.stdin.read\n\
         def say(what):\n    out.write(what.encode() + b' ')\n    print(read(), file=text)\n",
    );
    site.file(
        "other.cgi",
        format!("{PLAIN}import keeper\nkeeper.say('then')"),
    );
    let server = Server::start(site.root(), &["--reload", "never"]);
    for (name, text) in [
        ("app", "now a\n"),
        ("other", "then a\n"),
        ("app", "now a\n"),
    ] {
        let request = format!("POST /{name}.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na");
        assert_eq!(send(&server.address, request).unwrap().text(), text);
    }
}

#[test]
fn the_length_that_a_script_announces_is_obeyed() {
    let run = |source: &str| site(source).run("app.cgi", &["-i"]);
    let exact = run("print('Content-Type: a/b\\nContent-Length: 4\\n\\nfour')");
    assert!(
        exact
            .out
            .ends_with("Content-Length: 4\r\nServer: Microsoft-IIS/10.0\r\nDate: ")
            || exact.out.ends_with("\r\n\r\nfour"),
        "{}",
        exact.out
    );
    assert!(
        exact.err.is_empty(),
        "the line feed of print is not worth a word: {}",
        exact.err
    );
    let more = run("print('Content-Type: a/b\\nContent-Length: 4\\n\\nfour and more')\nprint('x')");
    assert!(more.out.ends_with("\r\n\r\nfour"), "{}", more.out);
    assert_eq!(more.err.matches("ISH0416").count(), 1, "{}", more.err);
    // len(text) where bytes are meant.
    let characters = run(
        "t = 'gr\\xfcn'\nprint('Content-Type: a/b\\nContent-Length: %d\\n' % len(t))\nprint(t)",
    );
    assert!(
        characters.out.ends_with("\r\n\r\ngr\u{fc}n"),
        "{}",
        characters.out
    );
    assert!(characters.err.is_empty(), "{}", characters.err);
    let fewer = run("print('Content-Type: a/b\\nContent-Length: 40\\n\\nfour')");
    assert!(fewer.err.contains("ISH0404"), "{}", fewer.err);
}

#[test]
fn a_response_without_a_body_needs_no_content_type() {
    let site =
        site("import os\nprint('Status: ' + os.environ['QUERY_STRING'] + '\\nETag: \"1\"\\n')");
    let server = Server::start(site.root(), &[]);
    for status in [204, 304] {
        let response = get(&server.address, &format!("/app.cgi?{status}"));
        assert_eq!(
            (response.status, response.header("etag")),
            (status, Some("\"1\""))
        );
    }
}

#[test]
fn head_gets_the_head_alone() {
    let site = plain("import os\nif os.environ['QUERY_STRING']:\n    print('body')");
    let server = Server::start(site.root(), &[]);
    let head = |query: &str| {
        let request = format!("HEAD /app.cgi{query} HTTP/1.1\r\nHost: a\r\n\r\n");
        send(&server.address, request).unwrap()
    };
    let with_body = head("?x");
    assert_eq!(
        (with_body.status, with_body.header("content-length")),
        (200, Some("5"))
    );
    // A script that writes no body for HEAD says nothing about the length of GET's.
    let without = head("");
    assert_eq!(
        (without.status, without.header("content-length")),
        (200, None)
    );
    assert_eq!(without.header("content-type"), Some("text/plain"));
}

#[test]
fn a_flush_sends_what_is_there_and_large_output_streams() {
    let site = plain(
        "import os, sys\nprint('first', flush=True)\n\
         while not os.path.exists('go'):\n    pass\n\
         for i in range(300):\n    sys.stdout.buffer.write(b'x' * 10000)",
    );
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    connection
        .send("GET /app.cgi HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    while !connection.line().unwrap().is_empty() {}
    assert_eq!(connection.line().unwrap(), "6");
    // It waits for this file, so that the line came before the end.
    site.file("go", "");
    let whole = get(&server.address, "/app.cgi");
    assert_eq!(whole.header("transfer-encoding"), Some("chunked"));
    assert_eq!(whole.body.len(), 6 + 3_000_000);
}

#[test]
fn a_client_that_goes_away_leaves_the_next_one_a_clean_process() {
    let site = Site::with_request(
        "import os, sys\nWrite('%s %s' % (os.environ.get('REQUEST_METHOD'), sys.argv))",
    );
    site.file(
        "big.cgi",
        format!(
            "{PLAIN}import sys\nfor i in range(3000):\n    sys.stdout.buffer.write(b'x' * 100000)"
        ),
    );
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    connection
        .send("GET /big.cgi HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    connection.line().unwrap();
    connection.reset();
    server.wait_for_err(|text| text.contains("ISH0407"));
    assert_eq!(get(&server.address, "/app.py").text(), "None ['']");
    assert!(!server.err().contains("Traceback"), "{}", server.err());
}
