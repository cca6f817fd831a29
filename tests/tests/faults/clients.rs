//! Clients that are slow, leave, or want too much of one connection.

use super::Victim;
use acceptance::http::Connection;
use acceptance::server::{wait, wait_for_text};
use acceptance::target::WINDOWS;

#[test]
fn slow_loris_clients_hold_no_thread_and_are_cut_off_after_the_time_limit() {
    let victim = Victim::with(&["--threads", "1", "--header-timeout", "2"], |_| {});
    let mut slow: Vec<Connection> = (0..200)
        .map(|i| {
            let mut connection = victim.connect();
            let head = "GET /app.py HTTP/1.1\r\nHost: a\r\nX-Slow: 1";
            connection.send(&head[..1 + i % head.len()]).unwrap();
            connection
        })
        .collect();
    for i in 0..20 {
        let text = victim.connect().get(&format!("/app.py?{i}")).text();
        assert_eq!(text, format!("well {i}"));
    }
    // More of the head does not win more time. The last of them, since all began about as early.
    let mut last = slow.pop().unwrap();
    let _ = last.send("x");
    let _answer = last.response(false);
    assert!(last.is_closed());
    drop(slow);
    victim.is_well();
}

#[test]
fn a_half_open_socket_is_taken_for_a_client_that_has_gone() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        let go = site.path("go");
        let body = format!(
            "import os, time\nwhile not os.path.exists({go:?}):\n    time.sleep(0.005)\nWrite('late')"
        );
        site.request("late.py", &body);
    });
    let mut connection = victim.connect();
    let request = "GET /late.py HTTP/1.1\r\nHost: a\r\n\r\n";
    connection.send(request).unwrap();
    connection.half_close();
    assert!(connection.is_closed());
    // The script is not stopped, and writes to nobody.
    std::fs::write(victim.site.path("go"), "").unwrap();
    victim.is_well();
}

#[test]
fn half_open_sockets_without_a_whole_request_are_closed() {
    let victim = Victim::new();
    let post = "POST /echo.py HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbody";
    for cut in [0, 1, 10, 30, post.len() - 4, post.len()] {
        let mut connection = victim.connect();
        connection.send(&post[..cut]).unwrap();
        connection.half_close();
        if let Ok(response) = connection.response(false) {
            assert_eq!(response.status, 400, "{cut}");
        }
        assert!(connection.is_closed(), "{cut}");
    }
    victim.is_well();
}

#[test]
fn resets_in_every_phase_of_the_request_leave_the_server_whole() {
    let victim = Victim::new();
    let body = "x".repeat(100_000);
    let head = "POST /echo.py HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
    let whole = format!("{head}{body}");
    let chunked = format!(
        "POST /echo.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
        body.len()
    );
    let cuts = |text: &str| {
        let inside = text.find("\r\n\r\n").unwrap() + 4;
        // Line by line in the head, then around what is preloaded, then the end.
        let ends = text[..inside].match_indices('\n').map(|(at, _)| at + 1);
        let mut cuts: Vec<usize> = ends.collect();
        cuts.extend([
            0,
            1,
            inside - 1,
            inside + 1,
            inside + 49_152,
            inside + 60_000,
        ]);
        cuts.extend([text.len() - 1, text.len()]);
        cuts
    };
    for text in [&whole, &chunked] {
        for cut in cuts(text) {
            let mut connection = victim.connect();
            let _ = connection.send(&text[..cut]);
            connection.reset();
        }
    }
    victim.is_well();
}

#[test]
fn a_reset_while_the_script_runs_leaves_the_server_whole() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        let (started, go) = (site.path("started"), site.path("go"));
        let body = format!(
            "import os, time\nopen({started:?}, 'w').write('x')\n\
             while not os.path.exists({go:?}):\n    time.sleep(0.005)\nWrite('for nobody')"
        );
        site.request("wait.py", &body);
    });
    let mut connection = victim.connect();
    connection
        .send("GET /wait.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    wait_for_text(&victim.site.path("started"));
    connection.reset();
    std::fs::write(victim.site.path("go"), "").unwrap();
    victim.is_well();
}

#[test]
fn a_reset_in_the_middle_of_the_response_leaves_the_server_whole() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        let body = "DisableBuffer()\nfor i in range(200):\n    Write('x' * 65536)";
        site.request("large.py", body);
        site.file("large.txt", vec![b'x'; 10_000_000]);
    });
    for target in ["/large.py", "/large.txt"] {
        let mut connection = victim.connect();
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        connection.send(request).unwrap();
        assert!(connection.line().unwrap().contains(" 200 "));
        connection.reset();
    }
    victim.is_well();
}

