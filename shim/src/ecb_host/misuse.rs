//! Arguments that no extension may pass. Each call fails with 87, as in IIS, and is said aloud:
//! extensions seldom look at the result.

use super::report;
use crate::codes;
use isapi_base::ecb::constants::request_name;
use isapi_base::ecb::win32::Win32Error;

fn refuse(call: &str, what: &str) -> Win32Error {
    let text = format!("{call} was given {what}; refused");
    report(codes::EXTENSION_CONTRACT, &text);
    Win32Error::INVALID_PARAMETER
}

/// A pointer that is NULL and must not be. `what` it points at.
pub(super) fn null(call: &str, what: &str) -> Win32Error {
    refuse(call, &format!("NULL for {what}"))
}

/// [`null`] of `ServerSupportFunction`.
pub(super) fn null_for(request: u32, what: &str) -> Win32Error {
    null(
        request_name(request).unwrap_or("ServerSupportFunction"),
        what,
    )
}

/// Something else than the request takes.
pub(super) fn wrong_for(request: u32, what: &str) -> Win32Error {
    refuse(
        request_name(request).unwrap_or("ServerSupportFunction"),
        what,
    )
}

/// A size in bytes, if it can be one. 4294967295 is the -1 of a calculation that went wrong, and
/// to read so far would end the process.
///
/// # Errors
/// It is a negative number.
pub(super) fn size(call: &str, bytes: u64) -> Result<usize, Win32Error> {
    let fits = i32::try_from(bytes)
        .ok()
        .and_then(|b| usize::try_from(b).ok());
    fits.ok_or_else(|| {
        refuse(
            call,
            &format!("a size of {bytes} bytes, which is a negative number"),
        )
    })
}

/// [`size`] of `ServerSupportFunction`.
///
/// # Errors
/// It is a negative number.
pub(super) fn size_for(request: u32, bytes: u64) -> Result<usize, Win32Error> {
    size(
        request_name(request).unwrap_or("ServerSupportFunction"),
        bytes,
    )
}
