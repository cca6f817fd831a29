//! Reads along on a connection, for what hyper takes out of a request and does not tell: a
//! `Content-Length` beside a `Transfer-Encoding`, with which http.sys refuses a request; and how
//! the client has spelled the names of its headers.
//!
//! hyper goes by the chunks then and closes the connection, so nothing can be smuggled in even
//! where this loses its way. It looks for line ends only, and stops at what it does not know.

use super::held::{Held, Sending};
use super::lock;
use std::collections::VecDeque;
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

/// What is kept of a line that comes in pieces: room for a name, and for the numbers sought.
const LINE: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Lines up to an empty one.
    Head,
    /// The line with a chunk's size.
    Chunk,
    /// Lines behind the last chunk, up to an empty one.
    Trailer,
    /// Bytes of a body, or of a chunk with its line end.
    Skip { left: u64, chunks: bool },
    /// Not followed any more.
    Lost,
}

/// What was found in one request's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// It has a `Content-Length` beside a `Transfer-Encoding`.
    pub(super) ambiguous: bool,
    /// The names of its headers, each with a line feed behind it.
    pub(super) names: Vec<u8>,
}

/// The heads that have been read and not been asked for, by the numbers of their requests on the
/// connection, from 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Found(Arc<Mutex<VecDeque<(u64, Seen)>>>);

impl Found {
    fn queue(&self) -> MutexGuard<'_, VecDeque<(u64, Seen)>> {
        lock(&self.0)
    }

    /// What was found in a request's head; nothing where the connection could not be followed.
    pub(super) fn take(&self, request: u64) -> Seen {
        let mut queue = self.queue();
        while let Some((number, seen)) = queue.pop_front() {
            if number == request {
                return seen;
            }
        }
        Seen::default()
    }
}

#[derive(Debug)]
struct Heads {
    state: State,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    request: u64,
    begun: bool,
    measured: bool,
    length: Option<u64>,
    coded: bool,
    names: Vec<u8>,
    found: Found,
}

impl Heads {
    fn new() -> Self {
        Self {
            state: State::Head,
            line: Vec::new(),
            request: 0,
            begun: false,
            measured: false,
            length: None,
            coded: false,
            names: Vec::new(),
            found: Found::default(),
        }
    }

    fn feed(&mut self, mut data: &[u8]) {
        while !data.is_empty() && self.state != State::Lost {
            if let State::Skip { left, chunks } = self.state {
                let size = data.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                data = &data[size..];
                self.state = match (left - size as u64, chunks) {
                    (0, true) => State::Chunk,
                    (0, false) => self.next(),
                    (left, _) => State::Skip { left, chunks },
                };
                continue;
            }
            let end = data.iter().position(|b| *b == b'\n');
            let (piece, rest) = data.split_at(end.unwrap_or(data.len()));
            if self.line.is_empty() && end.is_some() {
                self.line(piece);
            } else {
                let room = LINE.saturating_sub(self.line.len());
                self.line.extend_from_slice(&piece[..piece.len().min(room)]);
                if end.is_some() {
                    let line = std::mem::take(&mut self.line);
                    self.line(&line);
                }
            }
            data = rest.get(1..).unwrap_or_default();
        }
    }

    /// One line, without its LF; cut where it is long.
    fn line(&mut self, line: &[u8]) {
        let text = line.trim_ascii_end();
        self.state = match self.state {
            // Empty lines before a request are passed over.
            State::Head if text.is_empty() && !self.begun => State::Head,
            State::Head if text.is_empty() => self.head(),
            State::Head if !self.begun => {
                self.begun = true;
                State::Head
            }
            State::Head => self.header(text),
            State::Chunk => {
                let size = text.split(|b| *b == b';').next().unwrap_or_default();
                match number(size, 16) {
                    Some(0) => State::Trailer,
                    // With the line end behind it.
                    Some(size) => State::Skip {
                        left: size.saturating_add(2),
                        chunks: true,
                    },
                    None => State::Lost,
                }
            }
            State::Trailer if text.is_empty() => self.next(),
            same => same,
        };
    }

