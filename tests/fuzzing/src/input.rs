//! An input as a stream of decisions.
//!
//! When it is used up it goes on with zeros, so each decision must have a 0 that leads to an end.
//! The way it is read is a part of the kept inputs: a change of it makes them other ones.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the module. Shared by the threads of one input.
pub(crate) struct Input {
    data: Vec<u8>,
    at: Mutex<usize>,
}

impl Input {
    pub(crate) fn new(data: &[u8]) -> Self {
        Self {
            data: data.to_vec(),
            at: Mutex::new(0),
        }
    }

    fn at(&self) -> MutexGuard<'_, usize> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether only zeros come.
    pub(crate) fn is_empty(&self) -> bool {
        *self.at() >= self.data.len()
    }

    pub(crate) fn byte(&self) -> u8 {
        let mut at = self.at();
        let byte = self.data.get(*at).copied().unwrap_or_default();
        *at += 1;
        byte
    }

    pub(crate) fn flag(&self) -> bool {
        self.byte() & 1 != 0
    }

    pub(crate) fn short(&self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    pub(crate) fn long(&self) -> u32 {
        u32::from(self.short()) | u32::from(self.short()) << 16
    }

    /// One of these; the first is what comes at the end.
    pub(crate) fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()]
    }

    /// A size: mostly small, now and then one at an edge.
    pub(crate) fn size(&self, most: usize) -> usize {
        const EDGES: [usize; 8] = [1, 511, 512, 513, 4096, 49_151, 49_152, 65_537];
        let size = match self.byte() {
            small @ 0..=199 => usize::from(small),
            edge @ 200..=239 => EDGES[usize::from(edge) % EDGES.len()],
            _ => usize::from(self.short()),
        };
        size.min(most)
    }

    /// Bytes of the input itself.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = usize::from(self.byte());
        let mut at = self.at();
        let from = (*at).min(self.data.len());
        let to = (from + length).min(self.data.len());
        *at = to;
        self.data[from..to].to_vec()
    }

    /// Bytes of the input, without NUL, as a C string has them.
    pub(crate) fn c_text(&self) -> Vec<u8> {
        let mut bytes = self.bytes();
        bytes.retain(|b| *b != 0);
        bytes
    }

    /// Many bytes: a few of the input, repeated.
    pub(crate) fn many(&self, most: usize) -> Vec<u8> {
        let some = self.bytes();
        let length = self.size(most);
        if some.is_empty() {
            return vec![b'x'; length];
        }
        some.iter().copied().cycle().take(length).collect()
    }
}
