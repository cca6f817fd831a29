//! Debuggers and coverage: what the core is told about them.
//!
//! Both begin before there is a request, so that they are told by environment variables and not by
//! host variables. The core removes the variables.

use crate::cli::{DebugArgs, HostArgs};
use crate::codes;
use crate::ecb_host::Extension;
use crate::error::Error;
use isapi_base::host_variables;
use std::ffi::{OsStr, OsString};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The packages that what was announced needs.
static NEEDED: Mutex<Vec<&str>> = Mutex::new(Vec::new());

fn needed() -> MutexGuard<'static, Vec<&'static str>> {
    NEEDED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell(name: &str, value: impl AsRef<OsStr>, package: &'static str) {
    Extension::announce(name, value.as_ref());
    needed().push(package);
}

/// Tells of the debugger that is wanted. Before the extension is loaded.
pub fn announce(args: &DebugArgs) {
    if let Some(address) = args.debugpy {
        let wait = if args.wait_for_client { ",wait" } else { "" };
        tell(
            host_variables::DEBUGPY,
            format!("{address}{wait}"),
            "debugpy",
        );
    }
}

/// Tells of the coverage that is wanted. Before the extension is loaded.
pub fn announce_coverage(args: &HostArgs) {
    match &args.coverage_run {
        Some(folder) => tell(host_variables::COVERAGE, folder, "coverage"),
        None if args.coverage => tell(host_variables::COVERAGE, "1", "coverage"),
        None => {}
    }
}

/// An extension that refuses to start because of what was announced has said why.
pub fn explain(error: Error) -> Error {
    let packages = needed().join(" ");
    if error.code() != codes::EXTENSION_REFUSED || packages.is_empty() {
        return error;
    }
    let text = "the debugger or the measuring of coverage could not be started";
    Error::new(codes::DEBUGGING, text).fix(format!(
        "a line with ISH0315 on standard error says why; if it is not installed for this Python: \
         pip install {packages}"
    ))
}

/// A run of several processes whose coverage is one.
#[derive(Debug)]
pub struct CoverageRun(tempfile::TempDir);

impl CoverageRun {
    /// One, if coverage is wanted.
    ///
    /// # Errors
    /// There is no folder for temporary files.
    pub fn of(args: &HostArgs) -> std::io::Result<Option<Self>> {
        let run = args.coverage.then(tempfile::tempdir).transpose()?;
        Ok(run.map(Self))
    }

    /// The options of a process that takes part.
    pub fn options(&self) -> [OsString; 2] {
        ["--coverage-run".into(), self.0.path().into()]
    }
}
