//! What redactions promise.

use super::*;

fn roots(roots: &[&str], text: &str) -> String {
    let roots: Vec<String> = roots.iter().map(|r| (*r).to_owned()).collect();
    Redactor::new(&[], &roots).text(text).into_owned()
}

#[test]
fn the_longest_root_wins_whatever_their_order() {
    let text = "/srv/site/app/x.py and /srv/site/y";
    assert_eq!(
        roots(&["/srv/site", "/srv/site/app/"], text),
        "[ROOT]/x.py and [ROOT]/y"
    );
}

#[test]
fn a_root_is_not_found_inside_another_name() {
    for text in [
        "/home/srv/app",
        "/srv/application",
        "/srv/app.old",
        "/srv/app-2",
    ] {
        assert_eq!(roots(&["/srv/app"], text), text);
    }
    assert_eq!(
        roots(&["/srv/app", "/srv"], "/srv/application"),
        "[ROOT]/application"
    );
}

#[test]
fn a_root_is_found_at_the_end_of_a_sentence_and_behind_an_escaped_line_break() {
    assert_eq!(
        roots(&["/srv/app"], r#""x\n/srv/app." "#),
        r#""x\n[ROOT]." "#
    );
}

#[test]
fn the_four_characters_before_a_translated_path_go_with_it() {
    assert_eq!(roots(&["/srv/app"], "/././srv/app/a.py"), "[ROOT]/a.py");
    assert_eq!(roots(&[r"C:\site"], r"\\?\C:\site\a.py"), "[ROOT]/a.py");
    assert_eq!(
        roots(&[r"C:\site"], r#""\\\\?\\C:\\site\\a.py""#),
        r#""[ROOT]/a.py""#
    );
    assert_eq!(roots(&[r"\\?\C:\site"], r"c:/Site/a.py"), "[ROOT]/a.py");
}

#[test]
fn behind_a_root_of_windows_a_path_goes_on_with_slashes() {
    let root = &[r"C:\site"];
    assert_eq!(roots(root, r"at C:\site\a b\c\"), r"at [ROOT]/a b\c\");
    assert_eq!(
        roots(root, r"at C:\site\a\b.py, \d"),
        r"at [ROOT]/a/b.py, \d"
    );
    assert_eq!(roots(root, r#"{"C:\\site\\a\n"}"#), r#"{"[ROOT]/a\n"}"#);
    assert_eq!(roots(&["/srv/site"], r"/srv/site\d"), r"[ROOT]\d");
}

#[test]
fn escaped_spellings_of_a_root_are_found() {
    let root = "/srv/a&b <é>";
    assert_eq!(roots(&[root], "/srv/a&amp;b &lt;é&gt;/x"), "[ROOT]/x");
    assert_eq!(roots(&[root], r"/srv/a&b <\u00e9>/x"), "[ROOT]/x");
    assert_eq!(roots(&[r"C:\it's"], r"C:\it&#x27;s\x"), "[ROOT]/x");
}

#[test]
fn a_root_that_everything_matches_is_passed_over() {
    assert_eq!(roots(&["/", "C:\\", ""], "C:\\x /y"), "C:\\x /y");
}

#[test]
fn date_and_server_always_go_and_other_headers_only_when_asked() {
    let asked = [Redaction::parse("header: etag").expect("good")];
    let redactor = Redactor::new(&asked, &[]);
    assert_eq!(redactor.header("Date", "today"), "[DATE]");
    assert_eq!(redactor.header("server", "x"), "[SERVER]");
    assert_eq!(redactor.header("ETag", "1"), "[ETAG]");
    assert_eq!(redactor.header("Last-Modified", "1"), "1");
}

#[test]
fn a_pattern_goes_everywhere_but_not_where_nothing_is() {
    let asked = [Redaction::parse(r"regex:\d*").expect("good")];
    let redactor = Redactor::new(&asked, &[]);
    assert_eq!(redactor.text("took 35 ms é"), "took [REDACTED] ms é");
    assert_eq!(redactor.header("X", "7"), "[REDACTED]");
}

#[test]
fn a_redaction_that_cannot_be_read_says_why() {
    assert!(
        Redaction::parse("regex:(")
            .unwrap_err()
            .contains("regular expression")
    );
    assert!(Redaction::parse("cookie:x").is_err());
    assert!(Redaction::parse("header:").is_err());
}

#[test]
fn a_match_becomes_the_text_behind_the_arrow_or_nothing() {
    let redactions = ["regex:a+ => [A]", "regex:b+ =>", "regex:c=>d"]
        .map(|text| Redaction::parse(text).unwrap());
    let redactor = Redactor::new(&redactions, &[]);
    assert_eq!(redactor.text("aabbc=>d."), "[A][REDACTED].");
}

fn one(redaction: &str) -> Redactor {
    Redactor::new(&[Redaction::parse(redaction).expect(redaction)], &[])
}

#[test]
fn kinds_of_text_are_known_by_name() {
    assert_eq!(
        one("guids").text("id 6F9619FF-8B86-D011-B42D-00CF4FC964FF, 6f96"),
        "id [GUID], 6f96"
    );
    assert_eq!(
        one("dates").text(
            "Sun, 06 Nov 1994 08:49:37 GMT|2026-11-25T08:00:00.5Z|2026-11-25|Sun Nov  6 08:49:37 1994|12-3"
        ),
        "[DATE]|[DATE]|[DATE]|[DATE]|12-3"
    );
    assert_eq!(
        one("ports").text("http://localhost:8080/ 127.0.0.1:99 [::1]:7 //h.example:81 at 12:30"),
        "http://localhost:[PORT]/ 127.0.0.1:[PORT] [::1]:[PORT] //h.example:[PORT] at 12:30"
    );
    assert_eq!(
        one("paths").text(r#"File "/usr/lib/a.py", C:\Python\a.py, 'C:\\x\\y' and /one or 1/2"#),
        r#"File "[PATH]", [PATH], '[PATH]' and /one or 1/2"#
    );
}

#[test]
fn cookies_keep_their_names_and_attributes() {
    let redactor = one("cookies");
    assert_eq!(
        redactor.header("Set-Cookie", "sid=abc=; Path=/; HttpOnly"),
        "sid=[COOKIE]; Path=/; HttpOnly"
    );
    assert_eq!(
        redactor.header("cookie", "a=1; b=2"),
        "a=[COOKIE]; b=[COOKIE]"
    );
    assert_eq!(redactor.header("X", "a=1"), "a=1");
}

#[test]
fn a_json_path_takes_out_values_and_leaves_the_rest_as_written() {
    let redactor = one("json:$..id");
    assert_eq!(
        redactor.body("{\"id\":  7, \"x\" : {\"id\":\"y\"} }\n"),
        "{\"id\":  \"[REDACTED]\", \"x\" : {\"id\":\"[REDACTED]\"} }\n"
    );
    assert_eq!(redactor.body("id: 7"), "id: 7");
    assert!(Redaction::parse("json:id").is_err());
}

#[test]
fn a_path_below_the_site_is_no_other_path() {
    let paths = [Redaction::parse("paths").expect("known")];
    let redactor = Redactor::new(&paths, &["/srv/site".to_owned()]);
    assert_eq!(redactor.text("at /srv/site/a/b.py"), "at [ROOT]/a/b.py");
}
