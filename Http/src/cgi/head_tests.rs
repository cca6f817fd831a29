use super::head::{Fault, Head, MOST, Parser};
use super::output::{Output, Taken};
use proptest::prelude::*;

fn parse(output: &[u8]) -> Result<Option<(Head, usize)>, Fault> {
    let mut parser = Parser::default();
    let end = parser.feed(output)?;
    Ok(end.map(|end| (parser.into_head(), end)))
}

fn head(output: &[u8]) -> Head {
    parse(output).unwrap().expect("the block ends").0
}

fn fault(output: &[u8]) -> Fault {
    let mut all = Output::new();
    all.take(output);
    all.fault().expect("no response")
}

fn status(output: &[u8]) -> Option<(u16, String)> {
    let status = head(output).status;
    status.map(|(code, text)| (code, String::from_utf8(text).unwrap()))
}

#[test]
fn lines_end_in_lf_or_crlf_and_the_body_follows_the_empty_one() {
    for output in [
        &b"Content-Type: text/plain\nX-A:b \n\nbody\n\n"[..],
        b"Content-Type: text/plain\r\nX-A:  b\r\n\r\nbody\n\n",
        b"Content-Type:text/plain\nX-A: b\r\n\nbody\n\n",
    ] {
        let (head, end) = parse(output).unwrap().unwrap();
        assert_eq!(head.status, None);
        assert_eq!(head.headers, [&b"Content-Type: text/plain"[..], b"X-A: b"]);
        assert_eq!(&output[end..], b"body\n\n");
    }
}

#[test]
fn a_status_keeps_its_text() {
    let of = |value: &str| status(format!("Status:{value}\nContent-Type: a/b\n\n").as_bytes());
    assert_eq!(
        of(" 404 Tile Not Found"),
        Some((404, "Tile Not Found".into()))
    );
    assert_eq!(of("404"), Some((404, String::new())));
    assert_eq!(of(" 299  x "), Some((299, "x".into())));
}

#[test]
fn a_location_is_a_redirection_unless_a_status_says_otherwise() {
    assert_eq!(status(b"Location: /x\n\n"), Some((302, String::new())));
    assert_eq!(
        status(b"Location: /x\nStatus: 201 Made\n\n"),
        Some((201, "Made".into()))
    );
    assert_eq!(fault(b"Location:\n\n"), Fault::NoContentType);
}

#[test]
fn a_status_line_of_the_scripts_own_is_understood() {
    let output = b"HTTP/1.0 200 OK\r\nServer: mine\r\n\r\n";
    assert_eq!(status(output), Some((200, "OK".into())));
    assert_eq!(head(output).headers, [b"Server: mine"]);
    assert_eq!(status(b"HTTP/1.1 404\n\n"), Some((404, String::new())));
}

#[test]
fn without_a_body_no_content_type_is_needed() {
    for code in ["204 No Content", "304"] {
        assert!(parse(format!("Status: {code}\n\n").as_bytes()).is_ok());
    }
}

#[test]
fn a_line_that_begins_with_a_blank_continues_the_header_before() {
    let output = b"Content-Type: text/html;\n charset=utf-8\nX: 1\n\n";
    assert_eq!(
        head(output).headers,
        [&b"Content-Type: text/html; charset=utf-8"[..], b"X: 1"]
    );
    assert_eq!(
        fault(b"Status: 200 a\n b\n\n"),
        Fault::NotAHeader(b" b".to_vec())
    );
    assert_eq!(fault(b" a: b\n\n"), Fault::NotAHeader(b" a: b".to_vec()));
}

#[test]
fn the_comment_of_cgitb_is_no_header() {
    let output = b"<!--: spam\nContent-Type: text/html\n\n<body>";
    assert_eq!(head(output).headers, [b"Content-Type: text/html"]);
}

