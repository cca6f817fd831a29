//! Handlers, as `system.webServer/handlers/add` has them, and how a path fits one.

/// The methods a handler takes (`verb`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verbs {
    /// `*`
    All,
    /// `GET,HEAD`
    List(Vec<String>),
}

impl Verbs {
    /// Reads the attribute's text: `*`, or names joined by commas. `None` when it names nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let names: Vec<String> = text
            .split(',')
            .map(str::trim)
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
            .collect();
        match names.iter().any(|v| v == "*") {
            true => Some(Self::All),
            false => (!names.is_empty()).then_some(Self::List(names)),
        }
    }

    /// Whether `method` is one of them, without regard to case.
    pub fn allows(&self, method: &str) -> bool {
        match self {
            Self::All => true,
            Self::List(names) => names.iter().any(|v| v.eq_ignore_ascii_case(method)),
        }
    }
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The ISAPI extension this host drives (`IsapiModule`).
    Extension,
    /// The file on disk (`StaticFileModule`).
    StaticFile,
}

/// What must be on disk for a handler to answer (`resourceType`); otherwise it is a 404.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceType {
    /// A file.
    File,
    /// A folder.
    Directory,
    /// A file or a folder.
    Either,
    /// Anything or nothing: for URLs without a file. The default of IIS.
    Unspecified,
}

/// What the site's access policy must grant for a handler to answer (`requireAccess`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    None,
    /// To read files.
    Read,
    /// To write files.
    Write,
    /// To run mapped scripts. The default of IIS.
    Script,
    /// To run executables and DLLs that a URL names.
    Execute,
}

/// What a site grants (`handlers@accessPolicy`); the default is Read and Script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPolicy(pub Vec<Access>);

impl Default for AccessPolicy {
    fn default() -> Self {
        Self(vec![Access::Read, Access::Script])
    }
}

impl AccessPolicy {
    /// Whether the policy grants `access`.
    pub fn grants(&self, access: Access) -> bool {
        access == Access::None || self.0.contains(&access)
    }
}

/// How a handler was matched; it decides what `SCRIPT_NAME` and `PATH_INFO` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MappingKind {
    /// `*.py`: a part of the path names the script.
    ScriptMap,
    /// `*` or `/app/*`: an interceptor; no script, the path is all there is.
    Wildcard,
    /// `*.dll`: the path names the extension itself.
    Direct,
}

/// One row of the handler list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// Unique in the list.
    pub name: String,
    /// `*`, `*.py`, `/app/*.py`, `*.` (no extension); several are joined by commas. Matched
    /// without regard to case.
    pub pattern: String,
    /// The methods it takes.
    pub verbs: Verbs,
    /// Who answers.
    pub kind: Kind,
    /// What must be on disk.
    pub resource_type: ResourceType,
    /// What the site must grant.
    pub require_access: Access,
    /// `PATH_INFO` holds only what follows the script's name (as CGI has it).
    pub allow_path_info: bool,
    /// Bytes IIS gathers before it sends (`responseBufferLimit`); 0 sends at once.
    pub response_buffer_limit: u32,
}

impl Handler {
    /// A handler with the defaults of `handlers/add`.
    pub fn extension(name: impl Into<String>, pattern: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            pattern: pattern.into(),
            verbs: Verbs::All,
            kind: Kind::Extension,
            resource_type: ResourceType::Unspecified,
            require_access: Access::Script,
            allow_path_info: false,
            response_buffer_limit: 4_194_304,
        }
    }

    /// The static file handler that ends the list of every IIS server.
    pub fn static_file() -> Self {
        Self {
            kind: Kind::StaticFile,
            resource_type: ResourceType::Either,
            require_access: Access::Read,
            ..Self::extension("StaticFile", "*")
        }
    }

    /// How the decoded `path` fits the pattern: the kind of mapping, and the byte offset behind
    /// the script's name (the path's length for a wildcard). `is_folder` says of a prefix of the
    /// path whether it is a folder on disk; a folder named like a script is passed over.
    pub fn fit(
        &self,
        path: &str,
        is_folder: &dyn Fn(&str) -> bool,
    ) -> Option<(MappingKind, usize)> {
        self.pattern
            .split(',')
            .map(str::trim)
            .find_map(|p| fit(p, path, is_folder))
    }
}

