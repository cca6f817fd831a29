//! The output of one CGI script: the header block, then the body; and what is wrong with it.

use super::head::{Fault, Head, Parser, shown};

/// So much of the output is kept for a message that quotes it.
const MOST_QUOTED: usize = 400;

/// What is wanted of a CGI response, for a page that says that there was none.
const EXAMPLE: &str = "\
A CGI response begins with headers, then comes an empty line, then the body:\n\
\n\
    print(\"Content-Type: text/html; charset=utf-8\")\n\
    print()\n\
    print(\"<p>Hello</p>\")";

#[derive(Debug)]
enum State {
    Head(Parser),
    Body,
    Failed(Fault),
}

/// What became of a piece of output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All of it belongs to the header block, or to output that is no response.
    All,
    /// The header block ended; what stands behind its first bytes (second) is body.
    Head(Head, usize),
    /// It is body.
    Body,
}

/// How far a body looks like `print(bytes)`: `b'` or `b"` behind empty lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Open,
    B,
    Told,
}

/// The output so far.
#[derive(Debug)]
pub(crate) struct Output {
    state: State,
    quoted: Vec<u8>,
    start: Start,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Head(Parser::default()),
            quoted: Vec::new(),
            start: Start::Open,
        }
    }

    /// Takes a piece of output.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Taken {
        if matches!(self.state, State::Body) {
            return Taken::Body;
        }
        let room = MOST_QUOTED - self.quoted.len();
        self.quoted
            .extend_from_slice(&piece[..piece.len().min(room)]);
        let State::Head(parser) = &mut self.state else {
            return Taken::All;
        };
        match parser.feed(piece) {
            Ok(None) => Taken::All,
            Ok(Some(end)) => {
                let parser = std::mem::take(parser);
                self.state = State::Body;
                self.quoted = Vec::new();
                Taken::Head(parser.into_head(), end)
            }
            Err(fault) => {
                self.state = State::Failed(fault);
                Taken::All
            }
        }
    }

    /// Whether the next piece is body.
    pub(crate) fn in_body(&self) -> bool {
        matches!(self.state, State::Body)
    }

    /// The response would not take a header: all output is for nothing from now on.
    pub(crate) fn refuse(&mut self, fault: Fault) {
        self.state = State::Failed(fault);
    }

    /// Whether the body begins as `print` shows bytes; told once, by the piece that settles it.
    pub(crate) fn begins_as_bytes(&mut self, body: &[u8]) -> bool {
        for byte in body {
            self.start = match (self.start, byte) {
                (Start::Open, b'\r' | b'\n') => Start::Open,
                (Start::Open, b'b') => Start::B,
                (Start::B, b'\'' | b'"') => {
                    self.start = Start::Told;
                    return true;
                }
                _ => Start::Told,
            };
            if self.start == Start::Told {
                break;
            }
        }
        false
    }

    /// Why it is no response, once the script has ended.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match &self.state {
            State::Body => None,
            State::Head(parser) => Some(parser.unfinished()),
            State::Failed(fault) => Some(fault.clone()),
        }
    }

    /// The text of a page for `fault`.
    pub(crate) fn explain(&self, fault: &Fault) -> String {
        let mut text = format!("the output is no CGI response: {fault}");
        let quoted = self.quoted.split(|b| *b == b'\n').take(3).map(shown);
        let quoted: Vec<String> = quoted.collect();
        if !self.quoted.is_empty() {
            text.push_str("\n\nThe output begins with:\n");
            for line in quoted {
                text.push_str(&format!("\n    {line}"));
            }
        }
        text.push_str("\n\n");
        text.push_str(EXAMPLE);
        text
    }
}
