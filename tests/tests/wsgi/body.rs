//! The bodies of request and response.

use super::App;
use acceptance::http::Connection;

#[test]
fn several_pieces_fit_one_content_length() {
    let app = App::valid(
        "start_response('200 OK', TEXT + [('Content-Length', '6')])\nreturn iter([b'ab', b'cd', b'ef'])",
    );
    let response = app.get("/");
    assert_eq!(
        (response.text(), response.header("Content-Length")),
        ("abcdef".into(), Some("6"))
    );
}

#[test]
fn the_length_of_a_list_is_known() {
    let app = App::plain("start_response('200 OK', TEXT)\nreturn [b'ab', b'c']");
    assert_eq!(app.get("/").header("Content-Length"), Some("3"));
}

#[test]
fn a_generator_streams_each_piece_before_it_goes_on() {
    // The second piece is made only after the client has said that it saw the first.
    let app = App::start(
        "global SEEN\n\
         if environ['PATH_INFO'] == '/new':\n    SEEN = threading.Event()\n\
         if environ['PATH_INFO'] == '/seen':\n    SEEN.set()\n\
         start_response('200 OK', TEXT)\n\
         def body():\n    yield b'first'\n    yield b'second' if SEEN.wait(60) else b'never seen'\n\
         return body() if environ['PATH_INFO'] == '/stream' else [b'ok']",
        "validator(application)",
    );
    app.get("/new");
    let mut connection = Connection::open(&app.server.address);
    connection
        .send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let mut lines = Vec::new();
    while lines.last().map(String::as_str) != Some("first") {
        lines.push(connection.line().unwrap());
    }
    assert!(
        lines.iter().any(|l| l == "Transfer-Encoding: chunked"),
        "{lines:?}"
    );
    app.get("/seen");
    let rest: Vec<_> = (0..2).map(|_| connection.line().unwrap()).collect();
    assert_eq!(rest, ["6", "second"]);
}

