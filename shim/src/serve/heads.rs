//! Reads along on a connection, for what hyper takes out of a request and does not tell: a
//! `Content-Length` beside a `Transfer-Encoding`. http.sys refuses such a request.
//!
//! hyper goes by the chunks then and closes the connection, so nothing can be smuggled in even
//! where this loses its way. It looks for line ends only, and stops at what it does not know.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What is kept of a line that comes in pieces: room for the longest name and number sought.
const LINE: usize = 64;

/// No request was found to be ambiguous.
const NONE: u64 = u64::MAX;

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

/// The number (from 0) of the connection's request that is ambiguous.
#[derive(Clone, Debug)]
pub(super) struct Ambiguous(Arc<AtomicU64>);

impl Ambiguous {
    pub(super) fn is(&self, request: u64) -> bool {
        self.0.load(Ordering::Acquire) == request
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
    found: Ambiguous,
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
            found: Ambiguous(Arc::new(AtomicU64::new(NONE))),
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
        match (self.coded, self.measured, self.length) {
            (true, true, _) => {
                self.found.0.store(self.request, Ordering::Release);
                State::Lost
            }
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
    stream: TcpStream,
    heads: Heads,
}

impl Watched {
    pub(super) fn new(stream: TcpStream) -> (Self, Ambiguous) {
        let heads = Heads::new();
        let found = heads.found.clone();
        (Self { stream, heads }, found)
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
        let result = Pin::new(&mut this.stream).poll_read(context, buffer);
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
        Pin::new(&mut self.get_mut().stream).poll_write(context, data)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
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
        Some(heads.found.0.load(Ordering::Acquire)).filter(|n| *n != NONE)
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
