//! The control block's fields and `GetServerVariable`.

use acceptance::probe::{Server, Site, query, run};
use acceptance::target::WINDOWS;

fn variables(names: &str, more: &[&str]) -> String {
    run(
        &Site::default(),
        &query(&[("scenario", "vars"), ("names", names)]),
        more,
    )
    .text()
}

#[test]
fn the_control_block_is_complete() {
    let site = Site::default();
    let ran = run(
        &site,
        "a=b%20c",
        &["-d", "hello", "-H", "Content-Type: text/x"],
    );
    assert_eq!(
        site.redact(&ran.text()),
        "cbSize=192\ndwVersion=000a0000\nConnID=set\ndwHttpStatusCode=200\nlpszLogData=\n\
         lpszMethod=POST\nlpszQueryString=a=b%20c\nlpszPathInfo=/page.x\n\
         lpszPathTranslated=ROOT/page.x\ncbTotalBytes=5\ncbAvailable=5\nlpbData=hello\\x00\n\
         lpszContentType=text/x\n"
    );
}

#[test]
fn a_request_without_query_and_body_has_empty_strings_and_no_null() {
    let site = Site::default();
    let text = run(&site, "", &["-X", "DELETE"]).text();
    assert!(
        text.contains("lpszMethod=DELETE\nlpszQueryString=\n"),
        "{text}"
    );
    assert!(
        text.contains("cbTotalBytes=0\ncbAvailable=0\nlpbData=\n"),
        "{text}"
    );
    assert!(text.ends_with("lpszContentType=\n"), "{text}");
}

#[test]
fn sizes_include_the_nul() {
    let text = variables("REQUEST_METHOD,SERVER_PROTOCOL,SERVER_PORT,HTTPS", &[]);
    assert_eq!(
        text,
        "REQUEST_METHOD: 4 [GET\\x00]\nSERVER_PROTOCOL: 9 [HTTP/1.1\\x00]\n\
         SERVER_PORT: 3 [80\\x00]\nHTTPS: 4 [off\\x00]\n"
    );
}

#[test]
fn too_small_a_buffer_is_error_122_and_tells_the_size() {
    let site = Site::default();
    for size in ["0", "1", "3"] {
        let arguments = [
            ("scenario", "vars"),
            ("names", "REQUEST_METHOD"),
            ("size", size),
        ];
        let text = run(&site, &query(&arguments), &[]).text();
        assert_eq!(text, "REQUEST_METHOD: FALSE 122 needs 4\n", "{size}");
    }
    let exact = [
        ("scenario", "vars"),
        ("names", "REQUEST_METHOD"),
        ("size", "4"),
    ];
    assert_eq!(
        run(&site, &query(&exact), &[]).text(),
        "REQUEST_METHOD: 4 [GET\\x00]\n"
    );
}

#[test]
fn no_buffer_and_no_size_asks_for_the_size() {
    let arguments = [
        ("scenario", "vars"),
        ("names", "REQUEST_METHOD,UNICODE_URL"),
        ("size", "0"),
        ("null", "1"),
    ];
    let text = run(&Site::default(), &query(&arguments), &[]).text();
    assert_eq!(
        text,
        "REQUEST_METHOD: FALSE 122 needs 4\nUNICODE_URL: FALSE 122 needs 16\n"
    );
}

