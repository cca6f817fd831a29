//! Reports in files.

use super::{hello, test};
use acceptance::site::Site;

fn mixed() -> Site {
    let site = Site::with_request(
        "import sys\nsys.stderr.write('seen <%s>\\n' % Env.QUERY_STRING)\nWrite('a & b')",
    );
    site.file(
        "app.http",
        "# @name same\nGET /app.py?1\n###\n# @name other\nGET /app.py?2\n###\n# @name not\n# @skip later\nGET /\n",
    );
    test(&site, &["--accept"]);
    site.file("snapshots/app__other.snap", "---\n---\nHTTP/1.1 200 OK\n");
    site
}

#[test]
fn a_report_has_the_difference_and_what_was_written() {
    let site = mixed();
    let done = test(
        &site,
        &[
            "--report-junit",
            "j.xml",
            "--report-json",
            "j.json",
            "--report-tap",
            "j.tap",
        ],
    );
    assert_eq!(done.code, 1);
    let read = |name: &str| std::fs::read_to_string(site.path(name)).unwrap();
    let junit = read("j.xml");
    assert!(
        junit.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""),
        "{junit}"
    );
    assert!(
        junit.contains("<testcase classname=\"app.http\" name=\"other\""),
        "{junit}"
    );
    let failure = junit
        .split("<failure")
        .nth(1)
        .unwrap()
        .split("</failure>")
        .next()
        .unwrap();
    assert!(failure.contains("+a &amp; b"), "{junit}");
    let behind = junit.split("</failure>").nth(1).unwrap();
    assert!(
        behind
            .trim_start()
            .starts_with("<system-err>seen &lt;2&gt;"),
        "{junit}"
    );
    assert!(read("j.tap").contains("not ok 2 - app.http::other\n"));
    assert!(read("j.tap").contains("ok 3 - app.http::not # SKIP later\n"));
    let json = read("j.json");
    assert!(
        json.contains("\"state\": \"failed\"") && json.contains("\"exit_code\": 1"),
        "{json}"
    );
}

#[test]
fn a_report_is_written_anew_and_not_added_to() {
    let site = mixed();
    let run = || {
        test(&site, &["--report-junit", "j.xml"]);
        let text = std::fs::read_to_string(site.path("j.xml")).unwrap();
        (
            text.matches("<testsuites").count(),
            text.matches("<testcase").count(),
        )
    };
    assert_eq!((run(), run()), ((1, 3), (1, 3)));
}

#[test]
fn a_report_that_cannot_be_written_ends_with_3() {
    let site = hello();
    let done = test(&site, &["--accept", "--report-tap", "gone/report.tap"]);
    assert_eq!(done.code, 3, "{}", done.out);
    assert!(done.err.contains("ISH0615"), "{}", done.err);
}

#[test]
fn a_file_that_cannot_be_parsed_is_in_the_report() {
    let site = hello();
    site.file("bad.http", "GET");
    test(&site, &["--report-junit", "j.xml"]);
    let junit = std::fs::read_to_string(site.path("j.xml")).unwrap();
    assert!(
        junit.contains("classname=\"bad.http\"") && junit.contains("ISH0604"),
        "{junit}"
    );
}

#[test]
fn nothing_is_sent_after_the_first_failure_with_fail_fast() {
    let site = mixed();
    site.file("snapshots/app__same.snap", "---\n---\nHTTP/1.1 200 OK\n");
    let done = test(&site, &["--fail-fast"]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("stopped: 1 not sent"), "{}", done.out);
}

#[test]
fn the_report_has_no_progress_where_there_is_no_terminal() {
    let site = hello();
    let done = test(&site, &["--accept"]);
    assert_eq!(done.err, "");
    assert!(
        !done.out.contains('\r') && !done.out.contains("1/2"),
        "{}",
        done.out
    );
}
