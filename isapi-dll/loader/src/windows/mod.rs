//! The Windows side: the registry, the process's own identity, and loading.

mod identity;
mod load;
mod process;
mod registry;

pub use load::load_core;
pub use registry::looking;

use std::ffi::OsStr;
use std::os::windows::ffi::OsStrExt;

/// UTF-16 with a NUL at its end.
fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}
