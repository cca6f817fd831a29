//! `.http` request files, as VS Code REST Client, JetBrains and Visual Studio share them.
//!
//! One file serves the editor, which sends it to a real IIS, and the tests here. What only we know
//! stands in comments (`# @server-var NAME=VALUE`, `# @skip reason`, ...): see `http_directives.rs`.
//!
//! * `###` starts a request; text behind it is the title. `# @name x` names it.
//! * `@var = value` sets a variable of the file, `{{var}}` uses it; else an environment file may set
//!   it. An unknown one is an error; braces around anything that could be no name stay as written.
//! * A request line is `[METHOD] target [HTTP/x]`. Blanks, control characters and letters outside
//!   ASCII are percent-encoded in the target; a fragment is dropped.
//! * The lines of a body are joined with LF whatever the file has (CRLF in a `multipart/` body; not
//!   at all before `&` in a form), and empty lines at its end are not part of it. `< file` puts in
//!   a file's exact bytes, `<@ file` its text with variables.
//! * `{{NAME.response.body.$.path}}` and its like refer to a request above. There is no value before
//!   that is answered: see `reference.rs` and `dialogue.rs`.
//! * Scripts and response references are passed over with a warning.

use super::environment::Environment;
use super::http_build::{Builder, NOT_IN_TARGET, Places};
use super::http_scan::{self, RawRequest};
use super::redact::Redaction;
use super::reference::Outcome;
use crate::codes;
use crate::ecb_host::Fault;
use crate::error::{Error, Result};
use percent_encoding::utf8_percent_encode;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest slug of a title or path, in bytes: file names are short on some file systems.
const LONGEST_SLUG: usize = 80;

/// A parsed request file.
#[derive(Clone, Debug)]
pub struct HttpFile {
    /// Where it was read from, as given.
    pub path: PathBuf,
    /// In the order of the file.
    pub requests: Vec<HttpRequest>,
    /// What was passed over, each as `file:line: what`.
    pub warnings: Vec<String>,
    /// How many of the warnings are about what only editors do; `--strict` makes them errors.
    pub editors_only: usize,
    /// Where a request refers to another: the file, for [`super::Dialogue`].
    pub written: Option<Arc<Written>>,
    keys: Vec<String>,
}

/// What a request file was read from, to be read again when there are responses to refer to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Written {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) environment: Environment,
}

/// One request, ready to be sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// From `# @name`.
    pub name: Option<String>,
    /// From the text behind `###`.
    pub title: Option<String>,
    /// The line of the request line, counted from 1.
    pub line: usize,
    /// As written; `GET` where there is none.
    pub method: String,
    /// Path and query, ASCII only. `*` is possible.
    pub target: String,
    /// In order and spelling as written, with `Host` in front for an absolute URL. There is no
    /// `Content-Length` unless somebody wrote one: the sender adds it from `body`.
    pub headers: Vec<(String, String)>,
    /// The bytes to send.
    pub body: Vec<u8>,
    /// From `# @server-var`: set, or put in the place of the host's own, for this request.
    pub server_vars: Vec<(String, String)>,
    /// From `# @redact`.
    pub redactions: Vec<Redaction>,
    /// From `# @skip`: do not send it, and why (may be empty).
    pub skip: Option<String>,
    /// From `# @script`: which script answers here, whatever the URL is on the server. A path below
    /// the site, with a slash before it.
    pub script: Option<String>,
    /// From `# @mark`: words to choose requests by.
    pub marks: Vec<String>,
    /// From `# @expect-abort`: the client goes away after so many bytes of the body.
    pub client_gone: Option<u64>,
    /// From `# @fault`: what else is tried on the request, each with a snapshot of its own.
    pub faults: Vec<Fault>,
    /// From `# @record`.
    pub records: Records,
    /// From `# @shares-state`: depends on the requests before it, and is meant to.
    pub shares_state: bool,
    /// The requests before it, by their place in the file, whose exchanges it refers to. As long as
    /// the references have no values they stand in target, headers and body as they are written.
    pub refers_to: Vec<usize>,
}

/// What stands in a snapshot besides the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// The calls across the control block.
    pub host_calls: bool,
    /// What the script wrote to standard error.
    pub stderr: bool,
}

impl HttpRequest {
    /// The target that this host gets: that of the request, or with `# @script` the script's. What
    /// stands behind the script's file name in the URL, and the query, stay.
    pub fn sent_target(&self) -> String {
        let Some(script) = &self.script else {
            return self.target.clone();
        };
        let end = self.target.find('?').unwrap_or(self.target.len());
        let (path, query) = self.target.split_at(end);
        let name = script.rsplit('/').next().unwrap_or_default();
        let mut behind = "";
        let mut at = 0;
        for part in path.split('/') {
            at += part.len();
            if part.eq_ignore_ascii_case(name) {
                behind = &path[at..];
                break;
            }
            at += 1;
        }
        let script = utf8_percent_encode(script, NOT_IN_TARGET);
        format!("{script}{behind}{query}")
    }
}