#[test]
fn unknown_names_and_absent_headers_are_error_1413() {
    let text = variables(
        "NO_SUCH_NAME,HTTP_X_ABSENT,HEADER_X-Absent,UNICODE_NO_SUCH,",
        &[],
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(
        lines.iter().all(|line| line.contains(": FALSE 1413")),
        "{text}"
    );
}

#[test]
fn a_known_name_without_a_value_is_empty_and_not_absent() {
    let text = variables(
        "REMOTE_USER,AUTH_TYPE,LOGON_USER,CERT_SUBJECT,UNICODE_REMOTE_USER",
        &[],
    );
    assert_eq!(
        text,
        "REMOTE_USER: 1 [\\x00]\nAUTH_TYPE: 1 [\\x00]\nLOGON_USER: 1 [\\x00]\n\
         CERT_SUBJECT: 1 [\\x00]\nUNICODE_REMOTE_USER: 2 [\\x00\\x00]\n"
    );
}

#[test]
fn unicode_names_give_utf_16_with_a_nul_of_two_bytes() {
    let text = variables(
        "UNICODE_REQUEST_METHOD,UNICODE_AUTH_USER",
        &["--server-var", "AUTH_USER=ÄŁ"],
    );
    assert_eq!(
        text,
        "UNICODE_REQUEST_METHOD: 8 [G\\x00E\\x00T\\x00\\x00\\x00]\n\
         UNICODE_AUTH_USER: 6 [\\xc4\\x00A\\x01\\x00\\x00]\n"
    );
}

#[test]
fn unicode_names_do_not_exist_for_headers() {
    let names = "UNICODE_HTTP_ACCEPT,UNICODE_HEADER_Accept,HTTP_ACCEPT";
    let text = variables(names, &["-H", "Accept: a/b"]);
    assert_eq!(
        text,
        "UNICODE_HTTP_ACCEPT: FALSE 1413 needs 60000\n\
         UNICODE_HEADER_Accept: FALSE 1413 needs 60000\nHTTP_ACCEPT: 4 [a/b\\x00]\n"
    );
}

#[test]
fn http_means_dashes_and_header_means_the_name_as_it_is() {
    let headers = ["-H", "X-Dash: dash", "-H", "X_Under: under"];
    let text = variables(
        "HTTP_X_DASH,HTTP_X_UNDER,HEADER_X-Dash,HEADER_X_Under,HEADER_X_Dash,HEADER_X-Under",
        &headers,
    );
    assert_eq!(
        text,
        "HTTP_X_DASH: 5 [dash\\x00]\nHTTP_X_UNDER: FALSE 1413 needs 60000\n\
         HEADER_X-Dash: 5 [dash\\x00]\nHEADER_X_Under: 6 [under\\x00]\n\
         HEADER_X_Dash: FALSE 1413 needs 60000\nHEADER_X-Under: FALSE 1413 needs 60000\n"
    );
}

#[test]
fn names_are_known_in_lower_case_too() {
    let text = variables(
        "request_method,http_accept,unicode_request_method,header_accept",
        &[],
    );
    assert_eq!(
        text,
        "request_method: 4 [GET\\x00]\nhttp_accept: 4 [*/*\\x00]\n\
         unicode_request_method: 8 [G\\x00E\\x00T\\x00\\x00\\x00]\nheader_accept: 4 [*/*\\x00]\n"
    );
}

#[test]
fn headers_do_not_shadow_the_names_that_only_look_like_headers() {
    let headers = ["-H", "Version: x", "-H", "Method: x", "-H", "Url: x"];
    let text = variables("HTTP_VERSION,HTTP_METHOD,HEADER_VERSION", &headers);
    assert_eq!(
        text,
        "HTTP_VERSION: 9 [HTTP/1.1\\x00]\nHTTP_METHOD: 4 [GET\\x00]\nHEADER_VERSION: 2 [x\\x00]\n"
    );
    let url = variables("HTTP_URL", &headers);
    assert!(url.contains("[/page.x?scenario=vars"), "{url}");
}

#[test]
fn repeated_headers_are_joined_by_commas() {
    let text = variables("HTTP_X_LIST", &["-H", "X-List: a", "-H", "x-list: b"]);
    let value = text.trim_end().trim_end_matches("\\x00]").replace(' ', "");
    assert!(value.ends_with("[a,b"), "{text}");
}

#[test]
fn the_bytes_of_headers_arrive_as_sent() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    let request = b"GET /page.x?scenario=vars&names=HTTP_X_RAW HTTP/1.1\r\nHost: t\r\nX-Raw: \xe4\xff\r\n\r\n";
    assert_eq!(
        client.send(request).response().text(),
        "HTTP_X_RAW: 3 [\\xe4\\xff\\x00]\n"
    );
}

#[test]
fn all_http_has_upper_case_names_and_line_feeds() {
    let text = variables("ALL_HTTP", &["-H", "X-Mixed-Case: v", "-d", "1"]);
    for line in [
        "HTTP_X_MIXED_CASE:v\\x0a",
        "HTTP_HOST:localhost\\x0a",
        "HTTP_CONTENT_LENGTH:1\\x0a",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("\\x0d"), "{text}");
    assert!(text.ends_with("\\x0a\\x00]\n"), "{text}");
}

#[test]
fn all_raw_keeps_the_clients_spelling_and_order() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut client = server.connect();
    client.send(
        "GET /page.x?scenario=vars&names=ALL_RAW HTTP/1.1\r\nhOST: t\r\nX-ODD-case: 1\r\n\
         x-list: a\r\nX-Other:   spaced  \r\nX-List: b\r\n\r\n",
    );
    let text = client.response().text();
    let (_, value) = text.split_once('[').unwrap();
    let lines: Vec<&str> = value
        .trim_end_matches("\\x00]\n")
        .split_terminator("\\x0d\\x0a")
        .collect();
    let mut sorted = lines.clone();
    sorted.sort_unstable();
    let wanted = [
        "X-List: b",
        "X-ODD-case: 1",
        "X-Other: spaced",
        "hOST: t",
        "x-list: a",
    ];
    assert_eq!(sorted, wanted, "{text}");
    let at = |line: &str| lines.iter().position(|l| *l == line);
    assert!(at("x-list: a") < at("X-List: b"), "{text}");
    assert_eq!(lines[0], "hOST: t", "in the order of the request: {text}");
}

