//! What `test` finds besides differences from snapshots; and what else `.http` files can say.

use super::{test, test_as_loaded};
use acceptance::site::Site;

fn counting() -> Site {
    let site = Site::new();
    site.file(
        "app.py",
        "from Http import *\nn = 0\ndef Request():\n    global n\n    n += 1\n    Write('call %d' % n)\n",
    );
    site.request("other.py", "Write('always')");
    site
}

#[test]
fn a_script_that_keeps_data_is_found_by_the_isolation_check() {
    let site = counting();
    site.file(
        "app.http",
        "# @name other\nGET /other.py\n\n### \n# @name counts\nGET /app.py\n",
    );
    assert_eq!(test_as_loaded(&site, &["--accept"]).code, 0);
    assert_eq!(test_as_loaded(&site, &[]).code, 0);
    let done = test_as_loaded(&site, &["--isolation-check"]);
    assert_eq!(done.code, 1, "{}", done.out);
    assert!(done.out.contains("ok   app.http::other"), "{}", done.out);
    assert!(done.out.contains("FAIL app.http::counts"), "{}", done.out);
    assert!(
        done.out.contains("ISH0624")
            && done.out.contains("-call 1")
            && done.out.contains("+call 2"),
        "{}",
        done.out
    );
    site.file(
        "app.http",
        "# @name other\nGET /other.py\n\n### \n# @name counts\n# @shares-state\nGET /app.py\n",
    );
    assert_eq!(test_as_loaded(&site, &["--isolation-check"]).code, 0);
}

#[test]
fn a_request_that_works_only_after_another_is_found_by_the_isolation_check() {
    let site = Site::new();
    site.file("state.py", "user = None\n");
    site.request("login.py", "import state\nstate.user = 'ann'\nWrite('ok')");
    site.request("page.py", "import state\nWrite('hello %s' % state.user)");
    site.file(
        "app.http",
        "# @name login\nGET /login.py\n\n###\n# @name page\nGET /page.py\n",
    );
    assert_eq!(test_as_loaded(&site, &["--accept"]).code, 0);
    let done = test_as_loaded(&site, &["--isolation-check"]);
    assert_eq!(done.code, 1, "{}", done.out);
    assert!(done.out.contains("alone, in a new process"), "{}", done.out);
    assert!(
        done.out.contains("-hello ann\n") && done.out.contains("+hello None\n"),
        "{}",
        done.out
    );
}

#[test]
fn strict_tells_of_what_is_not_as_in_iis() {
    let site = Site::with_request("Write(Env.AUTH_USER or 'nobody')");
    site.file("app.http", "# @name who\nGET /app.py\n");
    assert_eq!(test(&site, &["--accept"]).code, 0);
    let done = test(&site, &["--strict"]);
    assert_eq!(done.code, 1);
    assert!(
        done.out.contains("ISH0623") && done.out.contains("AUTH_USER is not as in IIS"),
        "{}",
        done.out
    );
    site.file(
        "app.http",
        "# @name who\n# @server-var AUTH_USER=ann\nGET /app.py\n",
    );
    assert_eq!(test(&site, &["--accept", "--strict"]).code, 0);
}

#[test]
fn strict_takes_what_only_editors_act_on_for_an_error() {
    let site = Site::with_request("Write('x')");
    site.file(
        "app.http",
        "# @name a\nGET /app.py\n\n> {% client.log('x') %}\n",
    );
    let done = test(&site, &["--accept"]);
    assert_eq!(done.code, 0);
    assert!(
        done.out
            .contains("app.http:4: a response handler script is not run"),
        "{}",
        done.out
    );
    let done = test(&site, &["--strict"]);
    assert_eq!(done.code, 2, "{}", done.out);
    assert!(done.out.contains("ISH0623"), "{}", done.out);
}

/// The part of a snapshot behind its front matter.
fn stored(site: &Site, key: &str) -> String {
    let text = std::fs::read_to_string(site.path(&format!("snapshots/app__{key}.snap")));
    let text = text.unwrap_or_else(|why| panic!("{key}: {why}"));
    text.splitn(3, "---\n").nth(2).unwrap().to_owned()
}

