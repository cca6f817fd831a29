//! The second pass over a `.http` file: variables are put in, and lines become requests.

use super::http_file::HttpRequest;
use super::http_scan::{Piece, RawRequest, Variable};
use super::redact::Redaction;
use crate::codes::{self, Code};
use crate::error::{Error, Result};
use crate::headers;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::path::Path;

/// What a request line may not carry as it is. Everything else, `%` above all, stays as written.
const NOT_IN_TARGET: &AsciiSet = &CONTROLS.add(b' ');
/// How often variables may name one another before it is called a circle.
const DEEPEST: usize = 32;
/// How much text one line may become, so that a file cannot fill the memory: 1 MiB.
const LARGEST: usize = 1 << 20;

/// The file, for errors that point into it.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Places<'_> {
    /// An error that marks `piece`.
    pub(super) fn error(&self, code: Code, piece: Piece<'_>, what: impl Into<String>) -> Error {
        Error::new(code, what).at(self.file, self.text, piece.offset, piece.text.len())
    }
}

/// May this be a variable's name, or (with a `$`, `.` or blanks) an editor's own expression?
fn is_reference(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "_-.$ ".contains(c))
}

/// May a file variable be called this?
pub(super) fn is_name(text: &str) -> bool {
    is_reference(text) && !text.contains([' ', '$'])
}

/// Builds requests of one file.
pub(super) struct Builder<'a> {
    pub(super) places: Places<'a>,
    /// Where `< ./file` starts from.
    pub(super) folder: &'a Path,
    pub(super) variables: &'a [Variable<'a>],
    /// Line numbers and texts.
    pub(super) warnings: Vec<(usize, String)>,
}

