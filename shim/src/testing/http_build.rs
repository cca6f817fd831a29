//! The second pass over a `.http` file: variables are put in, and lines become requests.

use super::environment::Environment;
use super::http_file::{HttpRequest, Records};
use super::http_scan::{Piece, RawRequest, Scanned, Variable};
use super::reference::{self, Outcome, Reference};
use crate::codes::{self, Code};
use crate::error::{Error, Result};
use crate::headers;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

/// What a request line may not carry as it is. Everything else, `%` above all, stays as written.
pub(super) const NOT_IN_TARGET: &AsciiSet = &CONTROLS.add(b' ');
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

impl<'a> Places<'a> {
    /// The text of a file, which may begin with a byte order mark.
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { file, text }
    }
    /// An error that marks `piece`.
    pub(super) fn error(&self, code: Code, piece: Piece<'_>, what: impl Into<String>) -> Error {
        Error::new(code, what).at(self.file, self.text, piece.offset, piece.text.len())
    }
}

/// May this be a variable's name, an editor's own expression (with a `$`, `.` or blanks), or a
/// reference to another request?
fn is_reference(text: &str) -> bool {
    reference::is_reference(text) || is_expression(text)
}

fn is_expression(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "_-.$ ".contains(c))
}

/// May a file variable be called this?
pub(super) fn is_name(text: &str) -> bool {
    is_expression(text) && !text.contains([' ', '$'])
}

/// The file that a text stands in.
#[derive(Clone, Copy)]
struct Seen<'a> {
    places: Places<'a>,
    /// From where the variables of the request file are seen, if that is not the text's own place.
    from: Option<usize>,
}

impl<'a> Seen<'a> {
    fn here(places: Places<'a>) -> Self {
        Self { places, from: None }
    }
}

/// Where a variable's value stands.
enum Found<'a> {
    /// In the request file.
    Here(Piece<'a>),
    /// In a file with environments.
    Outside(&'a str),
    /// In a request or response; or, as long as there is none, the reference as it is written.
    Referred(String),
}

/// Builds requests of one file.
pub(super) struct Builder<'a> {
    pub(super) places: Places<'a>,
    /// Where `< ./file` starts from.
    pub(super) folder: &'a Path,
    pub(super) variables: &'a [Variable<'a>],
    /// What `--env` names.
    pub(super) environment: &'a Environment,
    /// Line numbers and texts.
    pub(super) warnings: Vec<(usize, String)>,
    /// The names of all requests of the file.
    pub(super) names: &'a [Option<&'a str>],
    /// Which request is built.
    pub(super) current: usize,
    /// What became of the requests before it. `None`: nothing was sent yet, and references stay as
    /// they are written.
    pub(super) outcomes: Option<&'a [Option<Outcome>]>,
    /// The requests that the current one refers to.
    pub(super) refers_to: RefCell<BTreeSet<usize>>,
}

