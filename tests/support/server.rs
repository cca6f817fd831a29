//! `isapi-shim serve` as a process.

use crate::{builtin_shim, shim};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server that ends with its value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// `127.0.0.1:port`
    pub address: String,
    _folder: TempDir,
}

impl Server {
    /// Serves a folder on a free port.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        Self::start_with(folder, options, |_| {})
    }

    /// As [`Server::start`], after `change` had its way with the command.
    pub fn start_with(folder: &Path, options: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        Self::start_at("127.0.0.1:0", folder, options, change)
    }

    /// As [`Server::start_with`], listening somewhere else.
    pub fn start_at(
        listen: &str,
        folder: &Path,
        options: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let temporary = TempDir::new().expect("a temporary folder can be made");
        let ready = temporary.path().join("ready");
        let own_extension = options.contains(&"--extension");
        let shim = if own_extension { builtin_shim } else { shim };
        let mut command = shim(&["serve", "--listen", listen, "--ready-file"]);
        command.arg(&ready).args(options).arg(folder);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().expect("the binary starts");
        // Only a server that never gets ready reaches this.
        let patience = Instant::now() + Duration::from_secs(60);
        let url = loop {
            if let Ok(url) = std::fs::read_to_string(&ready) {
                break url;
            }
            if let Some(status) = child.try_wait().expect("a child can be asked") {
                let mut text = String::new();
                if let Some(mut err) = child.stderr.take() {
                    let _ = err.read_to_string(&mut text);
                }
                panic!("the server ended with {status}: {text}");
            }
            assert!(Instant::now() < patience, "the server does not get ready");
            std::thread::sleep(Duration::from_millis(5));
        };
        let address = url
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        // Pipes that nobody reads would fill up and stop the server.
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let mut server = Self {
            child,
            address,
            _folder: temporary,
        };
        server.collect(out, err);
        server
    }

    fn collect(
        &mut self,
        out: Option<std::process::ChildStdout>,
        err: Option<std::process::ChildStderr>,
    ) {
        let folder = self._folder.path();
        for (name, from) in [
            ("out", out.map(|o| Box::new(o) as Box<dyn Read + Send>)),
            ("err", err.map(|e| Box::new(e) as Box<dyn Read + Send>)),
        ] {
            let Some(mut from) = from else { continue };
            let mut file = std::fs::File::create(folder.join(name)).expect("writable");
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut file);
            });
        }
    }

    /// What the server wrote to standard output so far.
    pub fn out(&self) -> String {
        std::fs::read_to_string(self._folder.path().join("out")).unwrap_or_default()
    }

    /// What the server wrote to standard error so far.
    pub fn err(&self) -> String {
        std::fs::read_to_string(self._folder.path().join("err")).unwrap_or_default()
    }

    /// Waits until `seen` is true of what was written to standard error.
    pub fn wait_for_err(&self, seen: impl Fn(&str) -> bool) -> String {
        wait(|| Some(self.err()).filter(|text| seen(text)))
    }

    /// Waits until `seen` is true of what was written to standard output.
    pub fn wait_for_out(&self, seen: impl Fn(&str) -> bool) -> String {
        wait(|| Some(self.out()).filter(|text| seen(text)))
    }

    /// How many descriptors the server has open; `None` where that cannot be asked.
    pub fn descriptors(&self) -> Option<usize> {
        if crate::target::WINDOWS {
            return None;
        }
        let folder = std::fs::read_dir(format!("/proc/{}/fd", self.id())).ok()?;
        Some(folder.count())
    }

    /// The server's process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the server has ended; the exit code.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().ok().and_then(|status| status.code())
    }

    /// Sends the signal of Ctrl-C.
    pub fn signal(&self) {
        send_signal("INT", self.id());
    }
}

/// Sends a signal to a process.
pub fn send_signal(name: &str, process: u32) {
    let status = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .status();
    assert!(status.is_ok_and(|s| s.success()), "the signal is sent");
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something that must come; how long it takes does not matter.
pub fn wait<T>(mut poll: impl FnMut() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(value) = poll() {
            return value;
        }
        assert!(Instant::now() < patience, "what must come does not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a file is there and has text in it.
pub fn wait_for_text(file: &Path) -> String {
    wait(|| std::fs::read_to_string(file).ok().filter(|t| !t.is_empty()))
}
