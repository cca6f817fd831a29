//! Where an application is mounted: what of the URL's path is its `SCRIPT_NAME`, and what its
//! `PATH_INFO`.
//!
//! IIS gives both variables by its own rules, which CGI and PEP 3333 do not know: `PATH_INFO`
//! repeats the script's name unless the handler has `allowPathInfo`, and behind a wildcard both
//! hold the whole path. The table of tests below has one row for each kind of mapping.

use crate::gateway;

/// The request's path, as the host tells it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paths<'a> {
    pub(super) script_name: &'a str,
    pub(super) path_info: &'a str,
    /// The path as the client sent it, with its escapes; empty where the host does not tell it.
    pub(super) raw_path: &'a [u8],
    /// The script that `SCRIPT_NAME` names is what runs now.
    pub(super) in_script: bool,
}

/// What of the path belongs to the application.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base<'a> {
    /// `/`: under a script map what follows the script's name, else all of it.
    Site,
    /// A prefix that the site names, such as `/blog`.
    Prefix(&'a str),
    /// The IIS application's own path: the value of `APPL_MD_PATH`.
    Application(&'a str),
}

/// The two variables as CGI and WSGI have them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mounted {
    pub(super) script_name: String,
    pub(super) path_info: String,
}

impl Mounted {
    fn new(script_name: &str, path_info: &str) -> Self {
        Self {
            script_name: script_name.to_owned(),
            path_info: path_info.to_owned(),
        }
    }
}

impl Paths<'_> {
    /// The whole decoded path.
    pub(super) fn whole(&self) -> String {
        if self.repeated().is_some() {
            return self.path_info.to_owned();
        }
        format!("{}{}", self.script_name, self.path_info)
    }

    /// What follows `SCRIPT_NAME` in `PATH_INFO`, where that repeats it.
    fn repeated(&self) -> Option<&str> {
        let (name, info) = (self.script_name.as_bytes(), self.path_info.as_bytes());
        let rest = gateway::repeated(name, info, self.raw_path)?;
        self.path_info.get(self.path_info.len() - rest.len()..)
    }
}

/// Mounts an application. `None`: the path lies outside of the base.
pub(super) fn mount(paths: Paths<'_>, base: Base<'_>) -> Option<Mounted> {
    let prefix = match base {
        Base::Site => return Some(by_script(paths)),
        Base::Prefix(prefix) => prefix,
        Base::Application(md_path) => application_path(md_path),
    };
    let prefix = prefix.trim_end_matches('/');
    let whole = paths.whole();
    let rest = gateway::behind(whole.as_bytes(), prefix.as_bytes())?.len();
    let (script_name, path_info) = whole.split_at_checked(whole.len() - rest)?;
    // As the client has spelled it: the application makes its links of it.
    Some(Mounted::new(script_name, path_info))
}

/// Mounts an application at the script that runs, or at the site's root.
pub(super) fn by_script(paths: Paths<'_>) -> Mounted {
    match paths.repeated() {
        // The same twice: the script itself was asked for, or it is a wildcard.
        Some("") if !paths.in_script => Mounted::new("", paths.path_info),
        Some(rest) => Mounted::new(paths.script_name, rest),
        None => Mounted::new(paths.script_name, paths.path_info),
    }
}

