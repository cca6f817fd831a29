//! Snapshot files: where they are, how they are read, and how they are written whole or not at all.

use super::snapshot::Rendered;
use crate::codes;
use crate::error::{Error, Result};
use crate::whole_file;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What may be written when a response is new or differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// Nothing: a build server must not change what it tests.
    Nothing,
    /// `.snap.new` beside the snapshot, for a review.
    Pending,
    /// The snapshot where there is none yet, else `.snap.new`.
    Unseen,
    /// The snapshot itself.
    Accept,
    /// The snapshot itself, also where nothing differs.
    Force,
}

impl Update {
    /// Decides as insta does, but that a build server (`CI`, `TF_BUILD`) never writes. `accept` is
    /// the command line's word and wins over `INSTA_UPDATE`. `variable` looks up the environment.
    ///
    /// # Errors
    /// Usage: `accept` on a build server, or an `INSTA_UPDATE` that insta does not have.
    pub fn choose(accept: bool, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let word = variable("INSTA_UPDATE").unwrap_or_default();
        let wanted = match word.as_str() {
            "" | "auto" | "new" => Self::Pending,
            "no" => Self::Nothing,
            "unseen" => Self::Unseen,
            "always" | "1" => Self::Accept,
            "force" => Self::Force,
            _ => {
                let what = format!("INSTA_UPDATE is `{word}`, which means nothing");
                return Err(Error::new(codes::TEST_OPTION, what)
                    .fix("auto, new, no, unseen, always or force"));
            }
        };
        let ci = is_build_server(variable);
        if accept && ci {
            return Err(refused("--accept"));
        }
        Ok(if accept {
            Self::Accept
        } else if ci {
            Self::Nothing
        } else {
            wanted
        })
    }
}

/// Is this a run on a build server?
pub(super) fn is_build_server(variable: impl Fn(&str) -> Option<String>) -> bool {
    match variable("CI").as_deref() {
        Some("" | "0" | "false") => false,
        Some(_) => true,
        None => variable("TF_BUILD").is_some(),
    }
}

/// What `what` is told on a build server.
pub(super) fn refused(what: &str) -> Error {
    let text = format!("{what} would write snapshots on a build server (CI or TF_BUILD is set)");
    Error::new(codes::WRITING_REFUSED, text)
        .fix("accept at your desk and commit; where new snapshots are the purpose, set CI=false")
}

/// Where the snapshot of request `key` of the file `http` is: `snapshots/STEM__KEY.snap` beside it.
pub fn path_for(http: &Path, key: &str) -> PathBuf {
    let stem = http.file_stem().unwrap_or_default().to_string_lossy();
    folder_for(http).join(format!("{stem}__{key}.snap"))
}

/// The folder of the snapshots of a request file.
pub(super) fn folder_for(http: &Path) -> PathBuf {
    http.parent().unwrap_or(Path::new("")).join("snapshots")
}

/// A snapshot as it was read.
#[derive(Debug)]
pub(super) struct Stored {
    /// See [`entries`].
    pub(super) entries: Vec<(String, String)>,
    /// By insta's rule: LF, and no white space at the end.
    pub(super) text: String,
    /// Only in a binary snapshot.
    pub(super) extension: Option<String>,
    /// The bytes of the side file, if there is one.
    pub(super) side: Option<Vec<u8>>,
}

/// Reads a snapshot; `None` if there is none. One that is damaged gives what can be read of it.
pub(super) fn load(path: &Path) -> Result<Option<Stored>> {
    let Some(bytes) = read(path)? else {
        return Ok(None);
    };
    let whole = String::from_utf8_lossy(&bytes);
    let entries = entries(&whole);
    let one = |name: &str| {
        entries
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.clone())
    };
    let binary = one("snapshot_kind").as_deref() == Some("binary");
    let extension = binary.then(|| one("extension")).flatten();
    let side = match &extension {
        Some(extension) if is_extension(extension) => read(&with_suffix(path, extension))?,
        _ => None,
    };
    let text = if binary {
        ""
    } else {
        front_and_text(&whole).1.trim_end()
    };
    Ok(Some(Stored {
        text: text.replace("\r\n", "\n"),
        entries,
        extension,
        side,
    }))
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
        Err(why) => {
            let what = format!("{} cannot be read: {why}", path.display());
            let error = Error::new(codes::SNAPSHOT_UNREADABLE, what);
            Err(if path.is_dir() {
                error.fix("a folder stands where the snapshot should be: move it away")
            } else {
                error.fix("check its permissions")
            })
        }
    }
}

/// An extension comes from a file that anybody may have edited: it must not lead elsewhere.
fn is_extension(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Front matter and text. A file without front matter is all text.
fn front_and_text(whole: &str) -> (&str, &str) {
    let mut lines = whole.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == "---") else {
        return ("", whole);
    };
    let start = first.len();
    let mut end = start;
    for line in lines {
        if line.trim_end() == "---" {
            return (&whole[start..end], &whole[end + line.len()..]);
        }
        end += line.len();
    }
    (&whole[start..], "")
}

