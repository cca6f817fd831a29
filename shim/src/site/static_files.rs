//! What the static file handler answers: the decision only, no socket and no reading of files.

use super::refusal::{Refusal, document, escape};
use super::routing::StaticRoute;
use super::{Site, real_path};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Everything that has a meaning in a URL or in HTML is encoded in a `Location`.
const LOCATION: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const ALLOW: &str = "OPTIONS, GET, HEAD";

/// A whole answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticAnswer {
    /// HTTP status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// Names and values, in order; `Content-Length` among them where there is one.
    pub headers: Vec<(String, String)>,
    /// What follows the headers.
    pub body: StaticBody,
}

/// The body of a [`StaticAnswer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaticBody {
    /// None: HEAD, 304, OPTIONS.
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A part of a file.
    File {
        /// The file, symbolic links resolved.
        path: PathBuf,
        /// The first byte to send.
        offset: u64,
        /// How many bytes to send, as announced.
        length: u64,
    },
}

impl StaticAnswer {
    fn new(status: u16, reason: &str) -> Self {
        Self {
            status,
            reason: reason.to_owned(),
            headers: Vec::new(),
            body: StaticBody::Empty,
        }
    }

    fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn html(self, page: String, method: &str) -> Self {
        let answer = self
            .header("Content-Type", "text/html; charset=utf-8")
            .header("Content-Length", page.len().to_string());
        match method {
            "HEAD" => answer,
            _ => Self {
                body: StaticBody::Bytes(page.into_bytes()),
                ..answer
            },
        }
    }

    /// The error page of a refusal. `detailed`: see [`Refusal::page`]; `method` HEAD leaves the
    /// body out.
    pub fn refused(refusal: &Refusal, detailed: bool, method: &str) -> Self {
        let mut answer = Self::new(refusal.status, refusal.phrase());
        if let Some(allow) = &refusal.allow {
            answer = answer.header("Allow", allow);
        }
        answer.html(refusal.page(detailed), method)
    }
}

/// Answers `method` for the file or folder of `route`. `query` is the raw query string, kept by
/// the redirection of a folder; `header` finds a request header by its lower-case name.
///
/// # Errors
/// 405 for other methods than GET, HEAD and OPTIONS; 404.0 for what is gone or lies outside the
/// root behind a symbolic link; 404.3 for a file of no known type; 403.14 for a folder.
pub fn answer<'h>(
    site: &Site,
    route: &StaticRoute,
    method: &str,
    query: &str,
    header: impl Fn(&str) -> Option<&'h str>,
) -> Result<StaticAnswer, Refusal> {
    match method {
        "OPTIONS" => {
            return Ok(StaticAnswer::new(200, "OK")
                .header("Allow", ALLOW)
                .header("Content-Length", "0"));
        }
        "GET" | "HEAD" => {}
        _ => {
            return Err(Refusal::method(
                format!("static files do not take {method}"),
                ALLOW,
            ));
        }
    }
    let gone = || Refusal::new(404, 0, format!("there is no {}", route.path.display()));
    // The root is in the same form.
    let real = real_path(&route.path).map_err(|_| gone())?;
    if !real.starts_with(&site.root) {
        let reason = format!("{} leads out of the site", route.path.display());
        return Err(Refusal::new(404, 0, reason));
    }
    let metadata = real.metadata().map_err(|_| gone())?;
    if metadata.is_dir() {
        return folder(route, method, query);
    }
    // Not devices and pipes: reading them may never end.
    if !metadata.is_file() || route.url.ends_with('/') {
        return Err(gone());
    }
    let name = route.url.rsplit('/').next().unwrap_or("");
    let mime = site
        .mime
        .of(name)
        .ok_or_else(|| Refusal::new(404, 3, format!("there is no content type for \"{name}\"")))?;
    Ok(file(&real, &metadata, &mime, method, header))
}

fn folder(route: &StaticRoute, method: &str, query: &str) -> Result<StaticAnswer, Refusal> {
    if route.url.ends_with('/') {
        return Err(Refusal::new(
            403,
            14,
            format!("{} has no default document", route.url),
        ));
    }
    let mut location = format!("{}/", utf8_percent_encode(&route.url, LOCATION));
    if !query.is_empty() {
        location.push('?');
        location.push_str(query);
    }
    let link = escape(&location);
    let page = document(
        "301 - Moved",
        &format!("<p>The folder is at <a href=\"{link}\">{link}</a>.</p>\n"),
    );
    Ok(StaticAnswer::new(301, "Moved Permanently")
        .header("Location", location)
        .html(page, method))
}

