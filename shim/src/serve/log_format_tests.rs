use super::*;
use proptest::prelude::*;

fn record(outcome: &Outcome) -> Record<'_> {
    Record {
        // 2026-11-23T15:20:47.123Z
        ended: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_447_247_123),
        took: Duration::from_micros(1234),
        client: [127, 0, 0, 1].into(),
        local: ([10, 0, 0, 2], 8080).into(),
        method: "GET",
        target: "/my%20app.py?a=1+2",
        version: "HTTP/1.1",
        user_agent: Some("Mozilla/5.0 (X11)"),
        referer: None,
        host: Some("localhost:8080"),
        received: 3,
        outcome,
    }
}

fn outcomes() -> Vec<Outcome> {
    let outcome = |status, substatus, log: &str| Outcome {
        status,
        substatus,
        sent: 12,
        log: log.to_owned(),
        ..Outcome::default()
    };
    vec![
        outcome(200, 0, ""),
        outcome(404, 13, ""),
        outcome(500, 0, "ISH0401"),
        outcome(200, 0, "&user=Ann B"),
        Outcome::default(),
    ]
}

fn lines(format: fn(&Record<'_>) -> String) -> String {
    let outcomes = outcomes();
    outcomes.iter().map(|o| format(&record(o))).collect()
}

#[test]
fn each_format_looks_like_this() {
    insta::assert_snapshot!("log_text", lines(text));
    insta::assert_snapshot!("log_json", lines(json));
    let head = w3c_head(record(&Outcome::default()).ended);
    let head = head.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    insta::assert_snapshot!("log_w3c", head + &lines(w3c));
}

#[test]
fn a_line_of_json_has_a_code_only_where_the_log_begins_with_one() {
    for (log, expected) in [
        ("ISH0401", Some("ISH0401")),
        ("ISH0401 and more", Some("ISH0401")),
        ("ISH04012", None),
        ("ISH040", None),
        ("ISHMAEL", None),
        ("äöüäö", None),
        ("", None),
    ] {
        assert_eq!(code(log), expected, "{log:?}");
    }
}

#[test]
fn w3c_has_a_dash_for_what_is_empty_and_a_plus_for_a_blank() {
    assert_eq!(w3c_value(""), "-");
    assert_eq!(w3c_value("a b"), "a+b");
    assert_eq!(w3c_value("a\tb\r\n\u{2028}\u{a0}c"), "a?b???+c");
}

#[test]
fn w3c_has_the_raw_path_where_the_url_is_refused() {
    let outcome = Outcome::default();
    let mut refused = record(&outcome);
    refused.target = "/a%zz";
    assert!(w3c(&refused).contains(" GET /a%zz - "), "{}", w3c(&refused));
}

proptest! {
    #[test]
    fn nothing_of_a_request_breaks_a_line(
        target in any::<String>(), agent in any::<String>(), log in any::<String>(),
    ) {
        let outcome = Outcome { status: 200, log: log.clone(), ..Outcome::default() };
        let mut record = record(&outcome);
        record.target = &target;
        record.method = &target;
        record.user_agent = Some(&agent);
        record.referer = Some(&agent);
        for line in [text(&record), json(&record), w3c(&record)] {
            let line = line.strip_suffix('\n').expect("an end");
            prop_assert!(!line.contains(breaks_lines), "{:?}", line);
        }
        let line = w3c(&record);
        prop_assert_eq!(line.split_whitespace().count(), W3C_FIELDS.split(' ').count());
        let parsed: serde_json::Value = serde_json::from_str(&json(&record)).expect("JSON");
        prop_assert_eq!(&parsed["target"], &target);
        prop_assert_eq!(&parsed["user_agent"], &agent);
        prop_assert_eq!(parsed["log"].as_str().unwrap_or_default(), &log);
    }
}
