//! Files that others read at once: they are written whole or not at all.

use std::io::Write;
use std::path::Path;

/// Writes a file beside its place and then moves it there; a file that is there keeps its mode. What
/// is no file itself (a symbolic link, a device, a named pipe) is written to where it is.
///
/// # Errors
/// Something there cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let there = std::fs::symlink_metadata(path).ok();
    if there.as_ref().is_some_and(|data| !data.is_file()) {
        return std::fs::write(path, bytes);
    }
    let folder = match path.parent() {
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
    // On Windows they say only whether it may be written to.
    #[cfg(unix)]
    if let Some(there) = there {
        file.as_file().set_permissions(there.permissions())?;
    }
    file.persist(path).map_err(|why| why.error)?;
    Ok(())
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

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_device_refuses_and_where_no_link_ends_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        for target in ["/dev/full", "link"] {
            std::os::unix::fs::symlink(target, &link).unwrap();
            assert!(write(&link, b"x").is_err() && link.is_symlink(), "{target}");
            std::fs::remove_file(&link).unwrap();
        }
    }
}
