//! Applications that break the rules: each is told, and the server goes on.

use super::App;
use acceptance::http::{Connection, get};
use acceptance::server::Server;
use acceptance::site::Site;

/// The body of an application, and what the page says of it.
const BROKEN: &[(&str, &str)] = &[
    ("return [b'x']", "did not call start_response()"),
    ("return []", "did not call start_response()"),
    ("return iter([b'x'])", "did not call start_response()"),
    (
        "start_response('200 OK', TEXT)\nstart_response('200 OK', TEXT)\nreturn []",
        "called twice",
    ),
    (
        "start_response('200 OK', [('Transfer-Encoding: chunked', '')])\nreturn []",
        "a header's name holds no colon",
    ),
    (
        "start_response('200 OK', TEXT)\nreturn ['text']",
        "str in it, where bytes are wanted: encode it",
    ),
    (
        "start_response('200 OK', TEXT)\nreturn iter(['text'])",
        "where bytes are wanted",
    ),
    (
        "start_response('200 OK', TEXT)\nreturn b'bytes'",
        "returned bytes: return a list",
    ),
    (
        "start_response('200 OK', TEXT)\nreturn 'text'",
        "returned str",
    ),
    (
        "start_response('200 OK', TEXT)",
        "returned NoneType, which is no iterable of bytes",
    ),
    ("start_response('200 OK', TEXT)\nreturn 5", "returned int"),
    (
        "start_response('200 OK', TEXT)\nreturn [5]",
        "has int in it",
    ),
    (
        "start_response('200 OK', TEXT)('text')\nreturn []",
        "write() got str",
    ),
    (
        "start_response(200, TEXT)\nreturn []",
        "the status must be a str",
    ),
    (
        "start_response('OK', TEXT)\nreturn []",
        "the status 'OK' is none",
    ),
    (
        "start_response('99 Low', TEXT)\nreturn []",
        "is none: write '200 OK'",
    ),
    (
        "start_response('100 Continue', TEXT)\nreturn []",
        "the status '100 Continue' is none: write '200 OK'",
    ),
    (
        "start_response('103 Early Hints', TEXT)\nreturn [b'x']",
        "the status '103 Early Hints' is none",
    ),
    (
        "start_response('1000 High', TEXT)\nreturn []",
        "is none: write '200 OK'",
    ),
    (
        "start_response('200 O\\r\\nX: y', TEXT)\nreturn []",
        "is none: write '200 OK'",
    ),
    (
        "start_response('200 OK', {'A': 'b'})\nreturn []",
        "must be a list of tuples, not dict",
    ),
    (
        "start_response('200 OK', ['A: b'])\nreturn []",
        "must be a tuple of two str",
    ),
    (
        "start_response('200 OK', [('A', 5)])\nreturn []",
        "must be a tuple of two str",
    ),
    (
        "start_response('200 OK', [('A', 'b\\r\\nC: d')])\nreturn []",
        "CR, LF or NUL: \"A\"",
    ),
    (
        "start_response('200 OK', [('A\\n', 'b')])\nreturn []",
        "CR, LF or NUL",
    ),
    (
        "start_response('200 OK', [('A B', 'c')])\nreturn []",
        "not in valid format",
    ),
    (
        "start_response('200 OK', [('A', '\\u20ac')])\nreturn []",
        "UnicodeEncodeError",
    ),
    (
        "start_response('200 OK', [('Content-Length', 'x')])\nreturn []",
        "Invalid content length",
    ),
    (
        "start_response('200 OK', [('Transfer-Encoding', 'chunked')])\nreturn []",
        "the server&#x27;s business",
    ),
    (
        "class Body:\n    def __iter__(self):\n        raise LookupError('in iter')\n\
         start_response('200 OK', TEXT)\nreturn Body()",
        "LookupError: in iter",
    ),
    ("raise ValueError('on purpose')", "ValueError: on purpose"),
    ("sys.exit(3)", "exited before it called start_response()"),
];

#[test]
fn a_broken_rule_is_named_on_the_page_and_the_next_request_is_served() {
    let mut cases = String::from("number = environ['PATH_INFO'][1:]\n");
    for (number, (body, _)) in BROKEN.iter().enumerate() {
        cases += &format!("if number == '{number}':\n");
        body.lines()
            .for_each(|line| cases += &format!("    {line}\n"));
        cases += "    return None\n";
    }
    cases += "start_response('200 OK', TEXT)\nreturn [b'fine']";
    let app = App::plain(&cases);
    let mut connection = Connection::open(&app.server.address);
    for (number, (body, why)) in BROKEN.iter().enumerate() {
        let response = connection.get(&format!("/{number}"));
        assert_eq!(response.status, 500, "{body}");
        let text = response
            .text()
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&#x27;", "'");
        let why = why.replace("&#x27;", "'");
        assert!(text.contains(&why), "{body}:\n{text}");
        connection = Connection::open(&app.server.address);
        assert_eq!(connection.get("/fine").text(), "fine");
    }
}

#[test]
fn a_broken_rule_has_a_code_of_its_own() {
    let app = App::plain("return [b'x']");
    assert!(app.get("/").text().contains("[ISH0410]"));
}

#[test]
fn a_body_longer_than_announced_is_cut_and_reported() {
    let app = App::plain(
        "start_response('200 OK', TEXT + [('Content-Length', '3')])\n\
         return [b'12', b'345'] if environ['QUERY_STRING'] == 'list' else iter([b'12', b'345', b'6'])",
    );
    let mut connection = Connection::open(&app.server.address);
    for query in ["list", "iter"] {
        assert_eq!(connection.get(&format!("/?{query}")).text(), "123");
    }
    app.server
        .wait_for_err(|err| err.matches("ISH0414").count() == 2);
}

