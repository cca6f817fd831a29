//! The header block of a CGI response, in whatever pieces it comes.

use crate::response::check_header;

/// A longer header block is taken for output without headers.
pub(crate) const MOST: usize = 64 * 1024;

/// Why output is no CGI response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing was written.
    Nothing,
    /// The first line is empty.
    NoHeaders,
    /// A line that is no header.
    NotAHeader(Vec<u8>),
    /// No empty line came.
    Unfinished,
    /// No empty line within [`MOST`] bytes.
    TooLong,
    /// `Status:` with something that is no status.
    BadStatus(Vec<u8>),
    /// Neither `Content-Type` nor `Location`, with a status that has a body.
    NoContentType,
    /// The response would not take a header; the line, and why.
    Refused(Vec<u8>, &'static str),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("the script wrote nothing"),
            Self::NoHeaders => f.write_str("it begins with an empty line, so it has no headers"),
            Self::NotAHeader(line) => {
                write!(f, "the line \"{}\" is no header", shown(line))
            }
            Self::Unfinished => f.write_str("the empty line behind the headers is missing"),
            Self::TooLong => write!(f, "no empty line came within {MOST} bytes"),
            Self::BadStatus(value) => write!(
                f,
                "\"{}\" is no status; write for example \"Status: 404 Not Found\"",
                shown(value)
            ),
            Self::NoContentType => f.write_str("it has neither a Content-Type nor a Location"),
            Self::Refused(line, why) => write!(f, "the header \"{}\": {why}", shown(line)),
        }
    }
}

/// Bytes as text for a message: short, and on one line.
pub(super) fn shown(bytes: &[u8]) -> String {
    const MOST_SHOWN: usize = 80;
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == MOST_SHOWN {
            out.push_str("...");
            break;
        }
        match c {
            '\u{fffd}' => out.push('?'),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// What the header block says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Code and text; an empty text: the standard one.
    pub(crate) status: Option<(u16, Vec<u8>)>,
    /// `Name: value`, without the line's end.
    pub(crate) headers: Vec<Vec<u8>>,
    has_location: bool,
    has_content_type: bool,
    /// The script wrote the status line itself ("non-parsed headers").
    nph: bool,
}

impl Head {
    fn finish(&mut self) -> Result<(), Fault> {
        if self.status.is_none() && self.headers.is_empty() {
            return Err(Fault::NoHeaders);
        }
        if self.status.is_none() && self.has_location {
            self.status = Some((302, Vec::new()));
        }
        let bodiless = matches!(self.status, Some((204 | 304, _)));
        if self.has_content_type || self.has_location || self.nph || bodiless {
            return Ok(());
        }
        Err(Fault::NoContentType)
    }
}

/// Reads the block; see [`Parser::feed`].
#[derive(Debug, Default)]
pub(crate) struct Parser {
    head: Head,
    /// A line whose end has not come.
    line: Vec<u8>,
    size: usize,
    lines: usize,
    /// The next line may continue the last header.
    may_fold: bool,
}

impl Parser {
    /// Takes a piece. `Some(n)`: the block ended with its first `n` bytes.
    ///
    /// # Errors
    /// The output is no CGI response. Nothing may be fed after that, nor behind the block's end.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Result<Option<usize>, Fault> {
        let mut at = 0;
        while at < piece.len() {
            let feed = piece[at..].iter().position(|b| *b == b'\n');
            let end = feed.map_or(piece.len(), |feed| at + feed);
            self.line.extend_from_slice(&piece[at..end]);
            self.size += end - at;
            if self.size > MOST {
                return Err(Fault::TooLong);
            }
            if feed.is_none() {
                return Ok(None);
            }
            at = end + 1;
            self.size += 1;
            let mut line = std::mem::take(&mut self.line);
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            if line.is_empty() {
                self.head.finish()?;
                return Ok(Some(at));
            }
            self.take_line(&line)?;
            line.clear();
            self.line = line; // keeps its allocation
        }
        Ok(None)
    }

    /// What the block said, once it has ended.
    pub(crate) fn into_head(self) -> Head {
        self.head
    }

    /// Why the output that ends here is no response.
    pub(crate) fn unfinished(&self) -> Fault {
        match (self.size, self.line.is_empty()) {
            (0, _) => Fault::Nothing,
            // A line that came without its end was never looked at.
            (_, false) if check_header(trimmed(&self.line)).is_err() => {
                Fault::NotAHeader(self.line.clone())
            }
            _ => Fault::Unfinished,
        }
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.lines += 1;
        if self.lines == 1
            && let Some(rest) = line.strip_prefix(b"HTTP/")
        {
            let blank = rest.iter().position(|b| *b == b' ');
            let value = blank.map_or(&b""[..], |at| &rest[at..]).trim_ascii();
            self.head.status = Some(status(value).ok_or_else(|| Fault::BadStatus(line.to_vec()))?);
            self.head.nph = true;
            return Ok(());
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return self.fold(line);
        }
        self.may_fold = false;
        // What `cgitb` writes first: a comment in a page that was begun, a header in one that was
        // not.
        if line.starts_with(b"<!--:") {
            return Ok(());
        }
        if check_header(line).is_err() {
            return Err(Fault::NotAHeader(line.to_vec()));
        }
        let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"status") {
            self.head.status = Some(status(value).ok_or_else(|| Fault::BadStatus(value.to_vec()))?);
            return Ok(());
        }
        self.head.has_location |= name.eq_ignore_ascii_case(b"location") && !value.is_empty();
        self.head.has_content_type |=
            name.eq_ignore_ascii_case(b"content-type") && !value.is_empty();
        let mut header = name.to_vec();
        header.extend_from_slice(b": ");
        header.extend_from_slice(value);
        self.head.headers.push(header);
        self.may_fold = true;
        Ok(())
    }

    /// A line that begins with a blank continues the one before, as mail has it.
    fn fold(&mut self, line: &[u8]) -> Result<(), Fault> {
        let bad = || Fault::NotAHeader(line.to_vec());
        if !self.may_fold || check_header(&[b"X: ", line].concat()).is_err() {
            return Err(bad());
        }
        let last = self.head.headers.last_mut().ok_or_else(bad)?;
        last.push(b' ');
        last.extend_from_slice(line.trim_ascii());
        Ok(())
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `404 Tile Not Found`, or the number alone.
fn status(value: &[u8]) -> Option<(u16, Vec<u8>)> {
    let (code, reason) = match value.iter().position(|b| *b == b' ') {
        Some(blank) => (&value[..blank], value[blank + 1..].trim_ascii()),
        None => (value, &b""[..]),
    };
    if code.len() != 3 || !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code: u16 = std::str::from_utf8(code).ok()?.parse().ok()?;
    // 1xx comes before a response and is none.
    let fine = (200..600).contains(&code) && !reason.iter().any(u8::is_ascii_control);
    fine.then(|| (code, reason.to_vec()))
}
