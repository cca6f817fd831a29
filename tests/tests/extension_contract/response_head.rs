//! Status texts and header strings, in every form that extensions send.

use acceptance::probe::{Ran, Response, Site, query, run};

fn head(arguments: &[(&str, &str)]) -> Ran {
    let mut all = vec![("scenario", "head")];
    all.extend_from_slice(arguments);
    run(&Site::default(), &query(&all), &[])
}

/// Both requests that send a head must understand the same.
fn both(arguments: &[(&str, &str)]) -> [Response; 2] {
    ["3", "1016"].map(|request| {
        let mut all = vec![("request", request)];
        all.extend_from_slice(arguments);
        let ran = head(&all);
        assert!(!ran.err.contains("FALSE"), "{request}: {}", ran.err);
        ran.response()
    })
}

#[test]
fn status_texts_of_every_form_are_understood() {
    for (text, status, reason) in [
        ("200 OK", 200, "OK"),
        ("404 Undescribed", 404, "Undescribed"),
        ("200", 200, ""),
        ("HTTP/1.1 302 Found", 302, "Found"),
        (
            "418 I am a teapot, short and stout",
            418,
            "I am a teapot, short and stout",
        ),
    ] {
        for response in both(&[("status", text), ("headers", "Content-Length: 0\r\n\r\n")]) {
            assert_eq!(response.status, status, "{text}");
            // A bare number may be completed, as clients expect a phrase.
            assert!(
                reason.is_empty() || response.reason == reason,
                "{text}: {response:?}"
            );
        }
    }
}

#[test]
fn no_status_means_200() {
    for response in both(&[("headers", "X-A: b\r\nContent-Length: 0\r\n\r\n")]) {
        assert_eq!((response.status, response.header("x-a")), (200, "b"));
    }
}

#[test]
fn no_headers_at_all_are_a_head_too() {
    for response in both(&[("status", "201 Created"), ("body", "text")]) {
        assert_eq!((response.status, response.text()), (201, "text".to_owned()));
    }
}

#[test]
fn the_blank_line_may_be_missing() {
    for headers in [
        "X-A: b\r\nX-C: d",
        "X-A: b\r\nX-C: d\r\n",
        "X-A: b\nX-C: d\n\n",
    ] {
        for response in both(&[("headers", headers), ("body", "text")]) {
            assert_eq!(response.header("x-a"), "b", "{headers:?}");
            assert_eq!(response.header("x-c"), "d", "{headers:?}");
            assert_eq!(response.text(), "text", "{headers:?}");
        }
    }
}

#[test]
fn a_blank_before_the_colon_is_no_part_of_the_name() {
    for response in both(&[
        ("headers", "X-A : b\r\nContent-Length : 4\r\n\r\n"),
        ("body", "text"),
    ]) {
        assert_eq!(
            (response.header("X-A"), response.header("Content-Length")),
            ("b", "4")
        );
    }
}

#[test]
fn text_behind_the_blank_line_is_body() {
    let headers = "Content-Length: 9\r\n\r\nfirst\r\n";
    for response in both(&[("headers", headers), ("body", "\r\n")]) {
        assert_eq!(response.text(), "first\r\n\r\n");
    }
}

#[test]
fn a_nul_that_was_counted_is_no_part_of_the_strings() {
    let ran = head(&[
        ("nul", "1"),
        ("status", "404 Not Found"),
        ("headers", "X-A: b\r\nContent-Length: 4\r\n\r\n"),
        ("body", "text"),
    ]);
    let response = ran.response();
    assert_eq!((response.status, &*response.reason), (404, "Not Found"));
    assert_eq!(
        (response.header("x-a"), response.text()),
        ("b", "text".to_owned())
    );
    assert!(!ran.out.contains(&0), "{response:?}");
    assert!(
        !ran.err.contains("ISH0507"),
        "the NUL is no body either: {}",
        ran.err
    );
}

#[test]
fn only_what_was_counted_counts() {
    let ran = head(&[
        ("cut", "13"),
        ("status", "404 Not Foundation"),
        ("headers", "A: b\r\n\r\n"),
    ]);
    assert_eq!(ran.response().reason, "Not Found");
}

#[test]
fn the_strings_are_read_during_the_call_only() {
    let response = run(&Site::default(), "scenario=short-life", &[]).response();
    assert_eq!(
        (
            response.status,
            response.header("X-Copied"),
            response.text()
        ),
        (203, "yes", "ok".into())
    );
}

#[test]
fn the_spelling_and_the_order_of_headers_are_kept() {
    let headers = "X-b: 1\r\nx-A: 2\r\nX-b: 3\r\nContent-Length: 0\r\n\r\n";
    for response in both(&[("headers", headers)]) {
        let names: Vec<(&str, &str)> = response
            .headers
            .iter()
            .take(3)
            .map(|(n, v)| (&**n, &**v))
            .collect();
        assert_eq!(names, [("X-b", "1"), ("x-A", "2"), ("X-b", "3")]);
    }
}

#[test]
fn the_server_adds_its_own_headers_once() {
    let response = head(&[("headers", "Content-Length: 0\r\n\r\n")]).response();
    assert!(
        response.header("server").starts_with("Microsoft-IIS/"),
        "{response:?}"
    );
    assert!(response.header("date").ends_with(" GMT"), "{response:?}");
    let own = head(&[("headers", "Server: mine\r\nContent-Length: 0\r\n\r\n")]).response();
    let count = own
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("server"))
        .count();
    assert_eq!((own.header("server"), count), ("mine", 1));
}

#[test]
fn a_redirect_is_a_whole_answer() {
    let ran = run(&Site::default(), "scenario=redirect", &[]);
    let response = ran.response();
    assert_eq!(response.status, 302);
    assert_eq!(response.header("location"), "http://other.example/x?y=1");
    assert!(!ran.err.contains("FALSE"), "{}", ran.err);
}

#[test]
fn a_redirect_cannot_smuggle_a_header_in() {
    let arguments = [("scenario", "redirect"), ("url", "http://a/\r\nX-Bad: 1")];
    let response = run(&Site::default(), &query(&arguments), &[]).response();
    assert_eq!(response.header("x-bad"), "");
}

#[test]
fn a_head_is_sent_once_per_request() {
    let ran = run(&Site::default(), "scenario=twice", &[]);
    let response = ran.response();
    assert!(
        ran.err.contains("first: TRUE\nsecond: FALSE "),
        "{}",
        ran.err
    );
    assert_eq!(
        (
            response.status,
            response.header("x-second"),
            response.text()
        ),
        (200, "", "ok".into())
    );
}

#[test]
fn a_custom_error_is_the_servers_page() {
    let ran = run(&Site::default(), "scenario=custom-error", &[]);
    assert_eq!(ran.response().status, 404);
    assert!(ran.text().contains("404.3"), "{}", ran.text());
}
