//! What snapshots promise: nothing is lost, and insta reads them.

use super::http_file::HttpFile;
use super::redact::Redactor;
use super::runner::Recorded;
use super::snapshot::{
    Rendered, Update, Verdict, compare, discard, path_for, pending_for, render, store,
    store_pending,
};
use insta::Snapshot;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn answer(body: &[u8]) -> Recorded {
    Recorded {
        status: 200,
        reason: "OK".into(),
        headers: vec![
            ("Content-Type".into(), b"text/html".to_vec()),
            ("Date".into(), b"Mon, 01 Jan 2024 00:00:00 GMT".to_vec()),
        ],
        body: body.to_vec(),
        ..Recorded::default()
    }
}

fn rendered_with(answer: &Recorded, roots: &[&str]) -> Rendered {
    let text = "### It's \"hello\": # yes\n# @server-var AUTH_USER=DOM\\ann\n# @redact header:Cookie\n\
                GET /srv/x.py\nAccept: */*\nCookie: secret\n";
    let file = HttpFile::parse(Path::new("x.http"), text).expect("good");
    let request = &file.requests[0];
    let roots: Vec<String> = roots.iter().map(|r| (*r).to_owned()).collect();
    render(
        answer,
        request,
        "x.http",
        &Redactor::new(&request.redactions, &roots),
    )
}

fn rendered(body: &[u8]) -> Rendered {
    rendered_with(&answer(body), &[])
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = path_for(&folder.path().join("x.http"), "hello");
    (folder, path)
}

fn pending(path: &Path) -> PathBuf {
    pending_for(path, Path::new(""), None)
}

fn verdict(path: &Path, now: &Rendered) -> Verdict {
    compare(path, now, false).expect("readable")
}

