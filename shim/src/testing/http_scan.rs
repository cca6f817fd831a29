//! The first pass over a `.http` file: which line is what. Nothing is substituted or judged here,
//! because a file variable counts in the whole file, also above the line that sets it.

use super::http_build::Places;
use crate::codes;
use crate::error::Result;

/// A part of the file and where it stands, so that an error found later can point at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// Bytes from the start of the file (after a byte order mark).
    pub(super) offset: usize,
    /// Counted from 1.
    pub(super) line: usize,
}

impl<'a> Piece<'a> {
    /// The same place narrowed to `part`, which must be a slice of this piece's text.
    pub(super) fn narrow(&self, part: &'a str) -> Self {
        let skipped = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        Piece {
            text: part,
            offset: self.offset + skipped.min(self.text.len()),
            line: self.line,
        }
    }

    /// The same place without the white space around its text.
    pub(super) fn trim(&self) -> Self {
        self.narrow(self.text.trim())
    }
}

/// `@name = value`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variable<'a> {
    pub(super) name: &'a str,
    pub(super) value: Piece<'a>,
}

/// The lines of one request, sorted by what they are.
#[derive(Debug, Default)]
pub(super) struct RawRequest<'a> {
    pub(super) title: Option<&'a str>,
    /// Comments that start with `@`, without the comment marks and the `@`.
    pub(super) directives: Vec<Piece<'a>>,
    /// The request line and the query lines that continue it. Empty: there is no request.
    pub(super) target: Vec<Piece<'a>>,
    pub(super) headers: Vec<Piece<'a>>,
    pub(super) body: Vec<Piece<'a>>,
}

impl<'a> RawRequest<'a> {
    /// What `# @name` says, good or not.
    pub(super) fn name(&self) -> Option<&'a str> {
        let mut names = self.directives.iter().filter_map(|piece| {
            let (word, rest) = piece
                .text
                .split_once(|c: char| c.is_whitespace() || c == '=')?;
            (word == "name").then(|| rest.trim().trim_start_matches('=').trim())
        });
        names.next_back()
    }
}

/// What the first pass found.
#[derive(Debug, Default)]
pub(super) struct Scanned<'a> {
    pub(super) variables: Vec<Variable<'a>>,
    pub(super) requests: Vec<RawRequest<'a>>,
    /// Line numbers and what is ignored there.
    pub(super) warnings: Vec<(usize, String)>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    BeforeRequest,
    Headers,
    Body,
}

/// The lines of `text` with their places; `\n` and `\r\n` both end a line.
fn lines(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut offset = 0;
    text.split_inclusive('\n')
        .enumerate()
        .map(move |(index, whole)| {
            let line = whole.strip_suffix('\n').unwrap_or(whole);
            let piece = Piece {
                text: line.strip_suffix('\r').unwrap_or(line),
                offset,
                line: index + 1,
            };
            offset += whole.len();
            piece
        })
}

/// Sorts the lines of a file.
pub(super) fn scan<'a>(places: Places<'a>) -> Result<Scanned<'a>> {
    let mut found = Scanned::default();
    let mut request = RawRequest::default();
    let mut state = State::BeforeRequest;
    // Where a script began that has not ended.
    let mut in_script: Option<Piece<'a>> = None;
    for line in lines(places.text) {
        if line.text.starts_with("###") {
            script_ends(in_script.take(), places)?;
            let title = line.text.trim_start_matches('#').trim();
            found.requests.push(std::mem::take(&mut request));
            request.title = (!title.is_empty()).then_some(title);
            state = State::BeforeRequest;
            continue;
        }
        if in_script.is_some() {
            in_script = in_script.filter(|_| !line.text.contains("%}"));
            continue;
        }
        if let Some(what) = ignored(line.text, state) {
            found.warnings.push((line.line, what.to_owned()));
            let begins = line.text.contains("{%") && !line.text.contains("%}");
            in_script = begins.then_some(line);
            continue;
        }
        match state {
            State::BeforeRequest => {
                before_request(line, places, &mut found, &mut request, &mut state)?
            }
            State::Headers => in_headers(line, &mut request, &mut state),
            State::Body => request.body.push(line),
        }
    }
    script_ends(in_script, places)?;
    found.requests.push(request);
    found.requests.retain(|r| !r.target.is_empty());
    Ok(found)
}

