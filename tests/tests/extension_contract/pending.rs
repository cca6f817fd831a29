//! Extensions that return *pending* and do not end their request. A test waits for the report,
//! and never measures how long that takes.

use acceptance::probe::{Server, Site, body, finish, probe, query, run};
use acceptance::target::program;

const SHORT: [&str; 2] = ["--pending-timeout", "1"];

fn server(site: &Site) -> Server {
    Server::with(site, [&SHORT[..], &["--map", "*.x"]].concat())
}

fn never_done(arguments: &[(&str, &str)]) -> String {
    let mut all = vec![("scenario", "never-done")];
    all.extend_from_slice(arguments);
    query(&all)
}

fn assert_serves(server: &Server) {
    let response = server.get("/page.x?scenario=return&send=1");
    assert_eq!((response.status, response.text()), (200, "sent".into()));
}

#[test]
fn run_gives_up_a_request_that_is_never_done() {
    let ran = run(&Site::default(), "scenario=never-done", &SHORT);
    assert_eq!((ran.code, ran.response().status), (3, 500), "{}", ran.err);
    // The page says why.
    assert!(ran.text().contains("PENDING"), "{}", ran.text());
    assert!(ran.text().contains("ISH0509"), "{}", ran.text());
    assert!(ran.err.contains("ISH0509: GET /page.x"), "{}", ran.err);
    // It would wait for its request, perhaps for ever.
    assert!(
        !ran.err.contains("probe: TerminateExtension"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("TerminateExtension is not called"),
        "{}",
        ran.err
    );
}

#[test]
fn what_was_sent_before_stays_and_the_exit_code_tells() {
    for (headers, body) in [
        ("Content-Length: 4\r\n\r\n", "text"),
        ("Content-Length: 9\r\n\r\n", "text"),
        ("X-A: b\r\n\r\n", "text"),
    ] {
        let arguments = never_done(&[("headers", headers), ("body", body)]);
        let ran = run(&Site::default(), &arguments, &SHORT);
        assert_eq!((ran.code, ran.text()), (3, "text".into()), "{}", ran.err);
        assert!(ran.err.contains("ISH0509"), "{}", ran.err);
        assert!(!ran.err.contains("ISH0507"), "one report: {}", ran.err);
    }
}

#[test]
fn a_server_answers_for_an_extension_that_never_does_and_goes_on() {
    let site = Site::default();
    let server = server(&site);
    let response = server.get("/page.x?scenario=never-done");
    assert_eq!(response.status, 500);
    assert!(response.text().contains("PENDING"), "{}", response.text());
    server.said("ISH0509: GET /page.x");
    let line = server.logged("scenario=never-done");
    assert!(
        line.contains("\" 500 ") && line.ends_with("ISH0509"),
        "{line}"
    );
    assert_serves(&server);
}

#[test]
fn a_response_that_nobody_ends_is_broken_off() {
    let site = Site::default();
    let server = server(&site);
    for headers in [
        "Content-Length: 90\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n",
        "X-A: b\r\n\r\n",
    ] {
        let arguments = never_done(&[("headers", headers), ("body", "4\r\ntext\r\n")]);
        let response = server.get(&format!("/page.x?{arguments}"));
        assert_eq!((response.status, response.cut), (200, true), "{headers}");
    }
    assert_serves(&server);
}

#[test]
fn a_response_that_is_whole_already_is_whole() {
    let site = Site::default();
    let server = server(&site);
    for (headers, body) in [
        ("Content-Length: 4\r\n\r\n", "text"),
        (
            "Transfer-Encoding: chunked\r\n\r\n",
            "4\r\ntext\r\n0\r\n\r\n",
        ),
    ] {
        let arguments = never_done(&[("headers", headers), ("body", body)]);
        let response = server.get(&format!("/page.x?{arguments}"));
        assert_eq!((response.text(), response.cut), ("text".into(), false));
    }
    server.said("ISH0509");
    assert_serves(&server);
}

#[test]
fn a_late_end_is_told_apart_and_harmless() {
    let site = Site::default();
    ends_late(server(&site), "ISH0509");
}

#[test]
fn so_is_the_end_of_a_request_that_took_too_long() {
    let site = Site::default();
    let options = ["--timeout", "1", "--pending-timeout", "0", "--map", "*.x"];
    ends_late(Server::with(&site, options), "ISH0511");
}

fn ends_late(server: Server, code: &str) {
    assert_eq!(server.get("/page.x?scenario=late").status, 500);
    assert_eq!(server.get("/page.x?scenario=release").text(), "released");
    server.said("late: over");
    // Until then the control block was the extension's.
    server.said("late: GET valid");
    for call in ["variable", "write", "read"] {
        // The connection is not valid any more.
        server.said(&format!("{call}: FALSE 1229"));
    }
    // It may ask whether its client is still there.
    server.said("support: TRUE");
    server.said("connected=0");
    for what in ["WriteClient was called", "DONE_WITH_SESSION came"] {
        server.said(&format!("{code}: {what} for GET /page.x?scenario=late"));
    }
    server.said("done: TRUE");
    server.said("done again: FALSE 87");
    assert_serves(&server);
    // Everything has ended, so this is an end like others.
    let (code, err) = server.stop();
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("probe: TerminateExtension 2"), "{err}");
}

