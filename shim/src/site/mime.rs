//! Content types of files, as IIS has them.

use std::collections::HashMap;

/// Extensions for which IIS ships no type though `mime_guess` knows one: sources, settings and
/// newer formats. Sent by mistake, most of them give away code or passwords.
const UNKNOWN_TO_IIS: &[&str] = &[
    "asax", "asp", "aspx", "bak", "bat", "cfg", "cgi", "conf", "env", "erb", "go", "ini", "inc",
    "json5", "jsp", "log", "lua", "markdown", "md", "mjs", "pem", "php", "phps", "pl", "pm", "ps1",
    "py", "pyc", "pyd", "pyo", "pyw", "pyx", "rb", "rs", "sql", "swift", "toml", "vue", "yaml",
    "yml",
];

/// Where IIS 10 names a type differently from `mime_guess`.
const NAMED_OTHERWISE: &[(&str, &str)] = &[("js", "application/javascript")];

/// What request filtering denies by default whatever type it has (404.7): code and settings of
/// ASP.NET and its tools.
const DENIED: &[&str] = &[
    "ad",
    "adprototype",
    "asa",
    "asax",
    "ascx",
    "browser",
    "cd",
    "compiled",
    "config",
    "cs",
    "csproj",
    "dd",
    "dsdgm",
    "dsprototype",
    "exclude",
    "java",
    "jsl",
    "ldb",
    "ldd",
    "lddprototype",
    "ldf",
    "licx",
    "lsad",
    "lsaprototype",
    "master",
    "mdb",
    "mdf",
    "msgx",
    "refresh",
    "resources",
    "resx",
    "rules",
    "sd",
    "sdm",
    "sdmdocument",
    "sitemap",
    "skin",
    "ssdgm",
    "ssmap",
    "vb",
    "vbproj",
    "vjsproj",
    "vsdisco",
    "webinfo",
];

/// The site's own rows (`staticContent/mimeMap`) over those of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MimeMap {
    /// Extension in lower case without its dot → type; `None` for a removed row.
    own: HashMap<String, Option<String>>,
    /// `<clear/>`: the server's rows do not count.
    cleared: bool,
}

impl MimeMap {
    /// Forgets all rows, the server's as well.
    pub fn clear(&mut self) {
        self.own.clear();
        self.cleared = true;
    }

    /// Sets (`Some`) or removes (`None`) the row of `extension`, with or without its dot; `.` and
    /// `.*` stand for files without and with any other extension, as in IIS.
    pub fn set(&mut self, extension: &str, mime: Option<String>) {
        self.own.insert(key(extension), mime);
    }

    /// The type of a file with this name, `None` when IIS would answer 404.3. Text types have no
    /// charset, as in IIS.
    pub fn of(&self, file_name: &str) -> Option<String> {
        let extension = key(extension(file_name));
        if let Some(own) = self.own.get(&extension) {
            return own.clone();
        }
        let known = if self.cleared {
            None
        } else {
            server_type(&extension)
        };
        let any = || {
            self.own
                .get("*")
                .cloned()
                .flatten()
                .filter(|_| !extension.is_empty())
        };
        known.map(str::to_owned).or_else(any)
    }
}

/// What follows the last dot of a file's name, or nothing.
fn extension(file_name: &str) -> &str {
    file_name
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension)
}

fn key(extension: &str) -> String {
    extension.trim_start_matches('.').to_lowercase()
}

fn server_type(extension: &str) -> Option<&'static str> {
    if UNKNOWN_TO_IIS.contains(&extension) {
        return None;
    }
    let otherwise = NAMED_OTHERWISE
        .iter()
        .find(|(e, _)| *e == extension)
        .map(|(_, mime)| *mime);
    otherwise.or_else(|| mime_guess::from_ext(extension).first_raw())
}

/// Whether request filtering denies files with this name's extension (404.7).
pub(super) fn is_denied(file_name: &str) -> bool {
    DENIED.contains(&key(extension(file_name)).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_iis_names_them_without_charset() {
        let map = MimeMap::default();
        for (file, mime) in [
            ("a.html", "text/html"),
            ("a.JSON", "application/json"),
            ("a.wasm", "application/wasm"),
            ("a.svg", "image/svg+xml"),
            ("a.woff2", "font/woff2"),
            ("a.js", "application/javascript"),
            ("a.b.css", "text/css"),
        ] {
            assert_eq!(map.of(file).as_deref(), Some(mime), "{file}");
        }
    }

    #[test]
    fn sources_and_unknown_extensions_have_no_type() {
        for file in ["a.py", "A.PYC", "a", ".env", "a.xyzzy", "notes.md", "a.ini"] {
            assert_eq!(MimeMap::default().of(file), None, "{file}");
        }
    }

    #[test]
    fn own_rows_win_over_the_server() {
        let mut map = MimeMap::default();
        map.set(".md", Some("text/markdown".into()));
        map.set(".html", None);
        map.set(".*", Some("application/x-any".into()));
        assert_eq!(map.of("a.md").as_deref(), Some("text/markdown"));
        assert_eq!(map.of("a.html"), None);
        assert_eq!(map.of("a.xyzzy").as_deref(), Some("application/x-any"));
        assert_eq!(map.of("Makefile"), None);
        map.clear();
        assert_eq!(map.of("a.css"), None);
    }

    #[test]
    fn settings_and_code_of_asp_net_are_denied() {
        assert!(is_denied("app.CONFIG") && is_denied("x.cs"));
        assert!(!is_denied("x.py") && !is_denied("x"));
    }
}
