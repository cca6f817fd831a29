//! A site in a temporary folder.

use crate::{Finished, finish, shim};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What every script begins with.
pub const IMPORT: &str = "from Http import *\n";

/// A site that goes away with its value.
#[derive(Debug)]
pub struct Site {
    _folder: TempDir,
    root: PathBuf,
}

impl Site {
    /// An empty site.
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let root = folder.path().canonicalize().expect("it was just made");
        Self {
            _folder: folder,
            root,
        }
    }

    /// A site with one script `app.py` whose `Request()` has this body.
    pub fn with_request(body: &str) -> Self {
        let site = Self::new();
        site.request("app.py", body);
        site
    }

    /// Writes a file, with the folders it needs.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("writable");
        std::fs::write(&path, content).expect("writable");
        path
    }

    /// Writes a script whose `Request()` has this body.
    pub fn request(&self, name: &str, body: &str) -> PathBuf {
        let mut source = format!("{IMPORT}\ndef Request():\n");
        for line in body.lines() {
            source.push_str(&format!("    {line}\n"));
        }
        self.file(name, source)
    }

    /// The site's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file of the site.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Runs `isapi-shim run` with these options on a script of the site.
    pub fn run(&self, script: &str, options: &[&str]) -> Finished {
        let mut command = shim(&["run"]);
        command.args(options).arg(self.path(script));
        finish(command)
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}
