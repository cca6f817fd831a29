//! `test --watch`.

use super::{hello, test};
use acceptance::shim;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than anything here takes; only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

struct Watched {
    child: Child,
    lines: Receiver<String>,
}

impl Watched {
    /// The lines of one run.
    fn run(&self) -> Vec<String> {
        let mut run = Vec::new();
        loop {
            let line = self
                .lines
                .recv_timeout(PATIENCE)
                .expect("a run is reported");
            if line.starts_with("watching ") {
                return run;
            }
            run.push(line);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_edit_runs_again_what_it_touches() {
    let site = hello();
    site.file("two.http", "# @name two\nGET /app.py?two\n");
    test(&site, &["--accept"]);
    let mut command = shim(&["test", "--watch"]);
    command
        .current_dir(site.root())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let out = child.stdout.take().unwrap();
    let (tell, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    let watched = Watched { child, lines };
    let first = watched.run();
    assert_eq!(
        first.last().map(String::as_str),
        Some("3 passed, 0 failed, 0 skipped")
    );

    site.file("two.http", "# @name two\nGET /app.py?changed\n");
    let run = watched.run();
    assert!(run.contains(&"changed: two.http".to_owned()), "{run:?}");
    assert!(run.contains(&"FAIL two.http::two".to_owned()), "{run:?}");
    assert!(!run.iter().any(|line| line.contains("app.http")), "{run:?}");

    site.request(
        "app.py",
        "Write('Hello, %s!' % (Env.QUERY_STRING or 'World') + '!')",
    );
    let run = watched.run();
    assert_eq!(
        run.last().map(String::as_str),
        Some("0 passed, 3 failed, 0 skipped")
    );
}
