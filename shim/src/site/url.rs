//! The path of a request: decoded once, normalised once, and never above the root.

use super::refusal::Refusal;
use percent_encoding::percent_decode_str;

/// http.sys refuses longer path segments (its `UrlSegmentMaxLength`, in characters; KB 820129).
const SEGMENT_CHARS: usize = 260;
/// http.sys refuses more path segments than this (`UrlSegmentMaxCount`, KB 820129).
const SEGMENTS: usize = 255;

/// A request target that may be joined to the site's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlPath {
    raw: String,
    path: String,
    query_at: Option<usize>,
    double_escaped: bool,
}

impl UrlPath {
    /// Reads an origin-form target (`/path?query`) as the client sent it.
    ///
    /// The path is percent-decoded as UTF-8, or as windows-1252 where it is no UTF-8 (IIS falls
    /// back to the ANSI code page; KB 820129, `EnableNonUTF8`). `\` counts as `/`; `.`, `..` and
    /// empty segments are resolved after decoding, so that no spelling of them gets through.
    ///
    /// # Errors
    /// 400 for what http.sys refuses: no leading `/`, a percent sign without two hex digits,
    /// control characters, too long or too many segments, a path that climbs above the root.
    /// 404.11 for a path in which a second decoding would find a separator, a dot or a NUL.
    pub fn parse(target: &str) -> Result<Self, Refusal> {
        let query_at = target.find('?');
        let raw_path = &target[..query_at.unwrap_or(target.len())];
        let query = query_at.map_or("", |at| &target[at..]);
        // Most paths are as they are to be, and most requests need no more than that.
        if is_plain(raw_path) && query.bytes().all(|b| b.is_ascii_graphic()) {
            return Ok(Self {
                raw: target.to_owned(),
                path: raw_path.to_owned(),
                query_at,
                double_escaped: false,
            });
        }
        Self::parse_any(target, query_at)
    }

    fn parse_any(target: &str, query_at: Option<usize>) -> Result<Self, Refusal> {
        let raw_path = &target[..query_at.unwrap_or(target.len())];
        if !raw_path.starts_with('/') {
            return Err(bad("the request target does not begin with a slash"));
        }
        if target.contains(|c: char| c.is_control() || c == ' ') || raw_path.contains('#') {
            return Err(bad(
                "the request target holds a character that must be encoded",
            ));
        }
        let decoded = decode(raw_path)?;
        if decoded.contains(char::is_control) {
            return Err(bad("the path holds an encoded control character"));
        }
        let escapes = second_escapes(&decoded);
        if escapes
            .iter()
            .any(|b| matches!(b, b'/' | b'\\' | b'.' | b'%' | 0))
        {
            return Err(Refusal::new(404, 11, "the path is escaped twice"));
        }
        let path = normalise(&decoded)?;
        // IIS counts a plus sign as well: it may stand for a blank.
        let double_escaped = !escapes.is_empty() || path.contains('+');
        Ok(Self {
            raw: target.to_owned(),
            path,
            query_at,
            double_escaped,
        })
    }

    /// The target as received, with the query: for `HTTP_URL` and `UNENCODED_URL`.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The path as received, still encoded, without the query: for `REQUEST_URI`.
    pub fn raw_path(&self) -> &str {
        &self.raw[..self.query_at.unwrap_or(self.raw.len())]
    }

    /// The query as received, without the `?`; empty when there is none: for `QUERY_STRING`.
    pub fn query(&self) -> &str {
        self.query_at.map_or("", |at| &self.raw[at + 1..])
    }

    /// The decoded path: begins with one `/`, no empty, `.` or `..` segments; a trailing `/`
    /// is kept, for it tells a folder from a file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The decoded segments, none of them empty.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter(|s| !s.is_empty())
    }

    /// The path would change if it were decoded again, though harmlessly (`%41`, `+`). The site
    /// answers 404.11 then, unless `requestFiltering@allowDoubleEscaping` says otherwise.
    pub fn is_double_escaped(&self) -> bool {
        self.double_escaped
    }
}

/// Whether a path is nothing but a few segments of letters, digits, `-`, `_` and dots inside of
/// them: it is the same when decoded and resolved.
fn is_plain(path: &str) -> bool {
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    let mut last = b'/';
    let mut slashes = 0;
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => {}
            b'.' | b'/' if last == b'/' => return false,
            b'/' => slashes += 1,
            b'.' => {}
            _ => return false,
        }
        last = byte;
    }
    path.len() <= SEGMENT_CHARS && slashes < SEGMENTS
}

fn bad(reason: &str) -> Refusal {
    Refusal::new(400, 0, reason)
}

/// Decodes once; http.sys refuses a `%` that introduces nothing.
fn decode(raw: &str) -> Result<String, Refusal> {
    let bytes = raw.as_bytes();
    let stray = bytes
        .iter()
        .enumerate()
        .any(|(at, b)| *b == b'%' && hex(bytes, at + 1).is_none());
    if stray {
        return Err(bad(
            "a percent sign is not followed by two hexadecimal digits",
        ));
    }
    let bytes: Vec<u8> = percent_decode_str(raw).collect();
    Ok(String::from_utf8(bytes).unwrap_or_else(|not_utf8| {
        encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(not_utf8.as_bytes())
            .0
            .into_owned()
    }))
}

/// The byte that two hexadecimal digits at `at` stand for.
fn hex(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |i: usize| bytes.get(i).and_then(|b| (*b as char).to_digit(16));
    u8::try_from(digit(at)? * 16 + digit(at + 1)?).ok()
}

/// What the escapes that are left after one decoding stand for.
fn second_escapes(decoded: &str) -> Vec<u8> {
    let bytes = decoded.as_bytes();
    let percents = bytes.iter().enumerate().filter(|(_, b)| **b == b'%');
    percents.filter_map(|(at, _)| hex(bytes, at + 1)).collect()
}

fn normalise(decoded: &str) -> Result<String, Refusal> {
    let mut kept: Vec<&str> = Vec::new();
    let mut folder = false;
    for segment in decoded.split(['/', '\\']) {
        folder = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." if kept.pop().is_none() => return Err(bad("the path climbs above the root")),
            ".." => {}
            _ => {
                if segment.chars().count() > SEGMENT_CHARS {
                    return Err(bad("a segment of the path is too long"));
                }
                kept.push(segment);
            }
        }
    }
    if kept.len() > SEGMENTS {
        return Err(bad("the path has too many segments"));
    }
    let mut path = String::with_capacity(decoded.len() + 1);
    for segment in &kept {
        path.push('/');
        path.push_str(segment);
    }
    if folder || kept.is_empty() {
        path.push('/');
    }
    Ok(path)
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
