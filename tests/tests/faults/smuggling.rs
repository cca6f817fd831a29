//! Requests that a proxy in front of this server might end elsewhere than this server does.

use super::Victim;

/// What an attacker hides behind a request: it must never be answered.
const HIDDEN: &str = "GET /app.py?hidden HTTP/1.1\r\nHost: a\r\n\r\n";

/// Each head is refused with 400, and the connection is closed before anything behind it is read.
#[track_caller]
fn refused(heads: &[String], body: &str) {
    let victim = Victim::new();
    for head in heads {
        let mut connection = victim.connect();
        let request = format!("POST /echo.py HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n{body}{HIDDEN}");
        connection.send(&request).unwrap();
        let response = connection.response(false);
        let response = response.unwrap_or_else(|e| panic!("{head:?}: {e}"));
        assert_eq!(response.status, 400, "{head:?}");
        assert!(connection.is_closed(), "{head:?}");
    }
    victim.is_well();
}

const CHUNKS: &str = "1\r\nx\r\n0\r\n\r\n";

#[test]
fn a_length_beside_a_coding_is_refused_in_either_order() {
    let heads = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "transfer-encoding: chunked\r\nX: y\r\ncontent-length: +4",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
    ];
    refused(&heads.map(str::to_owned), CHUNKS);
}

#[test]
fn a_length_beside_a_coding_is_refused_behind_other_requests_of_the_connection() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    let before = "POST /echo.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\nabc\r\n0\r\n\r\nPOST /echo.py HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ndef";
    let both = "POST /echo.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\
         Content-Length: 4\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    connection.send(format!("{before}{both}{HIDDEN}")).unwrap();
    assert_eq!(connection.response(false).unwrap().text(), "abc");
    assert_eq!(connection.response(false).unwrap().text(), "def");
    assert_eq!(connection.response(false).unwrap().status, 400);
    assert!(connection.is_closed());
    victim.is_well();
}

#[test]
fn a_coding_that_is_not_exactly_chunked_is_refused() {
    let heads = [
        ": gzip, chunked",
        ": chunked, chunked",
        ": , chunked",
        ": chunked,",
        ": xchunked",
        ": chunked;q=1",
        ": \"chunked\"",
        ": identity",
        ": gzip",
        ":",
        ": chunked\u{b}",
        ":\r\n chunked",
        " : chunked",
        ": identity\r\nTransfer-Encoding: chunked",
        ": chunked\r\nTransfer-Encoding: identity",
        ": chunked\r\nTransfer-Encoding: chunked",
    ];
    refused(&heads.map(|h| format!("Transfer-Encoding{h}")), CHUNKS);
}

#[test]
fn two_lengths_that_differ_are_refused() {
    let heads = [
        "4\r\nContent-Length: 5",
        "4, 5",
        "4, 4",
        "5\r\nX: y\r\ncontent-length: 4",
    ];
    refused(&heads.map(|h| format!("Content-Length: {h}")), "abcde");
}

#[test]
fn a_length_that_is_no_plain_number_is_refused() {
    let heads = [
        ": +4",
        ": -4",
        ": 4 4",
        ": 0x4",
        ": 4.0",
        ": 4;",
        ":",
        ": four",
        " : 4",
        "\t: 4",
        ": 99999999999999999999999",
        ": \u{663}",
    ];
    refused(&heads.map(|h| format!("Content-Length{h}")), "abcd");
}

#[test]
fn a_header_line_that_is_folded_is_refused() {
    let heads = [
        "X-A: a\r\n b",
        "X-A: a\r\n\tContent-Length: 4",
        "X-A:\r\n a",
    ];
    refused(&heads.map(str::to_owned), "abcd");
}

#[test]
fn a_nul_or_another_control_character_in_a_header_is_refused() {
    let heads = [
        "X-A: a\0b",
        "X-\0A: b",
        "X-A: a\u{1}",
        "X-A: a\rX-B: b",
        "X-A\u{7f}: b",
    ];
    refused(&heads.map(str::to_owned), "");
}

#[test]
fn a_second_host_is_refused() {
    refused(&["Host: b".to_owned(), "X: y\r\nhost: a".to_owned()], "");
}

#[test]
fn a_coding_in_http_1_0_is_refused() {
    let victim = Victim::new();
    let head = "POST /echo.py HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(victim.send(format!("{head}{CHUNKS}")).status, 400);
    victim.is_well();
}

#[test]
fn lines_that_end_in_lf_alone_mean_the_same_as_with_crlf() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    let request = "POST /echo.py HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc";
    connection.send(request).unwrap();
    assert_eq!(connection.response(false).unwrap().text(), "abc");
    // And the next request begins where this one has ended.
    assert_eq!(connection.get("/app.py?next").text(), "well next");
    drop(connection);
    victim.is_well();
}