#[test]
fn a_reset_between_two_requests_leaves_the_server_whole() {
    let victim = Victim::new();
    for _ in 0..20 {
        let mut connection = victim.connect();
        assert_eq!(connection.get("/app.py?1").text(), "well 1");
        connection.reset();
    }
    victim.is_well();
}

#[test]
fn pipelined_requests_behind_a_fault_are_not_answered() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    let get = |n: u32| format!("GET /app.py?{n} HTTP/1.1\r\nHost: a\r\n\r\n");
    let faulty = "GET /app.py HTTP/1.1\r\nNo-Host: a\r\n\r\n";
    connection
        .send(format!("{}{}{faulty}{}", get(1), get(2), get(3)))
        .unwrap();
    assert_eq!(connection.response(false).unwrap().text(), "well 1");
    assert_eq!(connection.response(false).unwrap().text(), "well 2");
    assert_eq!(connection.response(false).unwrap().status, 400);
    assert!(connection.is_closed());
    victim.is_well();
}

#[test]
fn a_thousand_pipelined_requests_with_bodies_are_answered_in_order() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    let all: String = (0..1000)
        .map(|i| {
            let body = format!("body {i}");
            let head = "POST /echo.py HTTP/1.1\r\nHost: a\r\nContent-Length:";
            format!("{head} {}\r\n\r\n{body}", body.len())
        })
        .collect();
    connection.send(all).unwrap();
    for i in 0..1000 {
        let response = connection.response(false).unwrap();
        assert_eq!(response.text(), format!("body {i}"));
    }
    drop(connection);
    victim.is_well();
}

#[test]
fn keep_alive_connections_that_idle_hold_no_thread() {
    let victim = Victim::new();
    let idle: Vec<Connection> = (0..200)
        .map(|i| {
            let mut connection = victim.connect();
            let text = connection.get(&format!("/app.py?{i}")).text();
            assert_eq!(text, format!("well {i}"));
            connection
        })
        .collect();
    assert_eq!(victim.connect().get("/app.py?new").text(), "well new");
    drop(idle);
    victim.is_well();
}

#[test]
fn a_keep_alive_connection_survives_bodies_that_no_script_reads() {
    let victim = Victim::new();
    let mut connection = victim.connect();
    let post = "POST /app.py?unread HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n\
                GET /hidden HTTP/1.1";
    for _ in 0..50 {
        connection.send(post).unwrap();
        let response = connection.response(false).unwrap();
        assert_eq!(response.text(), "well unread");
    }
    drop(connection);
    victim.is_well();
}

#[test]
fn a_body_beyond_the_preload_that_no_script_reads_is_not_taken_for_requests() {
    let victim = Victim::new();
    let hidden = "GET /app.py?hidden HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5000);
    let mut connection = victim.connect();
    let head = "POST /app.py?unread HTTP/1.1\r\nHost: a\r\nContent-Length:";
    let request = format!("{head} {}\r\n\r\n{hidden}", hidden.len());
    let _ = connection.send(request);
    let mut answers = Vec::new();
    while let Ok(response) = connection.response(false) {
        answers.push(response.text());
        if connection
            .send("GET /app.py?end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .is_err()
        {
            break;
        }
    }
    assert!(!answers.iter().any(|a| a.contains("hidden")), "{answers:?}");
    victim.is_well();
}

#[test]
fn a_client_that_reads_nothing_holds_the_script_back_and_not_the_memory() {
    let victim = Victim::with(&["--threads", "2"], |site| {
        let note = site.path("note");
        let body = format!(
            "DisableBuffer()\ntry:\n    while True:\n        Write('x' * 65536)\n\
             except OSError:\n    with open({note:?}, 'w') as f:\n        f.write('gone')\n    raise"
        );
        site.request("endless.py", &body);
    });
    let mut connection = victim.connect();
    connection
        .send("GET /endless.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    connection.line().unwrap();
    assert_eq!(victim.connect().get("/app.py?other").text(), "well other");
    if !WINDOWS {
        let status = format!("/proc/{}/status", victim.server.id());
        let status = std::fs::read_to_string(status).unwrap_or_default();
        let rss = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
        let kib = rss.and_then(|r| r.split_whitespace().next()?.parse::<u64>().ok());
        assert!(kib.is_none_or(|kib| kib < 1_000_000), "{rss:?}");
    }
    connection.reset();
    let note = victim.site.path("note");
    assert_eq!(
        wait(|| std::fs::read_to_string(&note)
            .ok()
            .filter(|t| !t.is_empty())),
        "gone"
    );
    victim.is_well();
}
