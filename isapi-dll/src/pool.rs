//! Threads of the extension's own (`threads` in `PyISAPIe.toml`): a request waits in a queue, the
//! server's thread goes back at once with *pending*, and the queue has an end.
//!
//! For sites whose scripts wait long: IIS has few threads, and a script that waits on one of them
//! keeps other sites waiting too.

use crate::identity::AsClient;
use isapi_base::codes;
use isapi_base::ecb::Connection;
use isapi_base::ecb::constants::{HSE_STATUS_ERROR, HSE_STATUS_PENDING};
use isapi_base::ecb::layout::EXTENSION_CONTROL_BLOCK;
use isapi_base::page::Page;
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Handles one request, on the calling thread.
type Process = fn(*mut EXTENSION_CONTROL_BLOCK) -> u32;

/// A request that waits.
struct Waiting(*mut EXTENSION_CONTROL_BLOCK);

// SAFETY: ISAPI lets an extension keep the control block of a request for which it has returned
// *pending*, and use it from any thread until it says that it is done.
unsafe impl Send for Waiting {}

#[derive(Default)]
struct State {
    queue: VecDeque<Waiting>,
    /// Threads that handle no request. Those that have just been told of one count still: they
    /// have not taken it out of the queue yet.
    free: usize,
    /// Requests that are being handled, until the server knows that they are done.
    busy: usize,
}

struct Shared {
    state: Mutex<State>,
    /// Something came into the queue.
    came: Condvar,
    /// A request is done.
    done: Condvar,
    process: Process,
}

/// See the module.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    most: usize,
}

thread_local! {
    /// This is a thread of the pool.
    static OWN: Cell<bool> = const { Cell::new(false) };
}

impl Pool {
    /// Starts the threads. They end with the process: IIS waits for requests, not for threads.
    pub(crate) fn start(threads: u16, queue: u16, process: Process) -> Self {
        let state = State {
            free: threads.into(),
            ..State::default()
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            came: Condvar::new(),
            done: Condvar::new(),
            process,
        });
        for _ in 0..threads {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.work());
        }
        Self {
            shared,
            most: queue.into(),
        }
    }

    /// Puts a request into the queue; the result is `HttpExtensionProc`'s.
    ///
    /// # Safety
    /// `ecb` points at a complete control block that lives until the request is done.
    pub(crate) unsafe fn hand_on(&self, ecb: *mut EXTENSION_CONTROL_BLOCK) -> u32 {
        // A request that was passed on and has come back, on the thread that passed it: the core
        // tells it from others by its thread.
        if OWN.get() {
            return (self.shared.process)(ecb);
        }
        let mut state = self.shared.state();
        // What a free thread will take does not wait.
        if state.queue.len() >= self.most + state.free {
            drop(state);
            // SAFETY: the caller's contract.
            let connection = unsafe { Connection::new(ecb) };
            let text = format!(
                "{} requests wait already (queue in PyISAPIe.toml). Scripts take longer than \
                 requests come: give them more threads, or make them faster.",
                self.most
            );
            let page = Page::plain("Service unavailable", &text);
            let status = c"503 Service Unavailable";
            isapi_loader::refuse(&connection, status, codes::QUEUE_FULL, &page);
            return HSE_STATUS_ERROR;
        }
        state.queue.push_back(Waiting(ecb));
        drop(state);
        self.shared.came.notify_one();
        HSE_STATUS_PENDING
    }

    /// Waits until no request is waiting or being handled.
    pub(crate) fn drain(&self) {
        let mut state = self.shared.state();
        while !state.queue.is_empty() || state.busy > 0 {
            let wait = self.shared.done.wait(state);
            state = wait.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        OWN.set(true);
        loop {
            let mut state = self.state();
            let Waiting(ecb) = loop {
                if let Some(next) = state.queue.pop_front() {
                    break next;
                }
                let wait = self.came.wait(state);
                state = wait.unwrap_or_else(PoisonError::into_inner);
            };
            state.free -= 1;
            state.busy += 1;
            drop(state);
            // SAFETY: the control block lives until the request is done (contract of hand_on).
            let connection = unsafe { Connection::new(ecb) };
            let status = {
                let _as_client = AsClient::new(&connection);
                (self.process)(ecb)
            };
            // Before the request is done: the client's next one may come at once.
            self.state().free += 1;
            // One that was passed on is ended by whoever answers it.
            if status != HSE_STATUS_PENDING {
                connection.done(status);
            }
            self.state().busy -= 1;
            self.done.notify_all();
        }
    }
}
