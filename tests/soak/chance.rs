//! Numbers that look random, the same ones for the same seed.

/// xorshift64*.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let mixed = (seed << 32 | number.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(mixed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A size from 1 byte to 1 MiB: as many small ones as large ones, by their digits.
    pub(super) fn size(&mut self) -> usize {
        let bits = self.below(21);
        let size = (1 << bits) + self.below(1 << bits);
        usize::try_from(size).unwrap_or(1).min(1 << 20)
    }
}
