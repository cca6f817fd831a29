//! What the parser promises besides the plain form: environments, our own comments, scripts.

use super::environment::Environment;
use super::http_file::{HttpFile, HttpRequest};
use crate::codes;
use crate::ecb_host::Fault;
use proptest::prelude::*;
use std::path::Path;

fn only(text: &str) -> HttpRequest {
    let file = HttpFile::parse(Path::new("x.http"), text);
    let mut file = file.unwrap_or_else(|why| panic!("{}", why.render(false)));
    assert_eq!(file.requests.len(), 1, "{text}");
    file.requests.remove(0)
}

fn code(text: &str) -> u16 {
    let why = HttpFile::parse(Path::new("x.http"), text).expect_err(text);
    why.code().number
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    folder
}

const PUBLIC: &str = r#"{"$shared": {"path": "/a", "n": "0"}, "dev": {"host": "dev.example", "n": 1},
 "live": {"host": "live.example", "key": "k"}}"#;

#[test]
fn an_environment_gives_values_that_the_file_does_not_set() {
    let files = folder(&[
        ("http-client.env.json", PUBLIC),
        (
            "sub/http-client.private.env.json",
            r#"{"dev": {"host": "secret.example"}}"#,
        ),
    ]);
    let sub = files.path().join("sub");
    let text = "@n = 2\nGET http://{{host}}{{path}}?{{n}}\n";
    let parse = |env: &Environment| HttpFile::parse_in(Path::new("x.http"), text, env);
    let dev = Environment::find(&sub, Some("dev")).expect("there");
    let file = parse(&dev).expect("good");
    assert_eq!(file.requests[0].target, "/a?2", "the file's own value wins");
    assert_eq!(file.requests[0].headers[0].1, "secret.example");
    assert_eq!((dev.value("n"), dev.value("key")), (Some("1"), None));

    let none = Environment::find(&sub, None).expect("there");
    assert_eq!((none.value("path"), none.value("host")), (Some("/a"), None));
    let shown = parse(&none).expect_err("not set").render(false);
    assert!(
        shown.contains("--env live") || shown.contains("--env dev"),
        "{shown}"
    );
}

#[test]
fn an_environment_that_is_not_there_or_no_json_is_told_with_its_place() {
    let files = folder(&[("http-client.env.json", PUBLIC)]);
    let why = Environment::find(files.path(), Some("test")).expect_err("not there");
    assert_eq!(why.code(), codes::BAD_ENVIRONMENT);
    assert!(why.render(false).contains("there are: dev, live"));
    let files = folder(&[("http-client.env.json", "{\n\"dev\": {é}\n}")]);
    let shown = Environment::find(files.path(), None)
        .expect_err("bad")
        .render(false);
    assert!(shown.contains("http-client.env.json:2"), "{shown}");
    let files = folder(&[("http-client.env.json", "{\"dev\": 1}")]);
    assert!(Environment::find(files.path(), None).is_err());
}

#[test]
fn our_own_comments_are_read() {
    let request = only(
        "# @script app/hello.py\n# @mark slow, db\n# @expect-abort 512\n# @fault zero-read\n\
         # @fault unknown-variable=auth_user\n# @record stderr host-calls\n# @shares-state\n\
         GET /shop/hello.py/extra?q=1\n",
    );
    assert_eq!(request.sent_target(), "/app/hello.py/extra?q=1");
    assert_eq!(request.target, "/shop/hello.py/extra?q=1");
    assert_eq!(request.marks, ["slow", "db"]);
    assert_eq!(request.client_gone, Some(512));
    let unknown = Fault::UnknownVariable(Some("AUTH_USER".into()));
    assert_eq!(request.faults, [Fault::ZeroRead, unknown]);
    assert!(request.records.stderr && request.records.host_calls && request.shares_state);
}

#[test]
fn a_script_answers_whatever_the_url_is() {
    let sent = |script: &str, target: &str| {
        only(&format!("# @script {script}\nGET {target}\n")).sent_target()
    };
    assert_eq!(sent("a.py", "/other/"), "/a.py");
    assert_eq!(
        sent(".\\x\\A b.py", "/a?b=/a%20b.py"),
        "/x/A%20b.py?b=/a%20b.py"
    );
}

#[test]
fn our_own_comments_that_cannot_be_understood_are_errors() {
    for comment in [
        "@script",
        "@script ../x.py",
        "@script http://h/x.py",
        "@expect-abort",
        "@expect-abort soon",
        "@fault",
        "@fault power-cut",
        "@record everything",
        "@redact cookie",
        "@redact json:a",
    ] {
        assert_eq!(code(&format!("# {comment}\nGET /\n")), 611, "{comment}");
    }
}

#[test]
fn a_script_without_an_end_is_an_error_and_not_the_end_of_the_file() {
    assert_eq!(code("GET /\n\n> {%\nclient.test()\n\n###\nGET /b\n"), 617);
    assert_eq!(code("< {%\nGET /\n"), 617);
    let file = HttpFile::parse(Path::new("x.http"), "GET /\n\n> {% a %}\n\n###\nGET /b\n");
    assert_eq!(file.expect("good").requests.len(), 2);
}

#[test]
fn what_only_editors_act_on_is_counted() {
    let text = "< ./before.js\nGET /\n\n# a body\n\n> {% a %}\n";
    let file = HttpFile::parse(Path::new("x.http"), text).expect("good");
    assert_eq!((file.editors_only, file.warnings.len()), (2, 3));
}

