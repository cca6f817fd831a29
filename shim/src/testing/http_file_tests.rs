//! What the parser of request files promises.

use super::http_file::{HttpFile, HttpRequest};
use crate::codes::Exit;
use crate::error::Error;
use proptest::prelude::*;
use std::path::Path;

fn parse(text: &str) -> HttpFile {
    HttpFile::parse(Path::new("x.http"), text).unwrap_or_else(|why| panic!("{}", why.render(false)))
}

fn only(text: &str) -> HttpRequest {
    let mut file = parse(text);
    assert_eq!(file.requests.len(), 1, "{text}");
    file.requests.remove(0)
}

fn fails(text: &str) -> Error {
    let why = HttpFile::parse(Path::new("x.http"), text).expect_err(text);
    assert_eq!(why.exit(), Exit::Usage);
    why
}

fn pairs(of: &[(String, String)]) -> Vec<(&str, &str)> {
    of.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect()
}

#[test]
fn separators_titles_names_and_comments_make_requests() {
    let file = parse(
        "# of the file\n\n### First one\n# @name a\nGET /a\n###\n// @name b\nPOST /b HTTP/1.1\n\
         X-One: 1\n# between\nx-two:2\n\nbody\n\nmore\n\n\n### nothing here\n# but this\n",
    );
    let [a, b] = &file.requests[..] else {
        panic!("{:?}", file.requests);
    };
    assert_eq!(
        (a.name.as_deref(), a.title.as_deref(), a.line),
        (Some("a"), Some("First one"), 5)
    );
    assert_eq!(
        (a.method.as_str(), a.target.as_str(), &a.body[..]),
        ("GET", "/a", &b""[..])
    );
    assert_eq!(
        (b.name.as_deref(), b.title.as_deref(), b.line),
        (Some("b"), None, 8)
    );
    assert_eq!(pairs(&b.headers), [("X-One", "1"), ("x-two", "2")]);
    assert_eq!(b.body, b"body\n\nmore");
}

#[test]
fn a_target_needs_no_method() {
    let request = only("/app/hello.py?q=1\n");
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("GET", "/app/hello.py?q=1")
    );
    assert_eq!(only("http://h/x y").target, "/x%20y");
    assert_eq!(only("OPTIONS *").target, "*");
}

#[test]
fn an_absolute_url_gives_the_host_header_unless_there_is_one() {
    let request = only("GET http://example.org:81?q\nA: b");
    assert_eq!(request.target, "/?q");
    assert_eq!(
        pairs(&request.headers),
        [("Host", "example.org:81"), ("A", "b")]
    );
    let request = only("GET https://example.org/x#part\nhost: other");
    assert_eq!(request.target, "/x");
    assert_eq!(pairs(&request.headers), [("host", "other")]);
}

#[test]
fn query_lines_continue_the_request_line() {
    let request = only("GET /a\n    ?x=1\n  # second\n\t&y=2 HTTP/1.1\nA: b");
    assert_eq!(request.target, "/a?x=1&y=2");
    assert_eq!(pairs(&request.headers), [("A", "b")]);
    assert_eq!(fails("GET /a HTTP/1.1\n  ?x=1").code().number, 604);
}

#[test]
fn letters_outside_ascii_and_blanks_of_a_target_are_encoded_and_the_rest_is_not() {
    assert_eq!(
        only("GET /grüße/a b%20c?<é>").target,
        "/gr%C3%BC%C3%9Fe/a%20b%20c?<%C3%A9>"
    );
}

#[test]
fn variables_may_name_variables_and_count_above_their_line_too() {
    let text = "@a = /x\n@n=1\n@b = {{a}}/y\nPOST {{b}}\nX: {{ a }}\n\n{{n}} {{\"j\": {{}} }} {{";
    let request = only(text);
    assert_eq!(request.target, "/x/y");
    assert_eq!(pairs(&request.headers), [("X", "/x")]);
    assert_eq!(request.body, b"1 {{\"j\": {{}} }} {{");
    assert_eq!(only("GET {{late}}\n###\n@late = /z\n").target, "/z");
    let file = parse("@v=/1\nGET {{v}}\n###\n@v=/2\nGET {{v}}\n");
    assert_eq!(
        (&*file.requests[0].target, &*file.requests[1].target),
        ("/1", "/2")
    );
}

#[test]
fn an_unknown_variable_is_an_error_with_its_place() {
    let why = fails("GET /a\nX: {{nope}}\n");
    assert_eq!(why.code().number, 606);
    let shown = why.render(false);
    assert!(
        shown.contains("x.http:2:4") && shown.contains("nope"),
        "{shown}"
    );
    assert!(
        fails("GET /{{$guid}}")
            .render(false)
            .contains("fixed value")
    );
}

