//! `test --watch`: runs again what a saved file touches.

use super::command::Session;
use super::report_files::unwritable;
use crate::cli::TestArgs;
use crate::codes::{self, Exit};
use crate::error::{Error, Result};
use crate::site::discover_root;
use notify::{EventKind, RecursiveMode, Watcher};
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// Editors save in several steps: what comes within this time is one change.
const SETTLES: Duration = Duration::from_millis(100);

/// How long that is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs all, and then what changes touch, until the process is ended.
///
/// # Errors
/// There is nothing to watch, or the system does not tell of changes.
pub(super) fn watch(session: &Session<'_>, args: &TestArgs) -> Result<Option<Exit>> {
    let unwatchable = |what: &Path, why: notify::Error| {
        let text = format!("{} cannot be watched: {why}", what.display());
        Error::new(codes::UNWATCHABLE, text)
    };
    let (tell, told) = mpsc::channel();
    let mut watcher =
        notify::recommended_watcher(tell).map_err(|why| unwatchable(Path::new("."), why))?;
    let mut files = session.files()?;
    let mut watched = BTreeSet::new();
    let mut known = HashMap::new();
    let mut wanted = files.clone();
    // What tests write: a data base, a log.
    let mut own = BTreeSet::new();
    loop {
        // Before the run, so that no change during it is missed.
        let mut folders: BTreeSet<PathBuf> = files.iter().map(|f| discover_root(f)).collect();
        let named = args.paths.iter().filter(|path| path.is_dir());
        folders.extend(named.filter_map(|path| crate::site::real_path(path).ok()));
        for folder in &folders {
            if watched.insert(folder.clone()) {
                let mode = RecursiveMode::Recursive;
                watcher
                    .watch(folder, mode)
                    .map_err(|why| unwatchable(folder, why))?;
            }
        }
        session.run(&wanted)?;
        // The run's own writes are no changes.
        remember(&folders, &mut known);
        let meanwhile = drain(&told);
        for path in meanwhile
            .iter()
            .filter(|p| matters(p, &folders) && !is_source(p))
        {
            if is_new(path, &mut known) && own.insert(path.clone()) {
                println!(
                    "{} changes during a run, and is not watched",
                    session.shown(path)
                );
            }
        }
        say(&format!(
            "watching {}; Ctrl-C ends it",
            names(session, &folders)
        ))?;
        // A source that was saved during the run is a change like any other.
        let mut first = Some(meanwhile.into_iter().filter(|p| is_source(p)).collect());
        wanted = loop {
            let Some(changed) = first.take().or_else(|| changes(&told)) else {
                return Ok(None);
            };
            let changed: Vec<PathBuf> = changed
                .into_iter()
                .filter(|p| matters(p, &folders) && !own.contains(p) && is_new(p, &mut known))
                .collect();
            if changed.is_empty() {
                continue;
            }
            // A file that is just being replaced is not there for a moment.
            files = session.files().unwrap_or_default();
            let touched = touched(&files, &changed);
            if !touched.is_empty() {
                let shown: Vec<String> = changed.iter().map(|path| session.shown(path)).collect();
                say(&format!("\nchanged: {}", shown.join(", ")))?;
                break touched;
            }
        };
    }
}

fn say(line: &str) -> Result<()> {
    let mut out = anstream::stdout();
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    written.map_err(unwritable)
}

fn names(session: &Session<'_>, folders: &BTreeSet<PathBuf>) -> String {
    let shown = folders.iter().map(|folder| match session.shown(folder) {
        name if name.is_empty() => ".".to_owned(),
        name => name,
    });
    shown.collect::<Vec<_>>().join(", ")
}

type Told = Receiver<notify::Result<notify::Event>>;

/// Waits for changes, and then until no more come. `None`: there will be none.
fn changes(told: &Told) -> Option<BTreeSet<PathBuf>> {
    let first = told.recv().ok()?;
    Some(until_quiet(Some(first), told))
}

/// The changes that have been told of.
fn drain(told: &Told) -> BTreeSet<PathBuf> {
    until_quiet(told.recv_timeout(SETTLES).ok(), told)
}

