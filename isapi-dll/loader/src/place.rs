//! Where a carrier's file lies and what follows from its name.

use crate::{Machine, Version};
use std::path::{Path, PathBuf};

/// A carrier's file, such as `C:\inetpub\PyISAPIe\PyISAPIe.dll`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The whole path, without the `\\?\` that IIS may load it with.
    pub file: PathBuf,
}

impl Place {
    /// From what the system says it was loaded from.
    pub fn new(file: PathBuf) -> Self {
        let plain = file.to_str().and_then(|path| path.strip_prefix(r"\\?\"));
        let plain = plain.map(|rest| match rest.strip_prefix(r"UNC\") {
            Some(share) => PathBuf::from(format!(r"\\{share}")),
            None => PathBuf::from(rest),
        });
        Self {
            file: plain.unwrap_or(file),
        }
    }

    /// The folder; the home, where the host names none.
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// The name of the package of handler and settings, as the original had it: what is between
    /// the last `-` of a DLL's name and its ending; `Http` without one.
    pub fn package(&self) -> &str {
        if self
            .file
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("exe"))
        {
            return "Http"; // isapi-shim.exe
        }
        let stem = self.file.file_stem().and_then(|stem| stem.to_str());
        stem.and_then(|stem| stem.rsplit_once('-'))
            .map(|(_, name)| name)
            .filter(|name| !name.is_empty())
            .unwrap_or("Http")
    }

    /// The core for that Python.
    pub fn core(&self, version: Version, machine: Machine) -> PathBuf {
        self.folder().join(core_file_name(version, machine))
    }
}

/// The file name of the core for that Python, with the tag that Python itself gives to extension
/// modules: so cores for several versions can lie in one folder.
pub fn core_file_name(version: Version, machine: Machine) -> String {
    format!(
        "PyISAPIe.cp{}{}-{}.dll",
        version.major,
        version.minor,
        machine.tag()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(path: &str) -> String {
        Place::new(PathBuf::from(path)).package().to_owned()
    }

    #[test]
    fn the_package_is_named_by_the_last_dash_of_the_file_name() {
        assert_eq!(package("/srv/PyISAPIe.dll"), "Http");
        assert_eq!(package("/srv/PyISAPIe-Shop.dll"), "Shop");
        assert_eq!(package("/srv/PyISAPIe-a-b.dll"), "b");
        assert_eq!(
            package("/srv/old-site/PyISAPIe.dll"),
            "Http",
            "a folder does not count"
        );
        assert_eq!(package("/srv/PyISAPIe-.dll"), "Http");
        assert_eq!(
            package("/srv/isapi-shim.exe"),
            "Http",
            "a program is no extension"
        );
    }

    #[test]
    fn the_prefix_that_iis_loads_with_is_taken_off() {
        let place = |path: &str| Place::new(PathBuf::from(path)).file;
        assert_eq!(place(r"\\?\C:\site\P.dll"), PathBuf::from(r"C:\site\P.dll"));
        assert_eq!(
            place(r"\\?\UNC\nas\s\P.dll"),
            PathBuf::from(r"\\nas\s\P.dll")
        );
        assert_eq!(place(r"C:\site\P.dll"), PathBuf::from(r"C:\site\P.dll"));
    }
}
