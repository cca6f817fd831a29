//! One request of hyper's, answered by the host on a thread that may block.

use super::{Shared, spelling};
use crate::codes;
use crate::ecb_host::{Body, End, Head, NoBody, Request, Sink, Version, report};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::ext::ReasonPhrase;
use hyper::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use isapi_base::ecb::win32::Win32Error;
use std::error::Error as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};
use tokio::sync::{mpsc, oneshot};

/// Pieces of a response that wait for the client: two under way and two ready, so that a slow
/// reader holds the script back instead of filling the memory.
const PIECES: usize = 4;

/// A client that sends or takes nothing for so long is given up: the default of IIS's
/// `connectionTimeout`. Without it, such clients would use up the threads.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);

/// The connection is closed without an answer, or in the middle of one.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the response was cut off")
    }
}

impl std::error::Error for Cut {}

/// Counts a request that a thread works on, until dropped; also by a panic.
struct Running(Arc<Shared>);

impl Running {
    fn new(shared: Arc<Shared>) -> Self {
        shared.running.fetch_add(1, Ordering::AcqRel);
        Self(shared)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The addresses of a connection's two ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
}

/// Answers one request. `ambiguous`: hyper has dropped its `Content-Length`.
pub(super) async fn answer(
    shared: Arc<Shared>,
    ends: Ends,
    incoming: hyper::Request<Incoming>,
    ambiguous: bool,
) -> Result<Response<ReplyBody>, Cut> {
    let (head, ready) = oneshot::channel();
    let since = Instant::now();
    let running = Running::new(Arc::clone(&shared));
    let metrics = shared.metrics.as_ref();
    let mut counted = metrics.map(|m| m.arrived(incoming.method().as_str(), since));
    // Not awaited: the response begins before the script ends.
    tokio::task::spawn_blocking(move || {
        if let Some(counted) = &mut counted {
            counted.begun();
        }
        let handle = Handle::current();
        let received = shared.log.received();
        let (mut request, body) = take_apart(incoming, ends, &handle, received.clone());
        if ambiguous {
            // Its value is of no use: the host refuses the request because it is there.
            let length = ("content-length".to_owned(), Vec::new());
            request.headers.push(length);
        }
        let sink = Box::new(Client {
            handle,
            head: Some(head),
            waiting: None,
            pieces: None,
        });
        let entry = shared.log.entry(&request, ends, since, received);
        let process = std::process::id();
        let outcome = shared.host.handle(request, body, sink);
        if std::process::id() != process {
            // A script has forked, and this is the child: it has the sockets and none of the
            // threads that serve them, and would keep them open for ever.
            report(
                codes::FORKED,
                "a script forked, and its child came back; ended",
            );
            std::process::abort();
        }
        if let Some(counted) = counted {
            counted.ended(&outcome);
        }
        drop(running);
        if let Some(entry) = entry {
            shared.log.write(&entry, &outcome);
        }
    });
    ready.await.map_err(|_| Cut)
}

fn take_apart(
    incoming: hyper::Request<Incoming>,
    ends: Ends,
    handle: &Handle,
    received: Option<Arc<AtomicU64>>,
) -> (Request, Box<dyn Body>) {
    let (parts, body) = incoming.into_parts();
    let http11 = parts.version == hyper::Version::HTTP_11;
    let length = hyper::body::Body::size_hint(&body).exact();
    let headers: Vec<(String, Vec<u8>)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    let target = match parts.uri.path_and_query() {
        Some(path) => path.as_str().to_owned(),
        None => parts.uri.to_string(),
    };
    let body: Box<dyn Body> = if length == Some(0) {
        Box::new(NoBody)
    } else {
        Box::new(ClientBody {
            handle: handle.clone(),
            body,
            piece: Bytes::new(),
            received,
        })
    };
    let request = Request {
        method: parts.method.as_str().to_owned(),
        target,
        version: if http11 {
            Version::Http11
        } else {
            Version::Http10
        },
        keep_connection: keeps(&parts.headers, http11),
        spelling: Some(spelling::of_request(parts.extensions, handle.clone())),
        headers,
        length,
        remote: ends.peer,
        local: ends.local,
        server_vars: Vec::new(),
    };
    (request, body)
}

/// RFC 9112, 9.3.
fn keeps(headers: &HeaderMap, http11: bool) -> bool {
    let has = |wanted: &str| {
        headers
            .get_all(hyper::header::CONNECTION)
            .iter()
            .any(|value| {
                let tokens = value.to_str().unwrap_or_default();
                tokens
                    .split(',')
                    .any(|token| token.trim().eq_ignore_ascii_case(wanted))
            })
    };
    !has("close") && (http11 || has("keep-alive"))
}

/// The request body, pulled by the thread that runs the script.
struct ClientBody {
    handle: Handle,
    body: Incoming,
    piece: Bytes,
    /// Counts the bytes that are read, for a log that tells them.
    received: Option<Arc<AtomicU64>>,
}

impl Body for ClientBody {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        while self.piece.is_empty() {
            let body = &mut self.body;
            let frame = async { tokio::time::timeout(CONNECTION_TIMEOUT, body.frame()).await };
            match self.handle.block_on(frame) {
                Err(_) => return Err(Win32Error::OPERATION_ABORTED),
                Ok(None) => return Ok(0),
                Ok(Some(Err(error))) => return Err(broken(&error)),
                // Trailers are not for scripts.
                Ok(Some(Ok(frame))) => self.piece = frame.into_data().unwrap_or_default(),
            }
        }
        let size = buffer.len().min(self.piece.len());
        buffer[..size].copy_from_slice(&self.piece.split_to(size));
        if let Some(received) = &self.received {
            received.fetch_add(size as u64, Ordering::Relaxed);
        }
        Ok(size)
    }
}

