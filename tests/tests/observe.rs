//! What can be seen of `serve` from outside: its metrics, and its access log in each format.

use acceptance::http::{Connection, get, send};
use acceptance::metrics::{measured, metric, wait_for};
use acceptance::server::{Server, wait};
use acceptance::site::Site;
use acceptance::target::has_built_in_core;
use acceptance::{finish, shim};
use serde_json::Value;
use std::net::TcpListener;

/// A site whose requests end in different ways.
fn site() -> Site {
    let site = Site::with_request("Write('hello')");
    site.request("reads.py", "Write(Read())");
    site.request("raises.py", "raise ValueError('on purpose')");
    site
}

/// The lines of the access log, once there are as many; a line is written after the response.
fn lines(server: &Server, count: usize) -> Vec<String> {
    let complete = |text: &str| text.ends_with('\n') && text.lines().count() >= count;
    let text = server.wait_for_out(complete);
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_log_as_json_has_an_object_for_each_request() {
    let site = site();
    let server = Server::start(site.root(), &["--log-format", "json"]);
    let request = "POST /reads.py?a=%0A HTTP/1.1\r\nHost: here\r\nUser-Agent: a \"b\"\tc\r\n\
                   Referer: http://x/\r\nContent-Length: 5\r\n\r\n12345";
    assert_eq!(send(&server.address, request).unwrap().text(), "12345");
    let line: Value = serde_json::from_str(&lines(&server, 1)[0]).expect("an object");
    let expected = [
        ("client", Value::from("127.0.0.1")),
        ("method", "POST".into()),
        ("target", "/reads.py?a=%0A".into()),
        ("protocol", "HTTP/1.1".into()),
        ("status", 200.into()),
        ("substatus", 0.into()),
        ("bytes_sent", 5.into()),
        ("bytes_received", 5.into()),
        ("user_agent", "a \"b\"\tc".into()),
        ("referer", "http://x/".into()),
        ("host", "here".into()),
    ];
    for (field, value) in expected {
        assert_eq!(line[field], value, "{field} in {line}");
    }
    assert!(line["duration_ms"].is_number(), "{line}");
    let time = line["time"].as_str().expect("a time");
    assert!(time.ends_with('Z') && time.contains('T'), "{time}");
    assert!(line.get("log").is_none(), "{line}");
}

#[test]
fn the_log_as_json_has_codes_and_sub_statuses() {
    let site = site();
    let server = Server::start(site.root(), &["--log-format", "json"]);
    assert_eq!(get(&server.address, "/raises.py").status, 500);
    let first: Value = serde_json::from_str(&lines(&server, 1)[0]).expect("an object");
    assert_eq!(
        (&first["status"], &first["code"]),
        (&500.into(), &"ISH0401".into())
    );
    assert_eq!(get(&server.address, "/web.config").status, 404);
    let second: Value = serde_json::from_str(&lines(&server, 2)[1]).expect("an object");
    assert_eq!(
        (&second["status"], &second["substatus"]),
        (&404.into(), &8.into())
    );
}

#[test]
fn the_log_as_w3c_has_as_many_values_as_fields() {
    let site = site();
    let server = Server::start(site.root(), &["--log-format", "w3c"]);
    for target in ["/app.py", "/raises.py?a=1", "/no%20thing.css", "/a%zz"] {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: one two\tthree\r\nConnection: close\r\n\r\n"
        );
        send(&server.address, request).unwrap();
    }
    let lines = lines(&server, 8);
    let (head, lines) = lines.split_at(4);
    let directives = ["#Software: ", "#Version: 1.0", "#Date: ", "#Fields: "];
    for (line, directive) in head.iter().zip(directives) {
        assert!(line.starts_with(directive), "{line}");
    }
    let fields: Vec<&str> = head[3].split(' ').skip(1).collect();
    let value = |line: &str, field: &str| {
        let at = fields.iter().position(|f| *f == field).expect("a field");
        line.split(' ').nth(at).expect("a value").to_owned()
    };
    for line in lines {
        assert_eq!(line.split(' ').count(), fields.len(), "{line}");
        assert_eq!(value(line, "cs(User-Agent)"), "one+two?three");
        assert_eq!(value(line, "cs(Referer)"), "-");
        let port = server.address.split(':').nth(1).expect("a port");
        assert_eq!(value(line, "s-port"), port);
    }
    // Requests end on threads of their own: the order of lines is not that of requests.
    let of = |stem: &str| {
        let found = lines.iter().find(|line| value(line, "cs-uri-stem") == stem);
        found.unwrap_or_else(|| panic!("{stem} in {lines:?}"))
    };
    assert_eq!(value(of("/app.py"), "cs-uri-query"), "-");
    assert_eq!(value(of("/app.py"), "sc-win32-status"), "0");
    assert_eq!(value(of("/raises.py"), "cs-uri-query"), "a=1ISH0401");
    assert_eq!(value(of("/raises.py"), "sc-win32-status"), "-");
    assert_eq!(value(of("/no+thing.css"), "sc-status"), "404");
    assert_eq!(value(of("/a%zz"), "sc-status"), "400");
}

