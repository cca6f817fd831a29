//! Drives the real extension library with a host that knows nothing of this project: the one in
//! `tests/hosts`, written in C from the documentation of ISAPI.
//!
//! IIS does not say where a site's home is, and neither does that host: so the home is the folder
//! of the library, and each [`Home`] has a copy of it.

mod answer;

pub use answer::{Answer, ERROR, KEEP, PENDING, Ran, SUCCESS};

use crate::probe::finish;
use crate::site::Site;
use crate::target::{WINDOWS, runner, shown};
use crate::{c, library};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What is tested, and by which program.
#[derive(Debug)]
pub struct Target {
    /// What is put into each home: the library, on Windows with the cores.
    files: Vec<PathBuf>,
    host: PathBuf,
}

/// See [`Target`].
pub fn target() -> &'static Target {
    static TARGET: LazyLock<Target> = LazyLock::new(|| {
        let library = library();
        let folder = library.parent().expect("a file has a folder");
        let files = std::fs::read_dir(folder).expect("the library's folder");
        let files = files.map(|f| f.expect("a file").path());
        let is_dll = |path: &PathBuf| path.extension().is_some_and(|e| e == "dll");
        Target {
            files: if WINDOWS {
                files.filter(is_dll).collect()
            } else {
                vec![library]
            },
            host: c::compile("tests/hosts", "host", &[]),
        }
    });
    &TARGET
}

impl Target {
    /// Whether the host and the library are for Windows.
    pub fn is_windows(&self) -> bool {
        WINDOWS
    }

    /// The library's file name; `PyISAPIe` is the usual one.
    fn file_name(&self, name: &str) -> String {
        if WINDOWS {
            format!("{name}.dll")
        } else {
            format!("lib{name}.so")
        }
    }

    /// A path as the host sees it.
    pub fn path(&self, path: &Path) -> String {
        shown(path)
    }
}

/// A folder with a copy of the library, which is the home of a site.
#[derive(Debug)]
pub struct Home {
    site: Site,
    library: PathBuf,
}

impl std::ops::Deref for Home {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Home {
    /// With `PyISAPIe.dll`, or as this system calls it.
    pub fn new() -> Self {
        Self::named("PyISAPIe")
    }

    /// With a library of another name, such as `PyISAPIe-Shop`.
    pub fn named(name: &str) -> Self {
        let site = Site::new();
        let usual = target().file_name("PyISAPIe");
        let library = site.path(&target().file_name(name));
        for from in &target().files {
            let to = match from.file_name() {
                Some(file) if *file != *usual => site.root().join(file),
                _ => library.clone(),
            };
            // A link is enough, and quick.
            if std::fs::hard_link(from, &to).is_err() {
                std::fs::copy(from, &to).expect("the library can be copied");
            }
        }
        Self { site, library }
    }

    /// With a library that is not this project's.
    pub fn of(library: &Path) -> Self {
        let site = Site::new();
        let to = site.path("extension.so");
        std::fs::copy(library, &to).expect("the library can be copied");
        Self { site, library: to }
    }

    /// With one script `app.py` whose `Request()` has this body.
    pub fn with_request(body: &str) -> Self {
        let home = Self::new();
        home.request("app.py", body);
        home
    }

    /// The library's file.
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// The library in a second folder: a file of its own, not a link to this one.
    pub fn second_library(&self) -> PathBuf {
        let folder = self.path("second");
        std::fs::create_dir_all(&folder).expect("writable");
        let to = folder.join(self.library.file_name().expect("a file"));
        std::fs::copy(&self.library, &to).expect("the library can be copied");
        to
    }

    /// A host that has loaded this library. Words for it are said in the order in which it does
    /// them; they are told in `tests/hosts/host.c`.
    pub fn host(&self) -> Host<'_> {
        Host {
            home: self,
            words: Vec::new(),
        }
    }

    /// A GET of `app.py` under a script map, after these words.
    pub fn get(&self, words: &[&str]) -> Answer {
        self.host().script("app.py").words(words).request().answer()
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// A host that is to be run.
#[derive(Debug)]
#[must_use]
pub struct Host<'a> {
    home: &'a Home,
    words: Vec<String>,
}

impl Host<'_> {
    /// More words.
    pub fn words(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|w| (*w).to_owned()));
        self
    }

    /// Words with a path of this machine, or two.
    pub fn path(mut self, word: &str, paths: &[&Path]) -> Self {
        self.words.push(word.to_owned());
        self.words.extend(paths.iter().map(|p| target().path(p)));
        self
    }

    /// The requests that follow are for a script of the site, by a script map with
    /// `allowPathInfo="false"`: PATH_INFO includes the script's name.
    pub fn script(self, name: &str) -> Self {
        let url = format!("/{name}");
        self.mapped(&url, &url, name)
    }

    /// As [`Host::script`], with a path behind the script's.
    pub fn script_with_path(self, name: &str, more: &str) -> Self {
        self.mapped(&format!("/{name}"), &format!("/{name}{more}"), name)
    }

    /// The requests that follow are for a URL, by a wildcard map: every path variable holds it.
    pub fn wildcard(self, url: &str) -> Self {
        self.mapped(url, url, url.trim_start_matches('/'))
    }

    fn mapped(mut self, script: &str, path_info: &str, file: &str) -> Self {
        let file = target().path(&self.home.path(file));
        let root = target().path(&self.home.path(""));
        // IIS gives this one with the prefix that lifts the limit on a path's length.
        let prefix = if target().is_windows() { r"\\?\" } else { "" };
        for word in ["--path-info", path_info, "--path-translated", &file] {
            self.words.push(word.to_owned());
        }
        for variable in [
            format!("SCRIPT_NAME={script}"),
            format!("URL={script}"),
            format!("SCRIPT_TRANSLATED={prefix}{file}"),
            format!("APPL_PHYSICAL_PATH={root}"),
            "APPL_MD_PATH=/LM/W3SVC/1/ROOT".to_owned(),
        ] {
            self.words.extend(["--variable".to_owned(), variable]);
        }
        self
    }

    /// One request, on the host's first thread.
    pub fn request(self) -> Self {
        self.words(&["--request"])
    }

    /// Runs the host to its end.
    ///
    /// # Panics
    /// It crashes, or could not do what was asked, or caught the extension with a control block
    /// that was not its own any more.
    pub fn run(self) -> Ran {
        self.ended(0)
    }

    /// As [`Host::run`], where the host must catch the extension.
    ///
    /// # Panics
    /// It does not.
    pub fn caught(self) -> Ran {
        self.ended(1)
    }

    fn ended(self, code: i32) -> Ran {
        let mut command = runner(&target().host);
        command
            .arg(target().path(&self.home.library))
            .args(&self.words);
        if !target().is_windows() {
            // The library is to find the Python that it was built for.
            for name in ["VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"] {
                command.env_remove(name);
            }
        }
        let done = finish(command);
        let out = String::from_utf8_lossy(&done.out).into_owned();
        assert_eq!(done.code, code, "the host ended:\n{out}\n{}", done.err);
        Ran::parse(&out, done.err)
    }

    /// Runs the host; it got one request.
    ///
    /// # Panics
    /// As [`Host::run`], or there were more.
    pub fn answer(self) -> Answer {
        self.run().only()
    }
}