fn fit(
    pattern: &str,
    path: &str,
    is_folder: &dyn Fn(&str) -> bool,
) -> Option<(MappingKind, usize)> {
    if matches!(pattern, "*" | "/*") {
        return Some((MappingKind::Wildcard, path.len()));
    }
    if pattern == "*." {
        let last = path.rsplit('/').next().unwrap_or("");
        let fits = !last.is_empty() && !last.contains('.') && !is_folder(path);
        return fits.then_some((MappingKind::ScriptMap, path.len()));
    }
    let rooted = if pattern.contains('/') && !pattern.starts_with('/') {
        // As IIS reads it: relative to the folder of the web.config, which is the root here.
        format!("/{pattern}")
    } else {
        pattern.to_owned()
    };
    if rooted.ends_with("/*") {
        return glob(&rooted, path).then_some((MappingKind::Wildcard, path.len()));
    }
    let mapping = match pattern.to_ascii_lowercase().ends_with(".dll") {
        true => MappingKind::Direct,
        false => MappingKind::ScriptMap,
    };
    let mut start = 0;
    for segment in path.split('/') {
        let end = start + segment.len();
        let subject = if rooted.starts_with('/') {
            &path[..end]
        } else {
            segment
        };
        if !segment.is_empty() && glob(&rooted, subject) && !is_folder(&path[..end]) {
            return Some((mapping, end));
        }
        start = end + 1;
    }
    None
}

/// `*` and `?` without regard to case; `*` matches slashes, too. Quadratic at worst.
fn glob(pattern: &str, text: &str) -> bool {
    // `*.py`, which almost all patterns are, is asked for on every request.
    if let Some(suffix) = pattern.strip_prefix('*')
        && suffix.is_ascii()
        && !suffix.contains(['*', '?'])
    {
        let tail = text
            .len()
            .checked_sub(suffix.len())
            .map(|at| &text.as_bytes()[at..]);
        return tail.is_some_and(|tail| tail.eq_ignore_ascii_case(suffix.as_bytes()));
    }
    let lower = |s: &str| {
        s.chars()
            .flat_map(char::to_lowercase)
            .collect::<Vec<char>>()
    };
    let (pattern, text) = (lower(pattern), lower(text));
    let (mut p, mut t) = (0, 0);
    // Where to go on when the text does not fit: behind the last star, one character further.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((behind_star, from)) => {
                    retry = Some((behind_star, from + 1));
                    p = behind_star;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fitted(pattern: &str, path: &str) -> Option<(MappingKind, String)> {
        let handler = Handler::extension("h", pattern);
        let (mapping, end) = handler.fit(path, &|p| p.ends_with("folder.py"))?;
        Some((mapping, path[..end].to_owned()))
    }

    #[test]
    fn script_map_takes_the_first_segment_with_its_extension() {
        use MappingKind::ScriptMap;
        for (pattern, path, script) in [
            ("*.py", "/app/p.py", "/app/p.py"),
            ("*.py", "/app/p.py/e", "/app/p.py"),
            ("*.py", "/a.py/b.py", "/a.py"),
            ("*.PY", "/A.py", "/A.py"),
            ("*.py", "/folder.py/b.py", "/folder.py/b.py"),
            ("*.htm, *.py", "/x/a.py/", "/x/a.py"),
            ("/app/*.py", "/app/p.py/e", "/app/p.py"),
            ("app/*.py", "/app/x/p.py", "/app/x/p.py"),
            ("page?.py", "/page1.py", "/page1.py"),
            ("hello.py", "/x/hello.py", "/x/hello.py"),
            ("*.", "/api/users", "/api/users"),
        ] {
            assert_eq!(
                fitted(pattern, path),
                Some((ScriptMap, script.into())),
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn wildcards_take_the_whole_path_and_dlls_are_direct() {
        use MappingKind::{Direct, Wildcard};
        assert_eq!(fitted("*", "/a/b"), Some((Wildcard, "/a/b".into())));
        assert_eq!(fitted("*", "/"), Some((Wildcard, "/".into())));
        assert_eq!(
            fitted("/app/*", "/app/b/c"),
            Some((Wildcard, "/app/b/c".into()))
        );
        assert_eq!(
            fitted("*.dll", "/app/M.DLL/e"),
            Some((Direct, "/app/M.DLL".into()))
        );
    }

    #[test]
    fn other_paths_do_not_fit() {
        for (pattern, path) in [
            ("*.py", "/"),
            ("*.py", "/a.pyc"),
            ("*.py", "/folder.py"),
            ("/app/*.py", "/other/p.py"),
            ("/app/*", "/app"),
            ("page?.py", "/page.py"),
            ("*.", "/a.b"),
            ("*.", "/a/"),
        ] {
            assert_eq!(fitted(pattern, path), None, "{pattern} {path}");
        }
    }

    #[test]
    fn verbs_are_a_star_or_a_list() {
        assert_eq!(Verbs::parse("GET,*"), Some(Verbs::All));
        assert_eq!(Verbs::parse(" , "), None);
        let list = Verbs::parse("GET, head").unwrap();
        assert!(list.allows("HEAD") && !list.allows("POST"));
    }

    proptest! {
        #[test]
        fn glob_agrees_with_the_regular_expression(pattern in "[a-c*?]{0,8}", text in "[a-c]{0,10}") {
            let expression = format!("^{}$", pattern.replace('*', ".*").replace('?', "."));
            let expected = regex::Regex::new(&expression).unwrap().is_match(&text);
            prop_assert_eq!(glob(&pattern, &text), expected);
        }
    }
}
