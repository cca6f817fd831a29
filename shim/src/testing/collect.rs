//! Which request files a command line means.

use super::snapshot;
use crate::codes;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The request files among `paths`, sorted: files as given, folders with all `*.http` and `*.rest`
/// below them, without folders that start with a dot, `target` and `node_modules`. No paths at all
/// mean the current folder.
///
/// # Errors
/// Usage: a path does not exist, a folder cannot be read, or two files would share their snapshots.
/// Nothing: there is no request file.
pub fn collect(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let here = [PathBuf::from(".")];
    let mut files = Vec::new();
    for path in if paths.is_empty() { &here[..] } else { paths } {
        if !path.exists() {
            return Err(missing(path));
        }
        // A file is a walk of one entry, and taken whatever it is called.
        let walk = walkdir::WalkDir::new(path).into_iter();
        for entry in walk.filter_entry(|e| e.depth() == 0 || !is_passed_over(e)) {
            let entry = entry.map_err(|why| {
                let what = format!("{} cannot be searched: {why}", path.display());
                Error::new(codes::HTTP_FILE_UNREADABLE, what)
            })?;
            let wanted = entry
                .path()
                .extension()
                .is_some_and(|e| e == "http" || e == "rest");
            let is_file = entry.path().is_file();
            if is_file && (wanted || entry.depth() == 0) {
                let path = entry.path();
                files.push(path.strip_prefix("./").unwrap_or(path).to_owned());
            }
        }
    }
    files.sort();
    files.dedup();
    let mut seen: BTreeMap<PathBuf, &PathBuf> = BTreeMap::new();
    for file in &files {
        if let Some(other) = seen.insert(snapshot::path_for(file, ""), file) {
            let what = format!(
                "{} and {} would share their snapshots",
                other.display(),
                file.display()
            );
            return Err(Error::new(codes::SHARED_SNAPSHOTS, what).fix("rename one of them"));
        }
    }
    if files.is_empty() {
        return Err(Error::new(
            codes::NOTHING_COLLECTED,
            "there are no `*.http` or `*.rest` files",
        )
        .fix("name request files, or folders to look for them in"));
    }
    Ok(files)
}

pub(super) fn missing(path: &Path) -> Error {
    let what = format!("{} does not exist", path.display());
    Error::new(codes::HTTP_FILE_MISSING, what)
        .fix("name request files (`*.http`), or folders to look for them in")
}

/// Folders that start with a dot, and those of tools.
pub(super) fn is_passed_over(entry: &walkdir::DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.file_type().is_dir()
        && (name.starts_with('.') || name == "target" || name == "node_modules")
}
