//! Paths of Windows, as IIS's files have them, and where they are seen from here.

use crate::codes;
use crate::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What IIS expands, with the values of an ordinary server: the check may run elsewhere.
const VARIABLES: [(&str, &str); 5] = [
    ("%systemdrive%", "C:"),
    ("%systemroot%", r"C:\Windows"),
    ("%windir%", r"C:\Windows"),
    ("%programfiles%", r"C:\Program Files"),
    ("%programfiles(x86)%", r"C:\Program Files (x86)"),
];

/// The path in one spelling: without quotes and `\\?\`, with backslashes, variables expanded.
pub(super) fn plain(path: &str) -> String {
    let path = path.trim().trim_matches('"').trim().replace('/', r"\");
    let mut path = match path.strip_prefix(r"\\?\") {
        Some(rest) => match rest.strip_prefix(r"UNC\") {
            Some(share) => format!(r"\\{share}"),
            None => rest.to_owned(),
        },
        None => path,
    };
    for (name, value) in VARIABLES {
        if path
            .get(..name.len())
            .is_some_and(|p| p.eq_ignore_ascii_case(name))
        {
            path.replace_range(..name.len(), value);
        }
    }
    let share = if path.starts_with(r"\\") { r"\\" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('\\') {
        match part {
            "" | "." => {}
            ".." if parts.len() > 1 => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{share}{}", parts.join(r"\"))
}

/// Whether both are the same path to Windows.
pub(super) fn same(one: &str, other: &str) -> bool {
    plain(one).to_lowercase() == plain(other).to_lowercase()
}

/// Whether it is or begins with a drive, or begins with a share. `C:name` is below the folder where
/// a shell stands on that drive.
pub(super) fn is_absolute(path: &str) -> bool {
    let path = plain(path);
    let bytes = path.as_bytes();
    path.starts_with(r"\\")
        || matches!(bytes, [drive, b':'] | [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic())
}

/// The last part.
pub(super) fn file_name(path: &str) -> String {
    let path = plain(path);
    path.rsplit('\\').next().unwrap_or_default().to_owned()
}

/// All but the last part.
pub(super) fn folder(path: &str) -> String {
    let path = plain(path);
    path.rsplit_once('\\')
        .map_or("", |(folder, _)| folder)
        .to_owned()
}

/// A folder of the server, and where it is seen from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathMap {
    windows: String,
    local: PathBuf,
}

impl PathMap {
    pub(super) fn new(windows: &str, local: &Path) -> Self {
        Self {
            windows: plain(windows),
            local: local.to_owned(),
        }
    }
}

impl FromStr for PathMap {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once('=') {
            Some((windows, local)) if is_absolute(windows) && !local.is_empty() => {
                Ok(Self::new(windows, Path::new(local)))
            }
            _ => Err(Error::new(
                codes::IIS_OPTION,
                format!("the value {text:?} of --map-path names no folder of Windows and one here"),
            )
            .fix(r"write it as WINDOWS=LOCAL, for example 'C:\inetpub=./inetpub'")),
        }
    }
}

/// How paths of the server are found here.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths(Vec<PathMap>);

impl Paths {
    pub(super) fn new(maps: &[PathMap]) -> Self {
        Self(maps.to_vec())
    }

    /// Adds what follows from other options; what the user said goes first.
    pub(super) fn add(&mut self, map: PathMap) {
        if !self
            .0
            .iter()
            .any(|m| m.windows.eq_ignore_ascii_case(&map.windows))
        {
            self.0.push(map);
        }
    }

    /// Where the server's `path` is here; `None`: it cannot be seen. It need not exist.
    pub(super) fn local(&self, path: &str) -> Option<PathBuf> {
        let path = plain(path);
        let fits = |map: &&PathMap| {
            let head = path.get(..map.windows.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(&map.windows))
                && matches!(path.as_bytes().get(map.windows.len()), None | Some(b'\\'))
        };
        // The most exact one.
        let map = self
            .0
            .iter()
            .filter(fits)
            .max_by_key(|map| map.windows.len());
        match map {
            Some(map) => Some(below(&map.local, &path[map.windows.len()..])),
            None => (cfg!(windows) && is_absolute(&path)).then(|| PathBuf::from(path)),
        }
    }
}

/// `rest`, with backslashes, below `folder`. Windows does not tell upper from lower case; here a
/// name that differs only in that is taken where the exact one is not there.
pub(super) fn below(folder: &Path, rest: &str) -> PathBuf {
    let mut path = folder.to_owned();
    for part in rest.split(['\\', '/']).filter(|part| !part.is_empty()) {
        let exact = path.join(part);
        path = match exact.exists() {
            true => exact,
            false => entry(&path, part).unwrap_or(exact),
        };
    }
    path
}

/// The entry of a folder with that name, without regard to case.
pub(super) fn entry(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut same = entries
        .flatten()
        .filter(|entry| entry.file_name().eq_ignore_ascii_case(name));
    same.next().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_path_are_the_same() {
        for spelling in [
            r#""C:\inetpub\PyISAPIe\PyISAPIe.dll""#,
            r"c:\INETPUB\pyisapie\pyisapie.dll",
            r"\\?\C:\inetpub\PyISAPIe\PyISAPIe.dll",
            "%SystemDrive%/inetpub/PyISAPIe//PyISAPIe.dll",
            r"C:\inetpub\.\x\..\PyISAPIe\PyISAPIe.dll",
        ] {
            assert!(
                same(spelling, r"C:\inetpub\PyISAPIe\PyISAPIe.dll"),
                "{spelling}"
            );
        }
        assert!(!same(r"C:\a.dll", r"D:\a.dll"));
        assert_eq!(plain(r"\\?\UNC\nas\s\P.dll"), r"\\nas\s\P.dll");
    }

    #[test]
    fn the_most_exact_mapping_decides() {
        let map = |text: &str| text.parse::<PathMap>().unwrap();
        let paths = Paths::new(&[map(r"C:\inetpub=/a"), map(r"c:\inetpub\shop\=/b")]);
        assert_eq!(paths.local(r"C:\Inetpub\x\y"), Some("/a/x/y".into()));
        assert_eq!(paths.local(r"C:\inetpub\Shop\z"), Some("/b/z".into()));
        assert_eq!(paths.local(r"C:\inetpub"), Some("/a".into()));
        if !cfg!(windows) {
            assert_eq!(paths.local(r"C:\inetpub2\x"), None);
            assert_eq!(paths.local("relative"), None);
        }
    }

    #[test]
    fn a_mapping_needs_both_sides() {
        for text in ["", "C:\\x", "C:\\x=", "relative=/y", "=/y"] {
            let error = text.parse::<PathMap>().unwrap_err();
            assert_eq!(error.code(), codes::IIS_OPTION, "{text}");
        }
    }

    #[test]
    fn a_whole_path_has_a_drive_or_a_share() {
        for path in [r"C:\a", "c:/a", "C:\\", r"\\server\share\a"] {
            assert!(is_absolute(path), "{path}");
        }
        for path in ["C:a", "a", r"\a", "/usr/a.dll", ""] {
            assert!(!is_absolute(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_path_that_is_the_same_as_itself(text in r#"[a-cC:\\/."%? é]{0,20}"#) {
            prop_assert!(same(&text, &text));
            let paths = Paths::new(&[PathMap::new(r"C:\a", Path::new("/x"))]);
            let _ = (paths.local(&text), is_absolute(&text), file_name(&text), folder(&text));
        }
    }
}