#[test]
fn variables_that_lead_back_to_themselves_end_in_an_error() {
    assert_eq!(fails("@a={{b}}\n@b={{a}}\nGET /{{a}}").code().number, 607);
    let doubled: String = (0..30)
        .map(|i| format!("@v{i}={{{{v{0}}}}}{{{{v{0}}}}}\n", i + 1))
        .collect();
    assert_eq!(
        fails(&format!("{doubled}@v30=\nGET /{{{{v0}}}}"))
            .code()
            .number,
        607
    );
    assert_eq!(fails("@no value\nGET /").code().number, 607);
}

#[test]
fn crlf_files_and_a_byte_order_mark_give_the_same_requests() {
    let text = "### t\nPOST /a\nA: b\n\none\ntwo\n\n###\nGET /b\n";
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(
        format!("{:?}", parse(text)),
        format!("{:?}", parse(&windows))
    );
}

#[test]
fn our_own_comments_are_read_and_those_of_others_are_not() {
    let request = only(
        "# @server-var AUTH_USER=DOM\\ann\n// @server-var A = b=c\n# @skip not yet\n# @no-log\n\
         # @redact header:ETag\nGET /\n# @redact regex:\\d{2}\n",
    );
    assert_eq!(
        pairs(&request.server_vars),
        [("AUTH_USER", "DOM\\ann"), ("A", "b=c")]
    );
    assert_eq!(request.skip.as_deref(), Some("not yet"));
    assert_eq!(request.redactions.len(), 2);
    assert_eq!(fails("# @server-var X\nGET /").code().number, 611);
    assert_eq!(fails("# @redact regex:(\nGET /").code().number, 611);
}

#[test]
fn scripts_and_response_references_are_passed_over_with_a_warning() {
    let file = parse(
        "< {%\nx\n%}\nPOST /\n\nbody\n> quoted\n> {%\n client.test()\n%}\n> after.js\n<> old.200.json\n\
         >> out.txt\n",
    );
    assert_eq!(file.requests[0].body, b"body\n> quoted");
    let places: Vec<&str> = file
        .warnings
        .iter()
        .filter_map(|w| w.split(": ").next())
        .collect();
    assert_eq!(
        places,
        [
            "x.http:1",
            "x.http:8",
            "x.http:11",
            "x.http:12",
            "x.http:13"
        ]
    );
}

#[test]
fn a_comment_below_a_get_is_a_body_and_is_warned_of() {
    let file = parse("GET /\n\n# next\n");
    assert_eq!(file.requests[0].body, b"# next");
    assert!(
        file.warnings[0].starts_with("x.http:3: "),
        "{:?}",
        file.warnings
    );
}

#[test]
fn a_body_file_gives_its_exact_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let http = folder.path().join("x.http");
    std::fs::create_dir(folder.path().join("d")).expect("a folder");
    std::fs::write(folder.path().join("d/b.bin"), b"\0\xff\r\n\n").expect("a file");
    let text = "@f = d\nPOST /\n\nbefore\n< ./{{f}}/b.bin\n<not\n";
    let file = HttpFile::parse(&http, text).expect("good");
    assert_eq!(file.requests[0].body, b"before\n\0\xff\r\n\n\n<not");
    let file = HttpFile::parse(&http, "POST /\n\n< .\\d\\b.bin\n\n").expect("good");
    assert_eq!(file.requests[0].body, b"\0\xff\r\n\n");
    let why = HttpFile::parse(&http, "POST /\n\n< gone\n").expect_err("missing");
    assert_eq!(why.code().number, 610);
}

#[test]
fn multipart_bodies_have_crlf_and_forms_may_be_written_in_lines() {
    let multipart = "POST /\nContent-Type: multipart/form-data; boundary=b\n\n--b\n\nx\n--b--\n";
    assert_eq!(only(multipart).body, b"--b\r\n\r\nx\r\n--b--");
    let form = "POST /\ncontent-type: application/x-www-form-urlencoded\n\na=1\n&b=2\n";
    assert_eq!(only(form).body, b"a=1&b=2");
}