#[test]
fn what_a_script_does_under_each_fault_is_a_snapshot() {
    let site = Site::with_request(
        "data = Read()\nHeader('X-Length: %d' % len(data))\nWrite('got %s' % (Env.REMOTE_ADDR,))",
    );
    site.file(
        "app.http",
        "# @name up\nPOST /app.py\n\nThe quick brown fox jumps.\n",
    );
    let done = test(&site, &["--accept", "--faults"]);
    assert_eq!(done.code, 0, "{}", done.out);
    assert_eq!(
        done.out.lines().last(),
        Some("10 passed, 0 failed, 0 skipped")
    );
    let plain = stored(&site, "up");
    assert!(
        plain.contains("X-Length: 26") && plain.ends_with("got 127.0.0.1\n"),
        "{plain}"
    );
    for same in ["small-buffers", "short-reads-7", "unknown-length"] {
        assert_eq!(stored(&site, &format!("up@{same}")), plain, "{same}");
    }
    let gone = stored(&site, "up@client-gone-1");
    assert!(
        gone.contains("the client went away after 1 bytes") && gone.ends_with("\ng\n"),
        "{gone}"
    );
    let unknown = stored(&site, "up@unknown-variable");
    assert!(
        unknown.contains("X-Length: 26") && !unknown.contains("127.0.0.1"),
        "{unknown}"
    );
    assert!(stored(&site, "up@zero-read").contains("X-Length: 13"));
    assert!(!stored(&site, "up@read-fails").contains("X-Length"));
    assert!(stored(&site, "up@write-fails-1").contains("(cut off)"));
    assert_eq!(
        test(&site, &["--faults"]).code,
        0,
        "it is the same each time"
    );
    let done = test(&site, &[]);
    assert!(!done.out.contains("warning"), "{}", done.out);
}

#[test]
fn calls_and_standard_error_can_be_part_of_a_snapshot() {
    let site = Site::with_request("import sys\nsys.stderr.write('note\\n')\nWrite(Env.HTTP_X)");
    let request = "# @record host-calls stderr\nGET /app.py\nX: 1\n";
    site.file(
        "app.http",
        format!("# @name a\n{request}\n###\n# @name b\n{request}"),
    );
    assert_eq!(test(&site, &["--accept"]).code, 0);
    let text = stored(&site, "a");
    assert!(text.contains("----- host calls -----\n"), "{text}");
    assert!(
        text.contains("\nGetServerVariable HTTP_X -> TRUE\n"),
        "{text}"
    );
    assert!(text.contains("\nWriteClient size=1 -> TRUE\n"), "{text}");
    assert!(text.ends_with("\n----- stderr -----\nnote\n"), "{text}");
    assert_eq!(text, stored(&site, "b"), "whichever comes first");
    let done = test(&site, &["--filter", "::b"]);
    assert_eq!(done.code, 0, "{}", done.out);
}

#[test]
fn a_client_may_be_expected_to_go() {
    let site = Site::with_request("Write('x' * 100)\nWrite('y' * 100)");
    site.file("app.http", "# @name a\n# @expect-abort 7\nGET /app.py\n");
    assert_eq!(test(&site, &["--accept"]).code, 0);
    let text = stored(&site, "a");
    assert!(
        text.contains("after 7 bytes") && text.ends_with("\nxxxxxxx\n"),
        "{text}"
    );
}

#[test]
fn an_environment_and_a_script_s_own_path_fit_a_file_to_this_site() {
    let site = Site::new();
    site.request(
        "app/hello.py",
        "Write('%s %s' % (Env.SCRIPT_NAME, Env.HTTP_HOST))",
    );
    site.file(
        "http-client.env.json",
        r#"{"live": {"base": "http://www.example.org/shop"}, "here": {"base": "http://localhost"}}"#,
    );
    site.file(
        "app.http",
        "# @name a\n# @script app/hello.py\nGET {{base}}/hello.py\n",
    );
    assert_eq!(test(&site, &["--accept", "--env", "live"]).code, 0);
    assert!(stored(&site, "a").ends_with("/app/hello.py www.example.org\n"));
    let done = test(&site, &[]);
    assert_eq!(done.code, 2);
    assert!(
        done.out.contains("ISH0606") && done.out.contains("--env"),
        "{}",
        done.out
    );
    let done = test(&site, &["--env", "test"]);
    assert!(
        done.code == 2 && done.out.contains("ISH0618"),
        "{}",
        done.out
    );
}

#[test]
fn broken_request_files_are_errors_with_line_and_column_and_a_hint() {
    let site = Site::with_request("Write('x')");
    for (text, code, place) in [
        ("GET", "ISH0604", ":1:1"),
        ("GET /\nno header", "ISH0605", ":2:1"),
        ("GET /{{x}}", "ISH0606", ":1:6"),
        ("@a={{a}}\nGET /{{a}}", "ISH0607", ":1:4"),
        ("# @name a__b\nGET /", "ISH0608", ":1:4"),
        ("# @name a/b\nGET /", "ISH0608", ":1:4"),
        ("# @name a\nGET /\n###\n# @name a\nGET /", "ISH0609", ":5:1"),
        ("POST /\n\n< ./gone.bin", "ISH0610", ":3:3"),
        ("# @fault fire\nGET /", "ISH0611", ":1:4"),
        ("GET /\n\n> {%\nx", "ISH0617", ":3:1"),
    ] {
        site.file("app.http", text);
        let done = test(&site, &[]);
        assert_eq!(done.code, 2, "{text}: {}", done.out);
        assert!(done.out.contains(code), "{text}: {}", done.out);
        assert!(
            done.out.contains(&format!("app.http{place}")),
            "{text}: {}",
            done.out
        );
        assert!(done.out.contains("help: "), "{text}: {}", done.out);
    }
}
