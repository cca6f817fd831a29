//! The request body on its way from the connection to the script.
//!
//! hyper hands a body on piece by piece, and a client may send it in chunks of a byte each. So the
//! pieces are taken by a task, next to the connection's own, and the script's thread gets what has
//! come together: waking a thread costs more than all else that is done with a small piece.

use super::lock;
use crate::ecb_host::Body;
use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, Incoming};
use isapi_base::ecb::win32::Win32Error;
use std::error::Error as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;
use tokio::runtime::Handle;

/// A client that sends or takes nothing for so long is given up: the default of IIS's
/// `connectionTimeout`. Without it, such clients would use up the threads.
pub(super) const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);

/// With so much at hand, in bytes, a script is not kept waiting for more to come together: as much
/// as the core asks for at once.
const ENOUGH: usize = 64 * 1024;

/// Counts the bodies of a connection that are fetched, or will be when they are asked for, by its
/// clones.
#[derive(Clone, Debug, Default)]
pub(super) struct Fetches(Arc<()>);

impl Fetches {
    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

/// A body that the script's thread asks for. Nothing is taken from the client unasked.
pub(super) struct ClientBody {
    handle: Handle,
    /// Nothing was asked for yet. A client that expects `100 Continue` gets it when something is.
    unasked: Option<(Incoming, Fetches)>,
    arrived: Arc<Arrived>,
    /// For a log that tells it.
    received: Option<Arc<AtomicU64>>,
}

impl ClientBody {
    /// `received` counts the bytes that are read.
    pub(super) fn new(
        handle: Handle,
        body: Incoming,
        fetches: &Fetches,
        received: Option<Arc<AtomicU64>>,
    ) -> Self {
        Self {
            handle,
            unasked: Some((body, fetches.clone())),
            arrived: Arc::default(),
            received,
        }
    }
}

impl Body for ClientBody {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        if let Some((body, counted)) = self.unasked.take() {
            let arrived = Arc::clone(&self.arrived);
            self.handle.spawn(fetch(body, arrived, counted));
        }
        let size = self.arrived.take(buffer, CONNECTION_TIMEOUT)?;
        count(self.received.as_deref(), size);
        Ok(size)
    }
}

impl Drop for ClientBody {
    fn drop(&mut self) {
        self.arrived.close();
    }
}

/// What has come and was not read.
#[derive(Default)]
struct Arrived {
    state: Mutex<State>,
    /// Told to the thread that waits.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Bytes as they came: large pieces come alone, and need no copy.
    first: Bytes,
    /// What came behind them, together.
    rest: BytesMut,
    /// Nothing follows, but this error where there was one.
    ended: Option<Result<(), Win32Error>>,
    /// A thread waits, and was not told yet.
    awaited: bool,
    /// Of the task that fetches.
    fetching: Option<Waker>,
    /// Nobody reads any more.
    closed: bool,
}

/// What the task that fetches does next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Fetch,
    Wait,
    Stop,
}

impl State {
    fn size(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    fn has_news(&self) -> bool {
        self.size() > 0 || self.ended.is_some()
    }

    fn wake_fetching(&self) {
        if let Some(fetching) = &self.fetching {
            fetching.wake_by_ref();
        }
    }
}

impl Arrived {
    /// Fills `buffer` as far as data is at hand. Blocks until there is some, or the end.
    fn take(&self, buffer: &mut [u8], patience: Duration) -> Result<usize, Win32Error> {
        let mut state = lock(&self.state);
        if !state.has_news() {
            state = self.wait(state, patience)?;
        }
        if state.size() == 0 {
            return state.ended.unwrap_or(Ok(())).map(|()| 0);
        }
        let first = buffer.len().min(state.first.len());
        let rest = (buffer.len() - first).min(state.rest.len());
        state.first.copy_to_slice(&mut buffer[..first]);
        state.rest.copy_to_slice(&mut buffer[first..first + rest]);
        Ok(first + rest)
    }

