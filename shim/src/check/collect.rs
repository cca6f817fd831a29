//! Which files are checked, and what is known of the site as a whole.

use crate::codes;
use crate::error::{Error, Result};
use regex::bytes::Regex;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use walkdir::{DirEntry, WalkDir};

/// One file to check.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// As the user named it.
    pub(super) shown: String,
    /// The folder it was found in, or its own.
    pub(super) root: PathBuf,
}

impl File {
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The name under which others import it.
    pub(super) fn module(&self) -> String {
        let name = match self.path.file_stem() {
            Some(stem) if stem == "__init__" => self.folder().file_name(),
            stem => stem,
        };
        name.unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether the file is the site's handler or its settings, which are imported before there is
    /// a request.
    pub(super) fn is_of_http(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default();
        self.folder()
            .file_name()
            .is_some_and(|folder| folder == "Http")
            && (name == "Isapi.py" || name == "Config.py")
    }

    /// Whether a handler of the site's own decides how this file is used.
    pub(super) fn has_handler(&self) -> bool {
        let mut folder = self.folder();
        loop {
            if folder.join("Http").join("Isapi.py").is_file() {
                return true;
            }
            match folder.parent() {
                Some(parent) if folder != self.root => folder = parent,
                _ => return false,
            }
        }
    }

    pub(super) fn in_package(&self) -> bool {
        self.folder().join("__init__.py").is_file()
    }
}

/// All files, and what they import.
#[derive(Debug, Default)]
pub(super) struct Site {
    pub(super) files: Vec<File>,
    /// The names of modules that some file imports.
    imported: HashSet<String>,
    /// The names of modules that are there.
    modules: HashSet<String>,
    /// The names of functions that some file defines.
    functions: HashSet<String>,
}

impl Site {
    /// Whether a file of the site imports a module of that name.
    pub(super) fn imports(&self, module: &str) -> bool {
        self.imported.contains(module)
    }

    /// Whether a file of the site defines a function or method of that name.
    pub(super) fn defines(&self, function: &str) -> bool {
        self.functions.contains(function)
    }

    /// Whether the site has a module of that name itself.
    pub(super) fn has(&self, module: &str) -> bool {
        self.modules.contains(module)
    }
}

/// Finds the files below the paths, in the order of the paths and then of the names.
pub(super) fn collect(paths: &[PathBuf]) -> Result<Site> {
    let mut site = Site::default();
    let mut seen = HashSet::new();
    let mut add = |path: PathBuf, root: &Path, files: &mut Vec<File>| {
        // A file that is named twice is checked once.
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if seen.insert(real) {
            files.push(File {
                shown: path.display().to_string(),
                path,
                root: root.to_owned(),
            });
        }
    };
    for path in paths {
        let data = std::fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::new(
                codes::CHECK_MISSING,
                format!("{} does not exist", path.display()),
            )
            .fix("name a Python file, or a folder with some"),
            _ => unreadable(path, &error),
        })?;
        if !data.is_dir() {
            add(
                path.clone(),
                path.parent().unwrap_or(Path::new("")),
                &mut site.files,
            );
            continue;
        }
        let walk = WalkDir::new(path).sort_by_file_name();
        for entry in walk
            .into_iter()
            .filter_entry(|e| e.depth() == 0 || wanted(e))
        {
            let entry = entry.map_err(|error| {
                let at = error.path().unwrap_or(path).to_owned();
                unreadable(&at, &error.into())
            })?;
            // A link to a folder may lead round in a circle; a link to a file may not.
            if is_script(entry.path()) && entry.path().is_file() {
                add(entry.into_path(), path, &mut site.files);
            }
        }
    }
    if site.files.is_empty() {
        let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
        return Err(Error::new(
            codes::CHECK_NOTHING,
            format!("no .py, .pyw or .cgi files in {}", names.join(", ")),
        )
        .fix("name the folder of the scripts, or a script"));
    }
    look_around(&mut site);
    Ok(site)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let what = format!("{} cannot be read: {error}", path.display());
    Error::new(codes::CHECK_UNREADABLE, what).fix("check the permissions of the path")
}

/// Not what others have written, and not what tools keep.
fn wanted(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let skipped = [".git", ".hg", ".svn", ".tox", ".nox", "__pycache__"]
        .into_iter()
        .chain(["site-packages", "dist-packages", "node_modules"]);
    if !entry.file_type().is_dir() {
        return true;
    }
    let is_venv = || entry.path().join("pyvenv.cfg").is_file();
    skipped.into_iter().all(|skip| name != skip) && !is_venv()
}

fn is_script(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["py", "pyw", "cgi"]
        .iter()
        .any(|e| extension.eq_ignore_ascii_case(e))
}

/// Which modules are there, which are imported, and which functions are defined, for all files of the site and for those beside
/// a file that was named alone.
fn look_around(site: &mut Site) {
    static IMPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?m-u)^[ \t]*(?:import[ \t]+([^#\r\n]+)|from[ \t]+\.*([\w.]*)[ \t]+import[ \t]*([^#\r\n]+))").ok()
    });
    static FUNCTION: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?m-u)^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)").ok());
    let mut around: Vec<PathBuf> = Vec::new();
    let mut folders = HashSet::new();
    for file in &site.files {
        site.modules.insert(file.module());
        around.push(file.path.clone());
        if file.root == file.folder() && folders.insert(file.folder().to_owned()) {
            let folder = match file.folder() {
                folder if folder.as_os_str().is_empty() => Path::new("."),
                folder => folder,
            };
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let paths = entries.map(|entry| entry.path()).take(1000);
            around.extend(paths.filter(|path| is_script(path) && path.is_file()));
        }
    }
    around.sort();
    around.dedup();
    for path in around {
        // No device either, which has no length and perhaps no end.
        let small = std::fs::metadata(&path)
            .is_ok_and(|data| data.is_file() && data.len() <= super::LARGEST);
        let Some(bytes) = small.then(|| std::fs::read(&path).ok()).flatten() else {
            continue;
        };
        for found in FUNCTION
            .iter()
            .flat_map(|function| function.captures_iter(&bytes))
        {
            let name = String::from_utf8_lossy(&found[1]).into_owned();
            site.functions.insert(name);
        }
        for found in IMPORT
            .iter()
            .flat_map(|import| import.captures_iter(&bytes))
        {
            for part in found.iter().skip(1).flatten() {
                let text = String::from_utf8_lossy(part.as_bytes());
                let names = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                site.imported
                    .extend(names.filter(|n| !n.is_empty()).map(str::to_owned));
            }
        }
    }
}
