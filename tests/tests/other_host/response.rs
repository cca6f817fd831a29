//! Length, chunks, or the connection's end; and what the host is told about the connection.

use acceptance::other_host::{Answer, ERROR, Home, KEEP, SUCCESS};

/// What a connection says about itself, and whether chunks are allowed then.
const CONNECTIONS: &[(&str, &str, bool)] = &[
    ("HTTP/1.1", "1", true),
    ("HTTP/1.1", "0", false),
    ("HTTP/1.0", "1", false),
    ("HTTP/1.0", "0", false),
    // Chunk framing is illegal there; anything but HTTP/1.1 counts as 1.0.
    ("HTTP/2", "1", false),
    ("HTTP/2.0", "1", false),
    ("HTTP/3", "1", false),
];

fn on(home: &Home, protocol: &str, keep: &str) -> Answer {
    home.get(&["--protocol", protocol, "--keep", keep])
}

#[test]
fn a_small_answer_has_a_length_and_keeps_the_connection_where_the_client_does() {
    let home = Home::with_request("Write('hello ')\nWrite('world')");
    for (protocol, keep, _) in CONNECTIONS {
        let answer = on(&home, protocol, keep);
        assert_eq!(answer.text(), "hello world", "{protocol} {keep}");
        assert_eq!(answer.header("Content-Length"), Some("11"));
        assert_eq!(answer.keep, Some(*keep == "1"), "{protocol} {keep}");
        let result = if *keep == "1" { KEEP } else { SUCCESS };
        assert_eq!(answer.returned, result, "{protocol} {keep}");
        assert_eq!((&*answer.status, answer.http), ("200 OK", 200));
    }
}

#[test]
fn a_stream_is_chunked_where_that_is_allowed_and_ends_the_connection_elsewhere() {
    let home = Home::with_request("DisableBuffer()\nWrite('one ')\nWrite('two')");
    for (protocol, keep, chunked) in CONNECTIONS {
        let answer = on(&home, protocol, keep);
        assert_eq!(answer.text(), "one two", "{protocol} {keep}");
        assert_eq!(answer.header("Content-Length"), None);
        let encoding = chunked.then_some("chunked");
        assert_eq!(answer.header("Transfer-Encoding"), encoding, "{protocol}");
        assert_eq!(answer.keep, Some(*chunked), "{protocol} {keep}");
        assert_eq!(answer.returned, if *chunked { KEEP } else { SUCCESS });
    }
}

#[test]
fn more_than_the_buffer_is_chunked_in_1_1_and_closes_in_1_0() {
    let home = Home::with_request("for i in range(30): Write(b'%05d' % i * 2000)");
    let expected: String = (0..30).map(|i| format!("{i:05}").repeat(2000)).collect();
    let answer = on(&home, "HTTP/1.1", "1");
    assert_eq!(answer.header("Transfer-Encoding"), Some("chunked"));
    assert!(answer.text() == expected);
    let answer = on(&home, "HTTP/1.0", "1");
    assert_eq!((answer.keep, answer.returned), (Some(false), SUCCESS));
    assert!(answer.text() == expected);
}

#[test]
fn a_write_without_a_buffer_reaches_the_host_before_the_next_one() {
    let home =
        Home::with_request("Header(Close=True)\nDisableBuffer()\nWrite('a')\nEnv.X1\nWrite('b')");
    let answer = home.get(&[]);
    assert_eq!(answer.writes, [b"a", b"b"]);
    let between = answer
        .at("call GetServerVariable X1")
        .expect("it was asked");
    assert!(answer.at("write a").expect("a") < between);
    assert!(between < answer.at("write b").expect("b"));
}

#[test]
fn no_output_is_an_empty_body_of_known_length() {
    let answer = Home::with_request("pass").get(&[]);
    assert_eq!(answer.header("Content-Length"), Some("0"));
    assert_eq!((answer.text().as_str(), answer.returned), ("", KEEP));
}

#[test]
fn closing_ends_the_connection_and_adds_no_chunks() {
    let home = Home::with_request("Header(Close=True)\nDisableBuffer()\nWrite('x')");
    let answer = home.get(&[]);
    assert_eq!((answer.keep, answer.returned), (Some(false), SUCCESS));
    assert_eq!(answer.header("Transfer-Encoding"), None);
    // IIS writes it, because the connection is not kept.
    assert_eq!(answer.header("Connection"), None);
    assert_eq!(answer.text(), "x");
}

#[test]
fn an_announced_length_goes_out_before_the_body_and_holds() {
    let home = Home::with_request("Header(Length=6)\nWrite('abc')\nWrite('def')");
    let answer = home.get(&[]);
    assert_eq!(answer.header("Content-Length"), Some("6"));
    assert_eq!(
        (answer.text().as_str(), answer.keep),
        ("abcdef", Some(true))
    );
}

#[test]
fn more_than_the_announced_length_raises_and_never_reaches_the_client() {
    let home = Home::with_request(
        "Header(Length=3)\nWrite('abc')\ntry: Write('d')\nexcept ValueError as e: said.append(str(e))",
    );
    home.file(
        "app.py",
        "from Http import *\nsaid = []\ndef Request():\n    if Env.QUERY_STRING: return Write(said[0])\n    \
         Header(Length=3)\n    Write('abc')\n    try: Write('d')\n    \
         except ValueError as e: said.append(str(e))\n",
    );
    let host = home.host().script("app.py").request();
    let ran = host.words(&["--query", "said", "--request"]).run();
    assert_eq!(ran.answers[0].text(), "abc");
    assert_eq!(
        ran.answers[1].text(),
        "Data specified by content length already sent"
    );
}

