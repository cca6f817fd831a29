//! A folder with the files of a release of the Windows side, as an administrator lays it out.

use crate::target::{library, shown};
use crate::{Finished, builtin_shim, finish};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// `PyISAPIe.dll` and the cores in a folder of their own; it goes away with the value.
#[derive(Debug)]
pub struct Installation {
    _folder: TempDir,
    folder: PathBuf,
}

impl Installation {
    /// All files of the build under test.
    pub fn new() -> Self {
        let temporary = TempDir::new().expect("a temporary folder can be made");
        let folder = temporary.path().canonicalize().expect("it was just made");
        let built = library();
        let built = built.parent().expect("a file has a folder");
        for entry in std::fs::read_dir(built).expect("the build is there") {
            let path = entry.expect("the build is there").path();
            if path.extension().is_some_and(|e| e == "dll") {
                let name = path.file_name().expect("a file has a name");
                std::fs::copy(&path, folder.join(name)).expect("files can be copied");
            }
        }
        Self {
            _folder: temporary,
            folder,
        }
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file, with the folders it needs.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("writable");
        std::fs::write(&path, content).expect("writable");
        path
    }

    /// The cores that are there.
    pub fn cores(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.folder).expect("the folder is there");
        let files = entries.map(|entry| entry.expect("the folder is there").path());
        let is_core = |path: &PathBuf| path.to_string_lossy().contains("PyISAPIe.cp");
        files.filter(is_core).collect()
    }

    /// `isapi-shim run -i` of a script through this DLL.
    pub fn command(&self, script: &Path) -> Command {
        let mut command = builtin_shim(&["run", "-i", "--extension"]);
        command.arg(self.path("PyISAPIe.dll")).arg(script);
        command
    }

    /// As [`Installation::command`], to its end.
    pub fn run(&self, script: &Path) -> Finished {
        finish(self.command(script))
    }
}

impl Default for Installation {
    fn default() -> Self {
        Self::new()
    }
}

/// What tells [`crate::target::program`]'s runner that there is to be no Python in the environment.
pub const NO_PYTHON: (&str, &str) = ("PYTHONHOME", "-");

/// The folder of the Windows Python that the tests run with, as a carrier shows it.
pub fn python_home() -> String {
    let folder = std::env::var("ISAPI_SHIM_TEST_PYTHON").expect("the runner names a Python");
    shown(Path::new(&folder))
}

/// Its version, as in `3.11`.
pub fn python_version() -> String {
    let folder = std::env::var("ISAPI_SHIM_TEST_PYTHON").expect("the runner names a Python");
    let (_, version) = folder.rsplit_once('-').expect("the folder ends with it");
    version.to_owned()
}

/// Makes a folder a virtual environment of that Python with a module `only_here`.
pub fn make_environment(folder: &Path) {
    let packages = folder.join("Lib/site-packages");
    std::fs::create_dir_all(&packages).expect("writable");
    std::fs::write(packages.join("only_here.py"), "X = 'from here'\n").expect("writable");
    let home = format!(
        "home = {}\nversion = {}.0\n",
        python_home(),
        python_version()
    );
    std::fs::write(folder.join("pyvenv.cfg"), home).expect("writable");
}