#[test]
fn a_body_shorter_than_announced_ends_the_connection() {
    let app = App::plain(
        "start_response('200 OK', TEXT + [('Content-Length', '10')])\nreturn iter([b'short'])",
    );
    let mut connection = Connection::open(&app.server.address);
    connection
        .send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(connection.response(false).is_err());
    app.server.wait_for_err(|err| err.contains("ISH0404"));
}

#[test]
fn write_beyond_the_announced_length_raises() {
    let app = App::plain(
        "write = start_response('200 OK', TEXT + [('Content-Length', '3')])\nwrite(b'123')\n\
         try:\n    write(b'4')\n\
         except ValueError as error:\n    print('refused:', error, file=environ['wsgi.errors'])\n\
         return []",
    );
    assert_eq!(app.get("/").text(), "123");
    app.server
        .wait_for_err(|err| err.contains("refused: Data specified by content length already sent"));
}

#[test]
fn a_client_that_leaves_ends_the_iteration_and_close_is_called() {
    let app = App::plain(
        "class Body:\n    def __iter__(self):\n        \
         while True:\n            yield b'x' * 65536\n    \
         def close(self):\n        print('closed', file=environ['wsgi.errors'])\n\
         start_response('200 OK', TEXT)\n\
         return Body() if environ['PATH_INFO'] == '/endless' else [b'fine']",
    );
    let mut connection = Connection::open(&app.server.address);
    connection
        .send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    connection.line().unwrap();
    connection.reset();
    app.server.wait_for_err(|err| err.contains("closed"));
    assert_eq!(app.get("/").text(), "fine");
}

#[test]
fn an_application_that_blocks_holds_nobody_else() {
    let app = App::start(
        "global HELD\n\
         if environ['PATH_INFO'] == '/new':\n    HELD = threading.Event()\n\
         if environ['PATH_INFO'] == '/block':\n    HELD.wait(60)\n\
         if environ['PATH_INFO'] == '/free':\n    HELD.set()\n\
         start_response('200 OK', TEXT)\nreturn [environ['PATH_INFO'].encode()]",
        "application",
    );
    app.get("/new");
    let mut blocked = Connection::open(&app.server.address);
    blocked
        .send("GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert_eq!(app.get("/other").text(), "/other");
    assert_eq!(app.get("/free").text(), "/free");
    assert_eq!(blocked.response(false).unwrap().text(), "/block");
}

#[test]
fn a_script_may_answer_for_an_application_that_raised() {
    let site = Site::with_request(
        "from Http.WSGI import RunWSGI\n\
         def app(environ, start_response):\n    \
         start_response('404 Not Here', [('X-App', '1')])\n    \
         print('of the application')\n    \
         raise ValueError('early')\n\
         try:\n    RunWSGI(app)\n\
         except ValueError as error:\n    print('caught', error)",
    );
    let server = Server::start(site.root(), &[]);
    let response = get(&server.address, "/app.py");
    assert_eq!(
        (response.status, response.text()),
        (200, "caught early\n".into())
    );
    assert_eq!(response.header("X-App"), None);
    server.wait_for_err(|log| log.contains("of the application"));
}

#[test]
fn an_application_that_exits_after_start_response_has_answered() {
    let app = App::plain("start_response('302 Found', [('Location', '/login')])\nsys.exit()");
    let response = app.get("/");
    assert_eq!(
        (response.status, response.header("Location")),
        (302, Some("/login"))
    );
}

#[test]
fn what_is_printed_behind_the_beginning_of_a_body_stays_in_the_log() {
    let site = Site::with_request(
        "from Http.WSGI import RunWSGI\n\
         def app(environ, start_response):\n    \
         start_response('200 OK', [('Content-Type', 'image/png')])\n    \
         yield b'part'\n    \
         raise ValueError('late')\n\
         try:\n    RunWSGI(app)\n\
         except ValueError as error:\n    print('caught', error)",
    );
    let server = Server::start(site.root(), &[]);
    assert_eq!(get(&server.address, "/app.py").text(), "part");
    server.wait_for_err(|log| log.contains("caught late"));
}

#[test]
fn a_second_application_that_raises_leaves_the_answer_of_the_first() {
    let site = Site::with_request(
        "from Http.WSGI import RunWSGI\n\
         def first(environ, start_response):\n    \
         start_response('202 Mine', [('X-First', '1')])\n    \
         inner = environ['QUERY_STRING'] == 'inner'\n    \
         if inner:\n        second_is_caught()\n    \
         return [b'first']\n\
         def second(environ, start_response):\n    raise ValueError('second')\n\
         def second_is_caught():\n    \
         try:\n        RunWSGI(second)\n    \
         except ValueError as error:\n        print('caught', error)\n\
         RunWSGI(first)\n\
         if Env.QUERY_STRING == 'behind':\n    second_is_caught()",
    );
    for place in ["inner", "behind"] {
        let server = Server::start(site.root(), &[]);
        let response = get(&server.address, &format!("/app.py?{place}"));
        assert_eq!(
            (&response.line[..], response.text()),
            ("HTTP/1.1 202 Mine", "first".into())
        );
        assert_eq!(response.header("X-First"), Some("1"), "{place}");
        server.wait_for_err(|log| log.contains("caught second"));
    }
}