#[test]
fn malformed_lines_are_errors_with_a_code() {
    for (text, code) in [
        ("GET", 604),
        ("GET hello.py", 604),
        ("GET http:///x", 604),
        ("GET http://ann:pw@h/x", 604),
        ("GET /\nno header here", 605),
        ("GET /\nbad name: x", 605),
        ("# @name a__b\nGET /", 608),
        ("# @name a/b\nGET /", 608),
        ("# @name a\\b\nGET /", 608),
        ("# @name\nGET /", 608),
        ("# @name a\nGET /\n###\n# @name A\nGET /", 609),
    ] {
        assert_eq!(fails(text).code().number, code, "{text}");
    }
    assert_eq!(
        fails(&format!("# @name {}\nGET /", "a".repeat(101)))
            .code()
            .number,
        608
    );
}

#[test]
fn keys_come_from_name_title_or_path_and_are_unique() {
    let file = parse(
        "### Say hello!\nGET /\n###\n# @name say-hello\nGET /\n###\nPOST /App/hello_x.py?q\n###\n\
         POST /app/hello__x.py\n### __\nGET /\n",
    );
    let keys: Vec<String> = (0..5).map(|i| file.key(i)).collect();
    let wanted = [
        "say-hello-2",
        "say-hello",
        "post-app-hello-x-py",
        "post-app-hello-x-py-2",
        "get",
    ];
    assert_eq!(keys, wanted);
    assert_eq!(file.key(5), "");
}

#[test]
fn a_file_that_is_not_utf8_says_so() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), b"GET /\xff").expect("written");
    assert_eq!(
        HttpFile::load(file.path(), &Default::default())
            .expect_err("bad")
            .code()
            .number,
        602
    );
}

/// Lines that mean something to the parser, and some that do not.
fn any_line() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "###",
        "### t",
        "# @name x",
        "// @name",
        "@a = {{b}}",
        "@b={{a}}",
        "GET /{{a}}",
        "/é x",
        "",
        "  ?a=1",
        "A: {{",
        "< ./gone",
        "> {% x",
        "%}",
        "<> r",
        "# @redact regex:(",
        "{{}}",
        "\r",
        "é: x",
    ]);
    prop_oneof![fixed.prop_map(str::to_owned), "\\PC{0,20}"]
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), lines in prop::collection::vec(any_line(), 0..20)) {
        for text in [text, lines.join("\n"), lines.join("\r\n")] {
            if let Ok(file) = HttpFile::parse(Path::new("/nowhere/x.http"), &text) {
                for index in 0..file.requests.len() {
                    let key = file.key(index);
                    prop_assert!(!key.is_empty() && !key.contains("__"), "{key}");
                }
            }
        }
    }

    #[test]
    fn a_written_request_is_read_back(
        requests in prop::collection::vec((
            prop::option::of("[a-z][a-z ]{0,8}[a-z]"),
            prop::sample::select(vec!["GET", "POST", "DELETE", "PROPFIND"]),
            "/[a-z0-9/._%-]{0,12}(\\?[a-z=&]{0,8})?",
            prop::collection::vec(("[A-Za-z-]{1,8}", "[!-~]([ -~]{0,8}[!-~])?"), 0..4),
            prop::collection::vec("[a-zé\"]([ -z]{0,12})", 0..4),
            prop::collection::vec(("[A-Z_]{1,8}", "[a-z\\\\]{0,8}"), 0..3),
        ), 1..5),
        crlf: bool,
    ) {
        let mut text = String::new();
        for (index, (title, method, target, headers, body, vars)) in requests.iter().enumerate() {
            text += &format!("### {}\n# @name r{index}\n", title.as_deref().unwrap_or_default());
            for (name, value) in vars {
                text += &format!("# @server-var {name}={value}\n");
            }
            text += &format!("{method} {target}\n");
            for (name, value) in headers {
                text += &format!("{name}: {value}\n");
            }
            text += &format!("\n{}\n\n", body.join("\n"));
        }
        let file = parse(&if crlf { text.replace('\n', "\r\n") } else { text });
        prop_assert_eq!(file.requests.len(), requests.len());
        for (index, (read, written)) in file.requests.iter().zip(&requests).enumerate() {
            let (title, method, target, headers, body, vars) = written;
            prop_assert_eq!(file.key(index), format!("r{index}"));
            prop_assert_eq!(&read.title, title);
            prop_assert_eq!(read.method.as_str(), *method);
            prop_assert_eq!(&read.target, target);
            prop_assert_eq!(&read.headers, headers);
            prop_assert_eq!(&read.server_vars, vars);
            prop_assert_eq!(String::from_utf8_lossy(&read.body), body.join("\n"));
        }
    }
}

#[test]
fn marks_are_words_behind_mark_in_the_order_of_the_file() {
    let request = only("# @mark slow, network\n# @mark database\nGET /a\n");
    assert_eq!(request.marks, ["slow", "network", "database"]);
    assert!(only("GET /a\n").marks.is_empty());
}