/// The front matter as names and values; each item of a list has the list's name. This reads what
/// this crate and insta write (block style, strings plain or in double quotes), not YAML at large.
pub(super) fn entries(whole: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut list = "";
    for line in front_and_text(whole).0.lines() {
        let line = line.trim();
        if let Some(item) = line.strip_prefix("- ") {
            out.push((list.to_owned(), scalar(item)));
        } else if let Some(name) = line.strip_suffix(':').filter(|name| !name.contains('"')) {
            list = name;
        } else if let Some((name, value)) = line.split_once(": ")
            && name != "assertion_line"
        {
            out.push((name.to_owned(), scalar(value)));
        }
    }
    out
}

fn scalar(text: &str) -> String {
    let text = text.trim();
    serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned())
}

/// Writes the snapshot, and removes the side file of an older kind.
///
/// # Errors
/// A file or the folder cannot be written; what was there before is then still whole.
pub fn store(path: &Path, snapshot: &Rendered) -> Result<()> {
    let old = load(path)
        .ok()
        .flatten()
        .and_then(|stored| stored.extension);
    write_both(path, snapshot, false)?;
    let kept = snapshot.binary.as_ref().map(|binary| binary.extension);
    if let Some(old) = old.filter(|old| is_extension(old) && Some(old.as_str()) != kept) {
        remove(&with_suffix(path, &old))?;
    }
    Ok(())
}

/// The `.snap.new` of a snapshot: beside it, or (`INSTA_PENDING_DIR`) in a folder for all, under the
/// path that it has from `base`.
pub fn pending_for(path: &Path, base: &Path, folder: Option<&Path>) -> PathBuf {
    let pending = with_suffix(path, "new");
    match (folder, pending.strip_prefix(base)) {
        (Some(folder), Ok(inside)) => folder.join(inside),
        _ => pending,
    }
}

/// Writes `.snap.new`, as insta does, for a review.
///
/// # Errors
/// As [`store`].
pub fn store_pending(pending: &Path, snapshot: &Rendered) -> Result<()> {
    discard(pending)?;
    write_both(pending, snapshot, true)
}

/// Makes what is pending the snapshot `path`, as `cargo insta accept` does.
///
/// # Errors
/// As [`store`].
pub(super) fn accept_pending(pending: &Path, path: &Path) -> Result<()> {
    let Some(bytes) = read(pending)? else {
        return Ok(());
    };
    let new = load(pending)?.and_then(|stored| stored.extension);
    let old = load(path)
        .ok()
        .flatten()
        .and_then(|stored| stored.extension);
    let is_good = |extension: &String| is_extension(extension);
    let (new, old) = (new.filter(is_good), old.filter(is_good));
    // The side file first, as in `write_both`.
    if let Some(new) = &new
        && let Some(side) = read(&with_suffix(pending, new))?
    {
        write(&with_suffix(path, new), &side)?;
    }
    // The line is that of one moment.
    let text = String::from_utf8_lossy(&bytes);
    let (front, _) = front_and_text(&text);
    let kept = front
        .split_inclusive('\n')
        .filter(|l| !l.starts_with("assertion_line:"));
    let kept: String = kept.collect();
    write(path, text.replacen(front, &kept, 1).as_bytes())?;
    if let Some(old) = old.filter(|old| Some(old) != new.as_ref()) {
        remove(&with_suffix(path, &old))?;
    }
    discard(pending)
}

/// Removes `.snap.new` and its side file, if there are any.
///
/// # Errors
/// They are there and cannot be removed.
pub fn discard(pending: &Path) -> Result<()> {
    if let Some(extension) = load(pending)?.and_then(|stored| stored.extension)
        && is_extension(&extension)
    {
        remove(&with_suffix(pending, &extension))?;
    }
    remove(pending)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() != ErrorKind::NotFound => {
            let what = format!("{} cannot be removed: {why}", path.display());
            Err(Error::new(codes::SNAPSHOT_UNWRITABLE, what))
        }
        _ => Ok(()),
    }
}

fn write_both(path: &Path, snapshot: &Rendered, pending: bool) -> Result<()> {
    // The side file first: a snapshot that names a missing one would be a difference.
    if let Some(binary) = &snapshot.binary {
        write(&with_suffix(path, binary.extension), &binary.bytes)?;
    }
    write(path, snapshot.file(pending).as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = std::fs::create_dir_all(folder).and_then(|()| whole_file::write(path, bytes));
    written.map_err(|why| {
        let what = format!("{} cannot be written: {why}", path.display());
        Error::new(codes::SNAPSHOT_UNWRITABLE, what)
            .fix("check the permissions of the folder; `INSTA_UPDATE=no` writes nothing")
    })
}

/// Whether two versions of the snapshot stand in one file, as a merge leaves them: where.
pub(super) fn conflict(path: &Path) -> Result<Option<Error>> {
    let Some(bytes) = read(path)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut marks = ["<<<<<<< ", "=======", ">>>>>>> "].iter().peekable();
    let (mut offset, mut first) = (0, None);
    for line in text.split_inclusive('\n') {
        if marks.peek().is_some_and(|mark| line.starts_with(**mark)) {
            marks.next();
            first.get_or_insert((offset, line.trim_end().len()));
        }
        offset += line.len();
    }
    let place = first.filter(|_| marks.peek().is_none());
    Ok(place.map(|(offset, length)| {
        let what = "this snapshot has marks of a merge conflict";
        Error::new(codes::SNAPSHOT_CONFLICT, what)
            .at(&path.display().to_string(), &text, offset, length)
            .fix("resolve it, or delete the file and accept it anew")
    }))
}
