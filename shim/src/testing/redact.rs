//! Takes out of a response what differs between runs and machines, before it is compared.
//!
//! Always: `Date` becomes `[DATE]`, `Server` becomes `[SERVER]`, the site's folder becomes
//! `[ROOT]`; and of files that the static file handler sends, `Last-Modified` and `ETag`. On request: `# @redact header:ETag` makes that header `[ETAG]`, and
//! `# @redact regex:PATTERN` makes every match `[REDACTED]`; with ` => TEXT` behind the pattern
//! the match becomes that text, or nothing. Patterns see the text before the folder is taken out.
//! Behind a `[ROOT]` of Windows a path goes on with `/`, so that one snapshot holds on every system.
//! Status lines stay; so do bodies that are not text.

use regex::Regex;
use std::borrow::Cow;

/// What a `# @redact` comment asks for.
#[derive(Clone, Debug)]
pub enum Redaction {
    /// The value of a header, by name.
    Header(String),
    /// Every match of a pattern, in headers, body and info block, and what it becomes. Empty
    /// matches do not count.
    Pattern(Regex, String),
}

impl Redaction {
    /// What the static file handler takes from the file's time, which is that of the checkout.
    pub fn of_static_files() -> [Self; 2] {
        ["Last-Modified", "ETag"].map(|name| Self::Header(name.to_owned()))
    }

    /// Reads `header:Name`, `regex:PATTERN` or `regex:PATTERN => TEXT`.
    ///
    /// # Errors
    /// One sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("header", name)) if !name.trim().is_empty() => {
                Ok(Self::Header(name.trim().to_owned()))
            }
            Some(("regex", pattern)) if !pattern.trim().is_empty() => {
                let (pattern, becomes) = replacement(pattern.trim());
                Regex::new(pattern)
                    .map(|regex| Self::Pattern(regex, becomes.to_owned()))
                    .map_err(|why| format!("the pattern is not a regular expression: {why}"))
            }
            _ => Err("a redaction names neither a header nor a pattern".into()),
        }
    }
}

/// The pattern, and the text that its matches become.
fn replacement(text: &str) -> (&str, &str) {
    match text.rsplit_once(" =>") {
        Some((pattern, "")) => (pattern, ""),
        Some((pattern, becomes)) if becomes.starts_with(' ') => (pattern, becomes.trim()),
        _ => (text, "[REDACTED]"),
    }
}

/// Everything to be redacted in one request and its response.
#[derive(Debug)]
pub struct Redactor {
    headers: Vec<String>,
    patterns: Vec<(Regex, String)>,
    roots: Vec<Needle>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Needle {
    text: String,
    any_case: bool,
}

/// What the core's default `X-Powered-By` begins with; behind it stand the versions of this
/// program and of Python, for which a snapshot must not differ.
const OWN_NAME: &str = "PyISAPIe-";

impl Redactor {
    /// `roots` are absolute folders, in any order and with either slash; `/` and `C:\` are passed
    /// over, since everything would match them.
    pub fn new(redactions: &[Redaction], roots: &[String]) -> Self {
        let mut headers = vec!["Date".to_owned(), "Server".to_owned()];
        let mut patterns = Vec::new();
        for redaction in redactions {
            match redaction {
                Redaction::Header(name) => headers.push(name.clone()),
                Redaction::Pattern(pattern, becomes) => {
                    patterns.push((pattern.clone(), becomes.clone()));
                }
            }
        }
        let mut roots: Vec<Needle> = roots.iter().flat_map(|root| needles(root)).collect();
        roots.sort_by(|a, b| b.text.len().cmp(&a.text.len()).then_with(|| a.cmp(b)));
        roots.dedup();
        Self {
            headers,
            patterns,
            roots,
        }
    }

    /// The value of a header as it goes into a snapshot.
    pub fn header<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        if self.headers.iter().any(|n| n.eq_ignore_ascii_case(name)) {
            Cow::Owned(format!("[{}]", name.to_ascii_uppercase()))
        } else if name.eq_ignore_ascii_case("x-powered-by") && value.starts_with(OWN_NAME) {
            Cow::Owned(format!("{OWN_NAME}[VERSION]"))
        } else {
            self.text(value)
        }
    }

