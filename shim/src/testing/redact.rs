//! Takes out of a response what differs between runs and machines, before it is compared.
//!
//! Always: `Date` becomes `[DATE]`, `Server` becomes `[SERVER]`, the site's folder becomes
//! `[ROOT]`; and of files that the static file handler sends, `Last-Modified` and `ETag`. On request: `# @redact header:ETag` makes that header `[ETAG]`, and
//! `# @redact regex:PATTERN` makes every match `[REDACTED]`; with ` => TEXT` behind the pattern
//! the match becomes that text, or nothing. `# @redact json:$.a.b` makes that value of a JSON body
//! `"[REDACTED]"`, and a few kinds of text are known by name: see [`Redaction::parse`]. Patterns see the text before the folder is taken out.
//! Behind a `[ROOT]` of Windows a path goes on with `/`, so that one snapshot holds on every system.
//! Status lines stay; so do bodies that are not text.

use super::json_path::JsonPath;
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
    /// The same for a kind of text that is known by name; what it becomes may name groups.
    Named(Regex, &'static str),
    /// A value of a body that is JSON.
    Json(JsonPath),
    /// The values of cookies, in `Cookie` and `Set-Cookie`; names and attributes stay.
    Cookies,
}

/// Patterns that have a name.
const NAMED: [(&str, &str, &str); 4] = [
    (
        "guids",
        r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        "[GUID]",
    ),
    // HTTP's and cookies' form, ISO 8601, and that of C's `ctime`.
    (
        "dates",
        concat!(
            r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*, \d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d(?: GMT| [+-]\d{4})?",
            r"|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?",
            r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}",
        ),
        "[DATE]",
    ),
    // Behind a host's name or an address; the time `12:30` has no such thing before it.
    (
        "ports",
        r"((?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]|//[A-Za-z0-9.-]+)):\d{1,5}\b",
        "${1}:[PORT]",
    ),
    // Absolute ones with at least two parts, of Windows (also doubled) and of others.
    (
        "paths",
        r#"\b[A-Za-z]:\\{1,2}[^\s"'<>|:*?,;()]+|(^|[\s"'(=\[])/(?:[\w.@+~-]+/)+[\w.@+~-]+"#,
        "${1}[PATH]",
    ),
];

impl Redaction {
    /// What the static file handler takes from the file's time, which is that of the checkout.
    pub fn of_static_files() -> [Self; 2] {
        ["Last-Modified", "ETag"].map(|name| Self::Header(name.to_owned()))
    }

    /// Reads `header:Name`, `json:$.path`, `regex:PATTERN` or `regex:PATTERN => TEXT`, or the name of
    /// what is known: `dates`, `cookies`, `guids`, `paths`, `ports`.
    ///
    /// # Errors
    /// One sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "cookies" {
            return Ok(Self::Cookies);
        }
        if let Some((_, pattern, becomes)) = NAMED.iter().find(|(name, ..)| *name == text) {
            let regex = Regex::new(pattern).map_err(|why| why.to_string())?;
            return Ok(Self::Named(regex, becomes));
        }
        match text.split_once(':') {
            Some(("json", path)) => JsonPath::parse(path.trim()).map(Self::Json),
            Some(("header", name)) if !name.trim().is_empty() => {
                Ok(Self::Header(name.trim().to_owned()))
            }
            Some(("regex", pattern)) if !pattern.trim().is_empty() => {
                let (pattern, becomes) = replacement(pattern.trim());
                Regex::new(pattern)
                    .map(|regex| Self::Pattern(regex, becomes.to_owned()))
                    .map_err(|why| format!("the pattern is not a regular expression: {why}"))
            }
            _ => Err("this redaction names nothing that can be taken out".into()),
        }
    }
}

/// `name=value` without its value.
fn without_value(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) => format!("{name}=[COOKIE]"),
        None => pair.to_owned(),
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
    cookies: bool,
    json: Vec<JsonPath>,
    named: Vec<(Regex, &'static str)>,
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
        let (mut json, mut named, mut cookies) = (Vec::new(), Vec::new(), false);
        for redaction in redactions {
            match redaction {
                Redaction::Cookies => cookies = true,
                Redaction::Json(path) => json.push(path.clone()),
                Redaction::Named(pattern, becomes) => named.push((pattern.clone(), *becomes)),
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
            cookies,
            json,
            named,
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
        } else if self.cookies && name.eq_ignore_ascii_case("set-cookie") {
            let (pair, attributes) = value.split_at(value.find(';').unwrap_or(value.len()));
            Cow::Owned(self.text(&(without_value(pair) + attributes)).into_owned())
        } else if self.cookies && name.eq_ignore_ascii_case("cookie") {
            let pairs: Vec<String> = value.split("; ").map(without_value).collect();
            Cow::Owned(self.text(&pairs.join("; ")).into_owned())
        } else {
            self.text(value)
        }
    }

    /// A body as it goes into a snapshot: as [`Redactor::text`], and values of JSON by their path.
    pub fn body<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        for path in &self.json {
            let mut changed = out.to_string();
            for place in path.find(&out).into_iter().rev() {
                changed.replace_range(place, "\"[REDACTED]\"");
            }
            if changed != *out {
                out = Cow::Owned(changed);
            }
        }
        match out {
            Cow::Borrowed(text) => self.text(text),
            Cow::Owned(text) => Cow::Owned(self.text(&text).into_owned()),
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
        if let Some(changed) = self.without_roots(&out) {
            out = Cow::Owned(changed);
        }
        // Behind the folders: what is below the site's has a better name than `[PATH]`.
        for (pattern, becomes) in &self.named {
            if let Cow::Owned(changed) = pattern.replace_all(&out, *becomes) {
                out = Cow::Owned(changed);
            }
        }
        out
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
#[path = "redact_tests.rs"]
mod tests;
