//! `isapi-shim serve`: a site over real sockets.

use acceptance::http::{Connection, get, send};
use acceptance::server::Server;
use acceptance::site::Site;
use acceptance::target::shown;
use std::time::{Duration, Instant};

#[test]
fn scripts_and_static_files_lie_side_by_side() {
    let site = Site::with_request("Write('script')");
    site.file("style.css", "body {}");
    site.file("index.html", "<p>home</p>");
    let server = Server::start(site.root(), &[]);
    assert_eq!(get(&server.address, "/app.py").text(), "script");
    let css = get(&server.address, "/style.css");
    assert_eq!(
        (css.text(), css.header("content-type")),
        ("body {}".into(), Some("text/css"))
    );
    assert_eq!(get(&server.address, "/").text(), "<p>home</p>");
    assert_eq!(get(&server.address, "/nothing.css").status, 404);
}

#[test]
fn a_connection_serves_many_requests() {
    let site = Site::with_request("Write(Env.QUERY_STRING)");
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    for i in 0..50 {
        let response = connection.get(&format!("/app.py?{i}"));
        assert_eq!(
            (response.text(), response.header("connection")),
            (i.to_string(), None)
        );
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let site = Site::with_request("Write(Env.QUERY_STRING)");
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    let all: String = (0..10)
        .map(|i| format!("GET /app.py?{i} HTTP/1.1\r\nHost: a\r\n\r\n"))
        .collect();
    connection.send(all).unwrap();
    for i in 0..10 {
        assert_eq!(connection.response(false).unwrap().text(), i.to_string());
    }
}

#[test]
fn header_names_keep_their_spelling_in_both_directions() {
    let site = Site::with_request(
        "Header(['ETag: \"1\"', 'x-lower: a', 'X-MIXed-case: b'])\nWrite(Env.ALL_RAW)",
    );
    let server = Server::start(site.root(), &[]);
    let request =
        "GET /app.py HTTP/1.1\r\nHost: a\r\nx-lOWer: 1\r\nX-UPPER: 2\r\nX-UPPER: 3\r\n\r\n";
    let response = send(&server.address, request).unwrap();
    assert_eq!(
        response.text(),
        "Host: a\r\nx-lOWer: 1\r\nX-UPPER: 2\r\nX-UPPER: 3\r\n"
    );
    let names: Vec<&str> = response
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    for name in [
        "ETag",
        "x-lower",
        "X-MIXed-case",
        "Content-Length",
        "Server",
        "Date",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

#[test]
fn a_hundred_scripts_that_sleep_a_second_finish_together() {
    let site = Site::with_request("import time\ntime.sleep(1)\nWrite('awake')");
    let server = Server::start(site.root(), &[]);
    let since = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| assert_eq!(get(&server.address, "/app.py").text(), "awake"));
        }
    });
    // One after the other they would take 100 s; the bound of two seconds is measured in benches.
    assert!(
        since.elapsed() < Duration::from_secs(20),
        "{:?}",
        since.elapsed()
    );
}

#[test]
fn an_upload_of_10_mb_arrives_whole() {
    let body = "import hashlib\nh = hashlib.sha256()\nn = 0\nwhile True:\n    data = Read(65536)\n    \
                if not data:\n        break\n    h.update(data)\n    n += len(data)\n\
                Write('%d %s' % (n, h.hexdigest()))";
    let site = Site::with_request(body);
    let server = Server::start(site.root(), &[]);
    let data: Vec<u8> = (0..10_000_000u32).map(|i| (i * 7 % 251) as u8).collect();
    let head = format!(
        "POST /app.py HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
        data.len()
    );
    let response = send(&server.address, [head.as_bytes(), &data].concat()).unwrap();
    let expected = site.run(
        "app.py",
        &["-d", &format!("@{}", site.file("data", &data).display())],
    );
    assert!(expected.out.starts_with("10000000 "), "{}", expected.err);
    assert_eq!(response.text(), expected.out);
}