#[test]
fn less_than_the_announced_length_closes_so_that_the_client_can_tell() {
    let answer = Home::with_request("Header(Length=10)\nWrite('abc')").get(&[]);
    assert_eq!(answer.header("Content-Length"), Some("10"));
    assert_eq!(answer.raw(), b"abc");
    // HSE_REQ_CLOSE_CONNECTION
    assert_eq!(answer.support(1017), 1);
    assert_eq!(answer.log, "ISH0404");
}

#[test]
fn a_head_request_gets_the_headers_of_its_get_and_no_body() {
    let home = Home::with_request("Write('hello')");
    let (get, head) = (home.get(&[]), home.get(&["--method", "HEAD"]));
    assert_eq!(head.headers, get.headers);
    assert!(head.writes.is_empty());
    assert_eq!(head.problems(), [""; 0]);
}

#[test]
fn no_error_page_has_a_body_for_head() {
    let home = Home::with_request("return True");
    let host = home.host().script("app.py").words(&["--method", "HEAD"]);
    // Recursion; a host that does not say what it must; a script that raises.
    let host = host.words(&[
        "--recurse",
        "--request",
        "--refuse",
        "1008",
        "87",
        "--request",
    ]);
    home.request("raises.py", "raise ValueError()");
    let host = host.words(&["--reset"]).script("raises.py");
    let ran = host.words(&["--method", "HEAD", "--request"]).run();
    assert_eq!(ran.answers.len(), 4);
    for answer in &ran.answers[1..] {
        assert_eq!(answer.status, "500 Internal Server Error");
        assert!(answer.writes.is_empty(), "{:#?}", answer.events);
    }
}

#[test]
fn a_write_of_nothing_is_no_chunk() {
    let home = Home::with_request("DisableBuffer()\nfor x in '', 'a', b'', 'b', '': Write(x)");
    let answer = home.get(&[]);
    assert_eq!(answer.header("Transfer-Encoding"), Some("chunked"));
    assert_eq!(answer.text(), "ab");
}

#[test]
fn a_full_buffer_waits_for_one_byte_more_and_goes_out_whole() {
    let home = Home::new();
    home.file("Http/Config.py", "BufferSize = 64\n");
    home.request("app.py", "Write('x' * 64)");
    assert_eq!(home.get(&[]).header("Content-Length"), Some("64"));
    home.request("app.py", "Write('x' * 64)\nWrite('y')\nWrite('z')");
    let answer = home.get(&["--protocol", "HTTP/1.0"]);
    let sizes: Vec<_> = answer.writes.iter().map(Vec::len).collect();
    assert_eq!(sizes, [64, 2]);
    assert_eq!(answer.keep, Some(false));
    assert_eq!(home.get(&[]).text(), format!("{}yz", "x".repeat(64)));
}

#[test]
fn a_status_that_allows_no_body_gets_none() {
    for status in ["204", "304"] {
        let home = Home::with_request(&format!("Header(Status={status})\nWrite('text')"));
        let answer = home.get(&[]);
        assert!(answer.status.starts_with(status), "{}", answer.status);
        assert!(answer.writes.is_empty(), "{status}");
        assert_eq!(answer.header("Transfer-Encoding"), None);
    }
}

#[test]
fn the_end_of_a_script_by_exit_is_an_end_like_any_other() {
    let answer = Home::with_request("Write('before')\nimport sys\nsys.exit('why')").get(&[]);
    assert_eq!((answer.text().as_str(), answer.returned), ("before", KEEP));
    assert_eq!((answer.http, &*answer.log), (200, ""));
}

#[test]
fn an_exception_becomes_a_page_with_the_traceback_and_forgets_what_was_prepared() {
    let home = Home::with_request("Header('X-A: 1', Status=404, Length=3)\nraise KeyError('<b>')");
    let answer = home.get(&[]);
    let page = answer.text();
    assert_eq!(answer.status, "500 Internal Server Error");
    assert_eq!((answer.returned, answer.http), (ERROR, 500));
    assert_eq!((answer.header("X-A"), answer.keep), (None, Some(false)));
    assert!(page.contains("An error occurred processing this request."));
    assert!(page.contains("Request handler failed"), "{page}");
    assert!(
        page.contains("KeyError") && page.contains("app.py"),
        "{page}"
    );
    assert!(
        !page.contains("<b>'"),
        "text from outside is escaped: {page}"
    );
    assert!(page.contains("ISH0401") && answer.log == "ISH0401");
}

#[test]
fn text_in_the_buffer_is_not_shown_before_an_error_page() {
    let page = Home::with_request("Write('half')\nraise OSError()").get(&[]);
    assert!(!page.text().contains("half"));
}

#[test]
fn an_import_error_says_where_python_looked() {
    let page = Home::with_request("import no_such_module").get(&[]).text();
    for part in [
        "Additional Information",
        "-- Module Search Path --",
        "-- Other Path Info --",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn an_exception_after_the_headers_is_appended_and_closes() {
    let home = Home::with_request("DisableBuffer()\nWrite('begun ')\nraise ValueError('late')");
    let answer = home.get(&["--protocol", "HTTP/1.0"]);
    assert_eq!(answer.returned, ERROR);
    let text = answer.text();
    assert!(
        text.starts_with("begun ") && text.contains("late"),
        "{text}"
    );
}
