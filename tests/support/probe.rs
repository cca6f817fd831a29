//! Drives the real `isapi-shim` with an extension that knows nothing of this project: the probe,
//! written in C from the documentation of ISAPI (`tests/extensions`).

mod client;
mod server;

pub use client::{Client, Response};
pub use server::Server;

use crate::c;
use crate::target::{program, shown, without};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How long a test waits for something that must happen; never how long it takes.
pub const LIMIT: Duration = Duration::from_secs(120);

/// The probe as it is meant.
pub fn probe() -> &'static Path {
    static PROBE: LazyLock<PathBuf> = LazyLock::new(|| compile(&[]));
    &PROBE
}

/// The probe compiled with more flags for `cc`.
///
/// # Panics
/// There is no C compiler, or it refuses.
pub fn compile(flags: &[&str]) -> PathBuf {
    let flags: Vec<&str> = ["-shared"].iter().chain(flags).copied().collect();
    c::compile("tests/extensions", "probe", &flags)
}

/// A folder with `page.x`, which the extension answers, and `static.txt` (`static text`).
#[derive(Debug)]
pub struct Site {
    path: PathBuf,
    /// Removes the folder.
    _folder: tempfile::TempDir,
}

impl Default for Site {
    fn default() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().canonicalize().expect("it exists");
        let site = Self {
            path,
            _folder: folder,
        };
        site.write("page.x", "");
        site.write("static.txt", "static text");
        site
    }
}

impl Site {
    /// A site whose `web.config` has these `add` elements for handlers.
    pub fn with_handlers(rows: &str) -> Self {
        let site = Self::default();
        site.write(
            "web.config",
            format!(
                "<configuration><system.webServer><handlers>{rows}</handlers>\
                 </system.webServer></configuration>"
            ),
        );
        site
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("the site can be written");
        path
    }

    /// The folder, without links in its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `text` with this folder's path as `ROOT`.
    pub fn redact(&self, text: &str) -> String {
        without(self.path(), "ROOT", text)
    }

    /// The length of the folder's path as the program under test gives it.
    pub fn path_length(&self) -> usize {
        shown(self.path()).chars().count()
    }
}

/// A query string of these arguments.
pub fn query(arguments: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in arguments {
        let and = if text.is_empty() { "" } else { "&" };
        text.push_str(&format!("{and}{name}="));
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b',' => {
                    text.push(byte.into());
                }
                _ => text.push_str(&format!("%{byte:02x}")),
            }
        }
    }
    text
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; -1: a signal.
    pub code: i32,
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Standard output as a response.
    pub fn response(&self) -> Response {
        Response::parse(&self.out)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        self.response().text()
    }
}

/// `isapi-shim run -i` with the probe, `page.x` of a site, and more arguments.
pub fn run(site: &Site, query: &str, more: &[&str]) -> Ran {
    let mut command = program();
    command.args(["run", "-i", "-q", query]).args(more);
    command
        .arg("--extension")
        .arg(probe())
        .arg(site.path().join("page.x"));
    finish(command)
}

/// Runs a command to its end.
///
/// # Panics
/// It does not end.
pub fn finish(mut command: Command) -> Ran {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary can be run");
    let out = collect(child.stdout.take());
    let err = collect(child.stderr.take());
    let since = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        if since.elapsed() > LIMIT {
            let _ = child.kill();
            panic!("{command:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let out = out.join().expect("the reader does not panic");
    let err = err.join().expect("the reader does not panic");
    Ran {
        code: status.code().unwrap_or(-1),
        out,
        err: String::from_utf8_lossy(&err).into_owned(),
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        // What came before an error is what there is.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut all));
        all
    })
}

/// FNV-1a, as the probe sums bodies.
pub fn fnv(bytes: &[u8]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// A body whose every part differs from every other.
pub fn body(size: usize) -> Vec<u8> {
    (0..size)
        .map(|at| (at.wrapping_mul(31) + at / 251) as u8)
        .collect()
}
