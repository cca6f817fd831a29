//! Requests are answered in processes of their own.

use super::{hello, test, test_as_loaded};
use acceptance::site::Site;
use acceptance::target::WINDOWS;
use acceptance::{finish, shim};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A script that does what its query says.
fn site(body: &str, queries: &[&str]) -> Site {
    let site = Site::with_request(&format!(
        "import os, sys, time\nq = Env.QUERY_STRING\n{body}"
    ));
    let text: String = queries
        .iter()
        .map(|q| format!("###\n# @name {q}\nGET /app.py?{q}\n"))
        .collect();
    site.file("app.http", text);
    site
}

#[test]
fn a_script_that_ends_its_process_fails_alone() {
    let kill = if WINDOWS {
        "os.abort()"
    } else {
        "os.kill(os.getpid(), 9)"
    };
    let site = site(
        &format!(
            "if q == 'leave': sys.stderr.write('last words\\n'); os._exit(7)\nif q == 'die': {kill}\n\
             Write('alive')"
        ),
        &["leave", "first", "die", "second"],
    );
    let done = test(&site, &["--accept"]);
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert_eq!(done.out.matches("ISH0619").count(), 2, "{}", done.out);
    assert!(
        done.out.contains("ended with 7 during this one"),
        "{}",
        done.out
    );
    assert!(done.out.contains("last words"), "{}", done.out);
    assert_eq!(
        done.out.lines().last(),
        Some("2 passed, 2 failed, 0 skipped")
    );
    assert!(site.path("snapshots/app__second.snap").exists());
    assert!(!site.path("snapshots/app__die.snap").exists());
}

#[test]
fn what_a_script_writes_is_shown_with_its_failure_only() {
    let site = site(
        "sys.stderr.write('about %s' % q)\nos.write(1, b'raw %s' % q.encode())\nWrite(q)",
        &["one", "two"],
    );
    assert_eq!(test(&site, &["--accept"]).code, 0);
    site.file("snapshots/app__two.snap", "---\n---\nother\n");
    let done = test(&site, &[]);
    assert_eq!((done.code, done.err.as_str()), (1, ""));
    assert!(
        done.out
            .contains("----- stderr -----\n    about tworaw two\n"),
        "{}",
        done.out
    );
    assert!(!done.out.contains("about one"), "{}", done.out);
    let shown = test(&site, &["--no-capture"]);
    assert!(shown.err.contains("about one"), "{}", shown.err);
}

#[test]
fn a_child_that_outlives_its_script_holds_up_nobody() {
    if WINDOWS {
        return; // it needs a program that sleeps
    }
    let site = site(
        "import subprocess\nsubprocess.Popen(['sleep', '30'])\nif q == 'leave': os._exit(1)\nWrite(q)",
        &["stay", "leave", "after"],
    );
    let since = Instant::now();
    let done = test(&site, &["--accept"]);
    assert_eq!(
        done.out.lines().last(),
        Some("2 passed, 1 failed, 0 skipped")
    );
    assert!(
        since.elapsed() < Duration::from_secs(25),
        "it waited for the child"
    );
}

#[test]
fn what_is_written_outside_of_requests_is_shown_at_once() {
    let site = site(
        "import atexit\natexit.register(lambda: sys.stderr.write('good bye\\n'))\nWrite(q)",
        &["one"],
    );
    let done = test(&site, &["--accept"]);
    assert_eq!(
        (done.code, done.err.trim()),
        (0, "good bye"),
        "{}",
        done.out
    );
}

#[test]
fn a_script_that_forks_answers_once() {
    if WINDOWS {
        return; // it has no fork
    }
    let site = site(
        "if q == 'fork': os.fork()\nWrite(q)",
        &["one", "fork", "two"],
    );
    assert_eq!(test(&site, &["--accept"]).code, 0);
    let done = test(&site, &[]);
    assert_eq!(
        done.out.lines().last(),
        Some("3 passed, 0 failed, 0 skipped")
    );
}

#[test]
fn output_of_a_thread_does_not_tear_an_answer() {
    let site = site(
        "import threading\ndef noise():\n    for n in range(2000): os.write(2, b'noise\\n')\n\
         t = threading.Thread(target=noise)\nt.start()\nWrite('x' * 300000)\nt.join()",
        &["a", "b"],
    );
    assert_eq!(test(&site, &["--accept"]).code, 0);
    assert_eq!(test(&site, &[]).code, 0);
}

