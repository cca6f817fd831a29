//! Absolute paths without symbolic links.

use std::path::{Path, PathBuf};

/// A file or folder as an absolute path without symbolic links, and without the `\\?\` that
/// Windows puts before one: names behind it would be taken literally, and scripts would see a form
/// that IIS gives to one variable only.
///
/// # Errors
/// There is no such file or folder, or it cannot be looked at.
pub fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    path.canonicalize().map(plain)
}

fn plain(path: PathBuf) -> PathBuf {
    match path.to_str().and_then(|p| p.strip_prefix(r"\\?\")) {
        Some(rest) if cfg!(windows) => match rest.strip_prefix(r"UNC\") {
            Some(share) => PathBuf::from(format!(r"\\{share}")),
            None => PathBuf::from(rest),
        },
        _ => path,
    }
}
