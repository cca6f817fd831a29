//! What is on disk where a decision depends on it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// What there is at a path, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    File,
    Folder,
    /// Nothing, or what is neither.
    Neither,
}

fn look(path: &Path) -> Found {
    match path.metadata() {
        Ok(data) if data.is_file() => Found::File,
        Ok(data) if data.is_dir() => Found::Folder,
        _ => Found::Neither,
    }
}

/// The looks that one decision rests on. Nothing is looked at twice, so that a decision sees one
/// state of the disk.
#[derive(Debug, Default)]
pub(super) struct Looks(RefCell<Vec<(PathBuf, Found)>>);

impl Looks {
    /// What there is at `path`.
    pub(super) fn at(&self, path: PathBuf) -> Found {
        let mut looks = self.0.borrow_mut();
        if let Some((_, found)) = looks.iter().find(|(seen, _)| *seen == path) {
            return *found;
        }
        let found = look(&path);
        looks.push((path, found));
        found
    }

    /// All of them, to be kept with the decision.
    pub(super) fn into_list(self) -> Vec<(PathBuf, Found)> {
        self.0.into_inner()
    }
}

/// Whether the disk is as it was then.
pub(super) fn still_so(looks: &[(PathBuf, Found)]) -> bool {
    looks.iter().all(|(path, found)| look(path) == *found)
}