#[test]
fn a_chunked_upload_arrives_whole() {
    let site = Site::with_request("n = Read(-1)\nWrite('%d %s' % (n, Read()))");
    let server = Server::start(site.root(), &[]);
    let head = "POST /app.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let small = format!("{head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_eq!(send(&server.address, small).unwrap().text(), "5 b'abcde'");
    let large = format!("{head}11170\r\n{}\r\n0\r\n\r\n", "x".repeat(0x11170));
    let text = send(&server.address, large).unwrap().text();
    assert_eq!(text, format!("-1 b'{}'", "x".repeat(0x11170)));
}

#[test]
fn streamed_output_arrives_while_the_script_runs() {
    let site = Site::new();
    let go = site.path("go");
    let body = format!(
        "import os, time\nDisableBuffer()\nWrite('first')\n\
         while not os.path.exists({go:?}):\n    time.sleep(0.005)\nWrite('second')",
    );
    site.request("app.py", &body);
    let server = Server::start(site.root(), &[]);
    let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
    std::io::Write::write_all(&mut stream, b"GET /app.py HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !seen.ends_with(b"5\r\nfirst\r\n") {
        let n = std::io::Read::read(&mut stream, &mut buffer).unwrap();
        assert!(n > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..n]);
    }
    std::fs::write(&go, "").unwrap();
    while !seen.ends_with(b"6\r\nsecond\r\n0\r\n\r\n") {
        let n = std::io::Read::read(&mut stream, &mut buffer).unwrap();
        assert!(n > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..n]);
    }
}

#[test]
fn urls_never_leave_the_site() {
    let outer = Site::new();
    outer.file("secret.txt", "secret");
    outer.request("secret.py", "Write('secret')");
    outer.request("site/app.py", "Write('app')");
    let server = Server::start(&outer.path("site"), &[]);
    for target in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.py",
        "/%2e%2e%5csecret.py",
        "/..%5c..%5csecret.txt",
        "/a/../../secret.py",
        "/..%252fsecret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "//../secret.py",
        "/app.py/../../secret.txt",
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let response = send(&server.address, request).unwrap();
        assert!(response.status >= 400, "{target}: {}", response.line);
        assert!(!response.text().ends_with("secret"), "{target}");
    }
}

#[test]
fn nul_bytes_and_nonsense_do_not_stop_the_server() {
    let site = Site::with_request("Write('fine')");
    let server = Server::start(site.root(), &[]);
    for request in [
        &b"GET /app.py\0 HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"GET /app.py%00.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /app.py HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ] {
        let answered = send(&server.address, request);
        assert!(
            answered.as_ref().map_or(true, |r| r.status >= 400),
            "{answered:?}"
        );
    }
    assert_eq!(get(&server.address, "/app.py").text(), "fine");
}

