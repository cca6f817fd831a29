//! What IIS does with the response an extension sends: it adds its own headers, keeps `HEAD` and
//! body-less statuses without a body, and closes the connection where nothing else ends the body.

use super::client::{End, Head, Sink};
use super::dechunk::{BadChunk, Dechunk};
use super::head::Parsed;
use super::report;
use crate::codes;
use crate::headers::HeaderBlock;
use isapi_base::ecb::win32::Win32Error;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Whether the last of the transfer codings is `chunked` (RFC 9112, 6.1).
pub(crate) fn ends_chunked(codings: &[u8]) -> bool {
    let last = codings.rsplit(|b| *b == b',').next().unwrap_or_default();
    last.trim_ascii().eq_ignore_ascii_case(b"chunked")
}

/// Adds the time of day, which is written once in a second.
fn add_date(headers: &mut HeaderBlock) {
    static LATEST: Mutex<(u64, Vec<u8>)> = Mutex::new((0, Vec::new()));
    let now = SystemTime::now();
    let second = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    if latest.0 != second || latest.1.is_empty() {
        *latest = (second, httpdate::fmt_http_date(now).into());
    }
    headers.push(b"Date", &latest.1);
}

/// How the body's end is told.
#[derive(Debug)]
enum Framing {
    Length(u64),
    Chunked(Dechunk),
    Close,
    /// `HEAD`, 204, 304: data is dropped.
    None,
}

/// One response on its way to the client.
pub(super) struct Reply {
    sink: Box<dyn Sink>,
    server: &'static str,
    head_request: bool,
    http11: bool,
    client_keeps: bool,
    framing: Option<Framing>,
    status: u16,
    sent: u64,
    ended: bool,
    close: bool,
    /// Nobody will end the response.
    broken: bool,
    failed: Option<Win32Error>,
    /// `HSE_EXEC_URL_NO_HEADERS`: the child's head is not sent.
    skip_child_head: bool,
}

enum Failure {
    Framing,
    Client(Win32Error),
}

impl From<BadChunk> for Failure {
    fn from(_: BadChunk) -> Self {
        Self::Framing
    }
}

impl From<Win32Error> for Failure {
    fn from(error: Win32Error) -> Self {
        Self::Client(error)
    }
}

impl Reply {
    pub(super) fn new(sink: Box<dyn Sink>, request: &super::Request, server: &'static str) -> Self {
        Self {
            sink,
            server,
            head_request: request.method == "HEAD",
            http11: request.version == super::Version::Http11,
            client_keeps: request.keep_connection,
            framing: None,
            status: 0,
            sent: 0,
            ended: false,
            close: false,
            broken: false,
            failed: None,
            skip_child_head: false,
        }
    }

    /// Whether the head has gone out.
    pub(super) fn is_begun(&self) -> bool {
        self.framing.is_some()
    }

