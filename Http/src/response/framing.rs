//! How the end of a body is told: by length, by chunks, or by closing the connection.

use super::header::HeaderError;
use super::status;
use std::io::Write;

/// The end of a chunked body.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What stands behind the data of a chunk.
pub(super) const CHUNK_END: &[u8] = b"\r\n";

/// Room for the longest line written here, a length of twenty digits, for the blank line, and for
/// the NUL that ISAPI wants behind it.
pub(super) const MAX_LINE: usize = 41;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing was said; decided when the headers go out.
    Open,
    Length(u64),
    Chunked,
    /// The script wrote `Transfer-Encoding` and frames the body itself.
    ByScript,
    /// The connection's end is the body's end, or there is no body.
    Bare,
}

#[derive(Debug)]
pub(super) struct Framing {
    mode: Mode,
    /// Whether the connection stays open after the response.
    pub(super) keep: bool,
    http11: bool,
}

impl Framing {
    pub(super) fn new(keep: bool, http11: bool) -> Self {
        Self {
            mode: Mode::Open,
            keep,
            http11,
        }
    }

    pub(super) fn set_length(&mut self, length: u64) -> Result<(), HeaderError> {
        match self.mode {
            Mode::Length(_) => Err(HeaderError::LengthTwice),
            Mode::ByScript => Err(HeaderError::LengthAndChunked),
            Mode::Open | Mode::Chunked | Mode::Bare => {
                self.mode = Mode::Length(length);
                Ok(())
            }
        }
    }

    pub(super) fn script_frames(&mut self) -> Result<(), HeaderError> {
        if matches!(self.mode, Mode::Length(_)) {
            return Err(HeaderError::LengthAndChunked);
        }
        self.mode = Mode::ByScript;
        Ok(())
    }

    /// The length that was announced, if one was.
    pub(super) fn length(&self) -> Option<u64> {
        match self.mode {
            Mode::Length(length) => Some(length),
            _ => None,
        }
    }

    /// Replaces an announced length; the headers must still be here.
    pub(super) fn correct_length(&mut self, length: u64) {
        self.mode = Mode::Length(length);
    }

    /// The whole body is at hand: announces its length unless something else was said.
    pub(super) fn know_length(&mut self, length: u64) {
        if self.mode == Mode::Open {
            self.mode = Mode::Length(length);
        }
    }

    /// Nothing was said; the headers must still be here.
    pub(super) fn forget(&mut self, keep: bool) {
        self.mode = Mode::Open;
        self.keep = keep;
    }

    /// Neither a length nor chunks, unless one was announced.
    pub(super) fn leave_bare(&mut self) {
        if self.mode == Mode::Open {
            self.mode = Mode::Bare;
        }
    }

    /// The headers go out now: chunks where the client can read them, else the connection ends
    /// the body.
    pub(super) fn decide(&mut self, status: u16) {
        // RFC 9110, 8.6: a 304 may name the length it would have, 1xx and 204 must not.
        let without_length = status::has_no_body(status) && status != 304;
        if without_length && matches!(self.mode, Mode::Length(_)) {
            self.mode = Mode::Bare;
        }
        if self.mode != Mode::Open {
            return;
        }
        if status::has_no_body(status) {
            self.mode = Mode::Bare;
        } else if self.keep && self.http11 {
            self.mode = Mode::Chunked;
        } else {
            self.keep = false;
            self.mode = Mode::Bare;
        }
    }

    pub(super) fn chunked(&self) -> bool {
        self.mode == Mode::Chunked
    }

    pub(super) fn script_chunks(&self) -> bool {
        self.mode == Mode::ByScript
    }

    /// Writes the header line that tells the framing, if there is one to write.
    pub(super) fn write_line(&self, block: &mut Vec<u8>) {
        match self.mode {
            Mode::Length(length) => {
                // Writing to a Vec cannot fail.
                let _ = write!(block, "Content-Length: {length}\r\n");
            }
            Mode::Chunked => block.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            Mode::Open | Mode::ByScript | Mode::Bare => {}
        }
    }
}

/// One chunk. The original padded the size with `;` and blanks to ten characters, which is legal
/// and helps nobody.
pub(super) fn chunk(data: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(data.len() + 12);
    let _ = write!(framed, "{:x}\r\n", data.len());
    framed.extend_from_slice(data);
    framed.extend_from_slice(CHUNK_END);
    framed
}

/// What stands before the data of a chunk.
pub(super) fn chunk_begin(length: u64) -> Vec<u8> {
    format!("{length:x}\r\n").into_bytes()
}

/// The value of a `Content-Length` header: digits only, as RFC 9110 wants it.
pub(super) fn parse_length(value: &[u8]) -> Result<u64, HeaderError> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits
        .then(|| std::str::from_utf8(value).ok()?.parse().ok())
        .flatten()
        .ok_or(HeaderError::LengthNotANumber)
}

/// Whether a `Connection` header's list has the token `close`.
pub(super) fn names_close(value: &[u8]) -> bool {
    value
        .split(|b| *b == b',')
        .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
}
