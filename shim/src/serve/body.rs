//! The request body on its way from the connection to the script.
//!
//! hyper hands a body on piece by piece, and a client may send it in chunks of a byte each. So the
//! pieces are taken by a task, next to the connection's own, and the script's thread gets what has
//! come together: waking a thread costs more than all else that is done with a small piece.

use super::lock;
use crate::ecb_host::Body;
use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use isapi_base::ecb::win32::Win32Error;
use std::error::Error as _;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::time::sleep;

/// A client that sends or takes nothing for so long is given up: the default of IIS's
/// `connectionTimeout`. Without it, such clients would use up the threads.
pub(super) const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);

/// So much may wait for the script, in bytes, and a piece more. Then the client waits.
const ROOM: usize = 128 * 1024;

/// With so much at hand, in bytes, a script is not kept waiting for more to come together.
const ENOUGH: usize = 8 * 1024;

/// A body that the script's thread asks for.
pub(super) struct ClientBody {
    handle: Handle,
    /// Nothing was asked for yet. A client that expects `100 Continue` gets it when something is.
    unasked: Option<Incoming>,
    arrived: Arc<Arrived>,
    /// For a log that tells it.
    received: Option<Arc<AtomicU64>>,
}

impl ClientBody {
    /// `received` counts the bytes that are read.
    pub(super) fn new(handle: Handle, body: Incoming, received: Option<Arc<AtomicU64>>) -> Self {
        Self {
            handle,
            unasked: Some(body),
            arrived: Arc::default(),
            received,
        }
    }
}

impl Body for ClientBody {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        if let Some(body) = self.unasked.take() {
            self.handle.spawn(fetch(body, Arc::clone(&self.arrived)));
        }
        let size = self.arrived.take(buffer)?;
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
    bytes: BytesMut,
    /// Nothing follows, but this error where there was one.
    ended: Option<Result<(), Win32Error>>,
    /// A thread waits, and was not told yet.
    awaited: bool,
    /// Of the task that fetches.
    fetching: Option<Waker>,
    /// It waits for room.
    full: bool,
    /// Nobody reads any more.
    closed: bool,
}

/// What a task that fetches does next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Fetch,
    WaitForRoom,
    Stop,
}

impl State {
    fn has_news(&self) -> bool {
        !self.bytes.is_empty() || self.ended.is_some()
    }

    fn wake_fetching(&self) {
        if let Some(fetching) = &self.fetching {
            fetching.wake_by_ref();
        }
    }
}

impl Arrived {
    /// Fills `buffer` as far as data is at hand. Blocks until there is some, or the end.
    fn take(&self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        let mut state = lock(&self.state);
        if !state.has_news() {
            // The thread may be one of the runtime's own.
            state = tokio::task::block_in_place(|| self.wait(state));
        }
        let size = buffer.len().min(state.bytes.len());
        if state.bytes.is_empty() {
            return state.ended.unwrap_or(Ok(())).map(|()| 0);
        }
        state.bytes.copy_to_slice(&mut buffer[..size]);
        // Not for each few bytes that are read.
        if state.full && state.bytes.len() <= ROOM / 2 {
            state.full = false;
            state.wake_fetching();
        }
        Ok(size)
    }

    fn wait<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        while !state.has_news() {
            state.awaited = true;
            let told = self.changed.wait(state);
            state = told.unwrap_or_else(PoisonError::into_inner);
        }
        state.awaited = false;
        state
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
        if state.bytes.len() < ROOM {
            return Next::Fetch;
        }
        state.full = true;
        Next::WaitForRoom
    }

    fn add(&self, piece: &[u8]) {
        let mut state = lock(&self.state);
        state.bytes.extend_from_slice(piece);
        if state.bytes.len() >= ENOUGH {
            self.tell(&mut state);
        }
    }

    /// Whether a thread waits for the few bytes that there are.
    fn is_awaited(&self) -> bool {
        let state = lock(&self.state);
        state.awaited && state.has_news()
    }

    fn tell_now(&self) {
        self.tell(&mut lock(&self.state));
    }

    fn end(&self, result: Result<(), Win32Error>) {
        let mut state = lock(&self.state);
        state.ended = Some(result);
        self.tell(&mut state);
    }

    fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        state.wake_fetching();
    }
}

