//! `WriteClient`, and what ends a response.

use acceptance::probe::{Server, Site, query, run};

fn write(headers: Option<&str>, pieces: &str, more: &[(&str, &str)]) -> String {
    let mut all = vec![("scenario", "write"), ("pieces", pieces)];
    all.extend(headers.map(|headers| ("headers", headers)));
    all.extend_from_slice(more);
    query(&all)
}

#[test]
fn a_write_of_nothing_does_nothing() {
    let ran = run(
        &Site::default(),
        &write(Some("Content-Length: 2\r\n\r\n"), "a,,b,", &[]),
        &[],
    );
    assert_eq!(ran.text(), "ab");
    assert_eq!(
        ran.err.matches("write of 0: TRUE 0").count(),
        2,
        "{}",
        ran.err
    );
    assert_eq!(
        ran.err.matches("write of 1: TRUE 1").count(),
        2,
        "{}",
        ran.err
    );
}

#[test]
fn the_flags_of_a_synchronous_write_change_nothing() {
    let ran = run(&Site::default(), "scenario=flags", &[]);
    assert_eq!(ran.text(), "abcd");
    assert_eq!(ran.err.matches(": TRUE 1").count(), 4, "{}", ran.err);
}

#[test]
fn data_before_any_head_is_the_body_of_a_200() {
    let site = Site::default();
    let response = Server::start(&site).get(&format!("/page.x?{}", write(None, "raw ,text", &[])));
    assert_eq!(
        (response.status, response.text()),
        (200, "raw text".to_owned())
    );
    assert_eq!(response.header("connection"), "close");
}

#[test]
fn a_head_may_be_written_as_data() {
    let site = Site::default();
    let data = "HTTP/1.1 201 Made\r\nX-A: b\r\nContent-Length: 8\r\n\r\nbody";
    let response = Server::start(&site).get(&format!(
        "/page.x?{}",
        write(None, &format!("{data},more"), &[])
    ));
    assert_eq!((response.status, &*response.reason), (201, "Made"));
    assert_eq!(
        (response.header("x-a"), response.text()),
        ("b", "bodymore".to_owned())
    );
}

#[test]
fn a_known_length_keeps_the_connection() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    for _ in 0..2 {
        let target = write(Some("Content-Length: 4\r\n\r\n"), "text", &[]);
        let response = client.get(&format!("/page.x?{target}"));
        assert_eq!(response.text(), "text");
        assert_ne!(response.header("connection"), "close");
    }
}

#[test]
fn neither_length_nor_chunks_close_the_connection() {
    let site = Site::default();
    let server = Server::start(&site);
    // What the extension wishes does not count: nothing else would end the body.
    for (keep, code) in [("0", "1"), ("1", "1"), ("1", "2")] {
        let mut client = server.connect();
        let target = write(
            Some("X-A: b\r\n\r\n"),
            "te,xt",
            &[("keep", keep), ("return", code)],
        );
        let response = client.get(&format!("/page.x?{target}"));
        assert_eq!(response.header("connection"), "close");
        assert_eq!(response.text(), "text");
        assert!(client.is_closed());
    }
}

#[test]
fn an_extension_may_close_the_connection_though_the_length_is_known() {
    let site = Site::default();
    let server = Server::start(&site);
    for (headers, keep) in [
        ("Content-Length: 4\r\n\r\n", "0"),
        ("Content-Length: 4\r\nConnection: close\r\n\r\n", "1"),
    ] {
        let mut client = server.connect();
        let response = client.get(&format!(
            "/page.x?{}",
            write(Some(headers), "text", &[("keep", keep)])
        ));
        assert_eq!(
            (response.header("connection"), response.text()),
            ("close", "text".to_owned())
        );
        assert!(client.is_closed());
    }
}

#[test]
fn a_client_that_wants_the_connection_closed_has_it_closed() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let target = write(Some("Content-Length: 4\r\n\r\n"), "text", &[]);
    client.send(format!(
        "GET /page.x?{target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
    ));
    let response = client.response();
    assert_eq!(
        (response.header("connection"), response.text()),
        ("close", "text".to_owned())
    );
    assert!(client.is_closed());
}

#[test]
fn the_body_of_a_head_request_is_dropped() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let target = write(Some("Content-Length: 4\r\n\r\n"), "text", &[]);
    for _ in 0..2 {
        client.send(format!("HEAD /page.x?{target} HTTP/1.1\r\nHost: t\r\n\r\n"));
        assert_eq!(client.head_only().header("content-length"), "4");
    }
    server.said("write of 4: TRUE 4");
}

#[test]
fn statuses_without_a_body_have_none() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    for status in ["204 No Content", "304 Not Modified"] {
        let target = write(Some("X-A: b\r\n\r\n"), "text", &[("status", status)]);
        let response = client.get(&format!("/page.x?{target}"));
        assert_eq!(response.status.to_string(), status[..3]);
        assert_ne!(response.header("connection"), "close", "{status}");
    }
}