#[test]
fn facts_about_the_connection_come_from_the_socket() {
    let site = Site::default();
    let server = Server::start(&site);
    let target = "/page.x?scenario=vars&names=SERVER_NAME,REMOTE_ADDR,SERVER_PROTOCOL";
    let mut client = server.connect();
    client.send(format!("GET {target} HTTP/1.0\r\nHost: www.t:8080\r\n\r\n"));
    assert_eq!(
        client.response().text(),
        "SERVER_NAME: 6 [www.t\\x00]\nREMOTE_ADDR: 10 [127.0.0.1\\x00]\n\
         SERVER_PROTOCOL: 9 [HTTP/1.0\\x00]\n"
    );
}

#[test]
fn every_name_of_the_documentation_is_known() {
    let names = "ALL_HTTP,ALL_RAW,APPL_MD_PATH,APPL_PHYSICAL_PATH,APP_POOL_CONFIG,APP_POOL_ID,\
        AUTH_PASSWORD,AUTH_TYPE,AUTH_USER,REMOTE_USER,UNMAPPED_REMOTE_USER,LOGON_USER,CACHE_URL,\
        CERT_COOKIE,CERT_FLAGS,CERT_ISSUER,CERT_SERIALNUMBER,CERT_SUBJECT,CERT_KEYSIZE,\
        CERT_SECRETKEYSIZE,CERT_SERVER_ISSUER,CERT_SERVER_SUBJECT,HTTPS_KEYSIZE,\
        HTTPS_SECRETKEYSIZE,HTTPS_SERVER_ISSUER,HTTPS_SERVER_SUBJECT,CONTENT_LENGTH,CONTENT_TYPE,\
        GATEWAY_INTERFACE,HTTPS,HTTP_METHOD,HTTP_URL,HTTP_VERSION,INSTANCE_ID,INSTANCE_META_PATH,\
        INSTANCE_NAME,LOCAL_ADDR,SERVER_ADDR,MANAGED_PIPELINE_MODE,PATH_INFO,PATH_TRANSLATED,\
        QUERY_STRING,REMOTE_ADDR,REMOTE_HOST,REMOTE_PORT,REQUEST_METHOD,SCRIPT_NAME,\
        SCRIPT_TRANSLATED,SERVER_NAME,SERVER_PORT,SERVER_PORT_SECURE,SERVER_PROTOCOL,\
        SERVER_SOFTWARE,UNENCODED_URL,URL,UNICODE_CACHE_URL,UNICODE_SCRIPT_NAME,\
        UNICODE_PATH_INFO,UNICODE_URL";
    let text = variables(names, &[]);
    assert!(!text.contains("FALSE"), "{text}");
}

#[test]
fn wrong_arguments_are_error_87() {
    let ran = run(&Site::default(), "scenario=bad-arguments", &[]);
    let text = ran.text();
    for line in text.lines() {
        assert!(line.ends_with(": FALSE 87"), "{text}");
    }
    assert_eq!(text.lines().count(), 26, "{text}");
    // All but the question for the end of a child that never was.
    assert_eq!(ran.err.matches("ISH0505").count(), 25, "{}", ran.err);
    assert_eq!(
        ran.err.matches("was given NULL for").count(),
        23,
        "{}",
        ran.err
    );
}

#[test]
fn requests_that_the_host_lacks_are_error_87_and_said_aloud() {
    let ran = run(&Site::default(), "scenario=unsupported", &[]);
    // There is a token of the process's own account on Windows.
    let token = if WINDOWS { "TRUE" } else { "FALSE 87" };
    assert_eq!(
        ran.text(),
        format!("1002: FALSE 87\n1011: {token}\n1038: FALSE 87\n9999: FALSE 87\n")
    );
    let lacks = |number: &&str| !(WINDOWS && *number == "1011");
    for number in ["1002", "1011", "1038", "9999"].into_iter().filter(lacks) {
        let said = |line: &str| line.contains("ISH0506") && line.contains(number);
        assert!(ran.err.lines().any(said), "{number} in {}", ran.err);
    }
    assert_eq!(ran.code, 0);
}

#[test]
fn simple_questions_are_answered() {
    let text = run(&Site::default(), "scenario=facts", &[]).text();
    assert_eq!(
        text,
        "IS_KEEP_CONN: TRUE\nIS_CONNECTED: TRUE\nIS_IN_PROCESS: TRUE\nflush: TRUE\n\
         no flush: TRUE\nkeep=1 connected=1 process=0\n"
    );
}

#[test]
fn is_keep_conn_is_what_the_client_asked_for() {
    let site = Site::default();
    let server = Server::start(&site);
    for (version, header, keep) in [
        ("1.1", "", "keep=1"),
        ("1.1", "Connection: close\r\n", "keep=0"),
        ("1.0", "", "keep=0"),
        ("1.0", "Connection: Keep-Alive\r\n", "keep=1"),
    ] {
        let mut client = server.connect();
        client.send(format!(
            "GET /page.x?scenario=facts HTTP/{version}\r\nHost: t\r\n{header}\r\n"
        ));
        let text = client.response().text();
        assert!(text.contains(keep), "HTTP/{version} {header}: {text}");
    }
}