#[test]
fn with_jobs_files_are_divided_and_the_order_in_each_is_kept() {
    let site = Site::new();
    site.file(
        "app.py",
        "from Http import *\nn = 0\ndef Request():\n    global n\n    n += 1\n    Write('%d' % n)\n",
    );
    for name in ["a", "b"] {
        let text: String = (1..=5)
            .map(|n| format!("###\n# @name {name}{n}\nGET /app.py\n"))
            .collect();
        site.file(&format!("{name}.http"), text);
    }
    assert_eq!(test_as_loaded(&site, &["--accept", "--jobs", "2"]).code, 0);
    for name in ["a", "b"] {
        for n in 1..=5 {
            let path = site.path(&format!("snapshots/{name}__{name}{n}.snap"));
            let stored = std::fs::read_to_string(path).unwrap();
            assert!(stored.ends_with(&format!("\n{n}\n")), "{stored}");
        }
    }
    let done = test_as_loaded(&site, &["-j", "2"]);
    let names: Vec<&str> = done.out.lines().take(10).map(|l| &l[5..]).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(names, sorted, "reported in the order of the files");
}

#[test]
fn the_shards_of_a_run_are_the_whole() {
    let site = hello();
    test(&site, &["--accept"]);
    let mut passed = 0;
    for shard in ["1/3", "2/3", "3/3"] {
        let done = test(&site, &["--shard", shard]);
        assert!(done.code == 0 || done.code == 5, "{}", done.out);
        assert!(!done.out.contains("warning"), "{}", done.out);
        passed += done.out.matches("ok   ").count();
    }
    assert_eq!(passed, 2);
    let done = test(&site, &["--shard", "4/3"]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("ISH0622"), "{}", done.err);
}

#[test]
fn a_run_that_is_interrupted_leaves_whole_snapshots_only() {
    let site = site(
        "Write('x' * 100000)\nif q == 'slow': open('started', 'w').close(); time.sleep(30)",
        &["one", "slow", "three"],
    );
    let mut command = shim(&["test", "--accept"]);
    command
        .current_dir(site.root())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let since = Instant::now();
    while !site.path("started").exists() || !site.path("snapshots/app__one.snap").exists() {
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "the script was not called"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let names: Vec<String> = std::fs::read_dir(site.path("snapshots"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["app__one.snap"]);
    let stored = std::fs::read_to_string(site.path("snapshots/app__one.snap")).unwrap();
    assert!(stored.ends_with(&format!("\n{}\n", "x".repeat(100_000))));
}

#[test]
fn a_site_that_cannot_be_opened_is_told_once_and_ends_with_2() {
    let site = hello();
    site.file("web.config", "<configuration><system.webServer>");
    let done = test(&site, &[]);
    assert_eq!(done.code, 2, "{}", done.out);
    assert_eq!(done.out.matches("ISH02").count(), 1, "{}", done.out);
    assert!(done.out.contains("no host, see above"), "{}", done.out);
}

#[test]
fn a_python_that_does_not_start_ends_with_3_and_says_why() {
    if WINDOWS {
        return; // another Python is looked for there
    }
    let site = hello();
    site.file("venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.2.1\n");
    let mut command = shim(&["test"]);
    command
        .current_dir(site.root())
        .env("VIRTUAL_ENV", site.path("venv"));
    let done = finish(command);
    assert_eq!(done.code, 3, "{}", done.out);
    assert!(
        done.out.contains("ISH0303") && done.out.contains("Python 3.2"),
        "{}",
        done.out
    );
}

#[test]
fn scripts_see_the_time_that_is_frozen() {
    let site = site(
        "import datetime\nm = datetime.datetime.now(datetime.timezone.utc)\n\
         Write('%s|%d|%s|%s|%s|%s' % (m.isoformat(), time.time(), time.strftime('%Y', time.gmtime()),\n\
         datetime.date.today().year, isinstance(m, datetime.datetime), datetime.datetime(2020, 1, 1).year))",
        &["now"],
    );
    let done = test(
        &site,
        &["--accept", "--freeze-time", "2026-01-31T12:00:00Z"],
    );
    assert_eq!(done.code, 0, "{}", done.out);
    let stored = std::fs::read_to_string(site.path("snapshots/app__now.snap")).unwrap();
    assert!(
        stored.ends_with("\n2026-01-31T12:00:00+00:00|1769860800|2026|2026|True|2020\n"),
        "{stored}"
    );
    let done = test(&site, &["--freeze-time", "noon"]);
    assert!(
        done.code == 2 && done.err.contains("ISH0622"),
        "{}",
        done.err
    );
}

#[test]
fn a_sitecustomize_of_the_site_is_not_hidden_by_the_frozen_time() {
    let site = site("Write(os.environ.get('MARK', 'none'))", &["mark"]);
    site.file(
        "own/sitecustomize.py",
        "import os\nos.environ['MARK'] = 'own'\n",
    );
    let mut command = shim(&["test", "--accept", "--freeze-time", "2026-01-31"]);
    command
        .current_dir(site.root())
        .env("PYTHONPATH", site.path("own"));
    assert_eq!(finish(command).code, 0);
    let stored = std::fs::read_to_string(site.path("snapshots/app__mark.snap")).unwrap();
    assert!(stored.ends_with("\nown\n"), "{stored}");
}
