//! `isapi-shim review`, `accept`, `reject` and `pending`: decisions about `.snap.new` files, without
//! cargo.

use super::collect::is_passed_over;
use super::snapshot_store::{self, accept_pending, discard, is_build_server, load, refused};
use super::{collect, diff, report_files, snapshot};
use crate::cli::{PendingArgs, PendingFormat, PendingPaths, ReviewArgs};
use crate::codes::{self, Exit};
use crate::error::{Error, Result};
use crate::site::real_path;
use console::{Key, Term};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A snapshot that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pending {
    /// The `.snap.new`.
    new: PathBuf,
    /// The snapshot that it would become.
    snapshot: PathBuf,
}

impl Pending {
    /// The snapshot as the user would name it.
    fn shown(&self) -> String {
        let here = std::env::current_dir().and_then(|folder| real_path(&folder));
        let path = &self.snapshot;
        let short = here
            .ok()
            .and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
        let short = short.as_ref().unwrap_or(path);
        short.display().to_string().replace('\\', "/")
    }

    fn accept(&self) -> Result<()> {
        accept_pending(&self.new, &self.snapshot)
    }

    /// What is new or differs, with what was asked.
    fn describe(&self, colour: bool) -> Result<String> {
        let mut out = String::new();
        let new = load(&self.new)?;
        for (name, value) in new.iter().flat_map(|new| &new.entries) {
            if ["source", "description", "expression"].contains(&name.as_str()) {
                out.push_str(&format!("{name}: {}\n", diff::safe(value)));
            }
        }
        let both = snapshot::pending_difference(&self.snapshot, &self.new, colour)?;
        out.push_str(&both.unwrap_or_else(|| "the response is as stored\n".to_owned()));
        Ok(out)
    }
}

/// Lists what is pending.
///
/// # Errors
/// A path does not exist or cannot be searched.
pub fn pending(args: &PendingArgs) -> Result<Option<Exit>> {
    let mut out = anstream::stdout();
    for pending in find(&args.which)? {
        let line = match args.format {
            PendingFormat::Text => pending.shown(),
            PendingFormat::Json => serde_json::json!({
                "path": pending.shown(),
                "pending": pending.new.display().to_string(),
                "new": !pending.snapshot.exists(),
            })
            .to_string(),
        };
        writeln!(out, "{line}").map_err(report_files::unwritable)?;
    }
    Ok(None)
}

/// Makes all that is pending the snapshots.
///
/// # Errors
/// On a build server; or a file cannot be written.
pub fn accept(which: &PendingPaths) -> Result<Option<Exit>> {
    if is_build_server(|name| std::env::var(name).ok()) {
        return Err(refused("`isapi-shim accept`"));
    }
    decide_all(which, "accepted", Pending::accept)
}

/// Throws all away that is pending.
///
/// # Errors
/// A file cannot be removed.
pub fn reject(which: &PendingPaths) -> Result<Option<Exit>> {
    decide_all(which, "rejected", |pending| discard(&pending.new))
}

fn decide_all(
    which: &PendingPaths,
    word: &str,
    act: impl Fn(&Pending) -> Result<()>,
) -> Result<Option<Exit>> {
    let all = find(which)?;
    let mut out = anstream::stdout();
    for pending in &all {
        act(pending)?;
        writeln!(out, "{word} {}", pending.shown()).map_err(report_files::unwritable)?;
    }
    if all.is_empty() {
        writeln!(out, "nothing is pending").map_err(report_files::unwritable)?;
    }
    Ok(None)
}

