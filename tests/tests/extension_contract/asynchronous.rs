//! Operations that end in a callback.

use acceptance::probe::{Server, Site, body, fnv, query, run};

const PRELOAD: usize = 49152;
const SEND_HEADERS: &str = "8";

#[test]
fn an_asynchronous_write_is_told_of_once_on_another_thread() {
    let ran = run(&Site::default(), "scenario=async-write", &[]);
    assert_eq!(ran.text(), "one two three");
    for line in ["1: size=4", "2: size=4", "3: size=5"] {
        let whole = format!("completion {line} error=0 another-thread same-block");
        assert_eq!(ran.err.matches(&whole).count(), 1, "{}", ran.err);
    }
    assert_eq!(
        ran.err.matches("completion").count(),
        3,
        "the latest callback wins: {}",
        ran.err
    );
    assert!(!ran.err.contains("ISH"), "{}", ran.err);
}

#[test]
fn an_asynchronous_read_gives_the_rest_of_the_body_and_then_nothing() {
    let site = Site::default();
    let data = body(200_000);
    let file = site.write("body", &data);
    let ran = run(
        &site,
        "scenario=async-read",
        &["-d", &format!("@{}", file.display())],
    );
    let wanted = format!(
        "rest={} hash={} error=0 another-thread\n",
        200_000 - PRELOAD,
        fnv(&data)
    );
    assert_eq!(ran.text(), wanted);
}

#[test]
fn an_asynchronous_read_learns_that_the_client_has_gone() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    client.send(
        "POST /page.x?scenario=async-read HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n",
    );
    client.send(body(PRELOAD));
    server.said("reading");
    drop(client);
    let said = server.said("rest=0");
    let error = said
        .split("error=")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .unwrap();
    assert!(
        ["0", "64", "995", "1229", "10053", "10054"].contains(&error),
        "{said}"
    );
}

#[test]
fn without_a_callback_nothing_asynchronous_begins() {
    let ran = run(&Site::default(), "scenario=unregistered", &[]);
    let text = ran.text();
    assert_eq!(text.lines().count(), 11, "{text}");
    assert!(text.lines().all(|line| line.contains(": FALSE")), "{text}");
    assert!(!ran.err.contains("must not"), "{}", ran.err);
}

#[test]
fn a_second_operation_is_refused_while_one_is_under_way() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let length = PRELOAD + 4;
    client.send(format!(
        "POST /page.x?scenario=second HTTP/1.1\r\nHost: t\r\nContent-Length: {length}\r\n\r\n"
    ));
    client.send(body(PRELOAD));
    // Now the first one waits for the body's rest.
    server.said("second refused");
    for operation in [
        "read: FALSE ",
        "write: FALSE ",
        "exec: FALSE ",
        "own exec: FALSE ",
    ] {
        server.said(operation);
    }
    client.send("rest");
    assert!(client.response().text().starts_with("rest=4 "));
    server.said("ISH0505");
    server.never_said("the child ran");
}

#[test]
fn an_operation_that_outlives_its_request_calls_nobody() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let length = PRELOAD + 4;
    client.send(format!(
        "POST /page.x?scenario=abandon HTTP/1.1\r\nHost: t\r\nContent-Length: {length}\r\n\r\n"
    ));
    client.send(body(PRELOAD));
    assert_eq!(client.response().text(), "read: TRUE\n");
    // The response is there before the request is done; until then a completion is due.
    server.said("abandoned");
    drop(client);
    server.said("ISH0505");
    assert_eq!(server.get("/page.x?scenario=return&send=1").text(), "sent");
    server.never_said("must not");
}

fn transmit(site: &Site, more: &[(&str, &str)]) -> acceptance::probe::Ran {
    let file = site.write("file", "0123456789");
    let file = file.to_string_lossy();
    let mut all = vec![("scenario", "transmit"), ("file", &*file)];
    all.extend_from_slice(more);
    run(site, &query(&all), &[])
}

#[test]
fn a_file_is_sent_between_head_and_tail() {
    let more = [
        ("head", "<<"),
        ("tail", ">>"),
        ("headers", "Content-Length: 14\r\n\r\n"),
    ];
    let ran = transmit(&Site::default(), &more);
    assert_eq!(ran.text(), "<<0123456789>>");
    assert!(
        ran.err
            .contains("completion 1: size=14 error=0 another-thread same-block"),
        "{}",
        ran.err
    );
    // The file is the extension's, before and after.
    assert!(ran.err.contains("file still open"), "{}", ran.err);
}

