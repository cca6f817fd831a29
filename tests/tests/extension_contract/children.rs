//! `EXEC_URL` and its kin.

use acceptance::probe::{Server, Site, query};

const NO_HEADERS: &str = "2";
const IGNORE_CURRENT_INTERCEPTOR: &str = "4";

fn exec(more: &[(&str, &str)]) -> String {
    let mut all = vec![("scenario", "exec")];
    all.extend_from_slice(more);
    format!("/page.x?{}", query(&all))
}

#[test]
fn a_static_file_answers_in_the_place_of_the_extension() {
    let site = Site::default();
    let server = Server::start(&site);
    for wide in ["0", "1"] {
        let response = server.get(&exec(&[("url", "/static.txt"), ("wide", wide)]));
        assert_eq!(
            (response.status, response.text()),
            (200, "static text".to_owned()),
            "{wide}"
        );
        assert!(
            response.header("content-type").starts_with("text/plain"),
            "{response:?}"
        );
    }
    server.said("child 200.0 error 0 completion 0");
    server.never_said("ISH");
}

#[test]
fn the_status_of_a_child_that_was_refused_is_told() {
    let site = Site::default();
    let server = Server::start(&site);
    assert_eq!(server.get(&exec(&[("url", "/absent.txt")])).status, 404);
    server.said("child 404.0 ");
}

#[test]
fn a_child_of_the_extension_has_its_own_url_and_query() {
    let site = Site::default();
    site.write("other.x", "");
    let server = Server::start(&site);
    let text = server
        .get(&exec(&[("url", "/other.x?scenario=ecb&q=1")]))
        .text();
    assert!(
        text.contains("lpszMethod=GET\nlpszQueryString=scenario=ecb&q=1\n"),
        "{text}"
    );
    assert!(text.contains("lpszPathInfo=/other.x\n"), "{text}");
    server.said("child 200.0 ");
}

#[test]
fn a_child_has_the_method_the_headers_and_the_body_it_was_given() {
    let site = Site::default();
    let server = Server::start(&site);
    let own = [
        ("url", "/page.x?scenario=ecb"),
        ("method", "PUT"),
        ("headers", "Content-Type: text/y\r\n"),
        ("entity", "hello"),
    ];
    let text = server.get(&exec(&own)).text();
    for part in [
        "lpszMethod=PUT\n",
        "cbTotalBytes=5\n",
        "lpbData=hello\\x00\n",
        "lpszContentType=text/y\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_child_inherits_what_it_was_not_given() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let target = exec(&[("url", "/page.x?scenario=vars&names=HTTP_X_A,REQUEST_METHOD")]);
    client.send(format!(
        "OPTIONS {target} HTTP/1.1\r\nHost: t\r\nX-A: b\r\n\r\n"
    ));
    let text = client.response().text();
    assert_eq!(
        text,
        "HTTP_X_A: 2 [b\\x00]\nREQUEST_METHOD: 8 [OPTIONS\\x00]\n"
    );
}

#[test]
fn a_child_without_headers_only_adds_to_the_body() {
    let site = Site::default();
    let server = Server::start(&site);
    let own = [
        ("url", "/static.txt"),
        ("flags", NO_HEADERS),
        ("before", "X-Parent: yes\r\nContent-Length: 12\r\n\r\n"),
        ("tail", "!"),
    ];
    let response = server.get(&exec(&own));
    assert_eq!(
        (response.header("x-parent"), response.text()),
        ("yes", "static text!".to_owned())
    );
    assert_eq!(response.header("last-modified"), "");
}

#[test]
fn a_child_that_is_its_own_parent_does_not_go_on_for_ever() {
    let site = Site::default();
    let server = Server::start(&site);
    let response = server.get(&exec(&[]));
    assert_eq!(
        (response.status, &*response.text()),
        (200, "exec: FALSE 87\n")
    );
    server.said("ISH0505");
}

#[test]
fn a_child_may_be_pending_and_may_have_a_child() {
    let site = Site::default();
    let server = Server::start(&site);
    let grandchild = exec(&[("url", "/static.txt")]);
    for (url, text) in [
        ("/page.x?scenario=threaded", "from a thread"),
        (&*grandchild, "static text"),
    ] {
        let mut client = server.connect();
        for _ in 0..10 {
            let response = client.get(&exec(&[("url", url)]));
            assert_eq!((response.status, &*response.text()), (200, text));
        }
    }
    server.never_said("ISH");
}

#[test]
fn a_wildcard_passes_a_request_on_to_the_next_handler() {
    let site = Site::default();
    let server = Server::with(&site, ["--wildcard"]);
    for wide in ["0", "1"] {
        for url in ["", "&url=%2fstatic.txt"] {
            let target = format!(
                "/static.txt?scenario=exec&flags={IGNORE_CURRENT_INTERCEPTOR}&wide={wide}{url}"
            );
            let response = server.get(&target);
            assert_eq!(
                (response.status, response.text()),
                (200, "static text".to_owned()),
                "{target}"
            );
        }
    }
    let absent = format!("/absent.txt?scenario=exec&flags={IGNORE_CURRENT_INTERCEPTOR}");
    assert_eq!(server.get(&absent).status, 404);
    server.said("child 200.0 ");
    server.said("child 404.0 ");
    server.never_said("ISH");
}

#[test]
fn a_wildcard_is_in_the_way_of_static_files_too() {
    let site = Site::default();
    let server = Server::with(&site, ["--wildcard"]);
    let text = server.get("/static.txt?scenario=ecb").text();
    assert!(text.contains("lpszPathInfo=/static.txt\n"), "{text}");
}
