//! Snapshots in the format of `insta`, so that `cargo insta review` and Rust tests read them too.
//!
//! A snapshot is front matter (what was asked) and text: status line, headers, a blank line, body.
//! Insta compares text without white space at its end and with LF for CRLF, editors and git change
//! more; so that no difference is lost, what they would lose is shown:
//!
//! * CR is `␍`; blanks and tabs at the end of a line are `·` and `→`, other white space is `\u{a0}`.
//! * `body_bytes: N` in `info` tells how long the body is, if line breaks at its end were cut off.
//!   The body of a snapshot without it does not end with a line break.
//! * If anything else differs between the body and what is shown of it, `body_hash` (FNV-1a, 64 bit)
//!   stands there too. So a body of `·` and one of a blank never give the same snapshot.
//! * Bytes of a header that are no UTF-8, and control characters, are `\xHH`; `head_hash` then tells
//!   `\x0a` from a backslash and three letters.
//! * A body with NUL or without valid UTF-8 is kept in a side file `NAME.snap.EXT`, and status and
//!   headers go to `info`, as `response`.
//!
//! All of this is counted after redaction. These `info` lines take part in a comparison, while the
//! rest of the front matter does not: it is about the request, and [`Verdict::Stale`] reports it.

use super::diff;
use super::http_file::HttpRequest;
use super::redact::Redactor;
use super::runner::Recorded;
use super::snapshot_store::conflict;
use super::snapshot_store::{Stored, entries, load};
pub use super::snapshot_store::{Update, discard, path_for, pending_for, store, store_pending};
use super::visible::{hash, mark_end, printable, quoted, visible};
use crate::error::Result;
use crate::headers;
use std::borrow::Cow;
use std::path::Path;

/// Entries of `info` that say something about the response.
const FACTS: [&str; 6] = [
    "response",
    "body_bytes",
    "body_hash",
    "head_hash",
    "host_calls",
    "stderr",
];
/// Stands before what was recorded besides the response; insta-cmd's form.
const HOST_CALLS: &str = "----- host calls -----";
/// See [`HOST_CALLS`].
const STDERR: &str = "----- stderr -----";

/// A response in the form in which it is compared and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    source: String,
    description: Option<String>,
    expression: String,
    line: usize,
    /// Entries of `info`: lists have one or more values.
    info: Vec<(&'static str, Value)>,
    /// Empty in a binary snapshot.
    pub(super) text: String,
    pub(super) binary: Option<Binary>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    One(String),
    Number(usize),
    List(Vec<String>),
}

/// The body of a binary snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binary {
    pub(super) extension: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// What a comparison with the stored snapshot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same.
    Match,
    /// The response is the same, but the front matter tells of another request or title.
    Stale,
    /// Nothing is stored.
    New,
    /// Not the same.
    Differs {
        /// What to show to a person: lines, each ended.
        diff: String,
    },
}

/// Brings a response into the form of a snapshot. `source` is the name of the `.http` file, as seen
/// from its own folder.
pub fn render(
    response: &Recorded,
    request: &HttpRequest,
    source: &str,
    redactor: &Redactor,
) -> Rendered {
    let text = std::str::from_utf8(&response.body)
        .ok()
        .filter(|text| !text.contains('\0'));
    let body = text.map(|text| redactor.body(text));
    // A redaction changes how long the body is, and the length would tell one machine from another.
    let length_varies = matches!((&body, text), (Some(body), Some(text)) if body != text);
    let (head, head_hash) = head(response, redactor, length_varies);

    let mut info = vec![("method", Value::One(request.method.clone()))];
    let headers = request.headers.iter();
    let headers = headers
        .map(|(n, v)| format!("{n}: {}", redactor.header(n, v)))
        .collect();
    let vars = request.server_vars.iter();
    let vars = vars
        .map(|(n, v)| format!("{n}={}", redactor.text(v)))
        .collect();
    info.push(("headers", Value::List(headers)));
    info.push(("server_vars", Value::List(vars)));

    let mut contents = String::new();
    let mut binary = None;
    match &body {
        Some(body) => {
            let shown = visible(body);
            contents = format!("{}\n\n{shown}", head.join("\n"));
            contents.truncate(contents.trim_end().len());
            let kept = shown.trim_end();
            // Where something stands behind the body, its length tells where the body ends.
            let alone = !request.records.host_calls && !request.records.stderr;
            if kept.len() != body.len() || kept != body || !alone {
                info.push(("body_bytes", Value::Number(body.len())));
            }
            if kept != body.trim_end_matches('\n') {
                info.push(("body_hash", Value::One(hash(body.as_bytes()))));
            }
        }
        None => {
            info.push(("response", Value::List(head)));
            info.push(("body_bytes", Value::Number(response.body.len())));
            binary = Some(Binary {
                extension: extension(response),
                bytes: response.body.clone(),
            });
        }
    }
    let mut sections = Vec::new();
    if request.records.host_calls {
        let calls = calls(response, redactor, length_varies);
        sections.push((HOST_CALLS, "host_calls", calls));
    }
    if request.records.stderr {
        let stderr = visible(&redactor.text(&response.stderr));
        let lines = stderr.trim_end().lines().map(|l| printable(l.as_bytes()));
        sections.push((STDERR, "stderr", lines.collect()));
    }
    for (title, name, lines) in sections {
        if binary.is_some() {
            info.push((name, Value::List(lines)));
        } else {
            let lines: String = lines.iter().map(|line| format!("\n{line}")).collect();
            contents.push_str(&format!("\n\n{title}{lines}"));
        }
    }
    info.extend(head_hash.map(|hash| ("head_hash", Value::One(hash))));
    info.retain(|(_, value)| *value != Value::List(Vec::new()));
    Rendered {
        source: source.to_owned(),
        description: request
            .title
            .as_deref()
            .map(|title| redactor.text(title).into_owned()),
        expression: redactor
            .text(&format!("{} {}", request.method, request.target))
            .into_owned(),
        line: request.line,
        info,
        text: contents,
        binary,
    }
}

