//! `isapi-shim test`: request files, snapshots, exit codes.

#[path = "test_command/checks.rs"]
mod checks;
#[path = "test_command/processes.rs"]
mod processes;
#[path = "test_command/references.rs"]
mod references;
#[path = "test_command/reports.rs"]
mod reports;
#[path = "test_command/review.rs"]
mod review;
#[path = "test_command/watch.rs"]
mod watch;

use acceptance::site::Site;
use acceptance::{Finished, finish, shim};

fn test(site: &Site, options: &[&str]) -> Finished {
    let mut command = shim(&["test"]);
    command.args(options).current_dir(site.root());
    finish(command)
}

/// As [`test`], where scripts keep data: one that was written a moment ago would be loaded again,
/// since a second edit in the same moment leaves no trace.
fn test_as_loaded(site: &Site, options: &[&str]) -> Finished {
    test(site, &[options, &["--reload", "never"]].concat())
}

fn hello() -> Site {
    let site = Site::with_request("Write('Hello, %s!' % (Env.QUERY_STRING or 'World'))");
    site.file(
        "app.http",
        "### plain\nGET /app.py\n\n### named\n# @name ann\nGET /app.py?Ann\n",
    );
    site
}

#[test]
fn a_new_response_fails_until_it_is_accepted() {
    let site = hello();
    let first = test(&site, &[]);
    assert_eq!(first.code, 1, "{}", first.out);
    assert_eq!(
        first.out.lines().last(),
        Some("0 passed, 2 failed, 0 skipped")
    );
    assert!(!site.path("snapshots/app__ann.snap").exists());
    assert!(
        site.path("snapshots/app__ann.snap.new").exists(),
        "for review"
    );
    assert_eq!(test(&site, &["--accept"]).code, 0);
    assert!(!site.path("snapshots/app__ann.snap.new").exists());
    let stored = std::fs::read_to_string(site.path("snapshots/app__ann.snap")).unwrap();
    assert!(stored.ends_with("Hello, Ann!\n"), "{stored}");
    assert_eq!(test(&site, &[]).code, 0);
}

#[test]
fn a_changed_response_is_shown_as_a_difference() {
    let site = hello();
    test(&site, &["--accept"]);
    site.request("app.py", "Write('Goodbye!')");
    let done = test(&site, &[]);
    assert_eq!(done.code, 1);
    assert!(
        done.out.contains("-Hello, Ann!") && done.out.contains("+Goodbye!"),
        "{}",
        done.out
    );
}

#[test]
fn in_ci_nothing_is_written() {
    let site = hello();
    let mut command = shim(&["test"]);
    command.current_dir(site.root()).env("CI", "true");
    assert_eq!(finish(command).code, 1);
    assert!(!site.path("snapshots").exists());
}

#[test]
fn a_broken_request_file_is_a_usage_error_at_its_place() {
    let site = hello();
    site.file("broken.http", "GET /app.py HTTP/1.1\nno header at all\n");
    let done = test(&site, &["broken.http"]);
    assert_eq!(done.code, 2, "{}", done.out);
    assert!(
        done.out.contains("ISH0605") && done.out.contains("broken.http:2"),
        "{}",
        done.out
    );
}

#[test]
fn a_script_that_raises_is_compared_like_any_other() {
    let site = Site::with_request("raise ValueError('always')");
    site.file("app.http", "# @name fails\nGET /app.py\n");
    assert_eq!(test(&site, &["--accept"]).code, 0);
    let stored = std::fs::read_to_string(site.path("snapshots/app__fails.snap")).unwrap();
    assert!(
        stored.contains("File &quot;[ROOT]/app.py&quot;, line 4"),
        "{stored}"
    );
    assert_eq!(test(&site, &[]).code, 0);
}

#[test]
fn only_what_the_filter_names_is_sent() {
    let site = hello();
    test(&site, &["--accept"]);
    let done = test(&site, &["--filter", "ann"]);
    assert_eq!(
        done.out.lines().last(),
        Some("1 passed, 0 failed, 0 skipped")
    );
}

#[test]
fn sites_are_kept_apart_in_processes_of_their_own() {
    let site = Site::new();
    for name in ["one", "two"] {
        site.file(
            &format!("{name}/Http/Config.py"),
            format!("DefaultHeaders = 'X-Site: {name}'"),
        );
        site.request(
            &format!("{name}/app.py"),
            "import shared\nWrite(shared.NAME)",
        );
        site.file(&format!("{name}/shared.py"), format!("NAME = '{name}'"));
        site.file(&format!("{name}/app.http"), "# @name app\nGET /app.py\n");
    }
    assert_eq!(test(&site, &["--accept"]).code, 0);
    for name in ["one", "two"] {
        let snap = site.path(&format!("{name}/snapshots/app__app.snap"));
        let stored = std::fs::read_to_string(snap).unwrap();
        assert!(stored.contains(&format!("X-Site: {name}\n")), "{stored}");
        assert!(stored.ends_with(&format!("\n{name}\n")), "{stored}");
    }
    let done = test(&site, &[]);
    assert_eq!(
        done.out.lines().last(),
        Some("2 passed, 0 failed, 0 skipped")
    );
}
