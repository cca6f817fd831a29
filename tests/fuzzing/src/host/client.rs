//! The client of the fuzzed request: a body that comes as it likes, and a sink that looks closely.

use crate::input::Input;
use isapi_base::ecb::win32::Win32Error;
use isapi_shim::ecb_host::{Body, End, Head, Outcome, Request, Sink, Version};
use std::sync::{Arc, Mutex, PoisonError};

/// A body in pieces of any size, which may break off.
pub(super) struct Upload {
    pieces: Vec<Result<Vec<u8>, Win32Error>>,
}

impl Upload {
    pub(super) fn new(input: &Input, how: u8) -> Self {
        let mut pieces: Vec<_> = (0..input.byte() % 8)
            .map(|_| Ok(input.many(60_000)))
            .collect();
        match how {
            2 => pieces.push(Err(Win32Error::WSAECONNRESET)),
            3 => pieces.push(Err(Win32Error::INVALID_DATA)),
            _ => {}
        }
        pieces.reverse();
        Self { pieces }
    }
}

impl Body for Upload {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        while let Some(piece) = self.pieces.pop() {
            let mut piece = piece?;
            let size = piece.len().min(buffer.len());
            buffer[..size].copy_from_slice(&piece[..size]);
            if size < piece.len() {
                self.pieces.push(Ok(piece.split_off(size)));
            }
            if size > 0 {
                return Ok(size);
            }
        }
        Ok(0)
    }
}

/// What the client got.
pub(super) struct Sent {
    head_request: bool,
    http11: bool,
    head: Option<Head>,
    length: u64,
    end: Option<End>,
    refused: bool,
}

impl Sent {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            head_request: request.method == "HEAD",
            http11: request.version == Version::Http11,
            head: None,
            length: 0,
            end: None,
            refused: false,
        }
    }

    /// The response is one that a client can read.
    pub(super) fn check(&self, outcome: &Outcome) {
        let end = self.end.expect("each request ends its response");
        let Some(head) = &self.head else {
            let status = if self.refused { 0 } else { outcome.status };
            assert_eq!((self.length, status), (0, 0), "no head went out");
            return;
        };
        assert_eq!(outcome.status, head.status);
        assert!((200..1000).contains(&head.status), "{}", head.status);
        let break_in = |text: &[u8]| text.contains(&b'\n') || text.contains(&0);
        assert!(!head.reason.contains(char::is_control), "{}", head.reason);
        for (name, value) in head.headers.iter() {
            assert!(!name.is_empty());
            assert!(!break_in(name), "{name:?}");
            assert!(!break_in(value), "{value:?}");
        }
        let bodyless = self.head_request || matches!(head.status, 204 | 304);
        if bodyless {
            assert_eq!(self.length, 0, "a body where none may be");
            return;
        }
        if self.refused {
            assert_eq!(end, End::Aborted, "the client has gone");
            return;
        }
        let chunked = head.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case(b"transfer-encoding")
                && value.eq_ignore_ascii_case(b"chunked")
        });
        if let (Some(length), false) = (head.content_length(), chunked && self.http11) {
            assert!(self.length <= length, "more than was announced");
            let whole = self.length == length;
            assert_eq!(whole, end == End::Complete, "{} of {length}", self.length);
        }
        assert_eq!(self.length, outcome.sent);
    }
}

/// Takes the response; may go away in the middle.
pub(super) struct Client {
    sent: Arc<Mutex<Sent>>,
    /// So many calls succeed.
    patience: u8,
}

impl Client {
    pub(super) fn new(sent: Arc<Mutex<Sent>>, how: u8) -> Self {
        Self {
            sent,
            patience: if how < 200 { u8::MAX } else { how - 200 },
        }
    }

    /// One call more.
    fn step(&mut self, act: impl FnOnce(&mut Sent)) -> Result<(), Win32Error> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(sent.end.is_none(), "nothing follows the end");
        if self.patience == 0 {
            sent.refused = true;
            return Err(Win32Error::WSAECONNRESET);
        }
        if self.patience < u8::MAX {
            self.patience -= 1;
        }
        act(&mut sent);
        Ok(())
    }
}

impl Sink for Client {
    fn head(&mut self, head: Head) -> Result<(), Win32Error> {
        self.step(|sent| {
            assert!(sent.head.is_none(), "a second head");
            sent.head = Some(head);
        })
    }

    fn data(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        assert!(!data.is_empty(), "no data");
        self.step(|sent| {
            assert!(sent.head.is_some(), "data before the head");
            sent.length += data.len() as u64;
        })
    }

    fn end(&mut self, end: End) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(sent.end.is_none(), "ended twice");
        sent.end = Some(end);
    }

    fn is_connected(&self) -> bool {
        self.patience > 0
    }
}