    /// A text as it goes into a snapshot.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        for (pattern, becomes) in &self.patterns {
            let change = |found: &regex::Captures<'_>| {
                if found[0].is_empty() {
                    String::new()
                } else {
                    becomes.clone()
                }
            };
            if let Cow::Owned(changed) = pattern.replace_all(&out, change) {
                out = Cow::Owned(changed);
            }
        }
        match self.without_roots(&out) {
            Some(changed) => Cow::Owned(changed),
            None => out,
        }
    }

    fn without_roots(&self, text: &str) -> Option<String> {
        if self.roots.is_empty() {
            return None;
        }
        let mut starts = [false; 256];
        for first in self.roots.iter().filter_map(|n| n.text.bytes().next()) {
            starts[usize::from(first.to_ascii_lowercase())] = true;
            starts[usize::from(first.to_ascii_uppercase())] = true;
        }
        let bytes = text.as_bytes();
        let mut out: Option<String> = None;
        let (mut copied, mut at) = (0, 0);
        while at < bytes.len() {
            let found = if starts[usize::from(bytes[at])] && may_start(text, at) {
                self.roots.iter().find(|needle| needle.is_at(text, at))
            } else {
                None
            };
            let Some(needle) = found else {
                at += 1;
                continue;
            };
            let out = out.get_or_insert_default();
            out.push_str(&text[copied..at]);
            out.push_str("[ROOT]");
            at += needle.text.len();
            if needle.any_case {
                at += needle.push_rest(&text[at..], out);
            }
            copied = at;
        }
        out.map(|mut out| {
            out.push_str(&text[copied..]);
            out
        })
    }
}

