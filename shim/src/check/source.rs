//! A script's bytes as text, as Python 3 decodes them (PEP 263 and PEP 3120).

use super::finding::Found;
use crate::codes;
use encoding_rs::Encoding;
use regex::bytes::Regex;
use std::sync::LazyLock;

/// A text with its lines.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) text: String,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl Source {
    pub(super) fn new(text: String) -> Self {
        // Python takes a lone CR as the end of a line, the grammar does not. Both are one byte.
        let mut bytes = text.into_bytes();
        for index in 0..bytes.len() {
            if bytes[index] == b'\r' && bytes.get(index + 1) != Some(&b'\n') {
                bytes[index] = b'\n';
            }
        }
        let text = String::from_utf8(bytes).unwrap_or_default();
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// Line and column, in characters and from 1, of a place.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let at = (0..=at.min(self.text.len()))
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0);
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts[line - 1];
        (line, self.text[start..at].chars().count() + 1)
    }

    /// A line without its end, counted from 1.
    pub(super) fn line(&self, number: usize) -> &str {
        let start = self.starts[number - 1];
        let end = self.starts.get(number).copied();
        let line = &self.text[start..end.unwrap_or(self.text.len())];
        line.trim_end_matches(['\n', '\r'])
    }

    /// Where the line of a place begins.
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.starts[self.starts.partition_point(|start| *start <= at) - 1]
    }
}

/// Decodes a file. What is said of it is said of the text, which may not be read further where
/// the second value is false.
pub(super) fn decode(bytes: &[u8]) -> (Source, Vec<Found>, bool) {
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let (wide, cure) = match bytes {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => (" (it is UTF-16)", "save it as UTF-8"),
            _ => ("", "remove it; save the file as UTF-8"),
        };
        let text = String::from_utf8_lossy(&bytes[..at]).replace('\0', " ");
        let source = Source::new(text);
        let end = source.text.len();
        let found = Found::error(
            codes::PY_NUL,
            end..end,
            format!("the file holds a NUL byte{wide}"),
        )
        .then("Python does not load the file")
        .cure(cure);
        return (source, vec![found], false);
    }
    let (bom, bytes) = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    let cookie = cookie(bytes);
    let name = cookie.as_ref().map(|(name, _)| normal(name));
    let mut all = Vec::new();
    let found = |span, what: String, cure: &str| {
        Found::error(codes::PY_ENCODING, span, what)
            .then("SyntaxError: the file is not loaded")
            .cure(cure)
    };
    let text = match name.as_deref() {
        None | Some("utf-8" | "utf8") => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let at = error.valid_up_to();
                let what = match name {
                    None => "the file is not UTF-8, and no coding line says what it is",
                    Some(_) => "the file is not UTF-8, though its coding line says so",
                };
                let cure = "save it as UTF-8, or name its encoding in the first line: # -*- coding: cp1252 -*-";
                all.push(found(at..at + 1, what.into(), cure));
                String::from_utf8_lossy(bytes).into_owned()
            }
        },
        Some(name) if bom => {
            let what =
                format!("the file begins with the mark of UTF-8, and its coding line says {name}");
            all.push(found(0..0, what, "correct the coding line, or drop it"));
            String::from_utf8_lossy(bytes).into_owned()
        }
        Some("ascii" | "us-ascii") => {
            let text = latin1(bytes);
            if let Some(at) = text.find(|c: char| !c.is_ascii()) {
                let what = "the file is not ASCII, though its coding line says so".to_owned();
                all.push(found(
                    at..at + 1,
                    what,
                    "name the real encoding in the coding line",
                ));
            }
            text
        }
        Some("latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" | "iso-latin-1") => {
            latin1(bytes)
        }
        Some(name) => match Encoding::for_label(name.as_bytes()) {
            Some(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            // Python knows more encodings. All that files are saved in keep ASCII as it is.
            None => latin1(bytes),
        },
    };
    (Source::new(text), all, true)
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The encoding that one of the first two lines names, and where.
fn cookie(bytes: &[u8]) -> Option<(String, usize)> {
    static COOKIE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?-u)^[ \t\x0c]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)").ok());
    static BLANK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?-u)^[ \t\x0c]*(?:#[^\r\n]*)?$").ok());
    let mut lines = bytes.split(|byte| *byte == b'\n').take(2);
    let first = lines.next()?;
    let named = |line: &[u8]| {
        let found = COOKIE.as_ref()?.captures(line)?.get(1)?;
        Some((latin1(found.as_bytes()), found.start()))
    };
    if let Some(found) = named(first) {
        return Some(found);
    }
    let first = first.strip_suffix(b"\r").unwrap_or(first);
    if !BLANK.as_ref()?.is_match(first) {
        return None;
    }
    named(lines.next()?)
}

/// A name as Python compares it.
fn normal(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    for known in ["utf-8", "latin-1", "iso-8859-1", "iso-latin-1"] {
        // Emacs writes `utf-8-unix`.
        if name
            .strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        {
            return known.into();
        }
    }
    name
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
