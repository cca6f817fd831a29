//! The response on its way from the script to the connection.

use super::body::CONNECTION_TIMEOUT;
use super::spelling;
use super::wire::{Answering, Wire, block_on};
use crate::ecb_host::{End, Head, Sink, Version, ends_chunked};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{Response, StatusCode};
use isapi_base::ecb::win32::Win32Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};
use tokio::sync::{mpsc, oneshot};

/// What is written at once is handed on in pieces of at most this, in bytes: so a large response
/// is not in the memory a second time.
const PIECE: usize = 65_536;

/// A response of at most so many bytes is handed on as a whole, which is one hand-over less.
const WHOLE: usize = 4 * PIECE;

/// Pieces of a response that wait for the client: two under way and two ready, so that a slow
/// reader holds the script back instead of filling the memory.
const PIECES: usize = 4;

/// The connection is closed without an answer, or in the middle of one.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the response was cut off")
    }
}

impl std::error::Error for Cut {}

type Piece = Result<Bytes, Cut>;

/// The response on its way from the script to the connection.
pub(super) struct Client {
    /// Kept, because extensions may answer on threads of their own.
    handle: Handle,
    /// The connection, where the script keeps its task from polling it.
    wire: Option<Arc<Wire>>,
    answering: Option<Answering>,
    version: Version,
    head: Option<oneshot::Sender<Response<ReplyBody>>>,
    /// The head waits for the first data, so that a small answer goes out in one write.
    waiting: Option<Head>,
    pieces: Option<mpsc::Sender<Piece>>,
}

impl Client {
    /// The client of a request in `version`, whose response is expected from `head`.
    pub(super) fn new(
        handle: Handle,
        answering: Answering,
        version: Version,
        head: oneshot::Sender<Response<ReplyBody>>,
    ) -> Self {
        Self {
            handle,
            wire: None,
            answering: Some(answering),
            version,
            head: Some(head),
            waiting: None,
            pieces: None,
        }
    }

    /// The script runs between two polls of the connection.
    pub(super) fn drives(&mut self, wire: Arc<Wire>) {
        self.wire = Some(wire);
    }

    fn begin(&mut self, data: Data) -> Result<(), Win32Error> {
        let (Some(head), Some(sender)) = (self.waiting.take(), self.head.take()) else {
            return Err(Win32Error::WSAECONNRESET);
        };
        let body = ReplyBody {
            data,
            _answering: self.answering.take(),
        };
        let response = response(self.version, head, body).ok_or(Win32Error::INVALID_PARAMETER)?;
        sender.send(response).map_err(|_| Win32Error::WSAECONNRESET)
    }

    /// Begins a response that comes in pieces.
    fn begin_pieces(&mut self) -> Result<(), Win32Error> {
        let (sender, receiver) = mpsc::channel(PIECES);
        self.pieces = Some(sender);
        self.begin(Data::Pieces {
            receiver,
            cut: false,
        })
    }

    /// Hands a piece on, and waits where the client is slow.
    fn put(&self, piece: Piece) -> Result<(), Win32Error> {
        let pieces = self.pieces.as_ref().ok_or(Win32Error::WSAECONNRESET)?;
        let piece = match pieces.try_send(piece) {
            Ok(()) => {
                if let Some(wire) = &self.wire {
                    wire.nudge();
                }
                return Ok(());
            }
            Err(TrySendError::Closed(_)) => return Err(Win32Error::WSAECONNRESET),
            Err(TrySendError::Full(piece)) => piece,
        };
        let sent = async { pieces.send_timeout(piece, CONNECTION_TIMEOUT).await };
        let sent = match &self.wire {
            Some(wire) => wire.drive_until(&self.handle, sent),
            None => block_on(&self.handle, sent),
        };
        sent.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => Win32Error::OPERATION_ABORTED,
            SendTimeoutError::Closed(_) => Win32Error::WSAECONNRESET,
        })
    }

    fn finish(&mut self, end: End) {
        if end == End::Complete {
            if self.pieces.is_none() {
                // No data came: HEAD, 204, 304, or an empty body.
                let _client_gone = self.begin(Data::Whole(None));
            }
            return;
        }
        if self.waiting.is_some() {
            // The head was sent, as far as the extension knows.
            let _client_gone = self.begin_pieces();
        }
        if self.pieces.is_some() {
            let _client_gone = self.put(Err(Cut));
        }
    }
}

