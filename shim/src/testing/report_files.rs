//! Reports for other programs: JUnit XML, JSON, and the Test Anything Protocol. Each is one whole
//! file, written anew in each run.

use super::runner::{Entry, Report, State};
use crate::codes;
use crate::error::{Error, Result};
use crate::whole_file;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Standard output that cannot be written to.
pub(super) fn unwritable(why: std::io::Error) -> Error {
    let what = format!("the report cannot be written: {why}");
    Error::new(codes::REPORT_UNWRITABLE, what)
        .fix("see to the disk or program that takes standard output")
}

/// Writes a file whole or not at all.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(path: &Path, text: &[u8]) -> Result<()> {
    whole_file::write(path, text).map_err(|why| {
        let what = format!("{} cannot be written: {why}", path.display());
        Error::new(codes::REPORT_UNWRITABLE, what)
            .fix("check that its folder exists and may be written to")
    })
}

/// Without colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// The first line of what is wrong.
fn message(entry: &Entry) -> String {
    match (entry.state, entry.word) {
        (State::Failed, "new") => "there is no snapshot".to_owned(),
        (State::Failed, _) if entry.differs => "the response differs from its snapshot".to_owned(),
        _ => {
            let detail = plain(&entry.detail);
            let lines = detail.lines().map(str::trim).filter(|l| !l.is_empty());
            // The code stands alone in the first line.
            lines.take(2).collect::<Vec<_>>().join(" ")
        }
    }
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// One suite for each file, one case for each request.
pub(super) fn junit(report: &Report) -> Vec<u8> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory does not fail; an XML that is cut off would be seen by its reader.
    let _ = junit_to(report, &mut out);
    let mut out = out.into_inner();
    out.push(b'\n');
    out
}

fn junit_to(report: &Report, out: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
    let mut suites: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &report.entries {
        suites.entry(&entry.file).or_default().push(entry);
    }
    let count =
        |is: fn(&Entry) -> bool, of: &[&Entry]| of.iter().filter(|e| is(e)).count().to_string();
    let failed = |e: &Entry| e.state == State::Failed;
    let errors = |e: &Entry| matches!(e.state, State::Unusable | State::HostFailed);
    let skipped = |e: &Entry| e.state == State::Skipped;
    let all: Vec<&Entry> = report.entries.iter().collect();
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let broken = report.unusable.len();
    let total = |of: &[&Entry]| seconds(of.iter().map(|e| e.micros).sum());
    out.create_element("testsuites")
        .with_attributes([
            ("name", "isapi-shim test"),
            ("tests", &(all.len() + broken).to_string()),
            ("failures", &count(failed, &all)),
            (
                "errors",
                &(all.iter().filter(|e| errors(e)).count() + broken).to_string(),
            ),
            ("skipped", &count(skipped, &all)),
            ("time", &total(&all)),
        ])
        .write_inner_content(|out| {
            for (file, why) in &report.unusable {
                suite(out, file, [1, 0, 1, 0].map(|n| n.to_string()), "0", |out| {
                    let attributes = [("classname", &**file), ("name", "(the file)")];
                    out.create_element("testcase")
                        .with_attributes(attributes)
                        .write_inner_content(|out| problem(out, "error", &xml(&plain(why)), why))?;
                    Ok(())
                })?;
            }
            for (file, entries) in &suites {
                let counts = [
                    entries.len().to_string(),
                    count(failed, entries),
                    count(errors, entries),
                    count(skipped, entries),
                ];
                suite(out, file, counts, &total(entries), |out| {
                    entries.iter().try_for_each(|entry| case(out, entry))
                })?;
            }
            Ok(())
        })?;
    Ok(())
}

type Xml = Writer<Vec<u8>>;

fn suite(
    out: &mut Xml,
    file: &str,
    [tests, failures, errors, skipped]: [String; 4],
    time: &str,
    inside: impl FnOnce(&mut Xml) -> std::io::Result<()>,
) -> std::io::Result<()> {
    out.create_element("testsuite")
        .with_attributes([
            ("name", file),
            ("tests", &tests),
            ("failures", &failures),
            ("errors", &errors),
            ("skipped", &skipped),
            ("time", time),
        ])
        .write_inner_content(inside)
        .map(|_| ())
}

fn case(out: &mut Xml, entry: &Entry) -> std::io::Result<()> {
    let case = out.create_element("testcase").with_attributes([
        ("classname", &*entry.file),
        ("name", &*xml(&entry.key)),
        ("file", &*entry.file),
        ("line", &*entry.line.to_string()),
        ("time", &*seconds(entry.micros)),
    ]);
    if entry.state == State::Passed && entry.stderr.is_empty() {
        return case.write_empty().map(|_| ());
    }
    case.write_inner_content(|out| {
        match entry.state {
            State::Passed => {}
            State::Skipped => {
                let reason = xml(&entry.note);
                let skipped = out.create_element("skipped");
                skipped
                    .with_attribute(("message", &*reason))
                    .write_empty()?;
            }
            State::Failed => problem(out, "failure", &message(entry), &entry.detail)?,
            State::Unusable | State::HostFailed => {
                problem(out, "error", &message(entry), &entry.detail)?;
            }
        }
        if !entry.stderr.is_empty() {
            let text = xml(&entry.stderr);
            let element = out.create_element("system-err");
            element.write_text_content(BytesText::new(&text))?;
        }
        Ok(())
    })
    .map(|_| ())
}