#[test]
fn a_server_ends_though_requests_never_do() {
    let site = Site::default();
    let server = server(&site);
    assert_eq!(server.get("/page.x?scenario=never-done").status, 500);
    let (code, err) = server.stop();
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("TerminateExtension is not called"), "{err}");
}

#[test]
fn a_server_that_ends_waits_for_a_pending_request_no_longer_than_the_limit() {
    let site = Site::default();
    let server = server(&site);
    let mut known = server.connect();
    // The connection is known to the server before it is asked to end.
    assert_eq!(known.get("/page.x?scenario=return&send=1").status, 200);
    known.send("GET /page.x?scenario=held HTTP/1.1\r\nHost: t\r\n\r\n");
    server.said("held");
    let (code, err) = server.stop();
    assert_eq!((code, known.response().status), (0, 500), "{err}");
    assert!(err.contains("ISH0509"), "{err}");
}

#[test]
fn a_body_that_was_never_read_does_not_keep_the_connection() {
    let site = Site::default();
    let server = server(&site);
    let mut client = server.connect();
    client.send(
        "POST /page.x?scenario=never-done HTTP/1.1\r\nHost: t\r\nContent-Length: 400000\r\n\r\n",
    );
    client.send(body(200_000));
    assert_eq!(client.response().status, 500);
    // The client would go on sending.
    let (code, err) = server.stop();
    assert_eq!(code, 0, "{err}");
}

#[test]
fn a_child_that_is_never_done_is_given_up_and_its_parent_goes_on() {
    let site = Site::with_handlers(
        r#"<add name="all" path="*" verb="*" modules="IsapiModule" />
           <add name="x" path="*.x" verb="*" modules="IsapiModule" />"#,
    );
    let mut command = program();
    command.args(["run", "-i", "-q"]);
    let arguments = [
        ("scenario", "exec"),
        ("url", "/page.x?scenario=never-done"),
        ("flags", "4"),
    ];
    command.arg(query(&arguments)).args(SHORT);
    command.arg("--extension").arg(probe());
    command.arg(site.path().join("static.txt"));
    let ran = finish(command);
    assert_eq!((ran.code, ran.response().status), (3, 500), "{}", ran.err);
    let wanted = "ISH0509: GET /page.x?scenario=never-done";
    assert!(ran.err.contains(wanted), "{}", ran.err);
}

#[test]
fn a_child_takes_the_time_of_its_parent() {
    let site = Site::default();
    let options = ["--timeout", "1", "--pending-timeout", "0", "--map", "*.x"];
    let server = Server::with(&site, options);
    let url = "/page.x?scenario=never-done";
    let arguments = query(&[("scenario", "exec"), ("url", url), ("flags", "4")]);
    assert_eq!(server.get(&format!("/page.x?{arguments}")).status, 500);
    server.said("ISH0511: GET /page.x?scenario=exec");
    assert_serves(&server);
}

#[test]
fn the_time_of_an_operation_is_the_clients() {
    let site = Site::default();
    // Long enough for the extension to do the rest on a machine that is busy.
    let server = Server::with(&site, ["--pending-timeout", "3", "--map", "*.x"]);
    let mut client = server.connect();
    let length = 49152 + 4;
    client.send(format!(
        "POST /page.x?scenario=async-read HTTP/1.1\r\nHost: t\r\nContent-Length: {length}\r\n\r\n"
    ));
    client.send(body(49152));
    server.said("reading");
    // Another request takes the whole limit, so this one has had it too.
    assert_eq!(server.get("/page.x?scenario=never-done").status, 500);
    client.send("rest");
    assert!(client.response().text().starts_with("rest=4 "));
}

#[test]
fn test_counts_it_as_a_failure_of_the_host() {
    let site = Site::default();
    let file = site.write("a.http", "GET /page.x?scenario=never-done\n");
    site.write(
        "web.config",
        r#"<configuration><system.webServer><handlers>
           <add name="x" path="*.x" verb="*" modules="IsapiModule" />
           </handlers></system.webServer></configuration>"#,
    );
    let mut command = program();
    command
        .arg("test")
        .args(SHORT)
        .arg("--extension")
        .arg(probe());
    command.env("INSTA_UPDATE", "no").arg(file);
    let ran = finish(command);
    let out = String::from_utf8_lossy(&ran.out);
    assert_eq!(ran.code, 3, "{out}{}", ran.err);
    assert!(out.contains("ISH0509"), "{out}");
}
