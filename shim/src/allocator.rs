//! The command's allocator, which is C.
#![allow(unsafe_code)]

use libmimalloc_sys::{mi_option_set, mi_option_t};
use mimalloc::MiMalloc;
use std::ffi::c_long;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// `mi_option_purge_delay` of `mimalloc.h`.
const PURGE_DELAY: mi_option_t = 15;

/// What is free goes back to the system after so many milliseconds, as in version 2. Version 3 keeps
/// it for a second: a server with many uploads had twice the memory, and was no faster.
const KEPT: c_long = 10;

/// To be called first.
pub(crate) fn set_up() {
    // SAFETY: two numbers, of which the first is an option's.
    unsafe { mi_option_set(PURGE_DELAY, KEPT) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_the_one_whose_default_is_a_second() {
        // SAFETY: as above.
        let delay = unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        assert_eq!(delay, 1000);
    }
}
