//! Who loads which script: one thread at a time for each, and never in a circle.
//!
//! Two scripts that load each other, on two threads, would wait for each other for ever.

use pyo3::Python;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

#[derive(Default)]
struct Table {
    loading: HashMap<PathBuf, ThreadId>,
    waiting: HashMap<ThreadId, PathBuf>,
}

/// Locked for moments only, and never while Python code runs: so a thread may wait for it attached.
static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);
static ENDED: Condvar = Condvar::new();

/// The calling thread's turn to load a script, until dropped; also by a panic.
pub(super) struct Turn(PathBuf);

/// The script is being loaded by the calling thread, or by one that waits for it.
pub(super) struct Circle;

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits, detached, until no other thread loads the script.
pub(super) fn take(py: Python<'_>, path: &Path) -> Result<Turn, Circle> {
    let me = std::thread::current().id();
    loop {
        {
            let mut table = table();
            let Some(owner) = table.loading.get(path).copied() else {
                table.loading.insert(path.to_owned(), me);
                return Ok(Turn(path.to_owned()));
            };
            if table.leads_to(owner, me) {
                return Err(Circle);
            }
            table.waiting.insert(me, path.to_owned());
        }
        py.detach(|| {
            let mut table = table();
            while table.loading.contains_key(path) {
                table = ENDED.wait(table).unwrap_or_else(PoisonError::into_inner);
            }
            table.waiting.remove(&me);
        });
    }
}

impl Table {
    /// Whether `from` is `to`, or waits for one who is, and so on.
    fn leads_to(&self, mut from: ThreadId, to: ThreadId) -> bool {
        // Circles are refused when they would close, so this ends.
        loop {
            if from == to {
                return true;
            }
            let owner = self
                .waiting
                .get(&from)
                .and_then(|path| self.loading.get(path));
            match owner {
                Some(owner) => from = *owner,
                None => return false,
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        table().loading.remove(&self.0);
        ENDED.notify_all();
    }
}
