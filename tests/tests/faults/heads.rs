//! Request lines and headers that are too many, too long, of another version, or unusual.

use super::Victim;

#[test]
fn a_thousand_header_lines_are_refused_with_431() {
    let victim = Victim::new();
    let lines: String = (0..1000).map(|i| format!("X-{i}: {i}\r\n")).collect();
    let request = format!("GET /app.py HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    assert_eq!(victim.send(request).status, 431);
    victim.is_well();
}

#[test]
fn a_header_that_never_ends_is_refused() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    connection
        .send("GET /app.py HTTP/1.1\r\nHost: a\r\nX-Long: ")
        .unwrap();
    let piece = "x".repeat(65_536);
    // Until the server takes no more.
    while connection.send(&piece).is_ok() {}
    victim.is_well();
}

#[test]
fn a_target_that_is_too_long_is_refused() {
    let victim = Victim::new();
    for (length, status) in [(5_000, 404), (70_000, 414)] {
        let path = "a/".repeat(length / 2);
        let request = format!("GET /{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let got = victim.send(request).status;
        assert!(got == status || got == 400, "{length}: {got}");
    }
    victim.is_well();
}

#[test]
fn http_1_0_is_answered_as_http_1_0_and_closed() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    connection.send("GET /app.py?old HTTP/1.0\r\n\r\n").unwrap();
    let response = connection.response(false).unwrap();
    assert!(
        response.line.starts_with("HTTP/1.0 200 "),
        "{}",
        response.line
    );
    assert_eq!(response.text(), "well old");
    assert!(connection.is_closed());
    let streamed = "GET /stream.py HTTP/1.0\r\n\r\n";
    victim
        .site
        .request("stream.py", "DisableBuffer()\nWrite('a')\nWrite('b')");
    let response = victim.send(streamed);
    assert_eq!(response.header("transfer-encoding"), None);
    assert_eq!(response.text(), "ab");
    victim.is_well();
}

#[test]
fn http_1_0_with_keep_alive_is_kept() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    for i in 0..3 {
        let head = "HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
        connection.send(format!("GET /app.py?{i} {head}")).unwrap();
        let response = connection.response(false).unwrap();
        assert_eq!(response.text(), format!("well {i}"));
    }
    drop(connection);
    victim.is_well();
}

#[test]
fn other_versions_and_other_protocols_are_refused() {
    let victim = Victim::new();
    for bytes in [
        &b"GET /app.py HTTP/2.0\r\nHost: a\r\n\r\n"[..],
        b"GET /app.py HTTP/0.9\r\n\r\n",
        b"GET /app.py\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
    ] {
        let mut connection = victim.connect();
        connection.send(bytes).unwrap();
        connection.half_close();
        // Either a refusal or a closed connection.
        if let Ok(response) = connection.response(false) {
            assert_eq!(response.status, 400, "{bytes:?}");
        }
    }
    victim.is_well();
}

#[test]
fn options_of_the_server_itself_names_its_methods() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    connection
        .send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let response = connection.response(false).unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.header("allow"), Some("OPTIONS, GET, HEAD, POST"));
    assert_eq!(connection.get("/app.py?kept").text(), "well kept");
    drop(connection);
    let get = victim.send("GET * HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(get.status, 400);
    victim.is_well();
}

#[test]
fn connect_is_refused_and_opens_no_tunnel() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    let request = "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n";
    connection.send(request).unwrap();
    assert_eq!(connection.response(false).unwrap().status, 400);
    assert!(connection.is_closed());
    victim.is_well();
}
