//! The two directions of a client's connection, as the fake host sees them.

use crate::headers::HeaderBlock;
use isapi_base::ecb::win32::Win32Error;
use std::borrow::Cow;

/// The request body, already without its transfer coding.
pub trait Body: Send {
    /// Fills `buffer` as far as data is at hand, waiting for the first byte. 0: the end.
    ///
    /// # Errors
    /// The client has gone before the end it announced.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Win32Error>;
}

/// A status line and headers, as the client gets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The reason phrase, as the extension wrote it: a character for each of its bytes.
    pub reason: Cow<'static, str>,
    /// Names in the extension's spelling.
    pub headers: HeaderBlock,
}

/// How a response ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Whole, as announced.
    Complete,
    /// Cut off: the client must be able to tell, so the connection is closed at once.
    Aborted,
}

/// Where a response goes.
pub trait Sink: Send {
    /// Takes the head; called once, before any data.
    ///
    /// # Errors
    /// The client has gone.
    fn head(&mut self, head: Head) -> Result<(), Win32Error>;

    /// Takes body bytes, without transfer coding; never none.
    ///
    /// # Errors
    /// The client has gone.
    fn data(&mut self, data: &[u8]) -> Result<(), Win32Error>;

    /// The response is over; called once, last.
    fn end(&mut self, end: End);

    /// Whether the client is still there, as far as is known.
    fn is_connected(&self) -> bool;
}

/// An empty request body.
#[derive(Debug)]
pub struct NoBody;

impl Body for NoBody {
    fn read(&mut self, _buffer: &mut [u8]) -> Result<usize, Win32Error> {
        Ok(0)
    }
}

/// A request body in memory.
#[derive(Debug)]
pub struct BytesBody(std::io::Cursor<Vec<u8>>);

impl BytesBody {
    /// A body of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(std::io::Cursor::new(bytes))
    }
}

impl Body for BytesBody {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        std::io::Read::read(&mut self.0, buffer).map_err(|_| Win32Error::READ_FAULT)
    }
}

impl Head {
    /// The length of the body that the head announces.
    pub fn content_length(&self) -> Option<u64> {
        let length = self.headers.value("content-length")?;
        std::str::from_utf8(length).ok()?.parse().ok()
    }

    /// The reason phrase as it goes over the wire.
    pub fn reason_bytes(&self) -> Vec<u8> {
        let bytes = self.reason.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
        bytes.collect()
    }

    /// The head as it goes over the wire, with its blank line.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} ", self.status).into_bytes();
        bytes.extend_from_slice(&self.reason_bytes());
        bytes.extend_from_slice(b"\r\n");
        for (name, value) in self.headers.iter() {
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}
