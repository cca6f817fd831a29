//! `lpbData` and `ReadClient`.

use acceptance::probe::{Client, Server, Site, body, fnv, run};

const PRELOAD: usize = 49152;

fn post(client: &mut Client, headers: &str) {
    client.send(format!(
        "POST /page.x?scenario=read HTTP/1.1\r\nHost: t\r\n{headers}\r\n"
    ));
}

fn chunked(data: &[u8], size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in data.chunks(size) {
        out.extend_from_slice(format!("{:x};ext=1\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\nX-Trailer: t\r\n\r\n");
    out
}

#[test]
fn what_was_preloaded_is_not_read_again() {
    let site = Site::default();
    let data = body(200_000);
    let file = site.write("body", &data);
    let ran = run(
        &site,
        "scenario=read",
        &["-d", &format!("@{}", file.display())],
    );
    let hash = fnv(&data);
    assert_eq!(
        ran.text(),
        format!(
            "total=200000 available={PRELOAD}\nlast: TRUE\nsize=0\nagain: TRUE\n\
             rest={} hash={hash}\n",
            200_000 - PRELOAD
        )
    );
}

#[test]
fn a_small_body_is_all_preloaded() {
    for size in [1, PRELOAD - 1, PRELOAD] {
        let site = Site::default();
        let data = body(size);
        let file = site.write("body", &data);
        let text = run(
            &site,
            "scenario=read",
            &["-d", &format!("@{}", file.display())],
        )
        .text();
        assert!(
            text.starts_with(&format!("total={size} available={size}\n")),
            "{text}"
        );
        assert!(
            text.ends_with(&format!("rest=0 hash={}\n", fnv(&data))),
            "{text}"
        );
    }
}

#[test]
fn a_body_is_read_from_a_socket_with_buffers_of_any_size() {
    let site = Site::default();
    let server = Server::start(&site);
    let data = body(60_000);
    for size in [7, 4096, 1_000_000] {
        let mut client = server.connect();
        client.send(format!(
            "POST /page.x?scenario=read&size={size} HTTP/1.1\r\nHost: t\r\n\
             Content-Length: 60000\r\n\r\n"
        ));
        let text = client.send(&data).response().text();
        assert!(
            text.contains(&format!("rest={} hash={}", 60_000 - PRELOAD, fnv(&data))),
            "{text}"
        );
    }
}

#[test]
fn a_small_chunked_body_is_presented_with_its_length() {
    let site = Site::default();
    let server = Server::start(&site);
    let data = body(5000);
    let mut client = server.connect();
    post(&mut client, "Transfer-Encoding: chunked\r\n");
    let text = client.send(chunked(&data, 700)).response().text();
    let hash = fnv(&data);
    assert_eq!(
        text,
        format!("total=5000 available=5000\nlast: TRUE\nsize=0\nagain: TRUE\nrest=0 hash={hash}\n")
    );
}

#[test]
fn a_small_chunked_body_has_a_made_up_length_and_its_transfer_encoding() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    client.send(
        "POST /page.x?scenario=vars&names=CONTENT_LENGTH,HTTP_TRANSFER_ENCODING HTTP/1.1\r\n\
         Host: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    assert_eq!(
        client.response().text(),
        "CONTENT_LENGTH: 2 [3\\x00]\nHTTP_TRANSFER_ENCODING: 8 [chunked\\x00]\n"
    );
}

#[test]
fn a_large_chunked_body_has_an_unknown_length_and_an_end() {
    let site = Site::default();
    let server = Server::start(&site);
    let data = body(200_000);
    let mut client = server.connect();
    post(&mut client, "Transfer-Encoding: chunked\r\n");
    let text = client.send(chunked(&data, 9999)).response().text();
    assert_eq!(
        text,
        format!(
            "total={} available={PRELOAD}\nlast: TRUE\nsize=0\nagain: TRUE\nrest={} hash={}\n",
            u32::MAX,
            200_000 - PRELOAD,
            fnv(&data)
        )
    );
}

/// Either it fails by a code of a lost connection, or it gives 0 bytes.
fn assert_lost(said: &str) {
    let codes = ["10053", "10054", "64", "995", "1229"];
    let code = said.rsplit("last: ").next().unwrap();
    let lost = code
        .strip_prefix("FALSE ")
        .is_some_and(|code| codes.contains(&code));
    assert!(lost || code == "TRUE", "{said}");
}

#[test]
fn a_client_that_vanishes_in_its_body_ends_the_reading() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    post(&mut client, "Content-Length: 100000\r\n");
    client.send(body(PRELOAD + 10));
    server.said("reading");
    drop(client);
    assert_lost(&server.said("last: "));
    let rest = server.said("rest=");
    assert!(rest.starts_with("rest=10 "), "{rest}");
}

#[test]
fn a_client_that_vanishes_in_its_chunks_ends_the_reading() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    post(&mut client, "Transfer-Encoding: chunked\r\n");
    client
        .send(format!("{:x}\r\n", PRELOAD + 10))
        .send(body(PRELOAD + 10));
    server.said("reading");
    drop(client);
    assert_lost(&server.said("last: "));
}

#[test]
fn a_client_that_vanishes_before_the_preload_is_whole_calls_nobody() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    post(&mut client, "Content-Length: 100000\r\n");
    client.send(body(1000));
    drop(client);
    // A request behind it shows that the server has gone on.
    assert_eq!(server.get("/page.x?scenario=return&send=1").status, 200);
    server.logged("POST /page.x");
    server.never_said("reading");
}

#[test]
fn a_client_that_expects_to_be_told_to_continue_is_told_so() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    post(&mut client, "Content-Length: 5\r\nExpect: 100-continue\r\n");
    assert_eq!(client.head_only().status, 100);
    let text = client.send("hello").response().text();
    assert!(text.starts_with("total=5 available=5\n"), "{text}");
}