#[test]
fn what_is_no_response_is_told_apart() {
    let no_header = |line: &[u8]| Fault::NotAHeader(line.to_vec());
    assert_eq!(fault(b""), Fault::Nothing);
    assert_eq!(fault(b"\nhello"), Fault::NoHeaders);
    assert_eq!(fault(b"<p>Hello</p>\n"), no_header(b"<p>Hello</p>"));
    assert_eq!(fault(b"hello"), no_header(b"hello"));
    assert_eq!(fault(b"Content-Type: a/b\nhello\n\n"), no_header(b"hello"));
    assert_eq!(fault(b"Two words: a\n\n"), no_header(b"Two words: a"));
    assert_eq!(fault(b"A: b\0c\n\n"), no_header(b"A: b\0c"));
    assert_eq!(fault(b"Content-Type: a/b\n"), Fault::Unfinished);
    assert_eq!(fault(b"Content-Type: a/b"), Fault::Unfinished);
    assert_eq!(fault(b"Content-Type: a/b\r"), Fault::Unfinished);
    assert_eq!(fault(b"X-A: b\n\n"), Fault::NoContentType);
    assert_eq!(fault(&[b'a'; MOST + 1]), Fault::TooLong);
    assert_eq!(fault(&b"A: b\n".repeat(MOST)), Fault::TooLong);
    for status in [
        "Not Found",
        "4040",
        "99 x",
        "600",
        "404x",
        "",
        "100 Continue",
    ] {
        let output = format!("Status: {status}\nContent-Type: a/b\n\n");
        assert!(
            matches!(fault(output.as_bytes()), Fault::BadStatus(_)),
            "{status}"
        );
    }
    assert!(matches!(fault(b"HTTP/1.1 OK\n\n"), Fault::BadStatus(_)));
}

#[test]
fn the_page_quotes_the_first_lines_without_their_control_characters() {
    let mut output = Output::new();
    output.take(b"<p>\x1b[31mHello\n\xff2\n3\n4\n5\n");
    let text = output.explain(&output.fault().unwrap());
    assert!(
        text.contains("\n    <p>\\u{1b}[31mHello\n    ?2\n    3\n\n"),
        "{text}"
    );
}

#[test]
fn a_body_that_begins_as_print_shows_bytes_is_told_once() {
    let told = |pieces: &[&[u8]]| {
        let mut output = Output::new();
        let told = pieces.iter().filter(|p| output.begins_as_bytes(p));
        told.count()
    };
    assert_eq!(told(&[b"b'\\x89PNG'"]), 1);
    assert_eq!(told(&[b"", b"\r\n", b"b", b"\"x", b"b'y"]), 1);
    for none in [&b"ab'"[..], b"bb'", b"<b'", b"b x'", b" b'"] {
        assert_eq!(told(&[none, b"b'x'"]), 0, "{none:?}");
    }
}

/// Everything that can be said about output that came in pieces.
fn all(pieces: &[&[u8]]) -> (Option<Head>, Vec<u8>, Option<Fault>, String) {
    let mut output = Output::new();
    let (mut head, mut body) = (None, Vec::new());
    for piece in pieces {
        match output.take(piece) {
            Taken::All => {}
            Taken::Head(read, end) => {
                assert!(head.replace(read).is_none());
                body.extend_from_slice(&piece[end..]);
            }
            Taken::Body => body.extend_from_slice(piece),
        }
    }
    let fault = output.fault();
    let text = fault.as_ref().map(|f| output.explain(f));
    (head, body, fault, text.unwrap_or_default())
}

/// Output that is nearly a response more often than not.
fn output() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        &b"Content-Type: text/html"[..],
        b"Status: 404 Not There",
        b"Status: x",
        b"Location: /a",
        b"HTTP/1.0 200 OK",
        b" folded",
        b"<!--: spam",
        b"no header",
        b"",
        b"\r",
        b"b'x'",
        b"A: \xff\0",
    ]);
    let lines = prop::collection::vec(line, 0..8).prop_map(|lines| lines.join(&b'\n'));
    prop_oneof![lines, prop::collection::vec(any::<u8>(), 0..64)]
}

proptest! {
    #[test]
    fn any_split_into_pieces_means_the_same(
        output in output(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|c| c.index(output.len() + 1)).collect();
        cuts.extend([0, output.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &output[w[0]..w[1]]).collect();
        prop_assert_eq!(all(&pieces), all(&[&output]));
    }

    #[test]
    fn what_is_accepted_can_be_sent(output in output()) {
        if let Ok(Some((head, _))) = parse(&output) {
            for header in &head.headers {
                prop_assert!(crate::response::check_header(header).is_ok());
            }
            let (code, text) = head.status.unwrap_or((200, Vec::new()));
            prop_assert!((200..600).contains(&code));
            prop_assert!(!text.iter().any(u8::is_ascii_control));
        }
    }
}