fn until_quiet(mut next: Option<notify::Result<notify::Event>>, told: &Told) -> BTreeSet<PathBuf> {
    let mut changed = BTreeSet::new();
    // Something may write for ever.
    let end = Instant::now() + PATIENCE;
    while let Some(event) = next.filter(|_| Instant::now() < end) {
        if let Ok(event) = event
            && !matches!(event.kind, EventKind::Access(_))
        {
            changed.extend(event.paths);
        }
        next = told.recv_timeout(SETTLES).ok();
    }
    changed
}

/// What people write, and no test.
fn is_source(path: &Path) -> bool {
    let kind = path
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    ["py", "http", "rest", "config"].contains(&kind)
}

/// What Python, editors and the tests themselves write below the watched folders is no reason to run.
fn matters(path: &Path, folders: &BTreeSet<PathBuf>) -> bool {
    let inside = folders
        .iter()
        .find_map(|folder| path.strip_prefix(folder).ok());
    let inside = inside.unwrap_or(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let hidden = |part: &std::ffi::OsStr| {
        let part = part.to_string_lossy();
        part.starts_with('.') || part == "__pycache__"
    };
    !path.is_dir()
        && !inside.iter().any(hidden)
        && !name.ends_with('~')
        && !name.contains(".snap.new")
        && ![".pyc", ".swp", ".tmp"]
            .iter()
            .any(|end| name.ends_with(end))
}

type Known = HashMap<PathBuf, Option<(std::time::SystemTime, u64)>>;

/// Time and length.
fn look(path: &Path) -> Option<(std::time::SystemTime, u64)> {
    let metadata = path.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Whether the file is another one than when it was looked at last.
fn is_new(path: &Path, known: &mut Known) -> bool {
    let now = look(path);
    known.insert(path.to_owned(), now) != Some(now)
}

/// Looks at the snapshots, which are what a run writes.
fn remember(folders: &BTreeSet<PathBuf>, known: &mut Known) {
    for folder in folders {
        for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
            if entry
                .path()
                .components()
                .any(|part| part.as_os_str() == "snapshots")
            {
                known.insert(entry.path().to_owned(), look(entry.path()));
            }
        }
    }
}

/// The request files that a change touches: a request file and a snapshot only their own, everything
/// else all of its site.
fn touched(files: &[PathBuf], changed: &[PathBuf]) -> Vec<PathBuf> {
    let touches = |file: &PathBuf, path: &PathBuf| {
        let kind = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        match kind {
            "http" | "rest" => path == file,
            "snap" => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let stem = file.file_stem().unwrap_or_default().to_string_lossy();
                path.parent().and_then(Path::parent) == file.parent()
                    && name
                        .strip_prefix(&*stem)
                        .is_some_and(|rest| rest.starts_with("__"))
            }
            _ => path.starts_with(discover_root(file)),
        }
    };
    let wanted = files
        .iter()
        .filter(|file| changed.iter().any(|path| touches(file, path)));
    wanted.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_touches_the_files_that_depend_on_it() {
        let files = ["/a/x.http", "/a/y.http", "/b/x.http"].map(PathBuf::from);
        let touched = |path: &str| {
            let found = touched(&files, &[PathBuf::from(path)]);
            found
                .iter()
                .map(|f| f.display().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(touched("/a/x.http"), ["/a/x.http"]);
        assert_eq!(touched("/a/snapshots/y__one.snap"), ["/a/y.http"]);
        assert_eq!(touched("/a/app.py"), ["/a/x.http", "/a/y.http"]);
        assert_eq!(touched("/a/sub/module.py"), ["/a/x.http", "/a/y.http"]);
        assert!(touched("/c/app.py").is_empty());
    }

    #[test]
    fn what_tools_write_does_not_matter() {
        let folders = BTreeSet::from([PathBuf::from("/a")]);
        for path in [
            "/a/.git/x",
            "/a/__pycache__/x.pyc",
            "/a/x.py~",
            "/a/snapshots/x__a.snap.new",
        ] {
            assert!(!matters(Path::new(path), &folders), "{path}");
        }
        assert!(matters(Path::new("/a/x.py"), &folders));
        let folders = BTreeSet::from([PathBuf::from("/.a")]);
        assert!(matters(Path::new("/.a/x.py"), &folders));
    }
}
