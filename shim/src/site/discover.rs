//! Which folder a lone script belongs to.

use std::path::{Path, PathBuf};

/// The root of the site that `script` is part of: the nearest folder, from the script's own one
/// upwards, that holds a `web.config`, or a folder `Http` with an `Isapi.py` or `Config.py` in it;
/// without any, the script's own folder. The root of the file system, the user's home directory
/// and what lies above that are taken only when the script is directly in them: a `web.config`
/// left there must not make all files below part of a site.
pub fn discover_root(script: &Path) -> PathBuf {
    discover(script, std::env::home_dir().as_deref())
}

fn discover(script: &Path, home: Option<&Path>) -> PathBuf {
    // A script reached by a symbolic link belongs to where the link is.
    let absolute = std::path::absolute(script).unwrap_or_else(|_| script.to_owned());
    let own = absolute.parent().unwrap_or(Path::new(".")).to_owned();
    let home = home.filter(|h| !h.as_os_str().is_empty());
    let real_home = home.and_then(|h| h.canonicalize().ok());
    let is_home = |folder: &Path| {
        home == Some(folder) || (real_home.is_some() && folder.canonicalize().ok() == real_home)
    };
    if is_site(&own) {
        return own;
    }
    let above = own.ancestors().skip(1).take_while(|f| f.parent().is_some());
    let found = if is_home(&own) {
        None
    } else {
        above
            .take_while(|f| !is_home(f))
            .find(|f| is_site(f))
            .map(Path::to_owned)
    };
    found.unwrap_or(own)
}

fn is_site(folder: &Path) -> bool {
    let mut marks = super::CONFIG_NAMES
        .iter()
        .chain(&["Http/Isapi.py", "Http/Config.py"]);
    marks.any(|mark| folder.join(mark).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(file: &Path) {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "").unwrap();
    }

    #[test]
    fn nearest_marked_folder_is_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path();
        touch(&top.join("web.config"));
        touch(&top.join("site/Http/Config.py"));
        touch(&top.join("site/Http/Other.py"));
        assert_eq!(discover(&top.join("site/a/b/x.py"), None), top.join("site"));
        assert_eq!(discover(&top.join("x/y.py"), None), top);
        assert_eq!(discover(&top.join("site/x.py"), None), top.join("site"));
    }

    #[test]
    fn without_a_mark_it_is_the_scripts_own_folder() {
        let dir = tempfile::tempdir().unwrap();
        touch(&dir.path().join("a/Http/Other.py"));
        let home = dir.path().to_owned();
        assert_eq!(discover(&home.join("a/x.py"), Some(&home)), home.join("a"));
    }

    #[test]
    fn home_and_what_lies_above_are_no_site_of_scripts_below() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("joe");
        touch(&home.join("web.config"));
        touch(&dir.path().join("web.config"));
        std::fs::create_dir_all(home.join("work")).unwrap();
        assert_eq!(
            discover(&home.join("work/x.py"), Some(&home)),
            home.join("work")
        );
        assert_eq!(discover(&home.join("x.py"), Some(&home)), home);
        std::fs::remove_file(home.join("web.config")).unwrap();
        assert_eq!(discover(&home.join("x.py"), Some(&home)), home);
    }
}