impl Builder<'_> {
    pub(super) fn request(&mut self, raw: &RawRequest<'_>) -> Result<HttpRequest> {
        let mut request = HttpRequest {
            name: None,
            title: raw.title.map(str::to_owned),
            line: raw.target[0].line,
            method: String::new(),
            target: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            server_vars: Vec::new(),
            redactions: Vec::new(),
            skip: None,
            marks: Vec::new(),
        };
        for piece in &raw.directives {
            self.directive(*piece, &mut request)?;
        }
        let host = self.request_line(&raw.target, &mut request)?;
        for piece in &raw.headers {
            request.headers.push(self.header(*piece)?);
        }
        if let Some(host) = host
            && headers::value(&request.headers, "host").is_none()
        {
            request.headers.insert(0, ("Host".into(), host));
        }
        request.body = self.body(raw, &request)?;
        Ok(request)
    }

    fn directive(&self, piece: Piece<'_>, request: &mut HttpRequest) -> Result<()> {
        let (word, rest) = piece
            .text
            .split_once(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or((piece.text, ""));
        let value = || self.substitute(piece.narrow(rest.trim()));
        match word {
            "name" => request.name = Some(self.name(piece, rest)?),
            "skip" => request.skip = Some(value()?),
            "mark" => {
                let marks = value()?;
                let marks = marks.split([',', ' ']).filter(|mark| !mark.is_empty());
                request.marks.extend(marks.map(str::to_owned));
            }
            "server-var" => match value()?.split_once('=') {
                Some((name, value)) if is_variable(name.trim()) => {
                    let name = name.trim().to_ascii_uppercase();
                    request.server_vars.push((name, value.trim().to_owned()));
                }
                _ => {
                    return Err(self
                        .places
                        .error(codes::BAD_DIRECTIVE, piece, "no server variable")
                        .fix("write `# @server-var NAME=VALUE`"));
                }
            },
            // A pattern is full of braces: variables are not looked for in it.
            "redact" => match Redaction::parse(rest.trim()) {
                Ok(redaction) => request.redactions.push(redaction),
                Err(why) => {
                    return Err(self
                        .places
                        .error(codes::BAD_DIRECTIVE, piece, why)
                        .fix("write `# @redact header:Name` or `# @redact regex:PATTERN`"));
                }
            },
            // Editors have many more (`@no-log`, `@prompt`, …), and pass over what they do not know.
            _ => {}
        }
        Ok(())
    }

    fn name(&self, piece: Piece<'_>, rest: &str) -> Result<String> {
        let name = rest.trim().trim_start_matches('=').trim();
        let wrong = if name.is_empty() {
            "is empty"
        } else if name.len() > 100 {
            "is longer than 100 bytes"
        } else if name.contains("__") {
            "contains `__`, which divides the file's name from the request's"
        } else if name.contains(['/', '\\', '<', '>', ':', '"', '|', '?', '*'])
            || name.contains(char::is_control)
        {
            "contains a character that no file name may have on Windows"
        } else if name.starts_with('_') {
            "starts with `_`, which would join the `__` before it"
        } else {
            return Ok(name.to_owned());
        };
        Err(self
            .places
            .error(codes::BAD_REQUEST_NAME, piece, format!("the name of a request {wrong}"))
            .fix("the name becomes part of the snapshot's file name: use letters, digits, `-` and `.`"))
    }

    /// Fills in method and target; gives the authority of an absolute URL.
    fn request_line(
        &self,
        lines: &[Piece<'_>],
        request: &mut HttpRequest,
    ) -> Result<Option<String>> {
        let first = lines[0];
        let wrong = |what: &str| {
            self.places
                .error(codes::BAD_REQUEST_LINE, first, what)
                .fix("write `GET /app/hello.py?q=1`, or a full `http://` URL")
        };
        let mut text = self.substitute(first)?.trim().to_owned();
        if lines.len() > 1 && without_version(&text).is_some() {
            return Err(wrong(
                "query lines follow the HTTP version, which ends the request line",
            ));
        }
        for line in &lines[1..] {
            text.push_str(&self.substitute(*line)?);
        }
        let text = without_version(&text).unwrap_or(&text);
        let (method, target) = match text.split_once(char::is_whitespace) {
            Some((word, rest)) if is_token(word) => (word, rest.trim()),
            None if is_token(text) && !text.contains(|c: char| c.is_ascii_lowercase()) => {
                return Err(wrong("the request line has no target"));
            }
            _ => ("GET", text),
        };
        request.method = method.to_owned();
        // A fragment never goes over the wire.
        let target = target.split('#').next().unwrap_or_default();
        let (host, target) = if let Some(rest) = after_scheme(target) {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (host, path) = rest.split_at(end);
            if host.is_empty() || host.contains(char::is_whitespace) {
                return Err(wrong("the URL has no host"));
            }
            if host.contains('@') {
                return Err(wrong("the URL holds a user's name, which no client sends")
                    .fix("write an `Authorization` header"));
            }
            let slash = if path.starts_with('/') { "" } else { "/" };
            (Some(host.to_owned()), format!("{slash}{path}"))
        } else if target.starts_with('/') || target == "*" {
            (None, target.to_owned())
        } else {
            return Err(wrong(
                "the target starts neither with `/` nor with `http://`",
            ));
        };
        request.target = utf8_percent_encode(&target, NOT_IN_TARGET).to_string();
        Ok(host)
    }

    fn header(&self, piece: Piece<'_>) -> Result<(String, String)> {
        let text = self.substitute(piece)?;
        match text.split_once(':') {
            Some((name, value)) if is_token(name) => Ok((name.to_owned(), value.trim().to_owned())),
            _ => Err(self
                .places
                .error(codes::BAD_REQUEST_HEADER, piece, "this is no header")
                .fix("write `Name: value`; a blank line goes between headers and body")),
        }
    }

    fn body(&mut self, raw: &RawRequest<'_>, request: &HttpRequest) -> Result<Vec<u8>> {
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
            match line.text.strip_prefix("< ") {
                Some(path) => body.extend(self.body_file(line.narrow(path.trim()))?),
                None => {
                    if line.text.starts_with("<@") {
                        let what = "`<@` is sent as written: use `< file`, without variables";
                        self.warnings.push((line.line, what.into()));
                    }
                    body.extend_from_slice(self.substitute(*line)?.as_bytes());
                }
            }
        }
        Ok(body)
    }

    fn body_file(&self, piece: Piece<'_>) -> Result<Vec<u8>> {
        let name = self.substitute(piece)?;
        let mut path = self.folder.join(&name);
        // Written on Windows, run on Linux.
        if !cfg!(windows) && name.contains('\\') && !path.exists() {
            path = self.folder.join(name.replace('\\', "/"));
        }
        std::fs::read(&path).map_err(|why| {
            let what = format!("{} cannot be read: {why}", path.display());
            self.places
                .error(codes::BODY_FILE_UNREADABLE, piece, what)
                .fix("the path counts from the folder of the request file")
        })
    }

    fn substitute(&self, piece: Piece<'_>) -> Result<String> {
        let mut out = String::with_capacity(piece.text.len());
        self.expand(piece, 0, &mut (LARGEST + piece.text.len()), &mut out)?;
        Ok(out)
    }

    fn expand(
        &self,
        piece: Piece<'_>,
        depth: usize,
        left: &mut usize,
        out: &mut String,
    ) -> Result<()> {
        let mut rest = piece.text;
        // Every lookup costs, also that of an empty value: the work is bounded, not only the text.
        let cost = rest.len() + 1;
        if depth > DEEPEST || *left < cost {
            return Err(self
                .places
                .error(
                    codes::BAD_VARIABLE,
                    piece,
                    "this variable names itself, or grows without end",
                )
                .fix("let variables name only those that do not lead back to them"));
        }
        *left -= cost;
        while let Some(start) = rest.find("{{") {
            let inside = &rest[start + 2..];
            let end = inside
                .find("}}")
                .filter(|end| is_reference(inside[..*end].trim()));
            let Some(end) = end else {
                // Braces of some other language.
                out.push_str(&rest[..start + 1]);
                rest = &rest[start + 1..];
                continue;
            };
            out.push_str(&rest[..start]);
            let name = inside[..end].trim();
            let place = piece.narrow(&rest[start..start + end + 4]);
            self.expand(self.lookup(name, place)?, depth + 1, left, out)?;
            rest = &inside[end + 2..];
        }
        out.push_str(rest);
        Ok(())
    }

    /// The value that counts at `place`: set last above it, else (as editors allow) below it.
    fn lookup(&self, name: &str, place: Piece<'_>) -> Result<Piece<'_>> {
        let mut of_name = self.variables.iter().filter(|v| v.name == name);
        let first = of_name.clone().next();
        let above = of_name.rfind(|v| v.value.offset < place.offset);
        if let Some(variable) = above.or(first) {
            return Ok(variable.value);
        }
        let fix = if name.starts_with('$') {
            "editors make these up anew for each run, a snapshot needs a fixed value".to_owned()
        } else {
            format!("set it with a line `@{name} = value` above the request")
        };
        let what = format!("the variable `{name}` is not set in this file");
        Err(self
            .places
            .error(codes::UNKNOWN_VARIABLE, place, what)
            .fix(fix))
    }
}

/// The request line without `HTTP/1.1` at its end, if that is there.
fn without_version(line: &str) -> Option<&str> {
    let (rest, version) = line.trim_end().rsplit_once(char::is_whitespace)?;
    version.starts_with("HTTP/").then(|| rest.trim_end())
}

fn after_scheme(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")).then_some(rest)
}

/// Is this a token of HTTP: a method, or a header's name?
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// The names that IIS has, as `--server-var` takes them.
fn is_variable(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    !name.is_empty() && name.bytes().all(letter)
}