    /// Waits for news.
    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        patience: Duration,
    ) -> Result<MutexGuard<'a, State>, Win32Error> {
        state.awaited = true;
        state.wake_fetching();
        let waited = self
            .changed
            .wait_timeout_while(state, patience, |state| !state.has_news());
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        state.awaited = false;
        if waited.timed_out() {
            return Err(Win32Error::OPERATION_ABORTED);
        }
        Ok(state)
    }

    /// Tells the thread that waits, if one does and there is something to tell.
    fn tell(&self, state: &mut State) {
        if state.has_news() && std::mem::take(&mut state.awaited) {
            self.changed.notify_one();
        }
    }

    /// For the task that fetches.
    fn next(&self, waker: &Waker) -> Next {
        let mut state = lock(&self.state);
        if state.closed {
            return Next::Stop;
        }
        if !state.fetching.as_ref().is_some_and(|f| f.will_wake(waker)) {
            state.fetching = Some(waker.clone());
        }
        if state.awaited {
            Next::Fetch
        } else {
            Next::Wait
        }
    }

    fn add(&self, piece: Bytes) {
        let mut state = lock(&self.state);
        if state.size() == 0 {
            state.first = piece;
        } else {
            state.rest.extend_from_slice(&piece);
        }
        if state.size() >= ENOUGH {
            self.tell(&mut state);
        }
    }

    /// Whether something has come that was not told.
    fn holds_back(&self) -> bool {
        let state = lock(&self.state);
        state.awaited && state.has_news()
    }

    fn tell_now(&self) {
        self.tell(&mut lock(&self.state));
    }

    fn end(&self, result: Result<(), Win32Error>) {
        let mut state = lock(&self.state);
        state.ended.get_or_insert(result);
        self.tell(&mut state);
    }

    fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        state.wake_fetching();
    }
}

/// Ends what arrives, also where the task that fetches panics.
struct Ends(Arc<Arrived>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end(Err(Win32Error::WSAECONNRESET));
    }
}

/// Takes pieces while a thread waits for them, until the body's end or until nobody reads it any
/// more.
async fn fetch(mut body: Incoming, arrived: Arc<Arrived>, _counted: Fetches) {
    let ends = Ends(arrived);
    let arrived = &ends.0;
    let mut looked_again = false;
    let result = poll_fn(|context| {
        loop {
            match arrived.next(context.waker()) {
                Next::Fetch => {}
                Next::Wait => return Poll::Pending,
                Next::Stop => return Poll::Ready(Ok(())),
            }
            match Pin::new(&mut body).poll_frame(context).map(piece_of) {
                Poll::Ready(Ok(None)) => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(Some(piece))) => {
                    arrived.add(piece);
                    if body.is_end_stream() {
                        return Poll::Ready(Ok(()));
                    }
                    looked_again = false;
                }
                Poll::Pending => break,
            }
        }
        if arrived.holds_back() {
            // hyper makes the next piece of what it has read when its own task has its turn, which
            // is before this one's next turn, where one thread has both.
            if !looked_again {
                looked_again = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            arrived.tell_now();
        }
        looked_again = false;
        Poll::Pending
    })
    .await;
    arrived.end(result);
}

/// A request body that was read before the script is called.
pub(super) struct CollectedBody {
    piece: Bytes,
    /// What is behind `piece`, if not the body's end.
    error: Option<Win32Error>,
    received: Option<Arc<AtomicU64>>,
}

impl CollectedBody {
    /// Reads the whole body, which should be short.
    pub(super) async fn read(mut body: Incoming, received: Option<Arc<AtomicU64>>) -> Self {
        let mut pieces = BytesMut::new();
        let error = loop {
            let frame = tokio::time::timeout(CONNECTION_TIMEOUT, body.frame()).await;
            match frame.map_or(Err(Win32Error::OPERATION_ABORTED), piece_of) {
                Ok(Some(piece)) => pieces.extend_from_slice(&piece),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        Self {
            piece: pieces.freeze(),
            error,
            received,
        }
    }
}

impl Body for CollectedBody {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        if self.piece.is_empty() {
            return self.error.map_or(Ok(0), Err);
        }
        let size = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..size]);
        count(self.received.as_deref(), size);
        Ok(size)
    }
}

/// The bytes of a frame, of which a trailer has none: trailers are not for scripts. `None`: the
/// body's end.
fn piece_of(
    frame: Option<Result<Frame<Bytes>, hyper::Error>>,
) -> Result<Option<Bytes>, Win32Error> {
    match frame {
        None => Ok(None),
        Some(Err(error)) => Err(error_of(&error)),
        Some(Ok(frame)) => Ok(Some(frame.into_data().unwrap_or_default())),
    }
}

fn count(received: Option<&AtomicU64>, size: usize) {
    if let Some(received) = received {
        received.fetch_add(size as u64, Ordering::Relaxed);
    }
}

/// A body that is no chunks, or a client that has gone.
fn error_of(error: &hyper::Error) -> Win32Error {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    let cause = error.source().and_then(|e| e.downcast_ref());
    match cause.map(std::io::Error::kind) {
        Some(InvalidData | InvalidInput) => Win32Error::INVALID_DATA,
        _ => Win32Error::WSAECONNRESET,
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
