//! The response as a state machine: headers, length, buffering, chunking, keep-alive and close.
//!
//! Pure Rust, without Python and without ISAPI, so that its rules can be tested by themselves. The
//! rules are the original's (its last trunk revision); where they lost data or made a response
//! that HTTP forbids, this one keeps the data and the response valid. `docs/differences.md` lists
//! those places.

mod client;
mod framing;
mod gateway;
mod header;
pub mod status;
#[cfg(test)]
mod tests;

use crate::ecb::win32::Win32Error;
pub use client::{Client, FilePart, WriteError};
use framing::Framing;
pub use header::HeaderError;
use std::sync::Arc;

/// A chunk is at most this long, as in the original, and so is `BufferSize`.
pub const MAX_CHUNK: usize = 131_072;

/// What `Http.Config` says about output.
#[derive(Debug, Clone)]
pub struct Output {
    /// Bytes collected before something is sent; `None`: every write is sent at once.
    pub buffer_size: Option<usize>,
    /// Whether connections may stay open.
    pub keep_alive: bool,
    /// Header lines (each with CRLF) used where the script sets none.
    pub default_headers: Vec<u8>,
    /// Header lines (each with CRLF) that are always sent, first.
    pub static_headers: Vec<u8>,
}

impl Output {
    /// What there is before the site's configuration was read.
    pub fn unconfigured() -> Self {
        Self {
            buffer_size: None,
            keep_alive: false,
            default_headers: Vec::new(),
            static_headers: Vec::new(),
        }
    }
}

/// What the request says about its connection.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    /// The literal `HTTP/1.1`; anything else, HTTP/2 too, must not see chunks.
    pub http11: bool,
    /// The host would keep the connection open.
    pub keep_connection: bool,
    /// A `HEAD` request: its answer announces a length and has no body.
    pub head: bool,
}

/// What is left to say when a response is finished.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// The script announced (first) more bytes than it wrote (second). Where the headers had
    /// gone out already the connection must be closed.
    pub short: Option<(u64, u64)>,
    /// The headers with the wrong length are out: only closing the connection tells the client.
    pub must_close: bool,
    /// Body bytes that HTTP forbids with this status, and which were not sent.
    pub suppressed: u64,
}

/// Checks a header text from a setting.
///
/// # Errors
/// As for a script's own headers.
pub fn check_header(text: &[u8]) -> Result<(), HeaderError> {
    header::parse(text).map(|_| ())
}

/// One response being made.
#[derive(Debug)]
pub struct Response {
    output: Arc<Output>,
    protocol: Protocol,
    status: u16,
    /// The status line's text, where it is not the registered one.
    reason: Option<Vec<u8>>,
    headers: Vec<u8>,
    /// Whether `DefaultHeaders` stand in for headers that were not set.
    defaults: bool,
    framing: Framing,
    /// `None`: writes go out at once.
    buffer_size: Option<usize>,
    buffer: Vec<u8>,
    headers_sent: bool,
    data_sent: bool,
    /// Body bytes accepted from the script, sent or not.
    accepted: u64,
    suppressed: u64,
    /// Whether an error page may follow a body that was begun.
    fragments: bool,
    /// Nothing follows any more.
    ended: bool,
    /// The host failed once; the rest of the response has nowhere to go.
    failed: Option<Win32Error>,
}

impl Response {
    /// An empty response to a request.
    pub fn new(output: Arc<Output>, protocol: Protocol) -> Self {
        let keep = output.keep_alive && protocol.keep_connection;
        let buffer_size = output.buffer_size;
        Self {
            output,
            protocol,
            status: 200,
            reason: None,
            headers: Vec::new(),
            defaults: true,
            framing: Framing::new(keep, protocol.http11),
            buffer_size,
            buffer: Vec::new(),
            headers_sent: false,
            data_sent: false,
            accepted: 0,
            suppressed: 0,
            fragments: true,
            ended: false,
            failed: None,
        }
    }

    /// Whether the script has set header text of its own.
    pub fn has_headers(&self) -> bool {
        !self.headers.is_empty()
    }

    /// Whether headers went out to the host, not merely into the buffer.
    pub fn headers_sent(&self) -> bool {
        self.headers_sent
    }

    /// Whether body bytes went out to the host.
    pub fn data_sent(&self) -> bool {
        self.data_sent
    }

    /// Whether the connection is to stay open after this response.
    pub fn keep_alive(&self) -> bool {
        self.framing.keep
    }

    /// Whether the host could not send.
    pub fn client_gone(&self) -> bool {
        self.failed.is_some()
    }