impl<'a> Builder<'a> {
    /// For the file at `path`, before anything was sent.
    pub(super) fn new(
        places: Places<'a>,
        path: &'a Path,
        environment: &'a Environment,
        scanned: &'a Scanned<'a>,
        names: &'a [Option<&'a str>],
    ) -> Self {
        Self {
            places,
            folder: path.parent().unwrap_or(Path::new("")),
            variables: &scanned.variables,
            environment,
            warnings: Vec::new(),
            names,
            current: 0,
            outcomes: None,
            refers_to: RefCell::default(),
        }
    }
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
            script: None,
            marks: Vec::new(),
            client_gone: None,
            faults: Vec::new(),
            records: Records::default(),
            shares_state: false,
            refers_to: Vec::new(),
        };
        self.refers_to.take();
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
        request.refers_to = self.refers_to.take().into_iter().collect();
        Ok(request)
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
        // An HTTP version may end the last line only.
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
        } else if target.starts_with('/') || target == "*" || self.stays_written(target) {
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
            // What comes from elsewhere could end the header, and begin another.
            Some(_) if text.contains(['\r', '\n', '\0']) => Err(self
                .places
                .error(
                    codes::BAD_REQUEST_HEADER,
                    piece,
                    "the value has a line break",
                )
                .fix("a header is one line: take a part of the value")),
            Some((name, value)) if is_token(name) => Ok((name.to_owned(), value.trim().to_owned())),
            _ => Err(self
                .places
                .error(codes::BAD_REQUEST_HEADER, piece, "this is no header")
                .fix("write `Name: value`; a blank line goes between headers and body")),
        }
    }

    /// A piece of the request file with the values of its variables.
    pub(super) fn substitute(&self, piece: Piece<'_>) -> Result<String> {
        self.substitute_in(piece, Seen::here(self.places))
    }

    /// The same for a text of another file, which the request file names at `line`.
    pub(super) fn substitute_file(&self, places: Places<'_>, line: Piece<'_>) -> Result<String> {
        let whole = Piece {
            text: places.text,
            offset: 0,
            line: 1,
        };
        let from = Some(line.offset);
        self.substitute_in(whole, Seen { places, from })
    }

    fn substitute_in(&self, piece: Piece<'_>, seen: Seen<'_>) -> Result<String> {
        let mut out = String::with_capacity(piece.text.len());
        let mut left = LARGEST + piece.text.len();
        self.expand(piece, seen, 0, &mut left, &mut out)?;
        Ok(out)
    }

    fn expand(
        &self,
        piece: Piece<'_>,
        seen: Seen<'_>,
        depth: usize,
        left: &mut usize,
        out: &mut String,
    ) -> Result<()> {
        let mut rest = piece.text;
        // Every lookup costs, also that of an empty value: the work is bounded, not only the text.
        let cost = rest.len() + 1;
        if depth > DEEPEST || *left < cost {
            return Err(seen
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
            match self.lookup(name, place, seen)? {
                Found::Here(value) => {
                    self.expand(value, Seen::here(self.places), depth + 1, left, out)?;
                }
                // The environment's values are not looked into: nothing could point there.
                Found::Outside(value) => out.push_str(value),
                Found::Referred(value) => out.push_str(&value),
            }
            rest = &inside[end + 2..];
        }
        out.push_str(rest);
        Ok(())
    }

    /// The value that counts at `place`: set last above it, else (as editors allow) below it.
    fn lookup(&self, name: &str, place: Piece<'_>, seen: Seen<'_>) -> Result<Found<'_>> {
        let mut of_name = self.variables.iter().filter(|v| v.name == name);
        let first = of_name.clone().next();
        let from = seen.from.unwrap_or(place.offset);
        let above = of_name.rfind(|v| v.value.offset < from);
        if let Some(variable) = above.or(first) {
            return Ok(Found::Here(variable.value));
        }
        if let Some(value) = self.environment.value(name) {
            return Ok(Found::Outside(value));
        }
        if let Some(reference) = Reference::parse(name) {
            return self.refer(reference, place, seen).map(Found::Referred);
        }
        let fix = if name.starts_with('$') {
            "editors make these up anew for each run, a snapshot needs a fixed value".to_owned()
        } else if name.contains(".response.") || name.contains(".request.") {
            "write `{{NAME.response.body.$.path}}` or `{{NAME.response.headers.Name}}`".to_owned()
        } else if let Some(other) = self.environment.elsewhere(name) {
            format!("the environment `{other}` has it: --env {other}")
        } else {
            format!("set it with a line `@{name} = value` above the request")
        };
        let what = match self.environment.name() {
            None => format!("the variable `{name}` is not set in this file"),
            Some(env) => format!(
                "the variable `{name}` is set neither in this file nor in the environment `{env}`"
            ),
        };
        Err(seen
            .places
            .error(codes::UNKNOWN_VARIABLE, place, what)
            .fix(fix))
    }
}

impl Builder<'_> {
    /// The value of a reference, or itself as it is written.
    fn refer(
        &self,
        reference: std::result::Result<Reference<'_>, reference::Wrong>,
        place: Piece<'_>,
        seen: Seen<'_>,
    ) -> Result<String> {
        let wrong = |code, (what, fix): reference::Wrong| {
            Err(seen.places.error(code, place, what).fix(fix))
        };
        let reference = match reference {
            Ok(reference) => reference,
            Err(why) => return wrong(codes::BAD_REFERENCE, why),
        };
        let name = reference.name;
        let index = match self.named_before(name) {
            Ok(index) => index,
            Err(why) => return wrong(codes::NO_SUCH_REQUEST, why),
        };
        self.refers_to.borrow_mut().insert(index);
        let Some(outcomes) = self.outcomes else {
            return Ok(place.text.to_owned());
        };
        match outcomes.get(index).and_then(Option::as_ref) {
            Some(Outcome::Answered(exchange)) => reference
                .value(exchange)
                .or_else(|why| wrong(codes::NOT_IN_RESPONSE, why)),
            without => {
                let why = match without {
                    Some(Outcome::Without(why)) => why,
                    _ => "was not sent",
                };
                let what = format!("the request `{name}` has no response: it {why}");
                let fix = format!("this request needs it; see to `{name}` first");
                wrong(codes::NO_RESPONSE, (what, fix))
            }
        }
    }

    /// The request of that name, which must stand above the current one.
    fn named_before(&self, name: &str) -> std::result::Result<usize, reference::Wrong> {
        let is = |other: &Option<&str>| *other == Some(name);
        let above = &self.names[..self.current.min(self.names.len())];
        if let Some(index) = above.iter().position(is) {
            return Ok(index);
        }
        let what = match self.names.iter().position(is) {
            Some(index) if index == self.current => {
                format!("the request refers to itself: `{name}`")
            }
            Some(_) => format!("the request `{name}` comes later"),
            None => format!("no request of this file is called `{name}`"),
        };
        let other = |other: &&str| other.eq_ignore_ascii_case(name);
        let fix = match above.iter().flatten().copied().find(other) {
            Some(other) => format!("one is called `{other}`: case counts"),
            None => format!("name a request above this one: `# @name {name}`"),
        };
        Err((what, fix))
    }

    /// Is this a whole URL that only a response will tell?
    fn stays_written(&self, target: &str) -> bool {
        self.outcomes.is_none() && target.starts_with("{{") && !self.refers_to.borrow().is_empty()
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
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