/// The calls across the control block. How much is written varies with what was taken out.
fn calls(response: &Recorded, redactor: &Redactor, length_varies: bool) -> Vec<String> {
    let line = |call: &String| {
        let call = redactor.text(call).into_owned();
        match call.split_once(" size=") {
            Some((name, rest)) if length_varies && name == "WriteClient" => {
                let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{name} size=[LENGTH]{behind}")
            }
            _ => call,
        }
    };
    response.calls.iter().map(line).collect()
}

/// Status line and headers, and their hash if what is shown is not all there is.
fn head(
    response: &Recorded,
    redactor: &Redactor,
    length_varies: bool,
) -> (Vec<String>, Option<String>) {
    let status = format!("HTTP/1.1 {} {}", response.status, response.reason);
    let mut raw = status.trim_end().as_bytes().to_vec();
    let mut lines = vec![printable(status.trim_end().as_bytes())];
    for (name, value) in &response.headers {
        let is_length = name.eq_ignore_ascii_case("content-length");
        let value: Cow<'_, [u8]> = if is_length && length_varies {
            Cow::Borrowed(b"[CONTENT-LENGTH]")
        } else {
            match std::str::from_utf8(value) {
                Ok(text) => Cow::Owned(redactor.header(name, text).as_bytes().to_vec()),
                Err(_) => Cow::Borrowed(value),
            }
        };
        // No blank at the end of the line of an empty header.
        let divider: &[u8] = if value.is_empty() { b":" } else { b": " };
        let line = [name.as_bytes(), divider, &value].concat();
        lines.push(mark_end(&printable(&line)));
        raw.push(b'\n');
        raw.extend(line);
    }
    let differs = lines.join("\n").as_bytes() != raw;
    (lines, differs.then(|| hash(&raw)))
}

fn extension(response: &Recorded) -> &'static str {
    let kind = headers::value(&response.headers, "content-type");
    let kind = kind.map(|v| v.to_ascii_lowercase()).unwrap_or_default();
    let kind = kind.split(|b| *b == b';').next().unwrap_or_default();
    match kind.trim_ascii() {
        b"image/png" => "png",
        b"image/jpeg" => "jpg",
        b"image/gif" => "gif",
        b"application/pdf" => "pdf",
        b"application/zip" | b"application/x-zip-compressed" => "zip",
        _ => "bin",
    }
}

impl Rendered {
    /// Adds which fault the request met.
    pub fn note_fault(&mut self, fault: &str) {
        self.info.push(("fault", Value::One(fault.to_owned())));
    }

    /// What differs between two answers to one request, both shown whole.
    pub(super) fn difference(
        &self,
        other: &Self,
        names: [&str; 2],
        colour: bool,
    ) -> Option<String> {
        let (one, two) = (self.shown(), other.shown());
        match (&self.binary, &other.binary) {
            (Some(a), Some(b)) if a.bytes != b.bytes => {
                Some(diff::whole(&one, &two, names, colour) + &diff::binary(&a.bytes, &b.bytes))
            }
            _ if one != two => Some(diff::whole(&one, &two, names, colour)),
            _ => None,
        }
    }

    /// All that counts in a comparison, as text to show.
    pub fn shown(&self) -> String {
        shown(&self.text, &entries(&self.file(false)))
    }