    fn header(&mut self, line: &[u8]) -> State {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            return State::Head;
        };
        let name = &line[..colon];
        self.names.extend_from_slice(name);
        self.names.push(b'\n');
        if name.eq_ignore_ascii_case(b"content-length") {
            self.measured = true;
            self.length = number(&line[colon + 1..], 10);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.coded = true;
        }
        State::Head
    }

    /// A head has come to its end.
    fn head(&mut self) -> State {
        let seen = Seen {
            ambiguous: self.coded && self.measured,
            names: std::mem::take(&mut self.names),
        };
        self.found.queue().push_back((self.request, seen));
        match (self.coded, self.measured, self.length) {
            (true, true, _) => State::Lost,
            (true, false, _) => State::Chunk,
            (false, false, _) | (false, true, Some(0)) => self.next(),
            (false, true, Some(left)) => State::Skip {
                left,
                chunks: false,
            },
            // hyper refuses it.
            (false, true, None) => State::Lost,
        }
    }

    /// A request has come to its end.
    fn next(&mut self) -> State {
        self.request += 1;
        (self.begun, self.measured, self.coded) = (false, false, false);
        State::Head
    }
}

/// A number that is not cut off and has nothing but digits.
fn number(text: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let digits = text.len() <= 20 && text.chars().all(|c| c.is_digit(radix));
    u64::from_str_radix(text, radix).ok().filter(|_| digits)
}

/// A socket with somebody who reads along.
pub(super) struct Watched {
    receiving: OwnedReadHalf,
    sending: Arc<Sending>,
    heads: Heads,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, held: Arc<Held>) -> (Self, Arc<Sending>, Found) {
        let heads = Heads::new();
        let found = heads.found.clone();
        let (receiving, sending) = stream.into_split();
        let sending = Sending::new(sending, held);
        let watched = Self {
            receiving,
            sending: Arc::clone(&sending),
            heads,
        };
        (watched, sending, found)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.sending.end();
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.receiving).poll_read(context, buffer);
        this.heads.feed(&buffer.filled()[before..]);
        result
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<Result<usize>> {
        self.sending.poll_write(context, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.sending.poll_write(context, data)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.sending.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.sending.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = "GET /content-length: HTTP/1.1\r\nHost: a\r\n\r\n";
    const LENGTH: &str = "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nTransfer-";
    const CHUNKED: &str = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
         1A;x=y\r\nContent-Length: 0123456789\r\n0\r\nContent-Length: 5\r\n\r\n";
    const BOTH: &str =
        "POST / HTTP/1.1\r\ncontent-LENGTH: +5\r\nTransfer-Encoding: chunked\r\n\r\n";
    const BOTH_TOO: &str =
        "\r\n\r\nPOST / HTTP/1.1\ntransfer-encoding: chunked\nContent-Length:5\n\n";

    fn found(text: &str, piece: usize) -> Option<u64> {
        let mut heads = Heads::new();
        text.as_bytes().chunks(piece).for_each(|p| heads.feed(p));
        let queue = heads.found.queue();
        let ambiguous = queue.iter().find(|(_, seen)| seen.ambiguous);
        ambiguous.map(|(number, _)| *number)
    }

    #[test]
    fn names_are_kept_as_they_are_spelled_for_the_request_that_asks() {
        for piece in [1, 7, 1000] {
            let mut heads = Heads::new();
            let text = format!("{LENGTH}{CHUNKED}GET / HTTP/1.1\r\nHOST: a\r\nx-Y: b\r\n\r\n");
            text.as_bytes().chunks(piece).for_each(|p| heads.feed(p));
            let names = |request| String::from_utf8(heads.found.take(request).names).unwrap();
            assert_eq!(names(0), "Content-Length\n");
            assert_eq!(names(2), "HOST\nx-Y\n");
            assert_eq!(names(3), "");
        }
    }

    #[test]
    fn a_length_that_cannot_be_read_ends_the_following() {
        let text = format!("POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n{BOTH}");
        assert_eq!(found(&text, 1000), None);
        let zeros = "0".repeat(100);
        let text = format!("POST / HTTP/1.1\r\nContent-Length: {zeros}5\r\n\r\n{BOTH}");
        assert_eq!(found(&text, 7), None);
    }

    proptest! {
        #[test]
        fn the_ambiguous_request_is_found_behind_any_others_however_they_are_cut(
            others in proptest::collection::vec(
                prop::sample::select(vec![PLAIN, LENGTH, CHUNKED]), 0..6),
            last in prop::sample::select(vec![BOTH, BOTH_TOO]),
            piece in 1usize..40,
        ) {
            let text = others.concat();
            prop_assert_eq!(found(&text, piece), None);
            prop_assert_eq!(found(&(text + last), piece), Some(others.len() as u64));
        }
    }
}
