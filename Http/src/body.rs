//! The request body: preloaded by the host, then read from the client, by bytes or by lines.

use crate::ecb::Connection;
use crate::ecb::win32::Win32Error;
use std::cell::{Cell, RefCell};

/// How much is asked from the host at once: IIS's own read-ahead, and small beside what a script
/// that reads everything will hold anyway.
const PIECE: usize = 65_536;

/// Memory is taken for so much of a body at most, in bytes, and for as much again when that has
/// come: a client may announce anything.
const BLOCK: usize = 1 << 20;

/// A part of the body, in blocks that stay where they are. A single one would be too small again
/// and again, and be copied each time.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    full: Vec<Vec<u8>>,
    /// How long those are together.
    full_length: usize,
    last: Vec<u8>,
}

impl Blocks {
    fn begin(block: Vec<u8>) -> Self {
        Self {
            last: block,
            ..Self::default()
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.full_length + self.last.len()
    }

    /// All of it, where that is one block.
    pub(crate) fn as_one(&self) -> Option<&[u8]> {
        self.full.is_empty().then_some(&*self.last)
    }

    /// A block with room for some of the bytes that may come, and for how many.
    fn room(&mut self, most: usize) -> (&mut Vec<u8>, usize) {
        if self.last.len() == self.last.capacity() {
            let size = self.len().clamp(PIECE, BLOCK).min(most);
            let last = std::mem::replace(&mut self.last, Vec::with_capacity(size));
            if !last.is_empty() {
                self.full_length += last.len();
                self.full.push(last);
            }
        }
        let room = self.last.capacity() - self.last.len();
        (&mut self.last, room.min(most))
    }

    /// One block after the other.
    pub(crate) fn into_blocks(self) -> impl Iterator<Item = Vec<u8>> {
        self.full.into_iter().chain([self.last])
    }
}

/// Where the bytes behind the preloaded ones come from.
pub(crate) trait Source {
    /// Reads at least one byte; 0: the body has ended, or the client has gone.
    fn read(&mut self, connection: &Connection, buffer: &mut [u8]) -> Result<usize, Win32Error>;
}

/// How far the body of a request was read.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// Bytes of the preloaded part that were taken.
    preload_read: Cell<usize>,
    /// Bytes that came from the client behind the preloaded ones.
    client_read: Cell<u64>,
    /// Bytes that came from the client and were not taken, because a line ended before them.
    ahead: RefCell<Vec<u8>>,
    /// How many of those were taken after all.
    ahead_read: Cell<usize>,
    /// The client's part of the body has ended.
    ended: Cell<bool>,
    /// Reading failed because the client has gone.
    client_gone: Cell<bool>,
}

impl Body {
    /// Whether reading failed because the client has gone.
    pub(crate) fn client_gone(&self) -> bool {
        self.client_gone.get()
    }

    /// Bytes that were not taken yet, where the length is known.
    pub(crate) fn left(&self, connection: &Connection) -> Option<u64> {
        let ahead = self.ahead.borrow().len() - self.ahead_read.get();
        Some(self.left_behind(connection)? + ahead as u64)
    }

    /// As [`Body::left`], without those that were read ahead.
    fn left_behind(&self, connection: &Connection) -> Option<u64> {
        if self.ended.get() {
            return Some(0);
        }
        let read = self.preload_read.get() as u64 + self.client_read.get();
        let total = connection.total_bytes()?;
        Some(total.saturating_sub(read))
    }

    /// At most `wanted` bytes, or all that is left; fewer only at the body's end.
    ///
    /// # Errors
    /// The host's error.
    pub(crate) fn take(
        &self,
        connection: &Connection,
        wanted: Option<u64>,
        source: &mut dyn Source,
    ) -> Result<Blocks, Win32Error> {
        let expected = match (wanted, self.left(connection)) {
            (Some(wanted), Some(left)) => wanted.min(left),
            (wanted, left) => wanted.or(left).unwrap_or(0),
        };
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        let mut at_hand = Vec::with_capacity(expected.min(BLOCK));
        self.take_at_hand(connection, wanted, &mut at_hand);
        let mut body = Blocks::begin(at_hand);
        loop {
            let left = match (wanted, self.left_behind(connection)) {
                (Some(wanted), Some(left)) => left.min(wanted - body.len() as u64),
                (Some(wanted), None) => wanted - body.len() as u64,
                (None, Some(left)) => left,
                (None, None) => u64::MAX,
            };
            if left == 0 || self.ended.get() {
                return Ok(body);
            }
            let (block, room) = body.room(usize::try_from(left).unwrap_or(PIECE));
            self.fetch(connection, room, block, source)?;
        }
    }

