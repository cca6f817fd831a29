//! Request bodies that are broken, too large, or never come.

use super::Victim;
use acceptance::http::Connection;
use acceptance::server::wait_for_text;

const CHUNKED: &str = "POST /echo.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn chunks_with_bad_sizes_get_a_400_and_the_connection_is_closed() {
    let victim = Victim::new();
    for body in [
        "zz\r\nab\r\n0\r\n\r\n",
        "-1\r\nx\r\n0\r\n\r\n",
        "+1\r\nx\r\n0\r\n\r\n",
        "0x1\r\nx\r\n0\r\n\r\n",
        " 1\r\nx\r\n0\r\n\r\n",
        "1 1\r\nx\r\n0\r\n\r\n",
        "1\nx\n0\n\n",
        "1\r\nxyz\r\n0\r\n\r\n",
        "2\r\nx\r\n0\r\n\r\n",
        "\r\n\r\n",
        "fffffffffffffffff\r\nx",
        "1\r\nx\r\n1\r\ny\r\nq\r\n",
    ] {
        let mut connection = victim.connect();
        connection.send(format!("{CHUNKED}{body}")).unwrap();
        let response = connection.response(false);
        let response = response.unwrap_or_else(|e| panic!("{body:?}: {e}"));
        assert_eq!(response.status, 400, "{body:?}");
        assert!(connection.is_closed(), "{body:?}");
    }
    victim.is_well();
}

#[test]
fn chunks_that_break_while_the_script_reads_get_a_400_where_nothing_was_answered() {
    let victim = Victim::new();
    let whole = format!("ea60\r\n{}\r\n", "x".repeat(60_000));
    let mut connection = victim.connect();
    connection.send(format!("{CHUNKED}{whole}zz\r\n")).unwrap();
    assert_eq!(connection.response(false).unwrap().status, 400);
    assert!(connection.is_closed());
    victim.is_well();
}

#[test]
fn a_script_that_goes_on_behind_broken_chunks_writes_to_nobody() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        let note = site.path("note");
        let body = format!(
            "try:\n    Read()\nexcept ConnectionError as e:\n    first = e.winerror\n\
             DisableBuffer()\ntry:\n    Write('on')\n    second = None\n\
             except OSError as e:\n    second = e.winerror\n\
             with open({note:?}, 'w') as f:\n    f.write('%s %s' % (first, second))"
        );
        site.request("on.py", &body);
    });
    let whole = format!("ea60\r\n{}\r\n", "x".repeat(60_000));
    let mut connection = victim.connect();
    let head = CHUNKED.replace("echo", "on");
    connection.send(format!("{head}{whole}zz\r\n")).unwrap();
    assert_eq!(connection.response(false).unwrap().status, 400);
    assert!(connection.is_closed());
    assert_eq!(wait_for_text(&victim.site.path("note")), "10054 64");
    let err = victim.server.err();
    assert!(!err.contains("ISH05"), "{err}");
    victim.is_well();
}

#[test]
fn chunks_that_break_behind_the_beginning_of_the_response_cut_it_off() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        site.request("begun.py", "DisableBuffer()\nWrite('begun')\nWrite(Read())");
    });
    let mut connection = victim.connect();
    let whole = format!("ea60\r\n{}\r\n", "x".repeat(60_000));
    let head = CHUNKED.replace("echo", "begun");
    connection.send(format!("{head}{whole}zz\r\n")).unwrap();
    let cut = connection.response(false).unwrap_err();
    assert_ne!(cut.kind(), std::io::ErrorKind::WouldBlock, "{cut}");
    victim.is_well();
}

#[test]
fn a_body_over_the_limit_is_404_13_before_the_script_is_called() {
    let victim = Victim::new();
    let head = "POST /echo.py HTTP/1.1\r\nHost: a\r\nContent-Length: ";
    // One more than maxAllowedContentLength is by default; none of it is sent.
    for length in ["30000001", "9999999999999999"] {
        let mut connection = victim.connect();
        connection.send(format!("{head}{length}\r\n\r\n")).unwrap();
        let response = connection.response(false).unwrap();
        assert_eq!(response.status, 404);
        assert!(response.text().contains("404.13"), "{}", response.text());
    }
    victim.is_well();
}

