//! Bodies of requests: lines, files, forms and multipart.

use super::http_build::{Builder, Places};
use super::http_file::HttpRequest;
use super::http_scan::{Piece, RawRequest};
use crate::codes;
use crate::error::Result;
use crate::headers;
use std::borrow::Cow;
use std::path::PathBuf;

impl Builder<'_> {
    /// The bytes to send.
    pub(super) fn body(&mut self, raw: &RawRequest<'_>, request: &HttpRequest) -> Result<Vec<u8>> {
        let used = raw
            .body
            .iter()
            .rposition(|l| !l.text.is_empty())
            .map_or(0, |last| last + 1);
        let lines = &raw.body[..used];
        if let Some(first) = lines.first()
            && matches!(request.method.as_str(), "GET" | "HEAD")
            && first.text.starts_with('#')
        {
            let what = "this is sent as a body: a comment belongs above the request line";
            self.warnings.push((first.line, what.into()));
        }
        let kind = headers::value(&request.headers, "content-type");
        let kind = kind.map(|v| v.to_ascii_lowercase()).unwrap_or_default();
        // As the editors do: parts of a multipart body are divided by CRLF, and a form may be
        // written with one field per line.
        let end: &[u8] = if kind.starts_with("multipart/") {
            b"\r\n"
        } else {
            b"\n"
        };
        let form = kind.starts_with("application/x-www-form-urlencoded");
        let mut body = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 && !(form && line.text.starts_with('&')) {
                body.extend_from_slice(end);
            }
            if let Some(path) = line.text.strip_prefix("< ") {
                let (_, bytes) = self.body_file(line.narrow(path.trim()))?;
                body.extend(bytes);
            } else if let Some((encoding, path)) = with_variables(line.text) {
                body.extend(self.body_text(*line, encoding, line.narrow(path))?);
            } else {
                body.extend_from_slice(self.substitute(*line)?.as_bytes());
            }
        }
        Ok(body)
    }

    /// A file's path and bytes.
    fn body_file(&self, piece: Piece<'_>) -> Result<(PathBuf, Vec<u8>)> {
        let name = self.substitute(piece)?;
        let mut path = self.folder.join(&name);
        // Written on Windows, run on Linux.
        if !cfg!(windows) && name.contains('\\') && !path.exists() {
            path = self.folder.join(name.replace('\\', "/"));
        }
        match std::fs::read(&path) {
            Ok(bytes) => Ok((path, bytes)),
            Err(why) => {
                let what = format!("{} cannot be read: {why}", path.display());
                Err(self
                    .places
                    .error(codes::BODY_FILE_UNREADABLE, piece, what)
                    .fix("the path counts from the folder of the request file"))
            }
        }
    }

    /// A file's text with the values of its variables. It is sent in UTF-8, as the editors do.
    fn body_text(&self, line: Piece<'_>, encoding: &str, path: Piece<'_>) -> Result<Vec<u8>> {
        let wrong = |piece, what: String, fix: &str| {
            let why = self.places.error(codes::BODY_FILE_UNREADABLE, piece, what);
            Err(why.fix(fix))
        };
        let Some(encoding_of_file) = Encoding::named(encoding) else {
            let what = format!("no encoding is called `{encoding}`");
            let fix = "write `<@ file` for UTF-8, or `<@latin1 file`, `<@windows-1252 file`";
            return wrong(line.narrow(encoding), what, fix);
        };
        let (file, bytes) = self.body_file(path)?;
        let Some(text) = encoding_of_file.decode(&bytes) else {
            let what = format!("{} is not in its encoding", file.display());
            let fix = "name it: `<@latin1 file`; `< file` sends the bytes as they are";
            return wrong(path, what, fix);
        };
        let shown = file.display().to_string();
        let places = Places {
            file: &shown,
            text: &text,
        };
        Ok(self.substitute_file(places, line)?.into_bytes())
    }
}

/// `<@ file` and `<@latin1 file`: the encoding, which may be empty, and the path.
fn with_variables(line: &str) -> Option<(&str, &str)> {
    let (encoding, path) = line.strip_prefix("<@")?.split_once([' ', '\t'])?;
    let word = encoding
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let path = path.trim();
    (word && !path.is_empty()).then_some((encoding, path))
}

/// What a text is written in.
pub(super) enum Encoding {
    /// Each byte is the character of its number. The encoding that browsers call so is another one.
    Latin1,
    Other(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// By the name that an editor or a header has for it; nothing is UTF-8.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let label = match &*name {
            "latin1" | "binary" | "iso-8859-1" => return Some(Self::Latin1),
            "" | "utf8" => "utf-8",
            "utf16le" | "ucs2" => "utf-16le",
            "win1252" => "windows-1252",
            other => other,
        };
        encoding_rs::Encoding::for_label(label.as_bytes()).map(Self::Other)
    }

    /// The text, a byte order mark included; `None`: these are no bytes of it.
    pub(super) fn decode<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        match self {
            Self::Latin1 => Some(encoding_rs::mem::decode_latin1(bytes)),
            Self::Other(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)
            }
        }
    }
}
