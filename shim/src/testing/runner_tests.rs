//! What the runner promises to the command line.

use super::collect;
use super::http_file::HttpRequest;
use super::runner::{Options, Recorded, Respond, Summary, run_with};
use super::snapshot::Update;
use crate::codes;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Answers with the target; `/raise` is a script that failed, `/broken` a host that did.
struct Echo;

impl Respond for Echo {
    fn respond(&mut self, request: &HttpRequest) -> Result<Recorded> {
        if request.target == "/broken" {
            return Err(Error::new(codes::REPORT_UNWRITABLE, "no Python"));
        }
        let failed = request.target == "/raise";
        Ok(Recorded {
            status: if failed { 500 } else { 200 },
            body: request.target.clone().into_bytes(),
            script_failed: failed,
            stderr: if failed {
                "Traceback".into()
            } else {
                String::new()
            },
            ..Recorded::default()
        })
    }
}

struct Site(tempfile::TempDir);

impl Site {
    fn new(files: &[(&str, &str)]) -> Self {
        let site = Self(tempfile::tempdir().expect("a folder"));
        files.iter().for_each(|(name, text)| site.write(name, text));
        site
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    fn has(&self, name: &str) -> bool {
        self.0.path().join(name).exists()
    }

    fn files(&self) -> Vec<PathBuf> {
        collect(&[self.0.path().to_owned()]).expect("files")
    }

    fn run(&self, update: Update, options: &Options) -> (Summary, String) {
        let mut make =
            |_: &Path| Ok((Box::new(Echo) as Box<dyn Respond>, vec!["/root".to_owned()]));
        let mut out = Vec::new();
        let summary =
            run_with(&self.files(), options, update, &mut make, &mut out).expect("written");
        let folder = format!("{}/", self.0.path().display());
        (summary, String::from_utf8_lossy(&out).replace(&folder, ""))
    }

    fn plain(&self, update: Update) -> (Summary, String) {
        self.run(update, &Options::default())
    }
}

const TWO: &str = "# @name a\nGET /root/a\n###\n# @name b\n# @skip later\nGET /b\n";

#[test]
fn a_new_snapshot_fails_until_it_is_accepted() {
    let site = Site::new(&[("x.http", TWO)]);
    let (summary, shown) = site.plain(Update::Nothing);
    assert_eq!((summary.exit_code(), site.has("snapshots")), (1, false));
    assert!(
        shown.starts_with("new  x.http::a\nskip x.http::b (later)\n"),
        "{shown}"
    );
    assert!(
        shown.contains("--accept") && shown.ends_with("\n0 passed, 1 failed, 1 skipped\n"),
        "{shown}"
    );

    assert_eq!(site.plain(Update::Pending).0.exit_code(), 1);
    assert!(site.has("snapshots/x__a.snap.new") && !site.has("snapshots/x__a.snap"));

    let (summary, shown) = site.plain(Update::Accept);
    assert_eq!(summary.exit_code(), 0);
    assert_eq!(
        shown,
        "new  x.http::a (accepted)\nskip x.http::b (later)\n1 passed, 0 failed, 1 skipped\n"
    );
    assert!(site.has("snapshots/x__a.snap") && !site.has("snapshots/x__a.snap.new"));

    let (summary, shown) = site.plain(Update::Nothing);
    assert_eq!(summary.exit_code(), 0);
    assert!(shown.starts_with("ok   x.http::a\n"), "{shown}");
}

#[test]
fn a_mismatch_shows_the_diff_and_accepting_it_updates() {
    let site = Site::new(&[("x.http", TWO)]);
    site.plain(Update::Accept);
    site.write("x.http", "# @name a\nGET /root/b\n");
    let (summary, shown) = site.plain(Update::Pending);
    assert_eq!((summary.failed, summary.exit_code()), (1, 1));
    assert!(
        shown.contains("FAIL x.http::a\n    --- stored\n"),
        "{shown}"
    );
    assert!(shown.contains("    -[ROOT]/a\n    +[ROOT]/b\n"), "{shown}");
    assert!(site.has("snapshots/x__a.snap.new"));
    assert!(
        site.plain(Update::Accept)
            .1
            .contains("ok   x.http::a (updated)")
    );
    assert_eq!(site.plain(Update::Pending).0.exit_code(), 0);
}

#[test]
fn the_error_page_of_a_script_passes_when_it_is_the_one_stored() {
    let site = Site::new(&[("x.http", "# @name a\nGET /raise\n")]);
    let (_, shown) = site.plain(Update::Nothing);
    assert!(
        shown.contains("(the script raised)") && shown.contains("    Traceback\n"),
        "{shown}"
    );
    assert!(
        site.plain(Update::Accept)
            .1
            .contains("(accepted; the script raised)")
    );
    assert_eq!(site.plain(Update::Nothing).0.exit_code(), 0);
}

#[test]
fn a_host_error_ends_with_3_and_a_parse_error_with_2_and_the_rest_still_runs() {
    let site = Site::new(&[("x.http", "GET /broken\n###\nGET /a\n")]);
    let (summary, shown) = site.plain(Update::Accept);
    assert_eq!(
        (summary.exit_code(), summary.passed, summary.failed),
        (3, 1, 1)
    );
    assert!(shown.contains("no Python"), "{shown}");
    site.write("w.http", "GET /a\nwrong\n");
    let (summary, shown) = site.plain(Update::Accept);
    assert_eq!((summary.exit_code(), summary.passed), (2, 1));
    assert!(
        shown.contains("ISH0605") && shown.contains("w.http:2"),
        "{shown}"
    );
}

#[test]
fn a_host_that_cannot_be_made_fails_every_request_and_is_told_once() {
    let site = Site::new(&[("x.http", "GET /a\n###\nGET /b\n")]);
    let mut make =
        |_: &Path| Err(Error::new(codes::REPORT_UNWRITABLE, "no Python").fix("install it"));
    let mut out = Vec::new();
    let options = Options::default();
    let summary = run_with(
        &site.files(),
        &options,
        Update::Nothing,
        &mut make,
        &mut out,
    )
    .expect("written");
    assert_eq!((summary.exit_code(), summary.failed), (3, 2));
    assert_eq!(
        String::from_utf8_lossy(&out).matches("install it").count(),
        1
    );
}

#[test]
fn a_filter_that_nothing_matches_ends_with_5() {
    let site = Site::new(&[("x.http", TWO)]);
    let options = |filter: &str| Options {
        filter: Some(filter.into()),
        ..Options::default()
    };
    assert_eq!(
        site.run(Update::Nothing, &options("nothing")).0.exit_code(),
        5
    );
    let (summary, _) = site.run(Update::Accept, &options("x.http::a"));
    assert_eq!((summary.passed, summary.skipped), (1, 0));
}

#[test]
fn snapshots_without_a_request_are_warned_of_only_in_a_whole_run() {
    let site = Site::new(&[
        ("x.http", TWO),
        ("snapshots/x__old.snap", ""),
        ("snapshots/x__y__b.snap", ""),
    ]);
    let (summary, shown) = site.plain(Update::Accept);
    assert_eq!(summary.exit_code(), 0);
    assert!(
        shown.contains("warning: snapshots/x__old.snap: no request"),
        "{shown}"
    );
    assert_eq!(shown.matches("no request").count(), 1, "{shown}");
    let options = Options {
        filter: Some("a".into()),
        ..Options::default()
    };
    assert!(!site.run(Update::Accept, &options).1.contains("no request"));
}

#[test]
fn colour_is_only_written_when_asked_for() {
    let site = Site::new(&[("x.http", TWO)]);
    assert!(!site.plain(Update::Nothing).1.contains('\u{1b}'));
    let options = Options {
        colour: true,
        ..Options::default()
    };
    assert!(
        site.run(Update::Nothing, &options)
            .1
            .contains("\u{1b}[31mnew \u{1b}[0m")
    );
}

#[test]
fn folders_are_searched_sorted_and_without_those_of_tools() {
    let site = Site::new(&[
        ("b/x.http", ""),
        ("a.rest", ""),
        ("other.txt", ""),
        (".git/x.http", ""),
        ("target/x.http", ""),
        ("b/node_modules/x.http", ""),
    ]);
    let root = site.0.path();
    assert_eq!(site.files(), [root.join("a.rest"), root.join("b/x.http")]);
    let named = [root.join("other.txt"), root.join("other.txt")];
    assert_eq!(collect(&named).expect("as given"), [root.join("other.txt")]);
}

#[test]
fn missing_paths_empty_folders_and_shared_snapshots_are_errors() {
    let site = Site::new(&[("a/x.http", ""), ("a/x.rest", "")]);
    let code = |path: &str| collect(&[site.0.path().join(path)]).expect_err(path).code();
    assert_eq!(code("gone"), codes::HTTP_FILE_MISSING);
    assert_eq!(code("a"), codes::SHARED_SNAPSHOTS);
    std::fs::create_dir(site.0.path().join("empty")).expect("made");
    assert_eq!(code("empty"), codes::NOTHING_COLLECTED);
    assert_eq!(code("empty").exit as i32, 5);
}
