//! `start_response`: status, headers, when they go out, and a second thought.

use super::App;

#[test]
fn the_applications_own_status_text_is_on_the_wire() {
    let app = App::valid(
        "status = environ['QUERY_STRING'].replace('+', ' ')\n\
         start_response(status, TEXT)\nreturn [b'x']",
    );
    for status in ["404 Tile Not Found", "200 Script output follows", "299 Odd"] {
        let response = app.get(&format!("/?{}", status.replace(' ', "+")));
        assert_eq!(response.line, format!("HTTP/1.1 {status}"));
    }
}

#[test]
fn two_cookies_stay_two_headers() {
    let app = App::valid(
        "start_response('200 OK', TEXT + [('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')])\n\
         return [b'x']",
    );
    let response = app.get("/");
    let cookies: Vec<_> = response
        .headers
        .iter()
        .filter(|(n, _)| n == "Set-Cookie")
        .collect();
    assert_eq!(cookies.len(), 2, "{:?}", response.headers);
}

#[test]
fn it_may_be_called_while_the_body_is_iterated() {
    let app = App::valid(
        "def body():\n    start_response('202 Late', TEXT)\n    yield b'late'\nreturn body()",
    );
    let response = app.get("/");
    assert_eq!(
        (&response.line[..], response.text()),
        ("HTTP/1.1 202 Late", "late".into())
    );
}

#[test]
fn empty_pieces_send_no_headers() {
    let app = App::valid(
        "start_response('200 First', TEXT)\n\
         def body():\n    yield b''\n    yield b''\n    \
         try:\n        raise ValueError('second thought')\n    \
         except ValueError:\n        start_response('500 Second', TEXT + [('X-Second', '1')], sys.exc_info())\n    \
         yield b'second'\nreturn body()",
    );
    let response = app.get("/");
    assert_eq!(
        (&response.line[..], response.text()),
        ("HTTP/1.1 500 Second", "second".into())
    );
    assert_eq!(response.header("X-Second"), Some("1"));
}

#[test]
fn exc_info_replaces_status_and_headers_that_were_not_sent() {
    let app = App::valid(
        "start_response('200 OK', TEXT + [('X-First', '1'), ('Content-Length', '3')])\n\
         try:\n    raise ValueError('no')\n\
         except ValueError:\n    start_response('503 Busy', TEXT, sys.exc_info())\n\
         return [b'busy now']",
    );
    let response = app.get("/");
    assert_eq!(
        (&response.line[..], response.text()),
        ("HTTP/1.1 503 Busy", "busy now".into())
    );
    assert_eq!(response.header("X-First"), None);
    // Not the length of the first thought; and the validator hides that of the list.
    assert_eq!(response.header("Content-Length"), None);
}

#[test]
fn exc_info_after_the_headers_raises_the_exception_again() {
    let app = App::plain(
        "write = start_response('200 OK', TEXT)\nwrite(b'begun')\n\
         try:\n    raise ValueError('too late')\n\
         except ValueError:\n    start_response('500 No', TEXT, sys.exc_info())\n\
         return [b'never']",
    );
    let response = app.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(response.is_err(), "the response is cut: {response:?}");
    app.server
        .wait_for_err(|err| err.contains("ValueError: too late"));
}

#[test]
fn write_sends_before_what_is_returned() {
    let app = App::valid(
        "write = start_response('200 OK', TEXT)\nwrite(b'a')\nwrite(b'')\nwrite(b'b')\nreturn [b'c', b'd']",
    );
    assert_eq!(app.get("/").text(), "abcd");
}

#[test]
fn connection_close_closes_and_other_connection_headers_are_dropped() {
    let app = App::plain(
        "start_response('200 OK', TEXT + [('Connection', environ['QUERY_STRING'])])\nreturn [b'x']",
    );
    let kept = app.get("/?keep-alive");
    assert_eq!(kept.header("Connection"), None);
    assert_eq!(app.get("/?close").header("Connection"), Some("close"));
}

#[test]
fn no_default_header_is_added_to_an_applications_own() {
    let app = App::plain("start_response('204 No Content', [])\nreturn []");
    let response = app.get("/");
    assert_eq!(
        (response.status, response.header("Content-Type")),
        (204, None)
    );
    assert_eq!(response.header("Content-Length"), None);
}

/// PEP 3333, "Unicode Issues": a status is Latin-1, as headers are.
#[test]
fn a_status_text_beyond_ascii_is_latin_1_on_the_wire() {
    let app = App::plain("start_response('200 Gr\\xfc\\xdfe', TEXT)\nreturn [b'x']");
    assert_eq!(app.get("/").line, "HTTP/1.1 200 Gr\u{fc}\u{df}e");
}

#[test]
fn what_is_refused_leaves_no_header_behind() {
    let app = App::plain(
        "try:\n    start_response('404 Gone', TEXT + [('X-A', '1'), ('X-B', 'b\\nc')])\n\
         except ValueError:\n    start_response('200 OK', TEXT + [('X-A', '2')])\nreturn [b'x']",
    );
    let response = app.get("/");
    let values: Vec<_> = response
        .headers
        .iter()
        .filter(|(name, _)| name == "X-A")
        .map(|(_, value)| &value[..])
        .collect();
    assert_eq!((response.status, values), (200, vec!["2"]));
}

/// PEP 3333 wants it by its place, but the original took it by name, too.
#[test]
fn exc_info_may_be_named() {
    let app = App::plain(
        "try:\n    raise ValueError\nexcept ValueError:\n    \
         start_response('500 Named', TEXT, exc_info=sys.exc_info())\nreturn [b'x']",
    );
    assert_eq!(app.get("/").line, "HTTP/1.1 500 Named");
}