#[test]
fn a_log_for_programs_has_standard_output_for_itself() {
    let site = site();
    let server = Server::start(site.root(), &["--log-format", "json"]);
    let err = server.wait_for_err(|text| text.contains("Serving "));
    assert!(err.contains(&server.address), "{err}");
    get(&server.address, "/app.py");
    let lines = lines(&server, 1);
    assert!(lines.iter().all(|line| line.starts_with('{')), "{lines:?}");
}

#[test]
fn a_format_for_a_log_that_is_off_is_refused() {
    let site = site();
    let mut command = shim(&["serve", "--no-access-log", "--log-format", "json"]);
    command.arg(site.root());
    assert_eq!(finish(command).code, 2);
}

/// `isapi_shim_requests_total{...}`
fn requests(code: &str, method: &str) -> String {
    format!("isapi_shim_requests_total{{code=\"{code}\",method=\"{method}\"}}")
}

const COUNT: &str = "isapi_shim_request_duration_seconds_count";

#[test]
fn metrics_count_what_happened() {
    let site = site();
    let (server, metrics) = measured(site.root(), &[]);
    for _ in 0..3 {
        assert_eq!(get(&server.address, "/app.py").text(), "hello");
    }
    get(&server.address, "/raises.py");
    let missing = get(&server.address, "/nothing.css").body.len();
    let raised = get(&server.address, "/raises.py").body.len();
    let request = "POST /reads.py HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    send(&server.address, request).unwrap();
    send(&server.address, "BREW /app.py HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    wait_for(&metrics, COUNT, 8.0);
    for (code, method, count) in [
        ("200", "GET", 3.0),
        ("500", "GET", 2.0),
        ("404", "GET", 1.0),
        ("200", "POST", 1.0),
        ("200", "other", 1.0),
    ] {
        assert_eq!(
            metric(&metrics, &requests(code, method)),
            count,
            "{code} {method}"
        );
    }
    let bytes = 3 * 5 + 2 * raised + missing + 4 + 5;
    assert_eq!(
        metric(&metrics, "isapi_shim_response_bytes_total"),
        bytes as f64
    );
    let last = "isapi_shim_request_duration_seconds_bucket{le=\"+Inf\"}";
    assert_eq!(metric(&metrics, last), 8.0);
    assert!(metric(&metrics, "isapi_shim_request_duration_seconds_sum") > 0.0);
    assert_eq!(metric(&metrics, "isapi_shim_connections_total"), 8.0);
    assert_eq!(metric(&metrics, "isapi_shim_requests_in_progress"), 0.0);
}

#[test]
fn a_script_that_blocks_is_in_progress_until_another_request_releases_it() {
    let site = Site::new();
    site.file("gate.py", "import threading\nOPEN = threading.Event()\n");
    site.request(
        "waits.py",
        "import gate\ngate.OPEN.wait()\nWrite('through')",
    );
    site.request("opens.py", "import gate\ngate.OPEN.set()\nWrite('open')");
    let (server, metrics) = measured(site.root(), &["--reload", "never"]);
    let mut waits = Connection::open(&server.address);
    waits
        .send("GET /waits.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    wait_for(&metrics, "isapi_shim_threads_busy", 1.0);
    assert_eq!(metric(&metrics, "isapi_shim_requests_in_progress"), 1.0);
    assert_eq!(metric(&metrics, "isapi_shim_queue"), 0.0);
    assert_eq!(metric(&metrics, "isapi_shim_connections_open"), 1.0);
    assert_eq!(metric(&metrics, COUNT), 0.0);
    get(&server.address, "/opens.py");
    assert_eq!(waits.response(false).unwrap().text(), "through");
    wait_for(&metrics, "isapi_shim_requests_in_progress", 0.0);
    assert_eq!(metric(&metrics, "isapi_shim_threads_busy"), 0.0);
    assert_eq!(metric(&metrics, &requests("200", "GET")), 2.0);
    drop(waits);
    wait_for(&metrics, "isapi_shim_connections_open", 0.0);
}

#[test]
fn requests_beyond_the_threads_are_in_the_queue() {
    let site = Site::with_request("Write('after')");
    let go = site.path("go");
    let body = format!(
        "import os, time\nwhile not os.path.exists({go:?}):\n    time.sleep(0.005)\nWrite('through')"
    );
    site.request("waits.py", &body);
    let (server, metrics) = measured(site.root(), &["--threads", "1"]);
    assert_eq!(metric(&metrics, "isapi_shim_threads_max"), 1.0);
    let mut connections = Vec::new();
    for (target, busy, queue) in [
        ("/waits.py", 1.0, 0.0),
        ("/app.py", 1.0, 1.0),
        ("/app.py", 1.0, 2.0),
    ] {
        let mut connection = Connection::open(&server.address);
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        connection.send(request).unwrap();
        connections.push(connection);
        // The metrics are answered though the only thread is busy.
        wait_for(&metrics, "isapi_shim_threads_busy", busy);
        wait_for(&metrics, "isapi_shim_queue", queue);
    }
    assert_eq!(metric(&metrics, "isapi_shim_requests_in_progress"), 3.0);
    std::fs::write(&go, "").unwrap();
    for connection in &mut connections {
        assert_eq!(connection.response(false).unwrap().status, 200);
    }
    wait_for(&metrics, COUNT, 3.0);
    wait_for(&metrics, "isapi_shim_queue", 0.0);
}

#[test]
fn only_metrics_are_at_the_address_of_metrics() {
    let site = site();
    let (server, metrics) = measured(site.root(), &[]);
    let page = get(&metrics, "/metrics");
    assert_eq!(
        page.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    // Every series is described, and is a name with a number.
    let text = page.text();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let name = series.split('{').next().expect("a name");
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let described = |name: &str| text.contains(&format!("# TYPE {name} "));
        assert!(described(name) || base.is_some_and(described), "{line}");
    }
    assert_eq!(get(&metrics, "/app.py").status, 404);
    let head = send(&metrics, "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(head.status, 200);
    let post = send(
        &metrics,
        "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    );
    let post = post.unwrap();
    assert_eq!(
        (post.status, post.header("allow")),
        (405, Some("GET, HEAD"))
    );
    assert_eq!(get(&server.address, "/metrics").status, 404);
    // None of these is a request of the site but the last.
    wait_for(&metrics, COUNT, 1.0);
}

#[test]
fn every_metric_is_in_the_documentation() {
    let site = site();
    let (_server, metrics) = measured(site.root(), &[]);
    let documented = acceptance::docs::read("docs/observing.md");
    let text = get(&metrics, "/metrics").text();
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        assert!(
            documented.contains(&format!("`{name}")),
            "docs/observing.md lacks {name}"
        );
    }
}

#[test]
fn an_address_of_metrics_that_cannot_be_had_ends_the_server_with_its_code() {
    let site = site();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = taken
        .local_addr()
        .map(|a| (taken, a.to_string()))
        .expect("an address");
    // The second is kept for documentation: no machine has it.
    for address in [&*taken.1, "192.0.2.1:0"] {
        let mut command = shim(&["serve", "--listen", "127.0.0.1:0", "--metrics", address]);
        command.arg(site.root());
        let done = finish(command);
        assert_eq!(done.code, 3, "{address}: {}", done.err);
        assert!(done.err.contains("ISH0209"), "{}", done.err);
        assert!(done.err.contains("--metrics"), "{}", done.err);
    }
    let mut command = shim(&["serve", "--metrics", "nowhere"]);
    command.arg(site.root());
    assert_eq!(finish(command).code, 2);
}

#[test]
fn scripts_that_are_loaded_again_are_counted() {
    const RELOADS: &str = "isapi_shim_script_reloads_total";
    let site = site();
    for (reload, counted) in [("changed", has_built_in_core()), ("never", false)] {
        site.request("app.py", "Write('old')");
        let (server, metrics) = measured(site.root(), &["--reload", reload]);
        assert_eq!(get(&server.address, "/app.py").text(), "old");
        // One that was written just now may be loaded again without another change.
        let before = metric(&metrics, RELOADS);
        site.request("app.py", "Write('new')");
        get(&server.address, "/app.py");
        // What a library counts nobody hears of.
        assert_eq!(metric(&metrics, RELOADS) > before, counted, "{reload}");
        let text = get(&metrics, "/metrics").text();
        assert_eq!(text.contains(RELOADS), has_built_in_core());
    }
}

#[test]
fn the_time_without_the_gil_is_counted() {
    const WAITS: &str = "isapi_shim_gil_wait_seconds_total";
    // Python asks a thread that computes for the GIL after so long; clocks may differ a little.
    const INTERVAL: f64 = 0.005 * 0.9;
    let site = Site::new();
    let begun = site.path("begun");
    site.file("gate.py", "ended = False\n");
    let body = format!(
        "import gate\nopen({begun:?}, 'w').close()\nwhile not gate.ended: pass\nWrite('through')"
    );
    site.request("computes.py", &body);
    let body = "import gate, sys\ngate.ended = True\n\
                Write(str(getattr(sys, '_is_gil_enabled', lambda: True)()))";
    site.request("ends.py", body);
    let (server, metrics) = measured(site.root(), &["--reload", "never"]);
    let mut computes = Connection::open(&server.address);
    let request = "GET /computes.py HTTP/1.1\r\nHost: a\r\n\r\n";
    computes.send(request).unwrap();
    wait(|| begun.exists().then_some(()));
    let has_gil = get(&server.address, "/ends.py").text() == "True";
    assert_eq!(computes.response(false).unwrap().text(), "through");
    let waited = metric(&metrics, WAITS);
    assert_eq!(
        waited >= INTERVAL,
        has_built_in_core() && has_gil,
        "{waited}"
    );
}
