//! The requests that extensions may call back for, by number.
//!
//! `ConnID` is the number and not an address: an extension that calls back after its request is
//! done names a number that is never used again, and is told so.

use super::Conn;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Requests are spread over so many locks, so that threads seldom meet.
const SHARDS: usize = 16;

static NEXT: AtomicUsize = AtomicUsize::new(1);
type Shard = Mutex<HashMap<usize, Arc<Conn>>>;

static OPEN: LazyLock<[Shard; SHARDS]> =
    LazyLock::new(|| std::array::from_fn(|_| Mutex::default()));

fn shard(id: usize) -> std::sync::MutexGuard<'static, HashMap<usize, Arc<Conn>>> {
    OPEN[id % SHARDS]
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Opens a request under the next number.
pub(super) fn add(make: impl FnOnce(usize) -> Conn) -> Arc<Conn> {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let conn = Arc::new(make(id));
    shard(id).insert(id, Arc::clone(&conn));
    conn
}

/// An open request.
pub(super) fn find(id: usize) -> Option<Arc<Conn>> {
    shard(id).get(&id).cloned()
}

/// Closes a request.
pub(super) fn remove(id: usize) {
    shard(id).remove(&id);
}