/// Takes the pieces as they come, until the body's end or until nobody reads it any more.
async fn fetch(mut body: Incoming, arrived: Arc<Arrived>) {
    let mut silence = pin!(sleep(CONNECTION_TIMEOUT));
    let mut silent_since = None;
    let mut looked_again = false;
    let result = poll_fn(|context| {
        loop {
            match arrived.next(context.waker()) {
                Next::Fetch => {}
                Next::WaitForRoom => {
                    silent_since = None;
                    return Poll::Pending;
                }
                Next::Stop => return Poll::Ready(Ok(())),
            }
            match Pin::new(&mut body).poll_frame(context) {
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error_of(&error))),
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers are not for scripts.
                    if let Some(piece) = frame.data_ref() {
                        arrived.add(piece);
                    }
                    (silent_since, looked_again) = (None, false);
                }
                Poll::Pending => break,
            }
        }
        // hyper reads on when its piece was taken, and that is when its task has had its turn.
        if arrived.is_awaited() {
            if !looked_again {
                looked_again = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            arrived.tell_now();
        }
        looked_again = false;
        // One timer for the whole body, and not one for each piece.
        let since: Instant = *silent_since.get_or_insert_with(Instant::now);
        while silence.as_mut().poll(context).is_ready() {
            if since.elapsed() >= CONNECTION_TIMEOUT {
                return Poll::Ready(Err(Win32Error::OPERATION_ABORTED));
            }
            silence.as_mut().reset((since + CONNECTION_TIMEOUT).into());
        }
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
            match next_piece(&mut body).await {
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

/// The next piece of a body, which may be empty; `None`: its end.
async fn next_piece(body: &mut Incoming) -> Result<Option<Bytes>, Win32Error> {
    match tokio::time::timeout(CONNECTION_TIMEOUT, body.frame()).await {
        Err(_) => Err(Win32Error::OPERATION_ABORTED),
        Ok(None) => Ok(None),
        Ok(Some(Err(error))) => Err(error_of(&error)),
        Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
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
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn what_has_come_is_read_before_its_error_is_told() {
        let arrived = Arrived::default();
        arrived.add(b"abc");
        arrived.end(Err(Win32Error::WSAECONNRESET));
        let mut buffer = [0; 2];
        assert_eq!((arrived.take(&mut buffer), &buffer), (Ok(2), b"ab"));
        assert_eq!((arrived.take(&mut buffer), buffer[0]), (Ok(1), b'c'));
        for _ in 0..2 {
            let error = Err(Win32Error::WSAECONNRESET);
            assert_eq!(arrived.take(&mut buffer), error);
        }
    }

    #[test]
    fn a_body_that_has_ended_stays_at_its_end() {
        let arrived = Arrived::default();
        arrived.end(Ok(()));
        assert_eq!(arrived.take(&mut [0; 2]), Ok(0));
        assert_eq!(arrived.take(&mut [0; 2]), Ok(0));
    }

    #[test]
    fn a_client_waits_while_there_is_no_room_and_goes_on_when_half_is_free() {
        let (arrived, woken) = (Arrived::default(), Arc::<Woken>::default());
        let waker = Waker::from(Arc::clone(&woken));
        assert_eq!(arrived.next(&waker), Next::Fetch);
        arrived.add(&vec![0; ROOM]);
        assert_eq!(arrived.next(&waker), Next::WaitForRoom);
        let mut buffer = vec![0; ROOM / 2 - 1];
        assert_eq!(arrived.take(&mut buffer), Ok(buffer.len()));
        assert_eq!(woken.0.load(Ordering::SeqCst), 0);
        assert_eq!(arrived.take(&mut buffer[..1]), Ok(1));
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(arrived.next(&waker), Next::Fetch);
    }

    #[test]
    fn a_body_that_nobody_reads_any_more_is_let_go_of() {
        let (arrived, woken) = (Arrived::default(), Arc::<Woken>::default());
        let waker = Waker::from(Arc::clone(&woken));
        assert_eq!(arrived.next(&waker), Next::Fetch);
        arrived.close();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(arrived.next(&waker), Next::Stop);
    }

    #[test]
    fn a_thread_that_waits_is_told_of_bytes_and_of_the_end() {
        for ends in [false, true] {
            let arrived = Arc::<Arrived>::default();
            let reader = {
                let arrived = Arc::clone(&arrived);
                std::thread::spawn(move || arrived.take(&mut [0; 10]))
            };
            while !lock(&arrived.state).awaited {
                std::thread::yield_now();
            }
            assert!(!arrived.is_awaited());
            if ends {
                arrived.end(Ok(()));
            } else {
                arrived.add(b"a");
                assert!(arrived.is_awaited());
                arrived.tell_now();
            }
            let read = reader.join().unwrap();
            assert_eq!(read, Ok(usize::from(!ends)));
            assert!(!arrived.is_awaited());
        }
    }
}