impl HttpFile {
    /// Reads and parses a file.
    ///
    /// # Errors
    /// All end the process with "usage": the file or a body file cannot be read or is not UTF-8, or
    /// a line is malformed; then the error points at it.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self> {
        let shown = path.display();
        let unreadable = |why: String| {
            Error::new(
                codes::HTTP_FILE_UNREADABLE,
                format!("{shown} cannot be read: {why}"),
            )
        };
        let bytes = std::fs::read(path).map_err(|why| unreadable(why.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|why| {
            let at = why.utf8_error().valid_up_to();
            unreadable(format!("byte {at} is not UTF-8")).fix("save the file as UTF-8")
        })?;
        Self::parse_in(path, &text, environment)
    }

    /// Parses the text of a file; `path` is for messages, and for finding body files beside it.
    ///
    /// # Errors
    /// As [`HttpFile::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        Self::parse_in(path, text, &Environment::default())
    }

    /// [`HttpFile::parse`] with variables from outside the file.
    ///
    /// # Errors
    /// As [`HttpFile::load`].
    pub fn parse_in(path: &Path, text: &str, environment: &Environment) -> Result<Self> {
        let shown = path.display().to_string();
        let places = Places::new(&shown, text);
        let scanned = http_scan::scan(places)?;
        let editors_only = scanned.warnings.len();
        let of_all: Vec<_> = scanned.requests.iter().map(RawRequest::name).collect();
        let mut builder = Builder::new(places, path, environment, &scanned, &of_all);
        let mut requests = Vec::with_capacity(scanned.requests.len());
        let mut names = HashSet::new();
        for (index, raw) in scanned.requests.iter().enumerate() {
            builder.current = index;
            let request = builder.request(raw)?;
            // Windows and macOS would write both to one file if only the case differed.
            if let Some(name) = &request.name
                && !names.insert(name.to_lowercase())
            {
                let what = format!("the name `{name}` is taken by an earlier request");
                return Err(places
                    .error(codes::DUPLICATE_NAME, raw.target[0], what)
                    .fix("give each request its own `# @name`; case does not count"));
            }
            requests.push(request);
        }
        let mut warnings = [builder.warnings, scanned.warnings].concat();
        warnings.sort();
        let warning = |(line, what): &(usize, String)| format!("{shown}:{line}: {what}");
        let refers = requests.iter().any(|r| !r.refers_to.is_empty());
        let written = || Written {
            path: path.to_owned(),
            text: text.to_owned(),
            environment: environment.clone(),
        };
        Ok(Self {
            path: path.to_owned(),
            written: refers.then(|| Arc::new(written())),
            editors_only,
            warnings: warnings.iter().map(warning).collect(),
            keys: keys(&requests, names),
            requests,
        })
    }

    /// What the snapshot of request `index` is called: its name, else a slug of its title, else
    /// method and path. Unique in the file whatever the case, and without `__`. Empty if there is
    /// no such request.
    pub fn key(&self, index: usize) -> String {
        self.keys.get(index).cloned().unwrap_or_default()
    }

    /// What goes wrong in request `index` when it is sent again: its own faults and `more`, each
    /// once, and with what its snapshot is called. Nothing where it is skipped.
    pub fn faults(&self, index: usize, more: Vec<Fault>) -> Vec<(String, Fault)> {
        let request = self.requests.get(index).filter(|r| r.skip.is_none());
        let Some(request) = request else {
            return Vec::new();
        };
        let mut seen = HashSet::new();
        let all = request.faults.iter().cloned().chain(more);
        // As insta divides name and suffix.
        let named = all.map(|fault| {
            let what = fault.to_string().replace('=', "-");
            (format!("{}@{what}", self.key(index)), fault)
        });
        named.filter(|(key, _)| seen.insert(key.clone())).collect()
    }
}

impl Written {
    /// A request with the values of its references, taken from `outcomes`.
    ///
    /// # Errors
    /// There is no such value; the error points at the reference.
    pub(super) fn request(
        &self,
        index: usize,
        outcomes: &[Option<Outcome>],
    ) -> Result<HttpRequest> {
        let shown = self.path.display().to_string();
        let places = Places::new(&shown, &self.text);
        let scanned = http_scan::scan(places)?;
        let of_all: Vec<_> = scanned.requests.iter().map(RawRequest::name).collect();
        let mut builder = Builder::new(places, &self.path, &self.environment, &scanned, &of_all);
        builder.current = index;
        builder.outcomes = Some(outcomes);
        builder.request(&scanned.requests[index])
    }
}

/// `taken` holds the explicit names: they are given out first, so that a new request with a similar
/// title never takes a snapshot from one that was named.
fn keys(requests: &[HttpRequest], mut taken: HashSet<String>) -> Vec<String> {
    let key = |request: &HttpRequest| {
        if let Some(name) = &request.name {
            return name.clone();
        }
        let from_title = request.title.as_deref().map(slug).unwrap_or_default();
        let base = if from_title.is_empty() {
            let path = request.target.split('?').next().unwrap_or_default();
            let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
            slug(&format!("{} {path}", request.method))
        } else {
            from_title
        };
        let base = if base.is_empty() {
            "request".to_owned()
        } else {
            base
        };
        let mut key = base.clone();
        let mut number = 2;
        while !taken.insert(key.to_lowercase()) {
            key = format!("{base}-{number}");
            number += 1;
        }
        key
    };
    requests.iter().map(key).collect()
}

/// Letters and digits in lower case, everything else as single `-`.
fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if out.len() >= LONGEST_SLUG {
            break;
        }
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}
