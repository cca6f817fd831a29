//! What the runner promises to the command line.

use super::collect;
use super::runner::{Broken, On, Options, Recorded, Reply, Shard, Source, Summary, Wanted, run};
use super::snapshot::Update;
use crate::codes;
use crate::error::Error;
use std::path::PathBuf;

/// Answers with the target; `/raise` is a script that failed, `/broken` a host that did, and
/// `/count` a script that counts. `None`: there is no host.
struct Echo(Option<usize>);

impl Echo {
    fn reply(target: &str, count: &mut usize) -> Reply {
        if target == "/broken" {
            let why = Error::new(codes::REPORT_UNWRITABLE, "no Python");
            return Err(Broken::new(&why, false));
        }
        *count += 1;
        let failed = target == "/raise";
        Ok(Recorded {
            status: if failed { 500 } else { 200 },
            body: if target == "/count" {
                format!("{count}").into_bytes()
            } else {
                target.to_owned().into_bytes()
            },
            script_failed: failed,
            stderr: if failed {
                "Traceback".into()
            } else {
                String::new()
            },
            calls: vec!["GetServerVariable AUTH_USER -> TRUE".to_owned()],
            roots: vec!["/root".to_owned()],
            ..Recorded::default()
        })
    }
}

impl Source for Echo {
    fn answer(&mut self, wanted: &[Wanted<'_>], alone: bool, on: On<'_>) {
        let mut why = Some(Error::new(codes::REPORT_UNWRITABLE, "no Python").fix("install it"));
        for Wanted { number, case } in wanted {
            let reply = match &mut self.0 {
                Some(_) if alone => Self::reply(&case.request.target, &mut 0),
                Some(count) => Self::reply(&case.request.target, count),
                None => Err(why
                    .take()
                    .map_or_else(Broken::told_before, |why| Broken::new(&why, false))),
            };
            if on(*number, reply).is_break() {
                return;
            }
        }
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
        self.run_by(&mut Echo(Some(0)), update, options)
    }

    fn run_by(&self, echo: &mut Echo, update: Update, options: &Options) -> (Summary, String) {
        let mut out = Vec::new();
        let options = Options {
            base: self.0.path().to_owned(),
            ..options.clone()
        };
        let report = run(&self.files(), &options, update, echo, &mut out).expect("written");
        let shown = String::from_utf8_lossy(&out).into_owned();
        (report.summary, shown)
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
        shown.contains("at your desk") && shown.ends_with("\n0 passed, 1 failed, 1 skipped\n"),
        "{shown}"
    );

    let (summary, shown) = site.plain(Update::Pending);
    assert_eq!(summary.exit_code(), 1);
    assert!(shown.contains("`isapi-shim test --accept`"), "{shown}");
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
    let (summary, shown) = site.run_by(&mut Echo(None), Update::Nothing, &Options::default());
    assert_eq!((summary.exit_code(), summary.failed), (3, 2));
    assert_eq!(shown.matches("install it").count(), 1);
    assert!(shown.contains("no host, see above"), "{shown}");
}

#[test]
fn nothing_is_sent_after_a_failure_with_fail_fast() {
    let site = Site::new(&[("x.http", "GET /a\n###\nGET /b\n###\n# @name c\nGET /c\n")]);
    let options = Options {
        fail_fast: true,
        ..Options::default()
    };
    let (summary, shown) = site.run(Update::Nothing, &options);
    assert_eq!((summary.failed, summary.not_run), (1, 2));
    assert!(shown.contains("stopped: 2 not sent"), "{shown}");
    site.write("w.http", "wrong");
    assert_eq!(site.run(Update::Nothing, &options).0.not_run, 3);
}

#[test]
fn a_mark_can_be_filtered_by() {
    let site = Site::new(&[("x.http", "# @mark slow\nGET /a\n###\nGET /b\n")]);
    let options = Options {
        filter: Some("@slow".into()),
        ..Options::default()
    };
    assert_eq!(site.run(Update::Accept, &options).0.passed, 1);
}

#[test]
fn the_parts_of_a_run_are_the_whole_and_warn_of_no_snapshot() {
    let text: String = (0..30)
        .map(|n| format!("###\n# @name r{n}\nGET /{n}\n"))
        .collect();
    let site = Site::new(&[("x.http", &text)]);
    assert_eq!(site.plain(Update::Accept).0.passed, 30);
    let mut passed = 0;
    for part in 1..=3 {
        let options = Options {
            shard: Some(Shard::parse(&format!("{part}/3")).expect("a part")),
            ..Options::default()
        };
        let (summary, shown) = site.run(Update::Nothing, &options);
        assert!(!shown.contains("no request"), "{shown}");
        passed += summary.passed;
    }
    assert_eq!(passed, 30);
}

#[test]
fn strict_fails_for_what_is_approximated_unless_the_request_sets_it() {
    let set = "# @server-var AUTH_USER=ann\nGET /a\n";
    let site = Site::new(&[(
        "x.http",
        &format!("# @name a\nGET /a\n###\n# @name b\n{set}"),
    )]);
    let options = Options {
        strict: true,
        ..Options::default()
    };
    let (summary, shown) = site.run(Update::Accept, &options);
    assert_eq!((summary.passed, summary.exit_code()), (1, 1));
    assert!(
        shown.contains("ISH0623") && shown.contains("AUTH_USER"),
        "{shown}"
    );
    site.write("x.http", &format!("{set}\n> {{% x %}}\n"));
    assert_eq!(site.run(Update::Accept, &options).0.exit_code(), 2);
}

#[test]
fn a_fault_has_a_snapshot_of_its_own_that_counts_as_used() {
    let site = Site::new(&[("x.http", "# @name a\n# @fault zero-read\nPOST /a\n\nbody\n")]);
    let (summary, shown) = site.plain(Update::Accept);
    assert_eq!(summary.passed, 2);
    assert!(shown.contains("x.http::a@zero-read"), "{shown}");
    assert!(site.has("snapshots/x__a@zero-read.snap"));
    let options = Options {
        faults: true,
        ..Options::default()
    };
    let (summary, shown) = site.run(Update::Accept, &options);
    assert_eq!(summary.passed, 10, "{shown}");
    assert!(!site.plain(Update::Nothing).1.contains("no request"));
}

#[test]
fn a_response_that_depends_on_others_is_found() {
    let text = "# @name a\nGET /count\n###\n# @name b\nGET /b\n###\n# @name c\n\
                # @shares-state\nGET /count\n";
    let site = Site::new(&[("x.http", text)]);
    let options = Options {
        isolation: true,
        ..Options::default()
    };
    let (summary, shown) = site.run(Update::Accept, &options);
    assert_eq!((summary.passed, summary.failed), (2, 1), "{shown}");
    assert!(shown.contains("FAIL x.http::a (accepted)"), "{shown}");
    assert!(
        shown.contains("ISH0624") && shown.contains("opposite order"),
        "{shown}"
    );
    assert!(
        shown.contains("-1\n") && shown.contains("+5\n"),
        "both are shown: {shown}"
    );
}

#[test]
fn what_is_pending_may_go_to_a_folder_for_all() {
    let site = Site::new(&[("sub/x.http", "# @name a\nGET /a\n")]);
    let options = Options {
        pending_dir: Some(site.0.path().join("pending")),
        ..Options::default()
    };
    site.run(Update::Pending, &options);
    assert!(site.has("pending/sub/snapshots/x__a.snap.new") && !site.has("sub/snapshots"));
    site.run(Update::Accept, &options);
    assert!(
        !site.has("pending/sub/snapshots/x__a.snap.new") && site.has("sub/snapshots/x__a.snap")
    );
}

#[test]
fn unseen_takes_what_is_new_and_leaves_what_differs() {
    let site = Site::new(&[("x.http", "# @name a\nGET /a\n")]);
    assert_eq!(site.plain(Update::Unseen).0.passed, 1);
    site.write("x.http", "# @name a\nGET /b\n###\n# @name b\nGET /b\n");
    let (summary, _) = site.plain(Update::Unseen);
    assert_eq!((summary.passed, summary.failed), (1, 1));
    assert!(site.has("snapshots/x__a.snap.new") && site.has("snapshots/x__b.snap"));
}

#[test]
fn snapshots_that_cannot_be_used_are_errors_of_usage() {
    let site = Site::new(&[("x.http", "# @name a\nGET /a\n")]);
    site.plain(Update::Accept);
    let stored = std::fs::read_to_string(site.0.path().join("snapshots/x__a.snap")).expect("there");
    let merged = stored.replace("/a\n", "<<<<<<< ours\n/a\n=======\n/c\n>>>>>>> theirs\n");
    site.write("snapshots/x__a.snap", &merged);
    let (summary, shown) = site.plain(Update::Pending);
    assert_eq!(summary.exit_code(), 2);
    assert!(
        shown.contains("ISH0620") && shown.contains("x__a.snap:"),
        "{shown}"
    );

    let folder = site.0.path().join("snapshots/x__a.snap");
    std::fs::remove_file(&folder).expect("removed");
    std::fs::create_dir(&folder).expect("made");
    let (summary, shown) = site.plain(Update::Pending);
    assert_eq!(summary.exit_code(), 2);
    assert!(
        shown.contains("ISH0612") && shown.contains("move it away"),
        "{shown}"
    );

    std::fs::remove_dir_all(site.0.path().join("snapshots")).expect("removed");
    site.write("snapshots", "a file where the folder should be");
    let (summary, shown) = site.plain(Update::Pending);
    assert_eq!(summary.exit_code(), 2);
    assert!(
        shown.contains("ISH0613") || shown.contains("ISH0612"),
        "{shown}"
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