/// Shows one after the other, and asks.
///
/// # Errors
/// There is no terminal; on a build server; a file cannot be read or written.
pub fn review(args: &ReviewArgs) -> Result<Option<Exit>> {
    if args.with_cargo_insta {
        return with_cargo_insta(&args.which);
    }
    let all = find(&args.which)?;
    let mut out = anstream::stdout();
    let colour = !matches!(
        anstream::AutoStream::choice(&std::io::stdout()),
        anstream::ColorChoice::Never
    );
    if all.is_empty() {
        writeln!(out, "nothing is pending").map_err(report_files::unwritable)?;
        return Ok(None);
    }
    let term = Term::stdout();
    if !args.show {
        if is_build_server(|name| std::env::var(name).ok()) {
            return Err(refused("`isapi-shim review`"));
        }
        if !term.features().is_attended() {
            let text = "a review needs a terminal";
            return Err(Error::new(codes::TEST_OPTION, text).fix(
                "`isapi-shim review --show` prints what differs; `isapi-shim accept` and \
                 `isapi-shim reject` decide",
            ));
        }
    }
    let mut rest = None;
    for (index, pending) in all.iter().enumerate() {
        let title = format!("{}/{} {}", index + 1, all.len(), pending.shown());
        if rest.is_none() {
            let text = pending.describe(colour)?;
            writeln!(out, "{title}\n{text}").map_err(report_files::unwritable)?;
        }
        if args.show {
            continue;
        }
        let decision = match rest {
            Some(decision) => decision,
            None => {
                let (decision, all) = ask(&term)?;
                rest = all.then_some(decision);
                decision
            }
        };
        let word = match decision {
            Decision::Accept => pending.accept().map(|()| "accepted")?,
            Decision::Reject => discard(&pending.new).map(|()| "rejected")?,
            Decision::Skip => "skipped",
            Decision::Quit => break,
        };
        writeln!(out, "{word} {}\n", pending.shown()).map_err(report_files::unwritable)?;
    }
    Ok(None)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject,
    Skip,
    Quit,
}

/// What a key means; the second is whether it holds for all that are left.
fn meaning(key: &Key) -> Option<(Decision, bool)> {
    Some(match key {
        Key::Char('a') => (Decision::Accept, false),
        Key::Char('A') => (Decision::Accept, true),
        Key::Char('r') => (Decision::Reject, false),
        Key::Char('R') => (Decision::Reject, true),
        Key::Char('s' | ' ') | Key::Enter => (Decision::Skip, false),
        Key::Char('S') => (Decision::Skip, true),
        Key::Char('q') | Key::Escape | Key::CtrlC => (Decision::Quit, false),
        _ => return None,
    })
}

fn ask(term: &Term) -> Result<(Decision, bool)> {
    let failed = |why: std::io::Error| {
        Error::new(
            codes::TEST_OPTION,
            format!("the terminal cannot be read: {why}"),
        )
    };
    term.write_str("a accept, r reject, s skip; A, R, S all that are left; q quit ")
        .map_err(failed)?;
    loop {
        let key = term.read_key().map_err(failed)?;
        if let Some(decision) = meaning(&key) {
            term.write_line("").map_err(failed)?;
            return Ok(decision);
        }
    }
}

/// The pending snapshots among the paths, sorted.
fn find(which: &PendingPaths) -> Result<Vec<Pending>> {
    let base = std::env::current_dir().and_then(|here| real_path(&here));
    let base = base.unwrap_or_default();
    let paths: Vec<PathBuf> = if which.paths.is_empty() {
        vec![base.clone()]
    } else {
        let full = |path: &PathBuf| full(path, &base);
        which.paths.iter().map(full).collect()
    };
    let mut found = Vec::new();
    for (path, given) in paths.iter().zip(which.paths.iter().chain([&base])) {
        let folder = match kind(path) {
            "snap" => path.parent().unwrap_or(path).to_owned(),
            "http" | "rest" => snapshot_store::folder_for(path),
            _ if path.exists() => path.clone(),
            _ => return Err(collect::missing(given)),
        };
        // What has no folder has nothing pending there.
        if folder.is_dir() {
            found.extend(below(&folder)?.into_iter().map(|new| (new.clone(), new)));
        }
    }
    let apart = std::env::var_os("INSTA_PENDING_DIR").filter(|dir| !dir.is_empty());
    if let Some(apart) = apart.and_then(|apart| real_path(Path::new(&apart)).ok()) {
        // It may lie within a folder that was searched.
        found.retain(|(_, new)| !new.starts_with(&apart));
        for new in below(&apart)? {
            let place = new.strip_prefix(&apart).map(|inside| base.join(inside));
            found.push((place.unwrap_or_else(|_| new.clone()), new));
        }
    }
    let mut all: Vec<Pending> = found
        .into_iter()
        .map(|(place, new)| Pending {
            snapshot: place.with_extension(""),
            new,
        })
        .filter(|pending| paths.iter().any(|path| belongs(&pending.snapshot, path)))
        .collect();
    all.sort_by(|a, b| a.snapshot.cmp(&b.snapshot).then_with(|| a.new.cmp(&b.new)));
    all.dedup();
    Ok(all)
}