    /// The status line's code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Sets the status; a later call overwrites. The caller has checked 100..=599.
    pub fn set_status(&mut self, status: u16) {
        self.status = status;
        self.reason = None;
    }

    /// Announces the body's length in bytes and switches buffering and chunking off.
    ///
    /// # Errors
    /// A length was announced before, or the script frames chunks itself.
    pub fn set_length(&mut self, length: u64) -> Result<(), HeaderError> {
        if self.accepted > length {
            return Err(HeaderError::LengthTooSmall);
        }
        self.framing.set_length(length)?;
        self.buffer_size = None;
        Ok(())
    }

    /// The connection closes after this response; no chunks then.
    pub fn set_close(&mut self) {
        self.framing.keep = false;
    }

    /// Adds one header. Those that say how the body is framed are obeyed, not merely passed on.
    ///
    /// # Errors
    /// The text is no header, or contradicts an earlier one.
    pub fn add_header(&mut self, text: &[u8]) -> Result<(), HeaderError> {
        let header = header::parse(text)?;
        if header.name.eq_ignore_ascii_case(b"content-length") {
            // Sent once, at the end of the block: two lengths are a way to smuggle requests.
            let length = framing::parse_length(header.value)?;
            return self.set_length(length);
        }
        if header.name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.framing.script_frames()?;
        } else if header.name.eq_ignore_ascii_case(b"connection")
            && framing::names_close(header.value)
        {
            self.framing.keep = false;
        }
        self.headers.extend_from_slice(text);
        self.headers.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// Writes go out at once from now on. `false`: too late, something was sent.
    ///
    /// Text in the buffer goes out with the next write; the original lost it.
    pub fn disable_buffer(&mut self) -> bool {
        if self.headers_sent || self.data_sent {
            return false;
        }
        self.buffer_size = None;
        true
    }

    /// Takes body bytes. `characters`: how long the text was that they encode, for scripts that
    /// announce `len(text)` and mean characters.
    ///
    /// # Errors
    /// More than was announced (nothing of `data` is sent then), or the host's error.
    pub fn write(
        &mut self,
        data: &[u8],
        characters: Option<usize>,
        client: &mut dyn Client,
    ) -> Result<(), WriteError> {
        if data.is_empty() {
            return Ok(());
        }
        self.check_open()?;
        self.check_length(data.len() as u64, characters)?;
        self.accepted += data.len() as u64;
        match self.buffer_size {
            Some(size) => self.write_buffered(data, size, client)?,
            None if self.buffer.is_empty() => self.send(data, client)?,
            None => {
                self.buffer.extend_from_slice(data);
                let all = std::mem::take(&mut self.buffer);
                self.send(&all, client)?;
            }
        }
        Ok(())
    }

    fn check_open(&self) -> Result<(), WriteError> {
        match self.failed {
            Some(error) => Err(error.into()),
            None if self.ended => Err(WriteError::Ended),
            None => Ok(()),
        }
    }

    /// The original required exactly one write of exactly the length; any number is fine here.
    fn check_length(&mut self, size: u64, characters: Option<usize>) -> Result<(), WriteError> {
        let Some(length) = self.framing.length() else {
            return Ok(());
        };
        if self.accepted + size <= length {
            return Ok(());
        }
        let meant_characters = self.accepted == 0
            && !self.headers_sent
            && characters.is_some_and(|count| count as u64 == length);
        if meant_characters {
            self.framing.correct_length(size);
            return Ok(());
        }
        Err(if self.accepted >= length && length > 0 {
            WriteError::LengthSent
        } else {
            WriteError::LengthExceeded
        })
    }

    /// Sends whenever more than a buffer is there; a buffer that is just full waits.
    fn write_buffered(
        &mut self,
        mut data: &[u8],
        size: usize,
        client: &mut dyn Client,
    ) -> Result<(), Win32Error> {
        while self.buffer.len() + data.len() > size {
            let take = size - self.buffer.len();
            if self.buffer.is_empty() {
                self.send(&data[..take], client)?;
            } else {
                self.buffer.extend_from_slice(&data[..take]);
                let mut full = std::mem::take(&mut self.buffer);
                let sent = self.send(&full, client);
                full.clear();
                self.buffer = full; // keeps its allocation
                sent?;
            }
            data = &data[take..];
        }
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    /// Sends what is in the buffer, with the headers before it if they are still here.
    ///
    /// # Errors
    /// The host's error.
    pub fn flush(&mut self, client: &mut dyn Client) -> Result<(), WriteError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.check_open()?;
        let all = std::mem::take(&mut self.buffer);
        Ok(self.send(&all, client)?)
    }

