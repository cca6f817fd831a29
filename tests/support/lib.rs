//! What the acceptance tests share: the real binary, real sites in real folders, real sockets.

pub mod c;
pub mod docs;
pub mod http;
pub mod iis;
#[cfg(feature = "windows")]
pub mod installation;
pub mod metrics;
pub mod other_host;
pub mod pe;
pub mod probe;
pub mod server;
pub mod site;
pub mod target;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Once;
pub use target::library;

/// The folder of the profile under test, such as `target/debug`.
pub(crate) fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    // target/debug/deps/name-hash
    let folder = test.parent().and_then(|deps| deps.parent());
    folder.expect("tests lie in the target folder").to_owned()
}

/// Builds the binary and the extension library once: `cargo test` builds neither for this crate.
pub(crate) fn build() {
    static BUILD: Once = Once::new();
    BUILD.call_once(|| {
        let folder = profile_folder();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "-p", "isapi-shim", "-p", "isapi-dll"]);
        command.current_dir(root());
        if folder.ends_with("release") {
            command.arg("--release");
        }
        command.env(
            "CARGO_TARGET_DIR",
            folder.parent().expect("a profile is in a folder"),
        );
        let status = command
            .status()
            .expect("cargo runs, since it runs this test");
        assert!(status.success(), "the program under test does not build");
    });
}

/// The project's folder.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("this crate lies in the project")
        .to_owned()
}

/// The binary with arguments, away from the terminal and the user's settings.
pub fn shim(arguments: &[&str]) -> Command {
    let mut command = builtin_shim(&arguments[..arguments.len().min(1)]);
    let drives = |name: &&str| ["run", "serve", "test"].contains(name);
    if let (Some(extension), true) = (target::extension(), arguments.first().is_some_and(drives)) {
        command.arg("--extension").arg(extension);
    }
    command.args(arguments.iter().skip(1));
    command
}

/// As [`shim`], always with the built-in core where the arguments name no extension.
pub fn builtin_shim(arguments: &[&str]) -> Command {
    let mut command = target::program();
    command.args(arguments).stdin(Stdio::null());
    for name in [
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONHOME",
        "CI",
        "TF_BUILD",
        "INSTA_UPDATE",
        "INSTA_PENDING_DIR",
    ] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

/// What a finished command left.
#[derive(Debug)]
pub struct Finished {
    /// The exit code.
    pub code: i32,
    /// Standard output, as bytes.
    pub bytes: Vec<u8>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("the command exits by itself"),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            bytes: output.stdout,
        }
    }
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Finished {
    command.output().expect("the binary starts").into()
}