impl Needle {
    /// Writes the part of a path that stands behind a folder of Windows with `/` for each `\\`;
    /// gives its length in `text`. In JSON and in what Python's `repr` gives, each is doubled.
    fn push_rest(&self, text: &str, out: &mut String) -> usize {
        // The folder's own spelling says so; what stands before it (`\\?\`, a share) is doubled
        // anyhow.
        let own = self.text.trim_start_matches(['\\', '?']);
        let separator = if own.contains(r"\\") { r"\\" } else { r"\" };
        let mut rest = text;
        while let Some(behind) = rest.strip_prefix(separator) {
            let name = behind.find(|c: char| !is_name(c) && c != '.');
            let (name, after) = behind.split_at(name.unwrap_or(behind.len()));
            out.push('/');
            out.push_str(name);
            rest = after;
        }
        text.len() - rest.len()
    }

    fn is_at(&self, text: &str, at: usize) -> bool {
        let end = at + self.text.len();
        text.get(at..end).is_some_and(|part| {
            if self.any_case {
                part.eq_ignore_ascii_case(&self.text)
            } else {
                part == self.text
            }
        }) && may_end(&text[end..])
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// `/srv/app` must not be found in `/home/srv/app`. Behind an escaped line break it must.
fn may_start(text: &str, at: usize) -> bool {
    let Some(before) = text.get(..at) else {
        return false;
    };
    !before.ends_with(|c: char| is_name(c) || c == '.')
        || ["\\n", "\\r", "\\t"]
            .iter()
            .any(|escape| before.ends_with(escape))
}

/// `/srv/app` must not be found in `/srv/application` or `/srv/app.old`. At a full stop it must.
fn may_end(rest: &str) -> bool {
    let mut rest = rest.chars();
    match rest.next() {
        Some('.') => !rest.next().is_some_and(is_name),
        Some(c) => !is_name(c),
        None => true,
    }
}

/// All the ways one folder may be spelled in a response.
fn needles(root: &str) -> Vec<Needle> {
    let root = root
        .strip_prefix(r"\\?\")
        .unwrap_or(root)
        .trim_end_matches(['/', '\\']);
    if root.len() < 2 || (root.len() == 2 && root.ends_with(':')) {
        return Vec::new();
    }
    let any_case = root.as_bytes().get(1) == Some(&b':') || root.starts_with(r"\\");
    let mut out = Vec::new();
    // `\\?\` stands before `SCRIPT_TRANSLATED` on Windows, `/./.` is its stand-in elsewhere.
    for prefix in ["", "/./.", r"\\?\"] {
        let whole = format!("{prefix}{root}");
        for spelled in [whole.replace('\\', "/"), whole.replace('/', "\\"), whole] {
            for text in [
                html(&spelled),
                json(&spelled, false),
                json(&spelled, true),
                spelled,
            ] {
                out.push(Needle { text, any_case });
            }
        }
    }
    out
}

/// As Python's `html.escape` writes it.
fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

/// As a JSON string without its quotes, and, but for quotes, as Python's `repr`. `ascii` is what
/// `json.dumps` does unless told otherwise.
fn json(text: &str, ascii: bool) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inside = &quoted[1..quoted.len() - 1];
    if !ascii {
        return inside.to_owned();
    }
    let mut out = String::new();
    for c in inside.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(roots: &[&str], text: &str) -> String {
        let roots: Vec<String> = roots.iter().map(|r| (*r).to_owned()).collect();
        Redactor::new(&[], &roots).text(text).into_owned()
    }

    #[test]
    fn the_longest_root_wins_whatever_their_order() {
        let text = "/srv/site/app/x.py and /srv/site/y";
        assert_eq!(
            roots(&["/srv/site", "/srv/site/app/"], text),
            "[ROOT]/x.py and [ROOT]/y"
        );
    }

    #[test]
    fn a_root_is_not_found_inside_another_name() {
        for text in [
            "/home/srv/app",
            "/srv/application",
            "/srv/app.old",
            "/srv/app-2",
        ] {
            assert_eq!(roots(&["/srv/app"], text), text);
        }
        assert_eq!(
            roots(&["/srv/app", "/srv"], "/srv/application"),
            "[ROOT]/application"
        );
    }

    #[test]
    fn a_root_is_found_at_the_end_of_a_sentence_and_behind_an_escaped_line_break() {
        assert_eq!(
            roots(&["/srv/app"], r#""x\n/srv/app." "#),
            r#""x\n[ROOT]." "#
        );
    }

    #[test]
    fn the_four_characters_before_a_translated_path_go_with_it() {
        assert_eq!(roots(&["/srv/app"], "/././srv/app/a.py"), "[ROOT]/a.py");
        assert_eq!(roots(&[r"C:\site"], r"\\?\C:\site\a.py"), "[ROOT]/a.py");
        assert_eq!(
            roots(&[r"C:\site"], r#""\\\\?\\C:\\site\\a.py""#),
            r#""[ROOT]/a.py""#
        );
        assert_eq!(roots(&[r"\\?\C:\site"], r"c:/Site/a.py"), "[ROOT]/a.py");
    }

    #[test]
    fn behind_a_root_of_windows_a_path_goes_on_with_slashes() {
        let root = &[r"C:\site"];
        assert_eq!(roots(root, r"at C:\site\a b\c\"), r"at [ROOT]/a b\c\");
        assert_eq!(
            roots(root, r"at C:\site\a\b.py, \d"),
            r"at [ROOT]/a/b.py, \d"
        );
        assert_eq!(roots(root, r#"{"C:\\site\\a\n"}"#), r#"{"[ROOT]/a\n"}"#);
        assert_eq!(roots(&["/srv/site"], r"/srv/site\d"), r"[ROOT]\d");
    }

    #[test]
    fn escaped_spellings_of_a_root_are_found() {
        let root = "/srv/a&b <é>";
        assert_eq!(roots(&[root], "/srv/a&amp;b &lt;é&gt;/x"), "[ROOT]/x");
        assert_eq!(roots(&[root], r"/srv/a&b <\u00e9>/x"), "[ROOT]/x");
        assert_eq!(roots(&[r"C:\it's"], r"C:\it&#x27;s\x"), "[ROOT]/x");
    }

    #[test]
    fn a_root_that_everything_matches_is_passed_over() {
        assert_eq!(roots(&["/", "C:\\", ""], "C:\\x /y"), "C:\\x /y");
    }

    #[test]
    fn date_and_server_always_go_and_other_headers_only_when_asked() {
        let asked = [Redaction::parse("header: etag").expect("good")];
        let redactor = Redactor::new(&asked, &[]);
        assert_eq!(redactor.header("Date", "today"), "[DATE]");
        assert_eq!(redactor.header("server", "x"), "[SERVER]");
        assert_eq!(redactor.header("ETag", "1"), "[ETAG]");
        assert_eq!(redactor.header("Last-Modified", "1"), "1");
    }

    #[test]
    fn a_pattern_goes_everywhere_but_not_where_nothing_is() {
        let asked = [Redaction::parse(r"regex:\d*").expect("good")];
        let redactor = Redactor::new(&asked, &[]);
        assert_eq!(redactor.text("took 35 ms é"), "took [REDACTED] ms é");
        assert_eq!(redactor.header("X", "7"), "[REDACTED]");
    }

    #[test]
    fn a_redaction_that_cannot_be_read_says_why() {
        assert!(
            Redaction::parse("regex:(")
                .unwrap_err()
                .contains("regular expression")
        );
        assert!(Redaction::parse("cookie:x").is_err());
        assert!(Redaction::parse("header:").is_err());
    }

    #[test]
    fn a_match_becomes_the_text_behind_the_arrow_or_nothing() {
        let redactions = ["regex:a+ => [A]", "regex:b+ =>", "regex:c=>d"]
            .map(|text| Redaction::parse(text).unwrap());
        let redactor = Redactor::new(&redactions, &[]);
        assert_eq!(redactor.text("aabbc=>d."), "[A][REDACTED].");
    }
}