    /// Ends the response: sends what is left, with a computed length if nothing was sent yet. One
    /// that has ended stays as it is.
    ///
    /// # Errors
    /// The host's error.
    pub fn finish(&mut self, client: &mut dyn Client) -> Result<Finished, Win32Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if std::mem::replace(&mut self.ended, true) {
            return Ok(Finished::default());
        }
        let mut finished = Finished::default();
        let no_body = self.protocol.head || status::has_no_body(self.status);
        if let Some(length) = self.framing.length()
            && self.accepted < length
            && !no_body
        {
            finished.short = Some((length, self.accepted));
            finished.must_close = self.headers_sent;
            if !self.headers_sent {
                self.framing.correct_length(self.accepted);
            }
        }
        let rest = std::mem::take(&mut self.buffer);
        if !self.headers_sent && !status::has_no_body(self.status) {
            self.framing.know_length(rest.len() as u64);
        }
        if rest.is_empty() {
            self.send_head(client)?;
        } else {
            self.send(&rest, client)?;
        }
        if self.framing.chunked() && !no_body {
            let end = client.body(framing::LAST_CHUNK);
            self.note(end)?;
        }
        finished.suppressed = self.suppressed;
        Ok(finished)
    }

    /// Replaces the response by an error page, or appends `fragment` to what is already out.
    /// `content_type` is a whole header text.
    ///
    /// # Errors
    /// The host's error.
    pub fn error_page(
        &mut self,
        content_type: &[u8],
        page: &[u8],
        fragment: &[u8],
        client: &mut dyn Client,
    ) -> Result<Finished, Win32Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.ended {
            return Ok(Finished::default());
        }
        if self.headers_sent {
            let framed = self.framing.length().is_some() || self.framing.script_chunks();
            if framed || !self.fragments || status::has_no_body(self.status) {
                // A fragment would break the framing; the log has it.
                self.ended = true;
                return Ok(Finished {
                    must_close: true,
                    ..Finished::default()
                });
            }
            self.flush(client).map_err(host_error)?;
            self.send(fragment, client)?;
            return self.finish(client);
        }
        self.buffer.clear();
        self.headers.clear();
        self.headers.extend_from_slice(content_type);
        self.headers.extend_from_slice(b"\r\n");
        self.set_status(500);
        // The original closes the connection after an error page and sends no length.
        self.framing = Framing::new(false, self.protocol.http11);
        self.accepted = page.len() as u64;
        self.send(page, client)?;
        self.ended = true;
        Ok(Finished::default())
    }

    fn send(&mut self, data: &[u8], client: &mut dyn Client) -> Result<(), Win32Error> {
        self.send_head(client)?;
        // The answer to HEAD ends with its head; what a server does with a body is not documented.
        if data.is_empty() || self.protocol.head {
            return Ok(());
        }
        // Here and not earlier: text may be in the buffer before the status is set.
        if status::has_no_body(self.status) {
            self.suppressed += data.len() as u64;
            return Ok(());
        }
        self.data_sent = true;
        if !self.framing.chunked() {
            let sent = client.body(data);
            return self.note(sent);
        }
        for piece in data.chunks(MAX_CHUNK) {
            let sent = client.body(&framing::chunk(piece));
            self.note(sent)?;
        }
        Ok(())
    }

    fn send_head(&mut self, client: &mut dyn Client) -> Result<(), Win32Error> {
        if self.headers_sent {
            return Ok(());
        }
        let own = if self.headers.is_empty() && self.defaults {
            &self.output.default_headers
        } else {
            &self.headers
        };
        let mut block =
            Vec::with_capacity(self.output.static_headers.len() + own.len() + framing::MAX_LINE);
        block.extend_from_slice(&self.output.static_headers);
        block.extend_from_slice(own);
        self.framing.decide(self.status);
        self.framing.write_line(&mut block);
        block.extend_from_slice(b"\r\n");
        self.headers_sent = true;
        let reason = self.reason.as_deref();
        let sent = client.head(self.status, reason, block, self.framing.keep);
        self.note(sent)
    }

    fn note(&mut self, result: Result<(), Win32Error>) -> Result<(), Win32Error> {
        if let Err(error) = result {
            self.failed = Some(error);
        }
        result
    }
}

fn host_error(error: WriteError) -> Win32Error {
    match error {
        WriteError::Host(error) => error,
        // flush() checks no length.
        WriteError::LengthSent | WriteError::LengthExceeded | WriteError::Ended => {
            Win32Error::WRITE_FAULT
        }
    }
}
