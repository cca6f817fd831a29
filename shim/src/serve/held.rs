//! Answers of quick calls, held while other connections that are ready have their calls.
//!
//! What is sent to a client on this machine wakes it, which costs more than a brief script does. So
//! such answers go out one right behind the other, and a client that waits for several of them, as
//! a proxy does, is woken once. They go when the thread that drives the connections has nothing
//! else to do, when the first of them has waited for long enough, or when a call takes long
//! (`guard`), whichever is first.

use super::lock;
use std::io::{ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};
use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;

/// After so long they go out before anything else is done: tens of brief calls, and nothing that a
/// client would notice.
const LONGEST: Duration = Duration::from_micros(500);

/// What is held for one connection, in bytes, at most: beside a longer answer the wake-up is
/// little.
const MOST: usize = 16 * 1024;

/// Memory that a connection keeps for its next answer, in bytes; there may be thousands of them.
const KEPT: usize = 1024;

/// The connections whose answers are held.
#[derive(Debug, Default)]
pub(super) struct Held {
    any: AtomicBool,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// When the first of them was held.
    since: Option<Instant>,
    sockets: Vec<Arc<Sending>>,
}

impl Held {
    fn add(&self, socket: Arc<Sending>) {
        let mut queue = lock(&self.queue);
        queue.sockets.push(socket);
        queue.since.get_or_insert_with(Instant::now);
        self.any.store(true, Ordering::SeqCst);
    }

    /// Sends all of them, as far as their clients take them at once.
    pub(super) fn send(&self) {
        if !self.any.load(Ordering::SeqCst) {
            return;
        }
        let Queue { mut sockets, .. } = {
            let mut queue = lock(&self.queue);
            self.any.store(false, Ordering::SeqCst);
            std::mem::take(&mut *queue)
        };
        let slow: Vec<Waker> = sockets.iter().filter_map(|socket| socket.send()).collect();
        if !slow.is_empty() {
            super::from_another_thread(move || slow.into_iter().for_each(Waker::wake));
        }
        // Its room serves the next ones.
        sockets.clear();
        let mut queue = lock(&self.queue);
        if queue.sockets.is_empty() {
            queue.sockets = sockets;
        }
    }

    /// Sends them if the first one has waited for long enough.
    pub(super) fn send_overdue(&self) {
        if self.any.load(Ordering::SeqCst) {
            let since = lock(&self.queue).since;
            if since.is_some_and(|since| since.elapsed() >= LONGEST) {
                self.send();
            }
        }
    }
}

/// The half of a connection that goes to the client.
#[derive(Debug)]
pub(super) struct Sending {
    all: Arc<Held>,
    /// What is written now is held.
    holds: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` when the connection has ended.
    stream: Option<OwnedWriteHalf>,
    /// What is held.
    bytes: Vec<u8>,
    /// It is in the queue. If not, and there are bytes, the client does not take them at once.
    queued: bool,
    /// Of whoever wrote them.
    waker: Option<Waker>,
}

impl Sending {
    pub(super) fn new(stream: OwnedWriteHalf, all: Arc<Held>) -> Arc<Self> {
        let state = State {
            stream: Some(stream),
            bytes: Vec::new(),
            queued: false,
            waker: None,
        };
        Arc::new(Self {
            all,
            holds: AtomicBool::new(false),
            state: Mutex::new(state),
        })
    }

    /// All connections whose answers are held.
    pub(super) fn all(&self) -> &Held {
        &self.all
    }

    /// Whether what is written from now on is held.
    pub(super) fn hold(&self, holds: bool) {
        self.holds.store(holds, Ordering::SeqCst);
    }

    /// Sends what is held. If the client does not take it at once: who has to see to it.
    fn send(&self) -> Option<Waker> {
        let mut state = lock(&self.state);
        state.queued = false;
        // Not kept: whoever wrote knows of this in turn, and neither would ever be freed.
        let waker = state.waker.take();
        while !state.bytes.is_empty() {
            match state.stream.as_ref()?.try_write(&state.bytes) {
                Ok(size) => state.sent(size),
                // The same call again will tell whoever polls: an error, or that it has to wait.
                Err(_) => return waker,
            }
        }
        None
    }

    /// Ends the connection, whoever knows of it still.
    pub(super) fn end(&self) {
        let _gone_or_slow = self.send();
        lock(&self.state).stream = None;
    }

    /// [`AsyncWrite::poll_write_vectored`].
    pub(super) fn poll_write(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let mut state = lock(&self.state);
        let size: usize = data.iter().map(|piece| piece.len()).sum();
        let goes_on = state.queued || state.bytes.is_empty();
        if self.holds.load(Ordering::SeqCst) && goes_on && state.bytes.len() + size <= MOST {
            data.iter().for_each(|d| state.bytes.extend_from_slice(d));
            if !state.queued && size > 0 {
                state.queued = true;
                state.waker = Some(context.waker().clone());
                drop(state);
                self.all.add(Arc::clone(self));
            }
            return Poll::Ready(Ok(size));
        }
        ready!(state.poll_send(context))?;
        state.stream()?.poll_write_vectored(context, data)
    }

    /// [`AsyncWrite::poll_flush`], but for what is to be held.
    pub(super) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let mut state = lock(&self.state);
        if state.queued && self.holds.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(()));
        }
        ready!(state.poll_send(context))?;
        state.stream()?.poll_flush(context)
    }

    /// [`AsyncWrite::poll_shutdown`].
    pub(super) fn poll_shutdown(&self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let mut state = lock(&self.state);
        ready!(state.poll_send(context))?;
        state.stream()?.poll_shutdown(context)
    }
}

impl State {
    fn stream(&mut self) -> Result<Pin<&mut OwnedWriteHalf>> {
        let stream = self.stream.as_mut().map(Pin::new);
        stream.ok_or_else(|| ErrorKind::NotConnected.into())
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        while !self.bytes.is_empty() {
            let stream = self
                .stream
                .as_mut()
                .map(Pin::new)
                .ok_or(ErrorKind::NotConnected)?;
            let size = ready!(stream.poll_write(context, &self.bytes))?;
            self.sent(size);
        }
        Poll::Ready(Ok(()))
    }

    fn sent(&mut self, size: usize) {
        if size < self.bytes.len() {
            self.bytes.drain(..size);
        } else if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
    }
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;
