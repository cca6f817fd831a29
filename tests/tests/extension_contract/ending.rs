//! What ends a request, and what must not happen behind its end.

use acceptance::probe::{Ran, Server, Site, query, run};

fn returned(code: &str, more: &[(&str, &str)]) -> Ran {
    let mut all = vec![("scenario", "return"), ("code", code)];
    all.extend_from_slice(more);
    run(&Site::default(), &query(&all), &[])
}

#[test]
fn success_in_each_of_its_forms_ends_the_request_well() {
    // 0 is not documented; IIS takes it as success.
    for code in ["0", "1", "2"] {
        let ran = returned(code, &[("send", "1")]);
        assert_eq!(
            (ran.code, ran.text()),
            (0, "sent".to_owned()),
            "{code}: {}",
            ran.err
        );
        assert!(!ran.err.contains("ISH"), "{code}: {}", ran.err);
    }
}

#[test]
fn success_without_a_response_is_an_empty_one() {
    for code in ["0", "1", "2"] {
        let ran = returned(code, &[]);
        assert_eq!(
            (ran.code, ran.response().status, ran.text()),
            (0, 200, String::new())
        );
    }
    assert_eq!(returned("1", &[("status", "404")]).response().status, 404);
}

#[test]
fn an_error_without_a_response_is_a_500_page() {
    let ran = returned("4", &[]);
    assert_eq!((ran.code, ran.response().status), (1, 500));
    assert!(ran.text().contains("500.0"), "{}", ran.text());
}

#[test]
fn nothing_is_added_to_a_response_that_was_sent_before_an_error() {
    let ran = returned("4", &[("send", "1")]);
    assert_eq!(
        (ran.response().status, ran.text()),
        (200, "sent".to_owned())
    );
    assert_eq!(ran.code, 1, "the failure is told all the same");
}

#[test]
fn a_value_that_is_no_status_is_an_error_and_said_aloud() {
    let ran = returned("99", &[]);
    assert_eq!((ran.code, ran.response().status), (1, 500));
    assert!(ran.err.contains("ISH0505"), "{}", ran.err);
}

#[test]
fn done_may_come_before_the_return() {
    for code in ["3", "1"] {
        let ran = run(&Site::default(), &format!("scenario=done&code={code}"), &[]);
        assert_eq!(
            (ran.code, ran.text()),
            (0, "done, then returned".to_owned()),
            "{code}"
        );
        // isapi_wsgi says DONE and returns 1: that is one end, not two.
        assert!(!ran.err.contains("ISH"), "{code}: {}", ran.err);
    }
}

#[test]
fn done_may_come_long_after_the_return() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    client.send("GET /page.x?scenario=held HTTP/1.1\r\nHost: t\r\n\r\n");
    server.said("held");
    assert_eq!(server.get("/page.x?scenario=release").text(), "released");
    let response = client.response();
    assert_eq!(response.text(), "from a thread");
    assert!(
        response
            .headers
            .contains(&("x-tHread".into(), "yes".into())),
        "{response:?}"
    );
    // It said 2, so the connection goes on.
    assert_eq!(client.get("/static.txt").text(), "static text");
}

/// Not under Wine 8: there a process that has started some hundreds of threads, one for each of
/// these requests, now and then stops answering; what keeps it is inside Wine. That DONE comes from
/// other threads is tested there by pywin32's pool and by the extension's own threads.
#[cfg(not(feature = "windows"))]
#[test]
fn done_may_come_in_any_order_with_the_return() {
    let site = Site::default();
    let server = Server::start(&site);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = server.connect();
                for _ in 0..25 {
                    assert_eq!(
                        client.get("/page.x?scenario=threaded").text(),
                        "from a thread"
                    );
                }
            });
        }
    });
    server.never_said("ISH");
}

#[test]
fn done_twice_is_said_aloud_and_harmless() {
    let ran = run(&Site::default(), "scenario=done-twice", &[]);
    assert_eq!((ran.code, ran.text()), (0, "once".to_owned()));
    let said = |line: &&str| line.contains("ISH0505") && line.contains("DONE_WITH_SESSION");
    assert_eq!(ran.err.lines().filter(said).count(), 1, "{}", ran.err);
}

#[test]
fn callbacks_behind_done_fail_and_are_said_aloud() {
    let ran = run(&Site::default(), "scenario=after-done", &[]);
    assert_eq!(ran.text(), "done");
    for call in ["variable", "write", "read", "support"] {
        assert!(
            ran.err.contains(&format!("{call}: FALSE 87\n")),
            "{call}: {}",
            ran.err
        );
    }
    assert_eq!(ran.err.matches("ISH0505").count(), 4, "{}", ran.err);
}

#[test]
fn callbacks_of_a_request_that_is_over_fail_and_are_said_aloud() {
    let site = Site::default();
    let server = Server::start(&site);
    assert_eq!(server.get("/page.x?scenario=remember").text(), "remembered");
    // The response may be read before the host has put the request away.
    server.logged("scenario=remember");
    assert_eq!(
        server.get("/page.x?scenario=poke").text(),
        "variable: FALSE 87\nwrite: FALSE 87\nread: FALSE 87\nsupport: FALSE 87\nblock poisoned\n"
    );
    for name in [
        "GetServerVariable",
        "WriteClient",
        "ReadClient",
        "ServerSupportFunction",
    ] {
        server.said(&format!("ISH0505: {name} "));
    }
}