#[test]
fn a_script_is_told_when_the_client_has_gone() {
    let site = Site::new();
    let note = site.path("note");
    let body = format!(
        "DisableBuffer()\ntry:\n    while True:\n        Write('x' * 65536)\n\
         except OSError as e:\n    with open({note:?}, 'w') as f:\n        \
         f.write('%s %s' % (type(e).__name__, e.winerror))\n    raise",
    );
    site.request("app.py", &body);
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    connection
        .send("GET /app.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    // A client that has gone before its script is called is told to nobody.
    connection.line().unwrap();
    connection.reset();
    let text = acceptance::server::wait_for_text(&note);
    assert_eq!(text, "ConnectionResetError 10054");
}

#[test]
fn a_body_that_breaks_off_is_an_error_in_the_script() {
    let site = Site::new();
    let (begun, note) = (site.path("begun"), site.path("note"));
    let body = format!(
        "with open({begun:?}, 'w') as f:\n    f.write('begun')\n\
         try:\n    Read()\nexcept ConnectionError as e:\n    with open({note:?}, 'w') as f:\n        \
         f.write('%s' % e.winerror)\n    raise",
    );
    site.request("app.py", &body);
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    let head = "POST /app.py HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
    connection
        .send(format!("{head}{}", "x".repeat(100_000)))
        .unwrap();
    // A client that goes before the host has read ahead gets no script at all.
    acceptance::server::wait_for_text(&begun);
    connection.reset();
    let text = acceptance::server::wait_for_text(&note);
    assert_eq!(text, "10054");
}

#[test]
fn a_wildcard_handler_takes_everything_and_passes_on_what_it_does_not_want() {
    let site = Site::new();
    site.file("logo.svg", "<svg/>");
    site.file(
        "Http/Isapi.py",
        "from Http import Env, Write\ndef Request():\n    if Env.URL.endswith('.svg'):\n        \
         return True\n    Write('handler: ' + Env.PATH_INFO)\n",
    );
    let server = Server::start(site.root(), &["--wildcard"]);
    assert_eq!(
        get(&server.address, "/any/thing").text(),
        "handler: /any/thing"
    );
    let logo = get(&server.address, "/logo.svg");
    assert_eq!(
        (logo.text(), logo.header("content-type")),
        ("<svg/>".into(), Some("image/svg+xml"))
    );
    assert_eq!(get(&server.address, "/missing.svg").status, 404);
}

#[test]
fn a_wildcard_handler_can_be_any_file() {
    let site = Site::new();
    let handlers = Site::with_request("import helper\nWrite(helper.text(Env.URL))");
    handlers.file("helper.py", "def text(url):\n    return 'from ' + url\n");
    let option = format!("--wildcard={}", handlers.path("app.py").display());
    let server = Server::start(site.root(), &[&option]);
    assert_eq!(get(&server.address, "/x/y").text(), "from /x/y");
}

#[test]
fn the_handlers_of_a_web_config_are_used_and_told() {
    let site = Site::new();
    site.request("a.page", "Write('mapped')");
    site.file("b.py", "not a script here");
    site.file(
        "web.config",
        r#"<configuration><system.webServer><handlers><add name="pages" path="*.page" verb="GET"
           modules="IsapiModule" scriptProcessor="C:\PyISAPIe.dll" resourceType="File" />
           </handlers></system.webServer></configuration>"#,
    );
    let server = Server::start(site.root(), &[]);
    assert_eq!(get(&server.address, "/a.page").text(), "mapped");
    assert_eq!(
        get(&server.address, "/b.py").status,
        404,
        "a source is no static file"
    );
    let post = "POST /a.page HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(send(&server.address, post).unwrap().status, 405);
    server.wait_for_err(|text| text.contains("web.config:") && text.contains("pages"));
}

#[test]
fn running_requests_finish_after_ctrl_c() {
    let site = Site::new();
    let (started, go) = (site.path("started"), site.path("go"));
    let body = format!(
        "import os, time\nopen({started:?}, 'w').close()\n\
         while not os.path.exists({go:?}):\n    time.sleep(0.005)\nWrite('finished')",
    );
    site.request("app.py", &body);
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    connection
        .send("GET /app.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    acceptance::server::wait(|| started.exists().then_some(()));
    server.signal();
    server.wait_for_err(|text| text.contains("running requests finish"));
    std::fs::write(&go, "").unwrap();
    assert_eq!(connection.response(false).unwrap().text(), "finished");
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn the_access_log_has_a_line_for_each_request() {
    let site = Site::with_request("Write('12345')");
    let server = Server::start(site.root(), &[]);
    get(&server.address, "/app.py?a=1");
    get(&server.address, "/nothing");
    let text = server.wait_for_out(|text| text.lines().count() >= 3);
    assert!(
        text.contains("\"GET /app.py?a=1 HTTP/1.1\" 200 5 "),
        "{text}"
    );
    assert!(text.contains("\"GET /nothing HTTP/1.1\" 404"), "{text}");
}

#[test]
fn thread_locals_live_from_one_request_to_the_next() {
    let site = Site::new();
    site.file(
        "app.py",
        "from Http import *\nimport threading\nlocal = threading.local()\n\ndef Request():\n    \
         local.n = getattr(local, 'n', 0) + 1\n    Write('%d' % local.n)\n",
    );
    // A script that was written just before it was loaded is loaded once more, with a new local.
    let options = ["--threads", "1", "--reload", "never"];
    let server = Server::start(site.root(), &options);
    let numbers: Vec<String> = (0..5)
        .map(|_| get(&server.address, "/app.py").text())
        .collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5"]);
}

#[test]
fn tracebacks_are_for_local_clients_unless_told_otherwise() {
    let site = Site::with_request("raise ValueError('secret')");
    for (who, shown) in [("local", true), ("always", true), ("never", false)] {
        let server = Server::start(site.root(), &["--error-details", who]);
        let response = get(&server.address, "/app.py");
        assert_eq!(
            (response.status, response.text().contains("secret")),
            (500, shown),
            "{who}"
        );
        assert!(response.text().contains("ISH0401"), "{who}");
    }
}

#[test]
fn reasons_of_refusals_are_for_whom_tracebacks_are() {
    let site = Site::with_request("pass");
    let path = shown(&site.root().join("none.py"));
    for (who, shown) in [("local", true), ("always", true), ("never", false)] {
        let server = Server::start(site.root(), &["--error-details", who]);
        let page = get(&server.address, "/none.py").text();
        assert_eq!(page.contains(&path), shown, "{who}: {page}");
    }
}

#[test]
fn http_1_1_without_a_host_is_refused() {
    let site = Site::with_request("Write('x')");
    let server = Server::start(site.root(), &[]);
    assert_eq!(
        send(&server.address, "GET /app.py HTTP/1.1\r\n\r\n")
            .unwrap()
            .status,
        400
    );
    assert_eq!(
        send(&server.address, "GET /app.py HTTP/1.0\r\n\r\n")
            .unwrap()
            .status,
        200
    );
}

#[test]
fn bodies_over_the_limit_are_refused_before_the_script() {
    let site = Site::with_request("Write('called')");
    site.file(
        "web.config",
        r#"<configuration><system.webServer><security><requestFiltering>
           <requestLimits maxAllowedContentLength="10" /></requestFiltering></security>
           </system.webServer></configuration>"#,
    );
    let server = Server::start(site.root(), &[]);
    let head = "POST /app.py HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    let known = format!("{head}Content-Length: 11\r\n\r\n12345678901");
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n");
    for request in [known, chunked] {
        let response = send(&server.address, request).unwrap();
        assert_eq!(response.status, 404);
        assert!(response.text().contains("404.13"), "{}", response.text());
    }
}

#[test]
fn a_status_that_is_no_final_answer_is_refused_loudly() {
    let site = Site::with_request("Header(Status=102)\nWrite('x')");
    let server = Server::start(site.root(), &[]);
    assert_eq!(get(&server.address, "/app.py").status, 500);
    server.wait_for_err(|text| text.contains("ISH0507: status 102"));
}

#[test]
fn malformed_requests_get_an_answer_that_says_so() {
    let site = Site::new();
    let server = Server::start(site.root(), &[]);
    for (request, status) in [
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), 400),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
                "X-A: b\r\n".repeat(200)
            ),
            431,
        ),
        (
            format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(70_000)),
            414,
        ),
    ] {
        assert_eq!(send(&server.address, request).unwrap().status, status);
    }
}

#[test]
fn a_second_ctrl_c_stops_a_script_that_does_not_end() {
    let site = Site::new();
    let started = site.path("started");
    let body =
        format!("import time\nopen({started:?}, 'w').close()\nwhile True:\n    time.sleep(0.01)");
    site.request("app.py", &body);
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    connection
        .send("GET /app.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    acceptance::server::wait(|| started.exists().then_some(()));
    server.signal();
    server.wait_for_err(|text| text.contains("running requests finish"));
    server.signal();
    assert_eq!(server.ended(), Some(130));
}

#[test]
fn exit_functions_run_when_the_server_ends() {
    let site = Site::with_request(
        "import atexit, sys\natexit.register(lambda: sys.stderr.write('bye\\n'))\nWrite('hi')",
    );
    let server = Server::start(site.root(), &[]);
    get(&server.address, "/app.py");
    server.signal();
    server.wait_for_err(|text| text.contains("bye\n"));
    assert_eq!(server.ended(), Some(0));
}