#[test]
fn a_target_may_be_written_in_lines() {
    let request = only("GET http://h:81\n  /a\n  /b\n  ?c=1\n  &d=2 HTTP/1.1\nA: b\n");
    assert_eq!(request.target, "/a/b?c=1&d=2");
    assert_eq!(request.headers[0], ("Host".into(), "h:81".into()));
}

#[test]
fn the_corpus_of_the_fuzz_target_is_parsed_or_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus/http_file");
    let mut seen = 0;
    for entry in std::fs::read_dir(corpus).expect("a corpus") {
        let bytes = std::fs::read(entry.expect("a file").path()).expect("readable");
        check(&String::from_utf8_lossy(&bytes)).expect("no panic, and places inside the file");
        seen += 1;
    }
    assert!(seen > 5);
}

/// An error's place is inside the file.
fn check(text: &str) -> Result<(), TestCaseError> {
    if let Err(why) = HttpFile::parse(Path::new("/nowhere/x.http"), text) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (offset, length) = why.span().expect("every error of the parser has a place");
        prop_assert!(offset + length <= text.len(), "{why}");
        prop_assert!(text.get(offset..offset + length).is_some(), "{why}");
    }
    Ok(())
}

fn line() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "###",
        "GET /{{a}}",
        "GET /\n  ?é={{b}}",
        "@a={{b}}é",
        "@b={{a}}",
        "@é = 1",
        "@",
        "> {%",
        "%}",
        "< {%",
        "é",
        "A: {{nope}}",
        "",
        "< é",
        "# @name é__",
        "# @fault é",
        "# @script é/",
        "# @redact json:é",
        "\u{feff}",
        "\t\u{a0}é",
    ]);
    prop_oneof![fixed.prop_map(str::to_owned), "\\PC{0,12}"]
}

proptest! {
    #[test]
    fn the_place_of_an_error_lies_inside_the_file(text in any::<String>(), lines in prop::collection::vec(line(), 0..12)) {
        for text in [text, lines.join("\n"), lines.join("\r\n"), format!("\u{feff}{}", lines.join("\n"))] {
            check(&text)?;
        }
    }
}

fn body_of(files: &[(&str, &[u8])], text: &str) -> crate::error::Result<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    let file = HttpFile::parse(&folder.path().join("x.http"), text)?;
    Ok(file.requests[0].body.clone())
}

#[test]
fn a_body_file_with_an_at_sign_has_its_variables_put_in() {
    let text = "@user = Ann\n\nPOST /a\n\n<@ body.xml\n";
    let files: &[(&str, &[u8])] = &[("body.xml", b"<a>{{user}}</a>\r\n<b>{{ 1 }}</b>\n")];
    let body = body_of(files, text).expect("good");
    assert_eq!(body, b"<a>Ann</a>\r\n<b>{{ 1 }}</b>\n", "ends of lines too");
    let exact = body_of(files, &text.replace("<@", "<")).expect("good");
    assert_eq!(exact, files[0].1);
}

#[test]
fn a_body_file_with_variables_may_have_an_encoding_and_is_sent_in_utf_8() {
    for (encoding, bytes) in [
        ("latin1", &b"\xe9{{x}}"[..]),
        ("windows-1252", b"\xe9{{x}}"),
        ("utf16le", b"\xe9\0{\0{\0x\0}\0}\0"),
        ("", "é{{x}}".as_bytes()),
    ] {
        let text = format!("@x = ü\n\nPOST /a\n\n<@{encoding} body.txt\n");
        let body = body_of(&[("body.txt", bytes)], &text).expect(encoding);
        assert_eq!(String::from_utf8_lossy(&body), "éü", "{encoding}");
    }
    let files: &[(&str, &[u8])] = &[("body.txt", b"\xe9")];
    for line in ["<@ body.txt", "<@nonsense body.txt", "<@ gone.txt"] {
        let why = body_of(files, &format!("POST /a\n\n{line}\n")).expect_err(line);
        assert_eq!(why.code(), codes::BODY_FILE_UNREADABLE, "{line}");
    }
}

#[test]
fn an_unknown_variable_in_a_body_file_is_shown_there() {
    let files: &[(&str, &[u8])] = &[("body.txt", b"one\ntwo {{gone}}\n")];
    let why = body_of(files, "POST /a\n\n<@ body.txt\n").expect_err("not set");
    assert_eq!(why.code(), codes::UNKNOWN_VARIABLE);
    let shown = why.render(false);
    assert!(shown.contains("body.txt:2:5"), "{shown}");
}

#[test]
fn a_variable_that_is_set_again_below_has_its_value_above_in_a_body_file_too() {
    let text = "@x = 1\n\nPOST /a\n\n<@ body.txt\n###\n@x = 2\nGET /b\n";
    assert_eq!(
        body_of(&[("body.txt", b"{{x}}")], text).expect("good"),
        b"1"
    );
}

#[test]
fn what_only_looks_like_a_body_file_with_variables_is_sent_as_written() {
    for line in ["<@macro/>", "<@ ", "<@#list x>"] {
        let body = only(&format!("POST /a\n\n{line}\n")).body;
        assert_eq!(String::from_utf8_lossy(&body), line);
    }
}