/// A body that is no chunks, or a client that has gone.
fn broken(error: &hyper::Error) -> Win32Error {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    let cause = error.source().and_then(|e| e.downcast_ref());
    match cause.map(std::io::Error::kind) {
        Some(InvalidData | InvalidInput) => Win32Error::INVALID_DATA,
        _ => Win32Error::WSAECONNRESET,
    }
}

type Piece = Result<Bytes, Cut>;

/// The response on its way from the script's thread to the connection.
struct Client {
    /// Kept, because extensions may answer on threads of their own.
    handle: Handle,
    head: Option<oneshot::Sender<Response<ReplyBody>>>,
    /// The head waits for the first data, so that a small answer goes out in one write.
    waiting: Option<Head>,
    pieces: Option<mpsc::Sender<Piece>>,
}

impl Client {
    fn begin(&mut self, body: ReplyBody) -> Result<(), Win32Error> {
        let (Some(head), Some(sender)) = (self.waiting.take(), self.head.take()) else {
            return Err(Win32Error::WSAECONNRESET);
        };
        let response = response(&self.handle, head, body).ok_or(Win32Error::INVALID_PARAMETER)?;
        sender.send(response).map_err(|_| Win32Error::WSAECONNRESET)
    }
}

impl Client {
    /// Hands a piece on, and waits where the client is slow.
    fn put(&self, piece: Piece) -> Result<(), Win32Error> {
        let pieces = self.pieces.as_ref().ok_or(Win32Error::WSAECONNRESET)?;
        let piece = match pieces.try_send(piece) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(Win32Error::WSAECONNRESET),
            Err(TrySendError::Full(piece)) => piece,
        };
        let sent = async { pieces.send_timeout(piece, CONNECTION_TIMEOUT).await };
        self.handle.block_on(sent).map_err(|error| match error {
            SendTimeoutError::Timeout(_) => Win32Error::OPERATION_ABORTED,
            SendTimeoutError::Closed(_) => Win32Error::WSAECONNRESET,
        })
    }
}

impl Sink for Client {
    fn head(&mut self, head: Head) -> Result<(), Win32Error> {
        self.waiting = Some(head);
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        if let Some(head) = &self.waiting {
            if head.content_length() == Some(data.len() as u64) {
                return self.begin(ReplyBody::Whole(Some(Bytes::copy_from_slice(data))));
            }
            let (sender, receiver) = mpsc::channel(PIECES);
            self.pieces = Some(sender);
            self.begin(ReplyBody::Pieces {
                receiver,
                cut: false,
            })?;
        }
        self.put(Ok(Bytes::copy_from_slice(data)))
    }

    fn end(&mut self, end: End) {
        self.finish(end);
        // An extension that does not end its request keeps this alive; the client does not wait.
        self.head = None;
        self.waiting = None;
        self.pieces = None;
    }

    fn is_connected(&self) -> bool {
        self.head.as_ref().is_none_or(|h| !h.is_closed())
            && self.pieces.as_ref().is_none_or(|p| !p.is_closed())
    }
}

impl Client {
    fn finish(&mut self, end: End) {
        if end == End::Complete {
            if self.pieces.is_none() {
                // No data came: HEAD, 204, 304, or an empty body.
                let _client_gone = self.begin(ReplyBody::Whole(None));
            }
            return;
        }
        if self.waiting.is_some() {
            // The head was sent, as far as the extension knows.
            let (sender, receiver) = mpsc::channel(PIECES);
            let body = ReplyBody::Pieces {
                receiver,
                cut: false,
            };
            self.pieces = self.begin(body).is_ok().then_some(sender);
        }
        if self.pieces.is_some() {
            let _client_gone = self.put(Err(Cut));
        }
    }
}

fn response(handle: &Handle, head: Head, body: ReplyBody) -> Option<Response<ReplyBody>> {
    let mut response = Response::new(body);
    let status = StatusCode::from_u16(head.status).ok()?;
    *response.status_mut() = status;
    let names = head.headers.iter().map(|(name, _)| &name[..]);
    if let Some(extensions) = spelling::for_response(handle, names) {
        *response.extensions_mut() = extensions;
    }
    if status.canonical_reason() != Some(&head.reason)
        && let Ok(reason) = ReasonPhrase::try_from(head.reason_bytes())
    {
        response.extensions_mut().insert(reason);
    }
    for (name, value) in head.headers {
        // A name or value that HTTP forbids cannot be sent; the extension's other headers can.
        let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(&value),
        ) else {
            continue;
        };
        // Two lengths, even equal ones, are hyper's to refuse; the first counts.
        if name == CONTENT_LENGTH && response.headers().contains_key(CONTENT_LENGTH) {
            continue;
        }
        response.headers_mut().append(name, value);
    }
    Some(response)
}

/// The body of a response.
#[derive(Debug)]
pub(super) enum ReplyBody {
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
        match self.get_mut() {
            Self::Whole(data) => Poll::Ready(data.take().map(|d| Ok(Frame::data(d)))),
            Self::Pieces { cut: true, .. } => Poll::Ready(Some(Err(Cut))),
            Self::Pieces { receiver, cut } => match receiver.poll_recv(context) {
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
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(data) => SizeHint::with_exact(data.as_ref().map_or(0, |d| d.len() as u64)),
            Self::Pieces { .. } => SizeHint::default(),
        }
    }
}