    /// The bytes up to and with the next line feed, at most `limit`; fewer only at the body's end.
    ///
    /// # Errors
    /// The host's error.
    pub(crate) fn line(
        &self,
        connection: &Connection,
        limit: Option<u64>,
        source: &mut dyn Source,
    ) -> Result<Vec<u8>, Win32Error> {
        let limit = limit.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        let mut line = Vec::new();
        while line.len() < limit {
            let room = limit - line.len();
            let (taken, ended) = self.with_at_hand(connection, |at_hand| {
                let at_hand = &at_hand[..at_hand.len().min(room)];
                let feed = at_hand.iter().position(|b| *b == b'\n');
                let end = feed.map_or(at_hand.len(), |at| at + 1);
                line.extend_from_slice(&at_hand[..end]);
                (end, feed.is_some())
            });
            if ended {
                break;
            }
            if taken > 0 {
                continue;
            }
            let left = self.left_behind(connection).unwrap_or(u64::MAX);
            if left == 0 || self.ended.get() {
                break;
            }
            let most = usize::try_from(left).unwrap_or(PIECE);
            let mut ahead = self.ahead.take();
            let fetched = self.fetch(connection, most, &mut ahead, source);
            self.ahead.replace(ahead);
            fetched?;
        }
        Ok(line)
    }

    /// Shows `look` what can be had without the client: the rest of the preloaded bytes, then what
    /// was read ahead. It tells first how much of it it has taken.
    fn with_at_hand<R>(
        &self,
        connection: &Connection,
        look: impl FnOnce(&[u8]) -> (usize, R),
    ) -> (usize, R) {
        let read = self.preload_read.get();
        let preloaded = connection.preloaded().get(read..).unwrap_or_default();
        if !preloaded.is_empty() {
            let (taken, result) = look(preloaded);
            self.preload_read.set(read + taken);
            return (taken, result);
        }
        let mut ahead = self.ahead.borrow_mut();
        let read = self.ahead_read.get();
        let (taken, result) = look(&ahead[read..]);
        if read + taken == ahead.len() {
            ahead.clear();
            self.ahead_read.set(0);
        } else {
            self.ahead_read.set(read + taken);
        }
        (taken, result)
    }

    fn take_at_hand(&self, connection: &Connection, wanted: Option<u64>, body: &mut Vec<u8>) {
        let wanted = wanted.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        loop {
            let room = wanted - body.len();
            let (taken, ()) = self.with_at_hand(connection, |at_hand| {
                let size = at_hand.len().min(room);
                body.extend_from_slice(&at_hand[..size]);
                (size, ())
            });
            if taken == 0 {
                return;
            }
        }
    }

    /// One call of the host.
    fn fetch(
        &self,
        connection: &Connection,
        most: usize,
        to: &mut Vec<u8>,
        source: &mut dyn Source,
    ) -> Result<(), Win32Error> {
        let filled = to.len();
        to.resize(filled + most.min(PIECE), 0);
        let result = source.read(connection, &mut to[filled..]);
        let size = *result.as_ref().unwrap_or(&0);
        to.truncate(filled + size);
        self.client_read.set(self.client_read.get() + size as u64);
        // 0 bytes: the end of a body of unknown length, or a client that has gone. IIS does not
        // tell them apart, and the original's last revision took both as the end.
        self.ended.set(size == 0);
        if result.is_err_and(Win32Error::is_client_gone) {
            self.client_gone.set(true);
        }
        result.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_to_blocks_is_what_they_hold(
            first in 0usize..3000,
            pieces in proptest::collection::vec(1usize..100_000, 0..8),
        ) {
            let bytes = |from: usize, size: usize| (from..from + size).map(|n| n as u8);
            let mut blocks = Blocks::begin(bytes(0, first).collect());
            for most in pieces {
                let from = blocks.len();
                let (block, room) = blocks.room(most);
                prop_assert!((1..=most).contains(&room));
                let before = block.capacity();
                block.extend(bytes(from, room));
                prop_assert_eq!(block.capacity(), before);
            }
            let all: Vec<u8> = bytes(0, blocks.len()).collect();
            if let Some(one) = blocks.as_one() {
                prop_assert_eq!(one, &*all);
            }
            prop_assert_eq!(blocks.into_blocks().collect::<Vec<_>>().concat(), all);
        }
    }
}