fn kind(path: &Path) -> &str {
    path.extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default()
}

/// The path without links, also of a snapshot that is not there yet.
fn full(path: &Path, base: &Path) -> PathBuf {
    real_path(path).unwrap_or_else(|_| {
        let folder = path
            .parent()
            .map(|folder| base.join(folder))
            .unwrap_or_default();
        let folder = real_path(&folder).unwrap_or(folder);
        folder.join(path.file_name().unwrap_or_default())
    })
}

/// Whether a snapshot is meant by a path: itself, its request file, or a folder above it.
fn belongs(snapshot: &Path, path: &Path) -> bool {
    match kind(path) {
        "http" | "rest" => {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = snapshot.file_name().unwrap_or_default().to_string_lossy();
            let of = name
                .strip_prefix(&*stem)
                .is_some_and(|rest| rest.starts_with("__"));
            of && snapshot.parent() == Some(&snapshot_store::folder_for(path))
        }
        _ => snapshot.starts_with(path),
    }
}

fn below(path: &Path) -> Result<Vec<PathBuf>> {
    let walk = walkdir::WalkDir::new(path).into_iter();
    let mut found = Vec::new();
    for entry in walk.filter_entry(|e| e.depth() == 0 || !is_passed_over(e)) {
        let entry = entry.map_err(|why| {
            let what = format!("{} cannot be searched: {why}", path.display());
            Error::new(codes::HTTP_FILE_UNREADABLE, what)
        })?;
        if entry.path().to_string_lossy().ends_with(".snap.new") {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// Starts `cargo insta review` on the folders. It looks for snapshots beside a package's sources, so
/// it gets a package whose sources would lie there.
fn with_cargo_insta(which: &PendingPaths) -> Result<Option<Exit>> {
    if is_build_server(|name| std::env::var(name).ok()) {
        return Err(refused("`isapi-shim review`"));
    }
    let failed = |why: &dyn std::fmt::Display| {
        let what = format!("cargo-insta cannot be used: {why}");
        Error::new(codes::TEST_OPTION, what)
            .fix("install it: cargo install cargo-insta; or leave --with-cargo-insta out")
    };
    let here = [PathBuf::from(".")];
    let mut good = true;
    for path in if which.paths.is_empty() {
        &here[..]
    } else {
        &which.paths
    } {
        let folder = real_path(path).map_err(|why| failed(&why))?;
        let folder = if folder.is_dir() {
            folder
        } else {
            folder.parent().unwrap_or(&folder).to_owned()
        };
        let stub = tempfile::tempdir().map_err(|why| failed(&why))?;
        let manifest = stub.path().join("Cargo.toml");
        // The file need not exist; its folder is where cargo-insta looks.
        let source = folder.join("isapi-shim.rs").display().to_string();
        let text = format!(
            "[package]\nname = \"snapshots\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
             [lib]\npath = {}\n\n[workspace]\n",
            serde_json::Value::from(source)
        );
        std::fs::write(&manifest, text).map_err(|why| failed(&why))?;
        let mut command = Command::new("cargo");
        command.args(["insta", "review", "--include-ignored", "--manifest-path"]);
        let status = command
            .arg(&manifest)
            .status()
            .map_err(|why| failed(&why))?;
        good &= status.success();
    }
    Ok((!good).then_some(Exit::Failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_a_snapshot_a_request_file_or_a_folder() {
        let snapshot = Path::new("/a/snapshots/x__one.snap");
        for path in ["/a", "/a/x.http", "/a/snapshots/x__one.snap"] {
            assert!(belongs(snapshot, Path::new(path)), "{path}");
        }
        for path in ["/b", "/a/y.http", "/b/x.http", "/a/snapshots/x__two.snap"] {
            assert!(!belongs(snapshot, Path::new(path)), "{path}");
        }
    }

    #[test]
    fn keys_are_those_of_cargo_insta_and_capitals_hold_for_all() {
        assert_eq!(meaning(&Key::Char('a')), Some((Decision::Accept, false)));
        assert_eq!(meaning(&Key::Char('R')), Some((Decision::Reject, true)));
        assert_eq!(meaning(&Key::Enter), Some((Decision::Skip, false)));
        assert_eq!(meaning(&Key::CtrlC), Some((Decision::Quit, false)));
        assert_eq!(meaning(&Key::Char('x')), None);
    }
}