#[test]
fn the_extensions_own_chunks_reach_the_client_as_the_body_they_hold() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let headers = "Transfer-Encoding: chunked\r\n\r\n";
    // Cut where chunks end, in the middle of data, and in the middle of a size line.
    for pieces in [
        "5\r\nHello\r\n,6\r\n world\r\n,0\r\n\r\n",
        "b\r\nHel,lo wo,rld\r\n0\r\n\r\n",
        "0,5\r,\nHello\r\n6;x=y\r\n world\r,\n0\r\nX-T: t\r\n\r,\n",
    ] {
        let response = client.get(&format!("/page.x?{}", write(Some(headers), pieces, &[])));
        assert_eq!(response.text(), "Hello world", "{pieces:?}");
        assert!(!response.cut, "{pieces:?}");
        assert_ne!(response.header("connection"), "close");
    }
    server.never_said("ISH");
}

#[test]
fn a_length_beside_chunks_does_not_count_and_is_said_aloud() {
    let site = Site::default();
    let server = Server::start(&site);
    let headers = "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n";
    let target = write(Some(headers), "5\r\nHello\r\n0\r\n\r\n", &[]);
    let response = server.get(&format!("/page.x?{target}"));
    assert_eq!(
        (response.text(), response.header("content-length")),
        ("Hello".to_owned(), "")
    );
    server.said("ISH0507");
}

#[test]
fn chunks_that_do_not_end_are_a_cut_response() {
    let site = Site::default();
    let server = Server::start(&site);
    let target = write(
        Some("Transfer-Encoding: chunked\r\n\r\n"),
        "5\r\nHello\r\n",
        &[],
    );
    let mut client = server.connect();
    assert!(client.get(&format!("/page.x?{target}")).cut);
    assert!(client.is_closed());
}

#[test]
fn chunks_that_cannot_be_read_are_said_aloud() {
    let site = Site::default();
    let server = Server::start(&site);
    let target = write(
        Some("Transfer-Encoding: chunked\r\n\r\n"),
        "no size\r\nHello\r\n",
        &[],
    );
    let mut client = server.connect();
    client.send(format!("GET /page.x?{target} HTTP/1.1\r\nHost: t\r\n\r\n"));
    server.said("ISH0507");
}

#[test]
fn data_beyond_the_length_is_dropped_and_said_aloud() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let target = write(
        Some("Content-Length: 4\r\n\r\n"),
        "te,xt and more,more",
        &[],
    );
    for _ in 0..2 {
        assert_eq!(client.get(&format!("/page.x?{target}")).text(), "text");
    }
    server.said("ISH0507");
}

#[test]
fn data_short_of_the_length_is_a_cut_response_and_said_aloud() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let target = write(Some("Content-Length: 9\r\n\r\n"), "te,xt", &[]);
    let response = client.get(&format!("/page.x?{target}"));
    assert!(response.cut);
    assert_eq!(response.text(), "text");
    assert!(client.is_closed());
    server.said("ISH0507");
    // The server itself has taken no harm.
    assert_eq!(server.get("/static.txt").text(), "static text");
}

#[test]
fn close_connection_closes_at_once_and_later_writes_fail() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let response = client.get("/page.x?scenario=close");
    assert!(response.cut);
    assert!(client.is_closed());
    server.said("close: TRUE");
    server.said("write: FALSE 64");
}

#[test]
fn a_write_to_a_client_that_has_gone_fails_by_a_code_for_that() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    client.send("GET /page.x?scenario=write-until-gone HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_eq!(client.head_only().status, 200);
    drop(client);
    let said = server.said("write: FALSE");
    let code = said.rsplit(' ').next().unwrap();
    assert!(
        ["10053", "10054", "64", "995", "1229"].contains(&code),
        "{said}"
    );
    server.said("connected=0");
}

#[test]
fn is_connected_tells_that_the_client_has_gone() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    client.send("GET /page.x?scenario=wait-gone HTTP/1.1\r\nHost: t\r\n\r\n");
    server.said("waiting");
    drop(client);
    assert!(server.said("connected=").ends_with("connected=0"));
}

#[test]
fn the_access_log_has_what_the_extension_gave_for_it() {
    let site = Site::default();
    let server = Server::start(&site);
    assert_eq!(server.get("/page.x?scenario=log").text(), "append: TRUE\n");
    let line = server.logged("scenario=log");
    assert!(line.contains("from-the-block+appended"), "{line}");
    assert!(line.contains("\" 200 "), "{line}");
}

#[test]
fn log_text_that_fills_the_block_ends_there() {
    let site = Site::default();
    let server = Server::start(&site);
    server.get("/page.x?scenario=log&full=1");
    let line = server.logged("scenario=log");
    assert!(
        line.ends_with(&format!(" {}+appended", "x".repeat(80))),
        "{line}"
    );
}