fn diff(path: &Path, now: &Rendered) -> String {
    match verdict(path, now) {
        Verdict::Differs { diff } => diff,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_file_has_the_fields_in_insta_s_order_and_redacted() {
    assert_eq!(
        rendered(b"hi").file(true),
        "---\nsource: \"x.http\"\nassertion_line: 4\ndescription: \"It's \\\"hello\\\": # yes\"\n\
         expression: \"GET /srv/x.py\"\ninfo:\n  method: \"GET\"\n  headers:\n    - \"Accept: */*\"\n    \
         - \"Cookie: [COOKIE]\"\n  server_vars:\n    - \"AUTH_USER=DOM\\\\ann\"\n---\nHTTP/1.1 200 OK\n\
         Content-Type: text/html\nDate: [DATE]\n\nhi\n"
    );
}

#[test]
fn a_body_line_with_a_trailing_blank_is_kept_visible() {
    let text = rendered(b"a \nb\t \nc\r\nd\r\re\xc2\xa0\n").file(false);
    assert!(text.contains("\n\na·\nb→·\nc␍\nd␍␍e\\u{a0}\n"), "{text}");
    assert!(
        text.contains("  body_bytes: 17\n  body_hash: \"fnv1a-"),
        "{text}"
    );
}

#[test]
fn a_body_that_ends_with_a_line_break_is_told_from_one_that_does_not() {
    let (_folder, path) = place();
    store(&path, &rendered(b"a")).expect("stored");
    assert!(diff(&path, &rendered(b"a\n")).contains("+[body_bytes: 2]"));
    assert_eq!(verdict(&path, &rendered(b"a")), Verdict::Match);
    assert!(!rendered(b"a\n").file(false).contains("body_hash"));
}

#[test]
fn a_body_cannot_imitate_a_mark_or_an_entry_of_the_info_block() {
    let (_folder, path) = place();
    for (stored, now) in [
        ("a ", "a·"),
        ("a\r\nb", "a␍\nb"),
        ("x\n", "x\n[body_bytes: 2]"),
        ("", "\n"),
        ("x\u{a0}", "x\\u{a0}"),
    ] {
        store(&path, &rendered(stored.as_bytes())).expect("stored");
        assert!(
            !diff(&path, &rendered(now.as_bytes())).is_empty(),
            "{stored:?} {now:?}"
        );
    }
}

#[test]
fn strange_header_values_are_shown_escaped_and_told_apart() {
    let (_folder, path) = place();
    let with = |value: &[u8]| {
        let mut answer = answer(b"");
        answer.headers.push(("X".into(), value.to_vec()));
        rendered_with(&answer, &[])
    };
    store(&path, &with(b"\xffa\n ")).expect("stored");
    let text = std::fs::read_to_string(&path).expect("read");
    assert!(
        text.contains("X: \\xffa\\x0a·\n") && text.contains("head_hash"),
        "{text}"
    );
    assert!(diff(&path, &with("\\xffa\\x0a·".as_bytes())).contains("head_hash"));
    assert!(with(b"").file(false).ends_with("\nX:\n"));
}

#[test]
fn a_binary_body_goes_to_a_side_file_and_differs_by_its_bytes() {
    let (_folder, path) = place();
    let png = |body: &[u8]| {
        let mut answer = answer(body);
        answer.headers[0].1 = b"Image/PNG; x".to_vec();
        rendered_with(&answer, &[])
    };
    store(&path, &png(b"\x89PNG\0a")).expect("stored");
    let side = PathBuf::from(format!("{}.png", path.display()));
    assert_eq!(std::fs::read(&side).expect("side file"), b"\x89PNG\0a");
    let read = Snapshot::from_file(&path).expect("insta reads it");
    assert!(read.contents().is_binary());
    assert_eq!(read.build_binary_path(&path), Some(side.clone()));
    assert_eq!(verdict(&path, &png(b"\x89PNG\0a")), Verdict::Match);
    assert!(diff(&path, &png(b"\x89PNG\0b")).contains("byte 5"));
    assert!(diff(&path, &rendered(b"text")).contains("text now"));
    store(&path, &rendered(b"text")).expect("stored");
    assert!(!side.exists(), "the side file of the older kind goes");
    assert!(diff(&path, &rendered(b"\0")).contains("binary now"));
    store(&path, &png(b"\0")).expect("stored");
    std::fs::remove_file(&side).expect("removed");
    assert!(diff(&path, &png(b"\0")).contains("missing"));
}

#[test]
fn insta_reads_the_front_matter_and_what_insta_writes_back_still_matches() {
    let (_folder, path) = place();
    for body in ["<p>\n---\n  x: y \n\n", "", "\n\n", "\r\n\u{85}\u{feff}"] {
        let now = rendered(body.as_bytes());
        store_pending(&pending(&path), &now).expect("stored");
        let pending = PathBuf::from(format!("{}.new", path.display()));
        let read = Snapshot::from_file(&pending).expect("insta reads it");
        let meta = read.metadata();
        assert_eq!(
            (meta.source(), meta.assertion_line()),
            (Some("x.http"), Some(4))
        );
        assert_eq!(meta.description(), Some("It's \"hello\": # yes"));
        assert_eq!(meta.expression(), Some("GET /srv/x.py"));
        assert_eq!(read.as_text().expect("text").to_string(), now.text);
        // What `cargo insta accept` does.
        read.save(&path).expect("insta writes it");
        assert_eq!(verdict(&path, &now), Verdict::Match, "{body:?}");
    }
}

#[test]
fn a_snapshot_checked_out_with_crlf_still_matches() {
    let (_folder, path) = place();
    let now = rendered(b"a\nb \n");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(&path, now.file(false).replace('\n', "\r\n")).expect("written");
    assert_eq!(verdict(&path, &now), Verdict::Match);
}

#[test]
fn a_length_that_a_redaction_changes_is_redacted_too() {
    let mut answer = answer(b"in /srv/x: no");
    answer
        .headers
        .push(("Content-Length".into(), b"13".to_vec()));
    let text = rendered_with(&answer, &["/srv"]).file(false);
    assert!(
        text.contains("Content-Length: [CONTENT-LENGTH]\n\nin [ROOT]/x: no"),
        "{text}"
    );
    assert!(text.contains("expression: \"GET [ROOT]/x.py\""), "{text}");
    assert!(
        rendered_with(&answer, &[])
            .file(false)
            .contains("Content-Length: 13\n")
    );
}

#[test]
fn another_title_with_the_same_response_is_stale_and_not_different() {
    let (_folder, path) = place();
    let now = rendered(b"a");
    store(&path, &now).expect("stored");
    let old = now.file(false).replace("yes", "no");
    std::fs::write(&path, old).expect("written");
    assert_eq!(verdict(&path, &now), Verdict::Stale);
}

#[test]
fn a_damaged_snapshot_differs_and_a_missing_one_is_new() {
    let (_folder, path) = place();
    assert_eq!(verdict(&path, &rendered(b"a")), Verdict::New);
    store(&path, &rendered(b"a")).expect("stored");
    for damaged in [
        &b""[..],
        b"---",
        b"---\nsnapshot_kind: binary\nextension: ../x\n---\n",
        b"\xff\0",
    ] {
        std::fs::write(&path, damaged).expect("written");
        assert!(!diff(&path, &rendered(b"a")).is_empty());
    }
}

#[test]
fn discarding_removes_what_was_pending_with_its_side_file() {
    let (_folder, path) = place();
    store_pending(&pending(&path), &rendered(b"\0")).expect("stored");
    store(&path, &rendered(b"a")).expect("stored");
    let names = || {
        std::fs::read_dir(path.parent().expect("a folder"))
            .expect("read")
            .count()
    };
    assert_eq!(names(), 3);
    discard(&pending(&path)).expect("removed");
    assert_eq!(names(), 1);
    discard(&pending(&path)).expect("nothing to remove is no error");
    assert_eq!(names(), 1);
}

#[test]
fn the_environment_decides_what_is_written() {
    let choose = |accept, set: &[(&str, &str)]| {
        let find = |name: &str| {
            set.iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        };
        Update::choose(accept, find)
    };
    let wrote = |accept, set: &[(&str, &str)]| choose(accept, set).expect("good");
    assert_eq!(wrote(false, &[]), Update::Pending);
    for (word, update) in [
        ("no", Update::Nothing),
        ("new", Update::Pending),
        ("auto", Update::Pending),
        ("unseen", Update::Unseen),
        ("always", Update::Accept),
        ("force", Update::Force),
    ] {
        assert_eq!(wrote(false, &[("INSTA_UPDATE", word)]), update);
        // A build server never writes.
        let ci = [("INSTA_UPDATE", word), ("CI", "1")];
        assert_eq!(wrote(false, &ci), Update::Nothing);
    }
    assert_eq!(wrote(false, &[("CI", "false")]), Update::Pending);
    assert_eq!(wrote(false, &[("CI", "true")]), Update::Nothing);
    assert_eq!(wrote(false, &[("TF_BUILD", "True")]), Update::Nothing);
    assert_eq!(wrote(true, &[("INSTA_UPDATE", "no")]), Update::Accept);
    let refused = choose(true, &[("CI", "1")]).expect_err("refused");
    assert_eq!(refused.code(), crate::codes::WRITING_REFUSED);
    let unknown = choose(false, &[("INSTA_UPDATE", "maybe")]).expect_err("unknown");
    assert_eq!(unknown.code(), crate::codes::TEST_OPTION);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn two_different_bodies_never_give_equal_snapshots(a in "[a·␍ \t\r\n]{0,6}", b in "[a·␍ \t\r\n]{0,6}") {
        let (_folder, path) = place();
        store(&path, &rendered(a.as_bytes())).expect("stored");
        let same = verdict(&path, &rendered(b.as_bytes())) == Verdict::Match;
        prop_assert_eq!(same, a == b);
    }
}