/// `/LM/W3SVC/1/ROOT/app` is the application `/app`; IIS versions differ in the case of `ROOT`.
fn application_path(md_path: &str) -> &str {
    let mut at = md_path.match_indices('/').map(|(at, _)| at);
    let root = at.find(|at| {
        let rest = &md_path[at + 1..];
        let name = rest.split('/').next().unwrap_or_default();
        name.eq_ignore_ascii_case("root")
    });
    root.map_or("", |at| &md_path[at + "/root".len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mapping, what IIS gives, whether the loader runs the script, the base; what becomes of it.
    type Row<'a> = (&'a str, [&'a str; 3], bool, Base<'a>, Option<[&'a str; 2]>);

    const PREFIX: Base<'_> = Base::Prefix("/app");
    const ROOT: Base<'_> = Base::Application("/LM/W3SVC/1/ROOT");
    const APP: Base<'_> = Base::Application("/LM/W3SVC/1/Root/app");

    #[rustfmt::skip]
    const TABLE: &[Row<'_>] = &[
        // SCRIPT_NAME, PATH_INFO, UNENCODED_URL
        ("script map", ["/dj.py", "/dj.py/a/b", "/dj.py/a/b"], true, Base::Site, Some(["/dj.py", "/a/b"])),
        ("script map, handler of the site's own", ["/dj.py", "/dj.py/a", "/dj.py/a"], false, Base::Site, Some(["/dj.py", "/a"])),
        ("script map, the script itself", ["/dj.py", "/dj.py", "/dj.py?q"], true, Base::Site, Some(["/dj.py", ""])),
        ("script map, a slash behind it", ["/dj.py", "/dj.py/", "/dj.py/"], true, Base::Site, Some(["/dj.py", "/"])),
        ("script map, another spelling", ["/DJ.py", "/dj.PY/a", "/dj.PY/a"], true, Base::Site, Some(["/DJ.py", "/a"])),
        ("script map in a virtual directory", ["/v/dj.py", "/v/dj.py/a", "/v/dj.py/a"], true, Base::Site, Some(["/v/dj.py", "/a"])),
        ("script map with allowPathInfo", ["/dj.py", "/a", "/dj.py/a"], true, Base::Site, Some(["/dj.py", "/a"])),
        ("the same, the script itself", ["/dj.py", "", "/dj.py"], true, Base::Site, Some(["/dj.py", ""])),
        ("the same, with the name once more", ["/a.py", "/a.py/x", "/a.py/a.py/x?q=1"], true, Base::Site, Some(["/a.py", "/a.py/x"])),
        ("the same, escaped", ["/ä.py", "/ä.py/x", "/%C3%A4.py/%C3%A4.py/x"], true, Base::Site, Some(["/ä.py", "/ä.py/x"])),
        ("a direct DLL", ["/x.dll", "/a", "/x.dll/a"], false, Base::Site, Some(["/x.dll", "/a"])),
        ("wildcard", ["/a/b", "/a/b", "/a/b"], false, Base::Site, Some(["", "/a/b"])),
        ("wildcard, the root", ["/", "/", "/"], false, Base::Site, Some(["", "/"])),
        ("wildcard, not ASCII", ["/wörld", "/wörld", "/w%C3%B6rld"], false, Base::Site, Some(["", "/wörld"])),
        ("wildcard below a base", ["/app/a", "/app/a", "/app/a"], false, PREFIX, Some(["/app", "/a"])),
        ("wildcard, the base itself", ["/app", "/app", "/app"], false, PREFIX, Some(["/app", ""])),
        ("wildcard, the base in another spelling", ["/APP/a", "/APP/a", "/APP/a"], false, PREFIX, Some(["/APP", "/a"])),
        ("wildcard, a base with a slash", ["/app/a", "/app/a", "/app/a"], false, Base::Prefix("/app/"), Some(["/app", "/a"])),
        ("wildcard, a name that begins like the base", ["/apple", "/apple", "/apple"], false, PREFIX, None),
        ("wildcard, elsewhere", ["/other", "/other", "/other"], false, PREFIX, None),
        ("script map below a base", ["/app/dj.py", "/app/dj.py/a", "/app/dj.py/a"], true, PREFIX, Some(["/app", "/dj.py/a"])),
        ("script map that is the base", ["/app", "/a", "/app/a"], true, PREFIX, Some(["/app", "/a"])),
        ("the site's root application", ["/a", "/a", "/a"], false, ROOT, Some(["", "/a"])),
        ("an application", ["/app/a", "/app/a", "/app/a"], false, APP, Some(["/app", "/a"])),
        ("an application's own URL", ["/app/", "/app/", "/app/"], false, APP, Some(["/app", "/"])),
        ("no application path", ["/a", "/a", "/a"], false, Base::Application(""), Some(["", "/a"])),
    ];

    #[test]
    fn each_kind_of_mapping_gives_the_variables_of_cgi() {
        for &(name, [script_name, path_info, raw], in_script, base, expected) in TABLE {
            let paths = Paths {
                script_name,
                path_info,
                raw_path: raw.as_bytes(),
                in_script,
            };
            let expected = expected.map(|[script, path]| Mounted::new(script, path));
            assert_eq!(mount(paths, base), expected, "{name}");
        }
    }
}
