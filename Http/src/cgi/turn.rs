//! One CGI script at a time: the current folder, the environment, `sys.argv`, `sys.path` and
//! `__main__` are the process's. Who comes first goes first.

use pyo3::Python;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Thread, ThreadId};

struct Queue {
    owner: Option<ThreadId>,
    waiting: VecDeque<Thread>,
}

/// Locked for moments only, and never while Python code runs: so a thread may wait for it attached.
static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    owner: None,
    waiting: VecDeque::new(),
});

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calling thread's turn, until dropped.
pub(crate) struct Turn(());

/// The calling thread has the turn already.
pub(crate) struct Nested;

/// Waits, detached, until no other thread runs a CGI script.
pub(crate) fn take(py: Python<'_>) -> Result<Turn, Nested> {
    let me = std::thread::current();
    {
        let mut queue = queue();
        match queue.owner {
            None => {
                queue.owner = Some(me.id());
                return Ok(Turn(()));
            }
            Some(owner) if owner == me.id() => return Err(Nested),
            Some(_) => queue.waiting.push_back(me.clone()),
        }
    }
    py.detach(|| {
        // Parking may end by itself.
        while queue().owner != Some(me.id()) {
            std::thread::park();
        }
    });
    Ok(Turn(()))
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queue = queue();
        let next = queue.waiting.pop_front();
        queue.owner = next.as_ref().map(Thread::id);
        drop(queue);
        if let Some(next) = next {
            next.unpark();
        }
    }
}