    /// The whole `.snap` file. `pending` adds the line of the request, which insta keeps only in
    /// `.snap.new`, since it moves.
    pub(super) fn file(&self, pending: bool) -> String {
        let mut out = format!("---\nsource: {}\n", quoted(&self.source));
        if pending {
            out.push_str(&format!("assertion_line: {}\n", self.line));
        }
        if let Some(description) = &self.description {
            out.push_str(&format!("description: {}\n", quoted(description)));
        }
        out.push_str(&format!(
            "expression: {}\ninfo:\n",
            quoted(&self.expression)
        ));
        for (name, value) in &self.info {
            match value {
                Value::One(value) => out.push_str(&format!("  {name}: {}\n", quoted(value))),
                Value::Number(value) => out.push_str(&format!("  {name}: {value}\n")),
                Value::List(values) => {
                    out.push_str(&format!("  {name}:\n"));
                    for value in values {
                        out.push_str(&format!("    - {}\n", quoted(value)));
                    }
                }
            }
        }
        match &self.binary {
            Some(binary) => {
                out.push_str(&format!("extension: {}\n", binary.extension));
                out.push_str("snapshot_kind: binary\n---\n");
            }
            None => {
                out.push_str("---\n");
                out.push_str(&self.text);
                out.push('\n');
            }
        }
        out
    }
}

/// Compares a response with what is stored at `path`; nothing is written. `colour` is for the diff.
///
/// # Errors
/// The snapshot is there and cannot be read. (A damaged one can, and differs.)
pub fn compare(path: &Path, now: &Rendered, colour: bool) -> Result<Verdict> {
    let Some(stored) = load(path)? else {
        return Ok(Verdict::New);
    };
    let new_entries = entries(&now.file(false));
    let same = stored.text == now.text && facts(&stored.entries) == facts(&new_entries);
    let mut diff = String::new();
    if !same {
        let old = shown(&stored.text, &stored.entries);
        diff = diff::text(&old, &shown(&now.text, &new_entries), colour);
        if diff.is_empty() {
            // A body can imitate how an entry of `info` is shown.
            diff.push_str("the text is the same, but the body's length or hash is not\n");
        }
    }
    match (&stored, &now.binary) {
        (
            Stored {
                extension: None, ..
            },
            Some(_),
        ) => {
            diff.push_str("the stored body is text, the body is binary now\n");
        }
        (
            Stored {
                extension: Some(_), ..
            },
            None,
        ) => {
            diff.push_str("the stored body is binary, the body is text now\n");
        }
        (
            Stored {
                side: Some(side), ..
            },
            Some(binary),
        ) if *side != binary.bytes => {
            diff.push_str(&diff::binary(side, &binary.bytes));
        }
        (
            Stored {
                extension: Some(old),
                side: None,
                ..
            },
            Some(_),
        ) => {
            diff.push_str(&format!(
                "the stored body is missing: {}.{old}\n",
                path.display()
            ));
        }
        _ => {}
    }
    if !diff.is_empty()
        && let Some(conflict) = conflict(path)?
    {
        return Err(conflict);
    }
    let request = |all: &[(String, String)]| {
        let mut rest: Vec<_> = all
            .iter()
            .filter(|(name, _)| !is_fact(name))
            .cloned()
            .collect();
        // Tools write the fields in an order of their own.
        rest.sort();
        rest
    };
    Ok(if !diff.is_empty() {
        Verdict::Differs { diff }
    } else if request(&stored.entries) == request(&new_entries) {
        Verdict::Match
    } else {
        Verdict::Stale
    })
}

/// What differs between a snapshot and its `.snap.new`, for a review.
///
/// # Errors
/// One of them cannot be read.
pub(super) fn pending_difference(path: &Path, new: &Path, colour: bool) -> Result<Option<String>> {
    let nothing = || Stored {
        entries: Vec::new(),
        text: String::new(),
        extension: None,
        side: None,
    };
    let old = load(path)?.unwrap_or_else(nothing);
    let new = load(new)?.unwrap_or_else(nothing);
    let all = |of: &Stored| shown(&of.text, &of.entries);
    let mut out = diff::whole(&all(&old), &all(&new), ["stored", "new"], colour);
    if old.side != new.side {
        let bytes = |of: &Stored| of.side.clone().unwrap_or_default();
        out.push_str(&diff::binary(&bytes(&old), &bytes(&new)));
    }
    Ok((!out.is_empty()).then_some(out))
}

fn is_fact(name: &str) -> bool {
    FACTS.contains(&name)
}

/// The entries that count in a comparison.
fn facts(entries: &[(String, String)]) -> Vec<(&str, &str)> {
    let of = |fact| entries.iter().filter(move |(name, _)| name == fact);
    FACTS
        .iter()
        .flat_map(of)
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// All that counts in a comparison as one text, for the diff.
fn shown(text: &str, entries: &[(String, String)]) -> String {
    let mut out = String::new();
    if !text.is_empty() {
        out.push_str(text);
        out.push('\n');
    }
    for (name, value) in facts(entries) {
        match name {
            "response" => out.push_str(&format!("{value}\n")),
            _ => out.push_str(&format!("[{name}: {value}]\n")),
        }
    }
    out
}