    /// The status that went out; 0 before.
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// Body bytes that went out.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn is_connected(&self) -> bool {
        !self.ended && self.failed.is_none() && self.sink.is_connected()
    }

    /// See [`Reply::skip_child_head`].
    pub(super) fn skip_next_head(&mut self) {
        self.skip_child_head = true;
    }

    /// Sends the head. `keep`: what the extension said about the connection; `None`: nothing, and
    /// the headers decide.
    pub(super) fn begin(
        &mut self,
        parsed: Parsed<'_>,
        keep: Option<bool>,
    ) -> Result<(), Win32Error> {
        if std::mem::take(&mut self.skip_child_head) && self.is_begun() {
            return Ok(());
        }
        if self.is_begun() && self.close {
            return Err(Win32Error::NETNAME_DELETED);
        }
        if self.is_begun() || self.ended {
            report(
                codes::EXTENSION_CONTRACT,
                "the extension sent headers twice; refused",
            );
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let Parsed { mut head, body } = parsed;
        if head.status < 200 {
            // The client would go on waiting for the real answer.
            let text = format!("status {} is no final answer; refused", head.status);
            report(codes::RESPONSE_FRAMING, &text);
            return Err(Win32Error::INVALID_PARAMETER);
        }
        self.status = head.status;
        let framing = self.framing_of(&head);
        let said_close = head.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case(b"connection") && value.eq_ignore_ascii_case(b"close")
        });
        let mut must_close = matches!(framing, Framing::Close) || keep == Some(false);
        head.headers.remove("connection");
        if matches!(framing, Framing::Chunked(_)) {
            if head.headers.remove("content-length") {
                // IIS forwards both, which clients read in different ways.
                report(
                    codes::RESPONSE_FRAMING,
                    "the extension sent chunks and a Content-Length; the length was dropped",
                );
            }
            // The client knows no chunks: it gets what is in them, up to the connection's end.
            must_close |= !self.http11 && head.headers.remove("transfer-encoding");
        }
        self.add_own(&mut head, said_close || must_close || !self.client_keeps);
        self.framing = Some(framing);
        let result = self.sink.head(head);
        self.note(result)?;
        if body.is_empty() {
            Ok(())
        } else {
            self.data(body)
        }
    }

    fn framing_of(&self, head: &Head) -> Framing {
        if self.head_request || matches!(head.status, 100..=199 | 204 | 304) {
            return Framing::None;
        }
        let mut headers = head.headers.iter();
        let codings = headers.rfind(|(name, _)| name.eq_ignore_ascii_case(b"transfer-encoding"));
        if codings.is_some_and(|(_, codings)| ends_chunked(codings)) {
            return Framing::Chunked(Dechunk::new());
        }
        head.content_length()
            .map_or(Framing::Close, Framing::Length)
    }

    /// `Server`, `Date` and `Connection` come from the server, behind the extension's headers.
    fn add_own(&self, head: &mut Head, close: bool) {
        let headers = &mut head.headers;
        if headers.value("server").is_none() {
            headers.push(b"Server", self.server.as_bytes());
        }
        if headers.value("date").is_none() {
            add_date(headers);
        }
        if close {
            headers.push(b"Connection", b"close");
        }
    }

    /// Sends body bytes as the extension wrote them.
    pub(super) fn data(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.ended || self.close {
            return Err(Win32Error::NETNAME_DELETED);
        }
        let Some(framing) = &mut self.framing else {
            return self.headless(data);
        };
        let (sink, sent) = (&mut self.sink, &mut self.sent);
        let mut put = |bytes: &[u8]| -> Result<(), Failure> {
            *sent += bytes.len() as u64;
            Ok(sink.data(bytes)?)
        };
        let result = match framing {
            _ if data.is_empty() => Ok(()),
            Framing::None => Ok(()),
            Framing::Close => put(data),
            Framing::Length(left) => {
                let size = data.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= size as u64;
                if size < data.len() {
                    report(
                        codes::RESPONSE_FRAMING,
                        "the extension sent more than its Content-Length; the rest was dropped",
                    );
                }
                if size == 0 {
                    Ok(())
                } else {
                    put(&data[..size])
                }
            }
            Framing::Chunked(decoder) => decoder.feed(data, put),
        };
        match result {
            Ok(()) => Ok(()),
            Err(Failure::Client(error)) => self.note(Err(error)),
            Err(Failure::Framing) => {
                report(
                    codes::RESPONSE_FRAMING,
                    "the extension's chunks cannot be read; closed",
                );
                self.close = true;
                Err(Win32Error::INVALID_PARAMETER)
            }
        }
    }

    /// Data before any head: a head written as data, or else a body to a plain 200.
    fn headless(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        if let Some(parsed) = super::head::parse_raw(data) {
            return self.begin(parsed, None);
        }
        self.begin(super::head::parse(None, b""), Some(false))?;
        self.data(data)
    }

    /// The connection ends with this response, whatever its client wishes.
    pub(super) fn closes(&mut self) {
        self.client_keeps = false;
    }

    /// Closes the connection after what was sent.
    pub(super) fn close(&mut self) {
        self.close = true;
    }

    /// The extension will not go on: what is not whole yet is cut off.
    pub(super) fn break_off(&mut self) {
        self.close = true;
        self.broken = true;
    }

    /// The request is over.
    pub(super) fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let whole = match &self.framing {
            None => false,
            Some(Framing::Length(left)) => *left == 0,
            Some(Framing::Chunked(decoder)) => decoder.is_complete(),
            Some(Framing::Close) => !self.broken,
            Some(Framing::None) => true,
        };
        if self.framing.is_some() && !whole && self.failed.is_none() && !self.close {
            report(
                codes::RESPONSE_FRAMING,
                "the extension ended its response before its Content-Length or its last chunk",
            );
        }
        let aborted = !whole || self.failed.is_some();
        self.sink
            .end(if aborted { End::Aborted } else { End::Complete });
    }

    fn note(&mut self, result: Result<(), Win32Error>) -> Result<(), Win32Error> {
        if let Err(error) = result {
            self.failed = Some(error);
        }
        result
    }
}
