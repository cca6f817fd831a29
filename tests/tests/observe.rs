//! What can be seen of `serve` from outside: its access log in each format.

use acceptance::http::{get, send};
use acceptance::server::Server;
use acceptance::site::Site;
use acceptance::{finish, shim};
use serde_json::Value;

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