#[test]
fn close_is_called_after_the_response_was_sent_and_when_the_body_raises() {
    let app = App::plain(
        "class Body:\n    def __iter__(self):\n        yield b'one'\n        \
         if environ['QUERY_STRING'] == 'raise':\n            raise ValueError('in the body')\n    \
         def close(self):\n        print('closed', environ['QUERY_STRING'], file=environ['wsgi.errors'])\n\
         start_response('200 OK', TEXT)\nreturn Body()",
    );
    assert_eq!(app.get("/?well").text(), "one");
    app.server.wait_for_err(|err| err.contains("closed well"));
    let cut = app.send("GET /?raise HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(cut.is_err(), "{cut:?}");
    let err = app.server.wait_for_err(|err| err.contains("closed raise"));
    assert!(!err.contains("closed raise\nclosed raise"), "{err}");
    app.server
        .wait_for_err(|err| err.contains("ValueError: in the body"));
}

#[test]
fn an_exception_in_close_leaves_the_response_whole() {
    let app = App::plain(
        "class Body(list):\n    def close(self):\n        raise RuntimeError('while closing')\n\
         start_response('200 OK', TEXT)\nreturn Body([b'whole'])",
    );
    assert_eq!(app.get("/").text(), "whole");
    app.server
        .wait_for_err(|err| err.contains("RuntimeError: while closing"));
}

#[test]
fn head_has_the_head_of_get_and_no_body() {
    let app = App::plain(
        "headers = TEXT + ([('Content-Length', '5')] if environ['QUERY_STRING'] == 'length' else [])\n\
         start_response('200 OK', headers)\n\
         return [b'12345'] if environ['QUERY_STRING'] != 'empty' else []",
    );
    for (query, length) in [("length", Some("5")), ("body", Some("5")), ("empty", None)] {
        let mut connection = Connection::open(&app.server.address);
        let head = format!("HEAD /?{query} HTTP/1.1\r\nHost: a\r\n\r\n");
        connection.send(head).unwrap();
        let response = connection.response(true).unwrap();
        assert_eq!(
            (response.status, response.header("Content-Length")),
            (200, length),
            "{query}"
        );
        // And the connection goes on.
        assert_eq!(connection.get("/?body").text(), "12345");
    }
}

#[test]
fn a_304_keeps_its_length_and_has_no_body() {
    let app = App::valid("start_response('304 Not Modified', [('ETag', '\"1\"')])\nreturn []");
    let response = app.get("/");
    assert_eq!(
        (response.status, response.header("ETag")),
        (304, Some("\"1\""))
    );
}

#[test]
fn a_real_file_is_sent_from_where_it_stands() {
    let app = App::plain(
        "file = open(__file__ + '.bin', 'w+b')\nfile.write(bytes(range(256)) * 1000)\nfile.seek(100)\n\
         length = [('Content-Length', '1000')] if environ['QUERY_STRING'] == 'part' else []\n\
         start_response('200 OK', [('Content-Type', 'application/octet-stream')] + length)\n\
         file.flush()\nreturn environ['wsgi.file_wrapper'](file, 100)",
    );
    let all: Vec<u8> = (0..=255).cycle().take(256_000).skip(100).collect();
    let whole = app.get("/");
    assert_eq!(whole.header("Content-Length"), Some("255900"));
    assert!(whole.body == all);
    assert!(app.get("/?part").body == all[..1000]);
}

#[test]
fn what_only_looks_like_a_file_is_read() {
    let app = App::valid(
        "import gzip, io\nname = __file__ + '.gz'\n\
         with gzip.open(name, 'wb') as packed:\n    packed.write(b'unpacked' * 1000)\n\
         file = gzip.open(name, 'rb') if environ['QUERY_STRING'] == 'gz' else io.BytesIO(b'unpacked' * 1000)\n\
         start_response('200 OK', TEXT)\nreturn environ['wsgi.file_wrapper'](file, 1000)",
    );
    for query in ["gz", "memory"] {
        assert_eq!(
            app.get(&format!("/?{query}")).text(),
            "unpacked".repeat(1000)
        );
    }
}

const READ: &str = "\
    stream = environ['wsgi.input']\n\
    out = eval(environ['HTTP_X_DO'], {'s': stream})\n\
    start_response('200 OK', TEXT)\nreturn [repr(out).encode()]";

#[test]
fn the_request_body_is_a_stream_of_bytes_and_lines() {
    let app = App::plain(READ);
    let read = |what: &str, body: &str| {
        let length = body.len();
        app.send(format!(
            "POST / HTTP/1.1\r\nHost: a\r\nX-Do: {what}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .expect("a response comes")
        .text()
    };
    for (what, expected) in [
        ("s.read()", r"b'one\ntwo\n\nfour'"),
        ("s.read(-1)", r"b'one\ntwo\n\nfour'"),
        ("s.read(None)", r"b'one\ntwo\n\nfour'"),
        (
            "[s.read(3), s.read(0), s.read(100), s.read(), s.read(5)]",
            r"[b'one', b'', b'\ntwo\n\nfour', b'', b'']",
        ),
        (
            "[s.readline() for i in range(6)]",
            r"[b'one\n', b'two\n', b'\n', b'four', b'', b'']",
        ),
        (
            "[s.readline(2) for i in range(4)]",
            r"[b'on', b'e\n', b'tw', b'o\n']",
        ),
        (
            "[s.readline(-1), s.readline(0), s.read(2), s.readline()]",
            r"[b'one\n', b'', b'tw', b'o\n']",
        ),
        ("s.readlines()", r"[b'one\n', b'two\n', b'\n', b'four']"),
        (
            "[s.readlines(5), s.read()]",
            r"[[b'one\n', b'two\n'], b'\nfour']",
        ),
        ("list(s)", r"[b'one\n', b'two\n', b'\n', b'four']"),
        (
            "[next(s), s.read(1), list(s)]",
            r"[b'one\n', b't', [b'wo\n', b'\n', b'four']]",
        ),
        (
            "[s.seekable(), s.readable(), s.writable()]",
            "[False, True, False]",
        ),
        (
            "(lambda b: [s.readinto(b), bytes(b), s.read(1)])(bytearray(4))",
            r"[4, b'one\n', b't']",
        ),
    ] {
        assert_eq!(read(what, "one\ntwo\n\nfour"), expected, "{what}");
    }
}

#[test]
fn lines_longer_than_what_the_host_reads_ahead_are_whole() {
    let app = App::plain(
        "lines = environ['wsgi.input'].readlines()\nstart_response('200 OK', TEXT)\n\
         return [repr([len(line) for line in lines]).encode()]",
    );
    let body = [vec![b'a'; 200_000], b"\n".to_vec(), vec![b'b'; 70_000]].concat();
    assert_eq!(app.post(&body).text(), "[200001, 70000]");
}

#[test]
fn a_body_of_unknown_length_ends_by_itself() {
    let app = App::valid(
        "assert 'CONTENT_LENGTH' not in environ\n\
         data = environ['wsgi.input'].read(-1)\nstart_response('200 OK', TEXT)\nreturn [str(len(data)).encode()]",
    );
    let piece = "x".repeat(60_000);
    let request = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nea60\r\n{piece}\r\nea60\r\n{piece}\r\n0\r\n\r\n"
    );
    assert_eq!(app.send(request).unwrap().text(), "120000");
}

#[test]
fn the_stream_of_another_request_cannot_be_read() {
    let app = App::plain(
        "global KEPT\n\
         start_response('200 OK', TEXT)\n\
         if environ['PATH_INFO'] == '/keep':\n    KEPT = environ['wsgi.input']\n    return [b'kept']\n\
         try:\n    return [KEPT.read()]\n\
         except Exception as error:\n    return [type(error).__name__.encode()]",
    );
    let mut connection = Connection::open(&app.server.address);
    assert_eq!(connection.get("/keep").text(), "kept");
    let answer = connection.get("/use").text();
    assert!(
        ["ValueError", "Exception"].contains(&&answer[..]),
        "{answer}"
    );
}

#[test]
fn a_body_that_was_not_read_does_no_harm() {
    let app = App::valid("start_response('200 OK', TEXT)\nreturn [b'ignored']");
    let mut connection = Connection::open(&app.server.address);
    for _ in 0..3 {
        connection
            .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345")
            .unwrap();
        assert_eq!(connection.response(false).unwrap().text(), "ignored");
    }
}

#[test]
fn head_does_not_wait_for_a_body_without_an_end() {
    let app = App::plain(
        "def body():\n    try:\n        while True:\n            yield b'x'\n    \
         finally:\n        environ['wsgi.errors'].write('closed\\n')\n\
         start_response('200 OK', TEXT)\nreturn body()",
    );
    let mut connection = Connection::open(&app.server.address);
    connection
        .send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert_eq!(connection.response(true).unwrap().status, 200);
    app.server.wait_for_err(|err| err.contains("closed"));
}

#[test]
fn a_file_behind_what_was_written_is_whole() {
    let app = App::plain(
        "file = open(__file__ + '.txt', 'w+b')\nfile.write(b'-file')\nfile.seek(1)\n\
         start_response('200 OK', TEXT)(b'written ')\n\
         return environ['wsgi.file_wrapper'](file)",
    );
    let mut connection = Connection::open(&app.server.address);
    for _ in 0..2 {
        assert_eq!(connection.get("/").text(), "written file");
    }
}