fn file<'h>(
    path: &Path,
    metadata: &Metadata,
    mime: &str,
    method: &str,
    header: impl Fn(&str) -> Option<&'h str>,
) -> StaticAnswer {
    // An HTTP date has four digits for the year, and `httpdate` panics before 1970.
    let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let modified = modified.clamp(SystemTime::UNIX_EPOCH, latest);
    let size = metadata.len();
    let tag = entity_tag(modified, size);
    let validators = |answer: StaticAnswer| {
        answer
            .header("Last-Modified", httpdate::fmt_http_date(modified))
            .header("Accept-Ranges", "bytes")
            .header("ETag", &tag)
    };
    // RFC 9110, 13.1.3: If-Modified-Since counts only without If-None-Match.
    let unchanged = match header("if-none-match") {
        Some(tags) => tags
            .split(',')
            .map(str::trim)
            .any(|t| t == "*" || t.trim_start_matches("W/") == tag),
        None => header("if-modified-since").is_some_and(|date| !is_newer(modified, date)),
    };
    if unchanged {
        return validators(StaticAnswer::new(304, "Not Modified"));
    }
    let in_range_of_this = header("if-range").is_none_or(|r| r == tag || dates_agree(modified, r));
    let range = header("range").filter(|_| method == "GET" && in_range_of_this);
    let (answer, offset, length) = match range.map_or(Range::Whole, |r| parse_range(r, size)) {
        Range::Whole => (StaticAnswer::new(200, "OK"), 0, size),
        Range::Part(first, last) => {
            let content_range = format!("bytes {first}-{last}/{size}");
            let answer =
                StaticAnswer::new(206, "Partial Content").header("Content-Range", content_range);
            (answer, first, last - first + 1)
        }
        Range::Beyond => {
            let refusal = Refusal::new(416, 0, format!("the file has {size} bytes only"));
            // Without details: the page goes to whoever asked.
            let mut answer = StaticAnswer::refused(&refusal, false, method);
            answer
                .headers
                .insert(0, ("Content-Range".into(), format!("bytes */{size}")));
            return answer;
        }
    };
    let answer = validators(answer.header("Content-Type", mime))
        .header("Content-Length", length.to_string());
    let body = match method {
        "HEAD" => StaticBody::Empty,
        _ => StaticBody::File {
            path: path.to_owned(),
            offset,
            length,
        },
    };
    StaticAnswer { body, ..answer }
}

/// Strong, for it changes with time and size; the form is that of IIS (hex digits and `:0`).
fn entity_tag(modified: SystemTime, size: u64) -> String {
    let nanos = modified
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    // Ticks of 100 ns since 1601, as Windows counts file times.
    let ticks = nanos / 100 + 116_444_736_000_000_000;
    format!("\"{ticks:x}{size:x}:0\"")
}

/// Whether the file is newer than an HTTP date, which has whole seconds; a date that cannot be
/// read is no date.
fn is_newer(modified: SystemTime, date: &str) -> bool {
    httpdate::parse_http_date(date).map_or(true, |date| modified >= date + Duration::from_secs(1))
}

fn dates_agree(modified: SystemTime, date: &str) -> bool {
    httpdate::parse_http_date(date).is_ok_and(|d| modified >= d) && !is_newer(modified, date)
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// No range, more than one, or none that can be read.
    Whole,
    /// First and last byte, both sent.
    Part(u64, u64),
    /// No byte of the file is in it.
    Beyond,
}

fn parse_range(text: &str, size: u64) -> Range {
    let Some((unit, range)) = text.split_once('=') else {
        return Range::Whole;
    };
    let Some((first, last)) = range.trim().split_once('-') else {
        return Range::Whole;
    };
    // `parse` alone would accept a plus sign.
    let number = |s: &str| match s.bytes().all(|b| b.is_ascii_digit()) {
        true => s.parse::<u64>().ok(),
        false => None,
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Range::Whole;
    }
    let end = size.saturating_sub(1);
    match (first, number(first), last, number(last)) {
        ("", _, _, Some(suffix)) if suffix == 0 || size == 0 => Range::Beyond,
        ("", _, _, Some(suffix)) => Range::Part(size.saturating_sub(suffix), end),
        (_, Some(first), _, Some(last)) if last < first => Range::Whole,
        (_, Some(first), "", _) | (_, Some(first), _, Some(_)) if first >= size => Range::Beyond,
        (_, Some(first), "", _) => Range::Part(first, end),
        (_, Some(first), _, Some(last)) => Range::Part(first, last.min(end)),
        _ => Range::Whole,
    }
}

#[cfg(test)]
#[path = "static_tests.rs"]
mod tests;
