//! `--freeze-time`: what a process is given so that its scripts see one moment.

use crate::codes;
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

/// Python imports a module of this name when it starts.
const MODULE: &str = "sitecustomize.py";
const SOURCE: &str = include_str!("frozen_time.py");

/// A moment, and the folder with the module that makes it the present. The folder goes away with it.
#[derive(Debug)]
pub(super) struct Frozen {
    folder: tempfile::TempDir,
    moment: SystemTime,
}

impl Frozen {
    /// Reads a time, `2026-01-31T12:00:00Z` or a date alone.
    ///
    /// # Errors
    /// Usage: that is no time. Host: no temporary folder.
    pub(super) fn new(text: &str) -> Result<Self> {
        let moment = humantime::parse_rfc3339_weak(text)
            .or_else(|_| humantime::parse_rfc3339_weak(&format!("{text}T00:00:00Z")))
            .map_err(|_| {
                let what = format!("`{text}` is no time for --freeze-time");
                Error::new(codes::TEST_OPTION, what).fix("write it in UTC: 2026-01-31T12:00:00Z")
            })?;
        let failed = |why: std::io::Error| {
            let what = format!("the module that freezes the time cannot be written: {why}");
            Error::new(codes::TEST_PROCESS, what)
        };
        let folder = tempfile::tempdir().map_err(failed)?;
        std::fs::write(folder.path().join(MODULE), SOURCE).map_err(failed)?;
        Ok(Self { folder, moment })
    }

    /// What the process needs in its environment.
    pub(super) fn environment(&self) -> Vec<(OsString, OsString)> {
        let seconds = match self.moment.duration_since(UNIX_EPOCH) {
            Ok(after) => after.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        };
        let mut folders = vec![self.folder.path().to_owned()];
        if let Some(path) = std::env::var_os("PYTHONPATH") {
            folders.extend(std::env::split_paths(&path));
        }
        let path = std::env::join_paths(folders).unwrap_or_else(|_| self.folder.path().into());
        vec![
            ("PYTHONPATH".into(), path),
            ("ISAPI_SHIM_FROZEN_TIME".into(), seconds.to_string().into()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_and_without_its_parts() {
        for (text, seconds) in [
            ("1970-01-02T00:00:01Z", "86401"),
            ("1970-01-02 00:00:01", "86401"),
            ("1970-01-02", "86400"),
            ("1970-01-01T00:00:00.5Z", "0.5"),
        ] {
            let frozen = Frozen::new(text).expect(text);
            assert_eq!(frozen.environment()[1].1, seconds, "{text}");
        }
        for text in ["", "now", "12:00", "2026-13-01"] {
            let why = Frozen::new(text).expect_err(text);
            assert_eq!(why.code(), codes::TEST_OPTION);
        }
    }
}