fn problem(out: &mut Xml, kind: &str, message: &str, detail: &str) -> std::io::Result<()> {
    let (message, detail) = (xml(message), xml(&plain(detail)));
    out.create_element(kind)
        .with_attribute(("message", &*message))
        .write_text_content(BytesText::new(&detail))
        .map(|_| ())
}

/// Without the characters that no XML may have, not even escaped.
fn xml(text: &str) -> String {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => c,
        _ => '\u{fffd}',
    };
    plain(text).chars().map(allowed).collect()
}

/// One object with everything.
pub(super) fn json(report: &Report) -> Vec<u8> {
    let state = |entry: &Entry| match entry.state {
        State::Passed => "passed",
        State::Failed => "failed",
        State::Unusable | State::HostFailed => "error",
        State::Skipped => "skipped",
    };
    let case = |entry: &Entry| {
        json!({
            "file": entry.file,
            "name": entry.key,
            "line": entry.line,
            "marks": entry.marks,
            "state": state(entry),
            "new": entry.word == "new",
            "note": entry.note,
            "detail": if entry.is_failure() { plain(&entry.detail) } else { String::new() },
            "stderr": entry.stderr,
            "seconds": Value::from(std::time::Duration::from_micros(entry.micros).as_secs_f64()),
        })
    };
    let unusable = |(file, why): &(String, String)| json!({"file": file, "detail": plain(why)});
    let summary = &report.summary;
    let whole = json!({
        "format": 1,
        "summary": {
            "passed": summary.passed,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "not_run": summary.not_run,
            "exit_code": summary.exit_code(),
        },
        "unusable": report.unusable.iter().map(unusable).collect::<Vec<_>>(),
        "cases": report.entries.iter().map(case).collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_vec_pretty(&whole).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Version 14, with details as YAML.
pub(super) fn tap(report: &Report) -> Vec<u8> {
    let all = report.entries.len() + report.unusable.len();
    let mut out = format!("TAP version 14\n1..{all}\n");
    let name = |text: &str| text.replace('\\', "\\\\").replace('#', "\\#");
    let block = |out: &mut String, text: &str| {
        // The number: a first line may begin with blanks.
        out.push_str("  ---\n  detail: |2\n");
        for line in plain(text).lines() {
            out.push_str(&format!("    {line}\n"));
        }
        out.push_str("  ...\n");
    };
    let mut number = 0;
    for (file, why) in &report.unusable {
        number += 1;
        out.push_str(&format!("not ok {number} - {}\n", name(file)));
        block(&mut out, why);
    }
    for entry in &report.entries {
        number += 1;
        let id = name(&format!("{}::{}", entry.file, entry.key));
        let word = if entry.is_failure() { "not ok" } else { "ok" };
        out.push_str(&format!("{word} {number} - {id}"));
        if entry.state == State::Skipped {
            out.push_str(format!(" # SKIP {}", name(&entry.note)).trim_end());
        }
        out.push('\n');
        if entry.is_failure() {
            block(&mut out, &format!("{}\n{}", message(entry), entry.detail));
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::runner::Summary;

    fn entry(key: &str, state: State) -> Entry {
        Entry {
            file: "a/x.http".into(),
            key: key.into(),
            line: 3,
            marks: vec!["slow".into()],
            state,
            word: "FAIL",
            note: "reason # 1".into(),
            detail: "\u{1b}[31m-old\u{1b}[0m\n+<new> & \u{1}\n".into(),
            stderr: "Trace\u{0}back ]]>".into(),
            micros: 1_500_000,
            differs: true,
        }
    }

    fn report() -> Report {
        let states = [
            ("p", State::Passed),
            ("f", State::Failed),
            ("s", State::Skipped),
            ("h", State::HostFailed),
        ];
        Report {
            entries: states.map(|(key, state)| entry(key, state)).to_vec(),
            unusable: vec![("b.http".into(), "ISH0604\nno target\n".into())],
            summary: Summary {
                passed: 1,
                failed: 2,
                skipped: 1,
                ..Summary::default()
            },
        }
    }

    #[test]
    fn junit_has_a_case_for_each_request_and_is_xml_whatever_was_written() {
        let text = String::from_utf8(junit(&report())).expect("UTF-8");
        insta::assert_snapshot!(text);
        let mut reader = quick_xml::Reader::from_str(&text);
        while !matches!(reader.read_event().expect("XML"), Event::Eof) {}
    }

    #[test]
    fn json_has_all_that_is_known() {
        let whole: Value = serde_json::from_slice(&json(&report())).expect("JSON");
        assert_eq!(whole["cases"][1]["state"], "failed");
        assert_eq!(whole["cases"][1]["marks"][0], "slow");
        assert_eq!(whole["cases"][1]["detail"], "-old\n+<new> & \n");
        assert_eq!(whole["cases"][0]["detail"], "");
        assert_eq!(whole["unusable"][0]["file"], "b.http");
    }

    #[test]
    fn tap_has_a_line_for_each_request() {
        insta::assert_snapshot!(String::from_utf8(tap(&report())).expect("UTF-8"));
    }
}