impl Sink for Client {
    fn head(&mut self, head: Head) -> Result<(), Win32Error> {
        self.waiting = Some(head);
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        if let Some(head) = &self.waiting {
            if data.len() <= WHOLE && head.content_length() == Some(data.len() as u64) {
                return self.begin(Data::Whole(Some(Bytes::copy_from_slice(data))));
            }
            self.begin_pieces()?;
        }
        for piece in data.chunks(PIECE) {
            self.put(Ok(Bytes::copy_from_slice(piece)))?;
        }
        Ok(())
    }

    fn end(&mut self, end: End) {
        self.finish(end);
        // An extension that does not end its request keeps this alive; the client does not wait.
        self.head = None;
        self.waiting = None;
        self.pieces = None;
    }

    fn is_connected(&self) -> bool {
        if let Some(wire) = &self.wire {
            wire.nudge();
        }
        self.head.as_ref().is_none_or(|h| !h.is_closed())
            && self.pieces.as_ref().is_none_or(|p| !p.is_closed())
    }
}

fn response(version: Version, head: Head, body: ReplyBody) -> Option<Response<ReplyBody>> {
    let mut response = Response::new(body);
    let status = StatusCode::from_u16(head.status).ok()?;
    *response.status_mut() = status;
    let names = head.headers.iter().map(|(name, _)| name);
    if let Some(extensions) = spelling::for_response(names) {
        *response.extensions_mut() = extensions;
    }
    if status.canonical_reason() != Some(&head.reason)
        && let Ok(reason) = ReasonPhrase::try_from(head.reason_bytes())
    {
        response.extensions_mut().insert(reason);
    }
    let headers = response.headers_mut();
    headers.reserve(head.headers.len());
    let (mut has_length, mut has_close, mut codings) = (false, false, Vec::new());
    head.headers.each_shared(|name, value| {
        // A name or value that HTTP forbids cannot be sent; the extension's other headers can.
        let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name),
            HeaderValue::from_maybe_shared(value),
        ) else {
            return;
        };
        // Two lengths, even equal ones, are hyper's to refuse; the first counts.
        if name == CONTENT_LENGTH && std::mem::replace(&mut has_length, true) {
            return;
        }
        has_close |= name == CONNECTION;
        if name != TRANSFER_ENCODING {
            headers.append(name, value);
            return;
        }
        let last = ends_chunked(value.as_bytes());
        codings.push(value);
        if last && let Some(all) = up_to_chunked(&std::mem::take(&mut codings)) {
            headers.append(name, all);
        }
    });
    if !codings.is_empty() {
        headers.append(TRANSFER_ENCODING, up_to_chunked(&codings)?);
    }
    if version == Version::Http10 && has_close {
        // To a client that would keep the connection hyper says `keep-alive` besides, unless the
        // response is one that never does.
        *response.version_mut() = hyper::Version::HTTP_10;
    }
    Some(response)
}

/// Codings in one line, and `chunked` behind them where it is not the last: that is how hyper sends
/// such a body. By itself it adds the word to the headers that follow, too.
fn up_to_chunked(codings: &[HeaderValue]) -> Option<HeaderValue> {
    let mut all: Vec<&[u8]> = codings.iter().map(HeaderValue::as_bytes).collect();
    if !all.last().is_some_and(|last| ends_chunked(last)) {
        all.push(b"chunked");
    }
    HeaderValue::from_bytes(&all.join(&b", "[..])).ok()
}

/// The body of a response.
pub(super) struct ReplyBody {
    data: Data,
    _answering: Option<Answering>,
}

enum Data {
    Whole(Option<Bytes>),
    Pieces {
        receiver: mpsc::Receiver<Piece>,
        /// The response is cut off behind what was sent.
        cut: bool,
    },
}

impl hyper::body::Body for ReplyBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut self.get_mut().data {
            Data::Whole(data) => Poll::Ready(data.take().map(|d| Ok(Frame::data(d)))),
            Data::Pieces { cut: true, .. } => Poll::Ready(Some(Err(Cut))),
            Data::Pieces { receiver, cut } => match receiver.poll_recv(context) {
                Poll::Ready(Some(Err(Cut))) => {
                    // hyper drops what it has not written yet when a body fails, but writes it
                    // when a body has nothing ready: so the failure comes with the next poll.
                    *cut = true;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                piece => piece.map(|piece| piece.map(|p| p.map(Frame::data))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.data, Data::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.data {
            Data::Whole(data) => SizeHint::with_exact(data.as_ref().map_or(0, |d| d.len() as u64)),
            Data::Pieces { .. } => SizeHint::default(),
        }
    }
}
