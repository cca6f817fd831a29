//! The requests that extensions may call back for, by number.
//!
//! `ConnID` is the number and not an address: an extension that calls back after its request is
//! done names a number that is never used again, and is told so.

use super::Conn;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Requests are spread over so many locks, so that threads seldom meet.
const SHARDS: usize = 16;

static NEXT: AtomicUsize = AtomicUsize::new(1);
type Conns = HashMap<usize, Arc<Conn>, BuildHasherDefault<Number>>;
type Shard = Mutex<Conns>;

/// Numbers in order are spread well enough as they are, and every callback looks one up.
#[derive(Default)]
struct Number(u64);

impl Hasher for Number {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_usize(&mut self, number: usize) {
        // The map takes both ends of the hash: high bits tell entries of one place apart.
        self.0 = (number as u64 / SHARDS as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

static OPEN: LazyLock<[Shard; SHARDS]> =
    LazyLock::new(|| std::array::from_fn(|_| Mutex::default()));

fn shard(id: usize) -> std::sync::MutexGuard<'static, Conns> {
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

thread_local! {
    /// The request that this thread calls the extension for.
    static CALLED_FOR: RefCell<Option<Arc<Conn>>> = const { RefCell::new(None) };
}

/// Puts back what was there before; see [`called_for`].
struct Before(Option<Arc<Conn>>);

impl Drop for Before {
    fn drop(&mut self) {
        CALLED_FOR.set(self.0.take());
    }
}

/// Calls the extension for an open request. Extensions call back from inside, nearly always.
pub(super) fn called_for<T>(conn: &Arc<Conn>, call: impl FnOnce() -> T) -> T {
    let _before = Before(CALLED_FOR.replace(Some(Arc::clone(conn))));
    call()
}

/// A request, where it is open.
pub(super) fn find(id: usize) -> Option<Arc<Conn>> {
    // One that was closed from inside its call says of itself that it is over. At a thread's end
    // an extension may still call back when this is gone already.
    let own = CALLED_FOR.try_with(|conn| {
        let conn = conn.borrow();
        conn.as_ref().filter(|conn| conn.id == id).cloned()
    });
    own.ok().flatten().or_else(|| shard(id).get(&id).cloned())
}

/// Closes a request.
pub(super) fn remove(id: usize) {
    shard(id).remove(&id);
}
