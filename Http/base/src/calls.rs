//! Between a carrier of the core (`PyISAPIe.dll`, `isapi-shim.exe`) and a core in a library of its
//! own: on Windows there is one for each version of Python, and the carrier chooses.
//!
//! The two are built together, but an upgrade that copies one file and not the other must be
//! told, not crash: so the table has a number, and every type in it is C's.

use crate::ecb::layout::{HttpExtensionProcFn, TerminateExtensionFn};
use std::ffi::{CStr, c_void};

/// The number of this form of the table. Counted up with every change to a type below.
pub const FORM: u32 = 1;

/// The one export of a core in a library of its own: a [`StartFn`].
pub const START_EXPORT: &CStr = c"PyISAPIeCoreStart";

/// Bytes that are text in UTF-8 where nothing else is said. Valid during the call only.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    /// May be anything where `length` is 0.
    pub data: *const u8,
    /// In bytes.
    pub length: usize,
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self {
            data: bytes.as_ptr(),
            length: bytes.len(),
        }
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

/// Takes text for the log, as it is. Called from any thread.
pub type LogFn = extern "C" fn(text: Bytes);

/// What a carrier tells the core once, before the first request.
#[repr(C)]
#[derive(Debug)]
pub struct Start {
    /// [`FORM`] of the carrier.
    pub form: u32,
    /// The folder of the carrier's file; the home, where the host names none.
    pub library_folder: Bytes,
    /// The package of handler and settings: `Http`, or `Name` for `PyISAPIe-Name.dll`.
    pub package: Bytes,
    /// The folder of Python's installation; empty: found from the program.
    pub python_home: Bytes,
    /// The program that Python is to be: of the installation or of a virtual environment.
    pub python_program: Bytes,
    /// Where the log goes; without it, to standard error.
    pub log: Option<LogFn>,
}

/// What the core answers with.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// Handles one request.
    pub process: HttpExtensionProcFn,
    /// Runs what Python runs at its end.
    pub terminate: TerminateExtensionFn,
}

/// Starts Python in the core. 1: `calls` is filled in, and requests may come (where Python did
/// not start, each is answered with a page that says why). 0: the two are of different forms.
///
/// # Safety
/// `start` is readable and its texts are as they say; `calls` is writable. The reserved argument
/// is NULL.
pub type StartFn =
    unsafe extern "C" fn(start: *const Start, calls: *mut Calls, reserved: *const c_void) -> i32;
