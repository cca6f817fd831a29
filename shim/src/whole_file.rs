//! Files that others read at once: they are written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes a file beside its place and then moves it there. A symbolic link stays one, a file keeps
/// who may read it, and what is no file (a device, a named pipe) is written to as it is.
///
/// # Errors
/// Something there cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let place = behind_links(path);
    let there = std::fs::metadata(&place).ok();
    if there.as_ref().is_some_and(|data| !data.is_file()) {
        let mut file = std::fs::OpenOptions::new().write(true).open(&place)?;
        return file.write_all(bytes);
    }
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".whole-");
    // A new file is for everybody who may read the folder; temporary files are private.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    // Windows' flag "read-only" would make the move fail.
    #[cfg(unix)]
    if let Some(there) = there {
        file.as_file().set_permissions(there.permissions())?;
    }
    file.persist(&place).map_err(|why| why.error)?;
    Ok(())
}

/// As many links one behind the other as Linux follows.
const MOST_LINKS: usize = 40;

/// Where links lead, also to what is not there yet.
fn behind_links(path: &Path) -> PathBuf {
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&place) else {
            break;
        };
        place = match place.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        for text in ["one", "two"] {
            write(&file, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_a_file_keeps_its_mode() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link, dangling) = (
            folder.path().join("a"),
            folder.path().join("b"),
            folder.path().join("c"),
        );
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        symlink("a", &link).unwrap();
        symlink("new", &dangling).unwrap();
        write(&link, b"through").unwrap();
        write(&dangling, b"through").unwrap();
        assert!(link.is_symlink() && dangling.is_symlink());
        for there in [&file, &folder.path().join("new")] {
            assert_eq!(std::fs::read(there).unwrap(), b"through");
        }
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_written_to() {
        use std::os::unix::fs::FileTypeExt;
        let null = Path::new("/dev/null");
        let folder = tempfile::tempdir().unwrap();
        // By a link: whoever breaks this shall not take the device away.
        let link = folder.path().join("null");
        std::os::unix::fs::symlink(null, &link).unwrap();
        write(&link, b"gone").unwrap();
        assert!(link.is_symlink());
        let kind = std::fs::metadata(null).unwrap().file_type();
        assert!(kind.is_char_device());
    }
}
