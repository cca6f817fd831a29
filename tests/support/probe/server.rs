//! `isapi-shim serve`, and what it says meanwhile.

use super::{Client, LIMIT, Response, Site, probe, program};
use crate::target::WINDOWS;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Lines as they come.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Seen {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let lines = Self::default();
        let (all, pipe) = (lines.clone(), pipe.expect("the output is piped"));
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                all.change(|seen| seen.lines.push(line));
            }
            all.change(|seen| seen.ended = true);
        });
        lines
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, f: impl FnOnce(&mut Seen)) {
        f(&mut self.seen());
        self.0.changed.notify_all();
    }

    /// The first line that has `text` in it; `None`: the output has ended without.
    fn find(&self, text: &str) -> Option<String> {
        let since = Instant::now();
        let mut seen = self.seen();
        loop {
            if let Some(line) = seen.lines.iter().find(|line| line.contains(text)) {
                return Some(line.clone());
            }
            if seen.ended || since.elapsed() > LIMIT {
                return None;
            }
            let wait = self.0.changed.wait_timeout(seen, LIMIT);
            seen = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn all(&self) -> String {
        self.seen().lines.join("\n")
    }
}

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
    out: Lines,
    err: Lines,
}

impl Server {
    /// Serves a site, whose `*.x` the probe answers.
    pub fn start(site: &Site) -> Self {
        Self::with(site, ["--map", "*.x"])
    }

    /// Serves a site with the probe and these arguments.
    pub fn with(site: &Site, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let ready = folder.path().join("ready");
        let mut command = program();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--extension"])
            .arg(probe());
        command
            .arg("--ready-file")
            .arg(&ready)
            .args(arguments)
            .arg(site.path());
        command.env("PROBE_MARKER", site.path().join("marker"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary can be run");
        let out = Lines::of(child.stdout.take());
        let err = Lines::of(child.stderr.take());
        let address = Self::wait_ready(&mut child, &ready, &err);
        Self {
            child,
            address,
            out,
            err,
        }
    }

    fn wait_ready(child: &mut Child, ready: &Path, err: &Lines) -> String {
        let since = Instant::now();
        loop {
            if let Ok(url) = std::fs::read_to_string(ready) {
                let address = url.trim().strip_prefix("http://").expect("a URL");
                return address.trim_end_matches('/').to_owned();
            }
            let ended = child.try_wait().expect("a child can be waited for");
            let waits = ended.is_none() && since.elapsed() < LIMIT;
            assert!(waits, "the server did not start: {ended:?}\n{}", err.all());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// A connection to it.
    pub fn connect(&self) -> Client {
        Client::connect(&self.address)
    }

    /// One request on a connection of its own.
    pub fn get(&self, target: &str) -> Response {
        self.connect().get(target)
    }

    /// Waits until standard error has a line with `text`, and returns the line.
    ///
    /// # Panics
    /// There is none.
    pub fn said(&self, text: &str) -> String {
        let found = self.err.find(text);
        found.unwrap_or_else(|| panic!("never said: {text}\nbut:\n{}", self.err.all()))
    }

    /// Waits until the access log has a line with `text`, and returns the line.
    ///
    /// # Panics
    /// There is none.
    pub fn logged(&self, text: &str) -> String {
        let found = self.out.find(text);
        found.unwrap_or_else(|| panic!("never logged: {text}\nbut:\n{}", self.out.all()))
    }

    /// Standard error as far as it has come.
    pub fn err(&self) -> String {
        self.err.all()
    }

    /// Ends it, and makes sure that standard error never had a line with `text`.
    ///
    /// # Panics
    /// It had.
    pub fn never_said(self, text: &str) {
        let (_, err) = self.stop();
        assert!(!err.contains(text), "said: {text}\nin:\n{err}");
    }

    /// Asks it to end, and returns its exit code and standard error.
    pub fn stop(self) -> (i32, String) {
        self.ask_to_end();
        self.ended()
    }

    /// Asks it to end.
    pub fn ask_to_end(&self) {
        let pid = self.child.id().to_string();
        // Wine ends a process at TERM, and makes a Ctrl-C of INT.
        let signal = if WINDOWS { "-INT" } else { "-TERM" };
        let kill = Command::new("kill").args([signal, &pid]).status();
        assert!(
            kill.is_ok_and(|status| status.success()),
            "the server cannot be ended"
        );
    }

    /// Waits for its end, and returns its exit code and standard error.
    pub fn ended(mut self) -> (i32, String) {
        let status = self.child.wait().expect("a child can be waited for");
        // Waits for the end of the output.
        let never = self.err.find("\n");
        debug_assert!(never.is_none());
        (status.code().unwrap_or(-1), self.err.all())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its end has been asked for, or does not matter to the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