#[test]
fn a_length_that_no_body_can_have_is_an_error_and_no_crash() {
    let victim = Victim::new();
    let head = "POST /echo.py HTTP/1.1\r\nHost: a\r\nContent-Length: ";
    let response = victim.send(format!("{head}18446744073709551615\r\n\r\n"));
    assert!(
        [400, 404, 431].contains(&response.status),
        "{}",
        response.line
    );
    victim.is_well();
}

#[test]
fn chunks_without_end_are_stopped_at_the_limit() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        let config = r#"<configuration><system.webServer><security><requestFiltering>
           <requestLimits maxAllowedContentLength="100000" /></requestFiltering></security>
           </system.webServer></configuration>"#;
        site.file("web.config", config);
    });
    let mut connection = victim.connect();
    connection.send(CHUNKED).unwrap();
    let chunk = format!("2710\r\n{}\r\n", "x".repeat(10_000));
    // Until the server takes no more; it may close before it has read all of it.
    while connection.send(&chunk).is_ok() {}
    victim.is_well();
}

#[test]
fn a_body_of_a_hundred_thousand_tiny_chunks_arrives_whole() {
    let victim = Victim::new();
    let text: String = ('a'..='z').cycle().take(100_000).collect();
    let chunks: String = text.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    let mut connection = victim.connect();
    connection
        .send(format!("{CHUNKED}{chunks}0\r\n\r\n"))
        .unwrap();
    let response = connection.response(false).unwrap();
    assert!(response.text() == text, "{} bytes", response.text().len());
    drop(connection);
    victim.is_well();
}

#[test]
fn a_script_gets_what_has_come_though_more_is_to_follow() {
    let victim = Victim::with(&[], |site| {
        let body = "DisableBuffer()\nRead(60000)\nwhile True:\n    byte = Read(1)\n    \
                    if not byte:\n        break\n    Write(byte)";
        site.request("each.py", body);
    });
    let mut connection = victim.connect();
    let head = CHUNKED.replace("echo", "each");
    // Beyond what the server reads before it calls the script.
    let first = format!("ea60\r\n{}\r\n", "x".repeat(60_000));
    connection.send(format!("{head}{first}1\r\na\r\n")).unwrap();
    while !connection.line().unwrap().is_empty() {}
    for (answer, next) in ["ab", "bc", "cd"].map(|two| two.split_at(1)) {
        assert_eq!(connection.line().unwrap(), "1");
        assert_eq!(connection.line().unwrap(), answer);
        connection.send(format!("1\r\n{next}\r\n")).unwrap();
    }
    connection.send("0\r\n\r\n").unwrap();
    for line in ["1", "d", "0", ""] {
        assert_eq!(connection.line().unwrap(), line);
    }
    drop(connection);
    victim.is_well();
}

#[test]
fn expect_100_continue_is_answered_when_the_body_is_wanted() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    let head = "POST /echo.py HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ";
    connection.send(format!("{head}4\r\n\r\n")).unwrap();
    assert_eq!(connection.line().unwrap(), "HTTP/1.1 100 Continue");
    assert_eq!(connection.line().unwrap(), "");
    connection.send("body").unwrap();
    assert_eq!(connection.response(false).unwrap().text(), "body");
    drop(connection);
    victim.is_well();
}

#[test]
fn expect_100_continue_of_a_refused_request_gets_the_refusal_only() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    let head = "POST /none.py HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ";
    connection.send(format!("{head}100000\r\n\r\n")).unwrap();
    assert_eq!(connection.response(false).unwrap().status, 404);
    drop(connection);
    victim.is_well();
}

#[test]
fn a_client_that_never_sends_its_body_holds_one_thread_and_no_other_client() {
    let victim = Victim::with(&["--threads", "9"], |_| {});
    let head = "POST /echo.py HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
    let silent: Vec<Connection> = (0..8)
        .map(|_| {
            let mut connection = victim.connect();
            connection.send(head).unwrap();
            connection
        })
        .collect();
    for i in 0..20 {
        let text = victim.connect().get(&format!("/app.py?{i}")).text();
        assert_eq!(text, format!("well {i}"));
    }
    drop(silent);
    victim.is_well();
}