/// What follows a script without an end would be lost in silence.
fn script_ends(begin: Option<Piece<'_>>, places: Places<'_>) -> Result<()> {
    match begin {
        None => Ok(()),
        Some(begin) => Err(places
            .error(codes::HTTP_SCRIPT_OPEN, begin, "this script has no end")
            .fix("close it with `%}`")),
    }
}

fn before_request<'a>(
    line: Piece<'a>,
    places: Places<'a>,
    found: &mut Scanned<'a>,
    request: &mut RawRequest<'a>,
    state: &mut State,
) -> Result<()> {
    let piece = line.trim();
    if piece.text.is_empty() {
        return Ok(());
    }
    if let Some(comment) = comment(piece) {
        request.directives.extend(directive(comment));
    } else if let Some(definition) = piece.text.strip_prefix('@') {
        found.variables.push(variable(piece, definition, places)?);
    } else {
        request.target.push(piece);
        *state = State::Headers;
    }
    Ok(())
}

fn in_headers<'a>(line: Piece<'a>, request: &mut RawRequest<'a>, state: &mut State) {
    let piece = line.trim();
    if piece.text.is_empty() {
        *state = State::Body;
    } else if let Some(comment) = comment(piece) {
        request.directives.extend(directive(comment));
    } else if request.headers.is_empty()
        && line.text.starts_with([' ', '\t'])
        && piece.text.starts_with(['?', '&', '/'])
    {
        request.target.push(piece);
    } else {
        request.headers.push(piece);
    }
}

/// What editors act on and we do not, or `None` for a line that counts.
fn ignored(line: &str, state: State) -> Option<&'static str> {
    let before = state == State::BeforeRequest;
    if before && line.starts_with("< {%") {
        Some("a pre-request script is not run")
    } else if before && line.starts_with("< ") && line.trim_end().ends_with(".js") {
        Some("a pre-request script file is not run")
    } else if before {
        None
    } else if line.starts_with("> {%") {
        Some("a response handler script is not run")
    } else if line.starts_with("> ") && line.trim_end().ends_with(".js") {
        Some("a response handler file is not run")
    } else if line.starts_with(">> ") || line.starts_with(">>! ") {
        Some("the response is not written to a file: it goes to the snapshot")
    } else if line.starts_with("<> ") {
        Some("a response reference is not used: the snapshot takes its place")
    } else {
        None
    }
}

/// The text of a comment line without its marks.
fn comment(piece: Piece<'_>) -> Option<Piece<'_>> {
    let text = match piece.text.strip_prefix('#') {
        Some(rest) => rest.trim_start_matches('#'),
        None => piece.text.strip_prefix("//")?.trim_start_matches('/'),
    };
    Some(piece.narrow(text.trim()))
}

fn directive(comment: Piece<'_>) -> Option<Piece<'_>> {
    let text = comment.text.strip_prefix('@')?;
    Some(comment.narrow(text))
}

fn variable<'a>(piece: Piece<'a>, definition: &'a str, places: Places<'a>) -> Result<Variable<'a>> {
    match definition.split_once('=') {
        Some((name, value)) if super::http_build::is_name(name.trim()) => Ok(Variable {
            name: name.trim(),
            value: piece.narrow(value.trim()),
        }),
        _ => Err(places
            .error(
                codes::BAD_VARIABLE,
                piece,
                "this is no definition of a variable",
            )
            .fix("write `@name = value`; the name has no blanks")),
    }
}