#[test]
fn a_part_of_a_file_is_sent_to_a_callback_of_its_own() {
    let more = [
        ("own", "1"),
        ("offset", "2"),
        ("bytes", "3"),
        ("headers", "Content-Length: 3\r\n\r\n"),
    ];
    let ran = transmit(&Site::default(), &more);
    assert_eq!(ran.text(), "234");
    assert!(
        ran.err.contains("completion 1: size=3 error=0"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("must not"), "{}", ran.err);
}

#[test]
fn an_offset_without_a_length_sends_the_rest() {
    let more = [("offset", "7"), ("headers", "Content-Length: 3\r\n\r\n")];
    assert_eq!(transmit(&Site::default(), &more).text(), "789");
}

#[test]
fn a_file_can_bring_its_response_head() {
    let more = [
        ("flags", SEND_HEADERS),
        ("status", "206 Partial Content"),
        ("head", "X-A: b\r\nContent-Length: 12\r\n\r\n"),
        ("tail", ">>"),
    ];
    let response = transmit(&Site::default(), &more).response();
    assert_eq!(
        (response.status, &*response.reason),
        (206, "Partial Content")
    );
    assert_eq!(
        (response.header("x-a"), response.text()),
        ("b", "0123456789>>".to_owned())
    );
}

#[test]
fn an_offset_behind_the_end_of_the_file_is_error_10022() {
    let ran = transmit(&Site::default(), &[("offset", "11")]);
    let told = ran.err.contains("transmit: FALSE 10022") || ran.err.contains("size=0 error=10022");
    assert!(told, "{}", ran.err);
}

fn vector(more: &[(&str, &str)]) -> acceptance::probe::Ran {
    let site = Site::default();
    let file = site.write("file", "0123456789");
    let file = file.to_string_lossy();
    let mut all = vec![
        ("scenario", "vector"),
        ("file", &*file),
        ("offset", "2"),
        ("bytes", "5"),
    ];
    all.extend_from_slice(more);
    run(&site, &query(&all), &[])
}

#[test]
fn a_vector_of_memory_and_a_file_is_a_whole_response() {
    for asynchronous in ["0", "1"] {
        let ran = vector(&[
            ("async", asynchronous),
            ("status", "201 Made"),
            ("headers", "X-A: b\r\nContent-Length: 9\r\n\r\n"),
        ]);
        let response = ran.response();
        assert_eq!((response.status, response.header("x-a")), (201, "b"));
        assert_eq!(response.text(), "<<23456>>");
        let told = ran
            .err
            .contains("completion 1: size=9 error=0 another-thread same-block");
        assert_eq!(told, asynchronous == "1", "{}", ran.err);
        assert!(!ran.err.contains("FALSE"), "{}", ran.err);
    }
}

#[test]
fn a_vectors_flag_and_strings_go_together() {
    let text = run(&Site::default(), "scenario=bad-vectors", &[]).text();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(
        text.lines().all(|line| line.ends_with(": FALSE 87")),
        "{text}"
    );
}

#[test]
fn a_vector_without_a_head_continues_the_response() {
    let site = Site::default();
    let file = site.write("file", "0123456789");
    let server = Server::start(&site);
    // Request 1037 behind data that made a head of its own.
    let arguments = query(&[
        ("scenario", "vector"),
        ("file", &file.to_string_lossy()),
        ("bytes", "10"),
        ("flags", "0"),
        ("before", "Content-Length: 14\r\n\r\n"),
    ]);
    let mut client = server.connect();
    assert_eq!(
        client.get(&format!("/page.x?{arguments}")).text(),
        "<<0123456789>>"
    );
}

#[test]
fn a_vector_may_close_the_connection_behind_itself() {
    let site = Site::default();
    let file = site.write("file", "0123456789");
    let server = Server::start(&site);
    for asynchronous in ["0", "1"] {
        let arguments = query(&[
            ("scenario", "vector"),
            ("file", &file.to_string_lossy()),
            ("async", asynchronous),
            // SEND_HEADERS, DISCONNECT_AFTER_SEND.
            ("flags", "12"),
            ("status", "200 OK"),
            ("headers", "Content-Length: 14\r\n\r\n"),
        ]);
        let mut client = server.connect();
        assert_eq!(
            client.get(&format!("/page.x?{arguments}")).text(),
            "<<0123456789>>"
        );
        assert!(client.is_closed(), "{asynchronous}");
    }
}
