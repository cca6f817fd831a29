//! `PyISAPIe`, the extension library: the three exports that IIS calls, and where it lies.
//!
//! All behaviour is the core's. At this stage the library links Python itself; the Windows build
//! will find it first.
#![allow(non_snake_case, reason = "the exports of ISAPI")]

mod place;

use isapi_http::ecb::layout::{BOOL, DWORD, EXTENSION_CONTROL_BLOCK, HSE_VERSION_INFO};

/// See [`isapi_http::GetExtensionVersion`].
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetExtensionVersion(version: *mut HSE_VERSION_INFO) -> BOOL {
    if let Some(folder) = place::folder() {
        isapi_http::set_library_folder(folder);
    }
    // SAFETY: the caller's contract is the same.
    unsafe { isapi_http::GetExtensionVersion(version) }
}

/// See [`isapi_http::HttpExtensionProc`].
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HttpExtensionProc(ecb: *mut EXTENSION_CONTROL_BLOCK) -> DWORD {
    // SAFETY: the caller's contract is the same.
    unsafe { isapi_http::HttpExtensionProc(ecb) }
}

/// See [`isapi_http::TerminateExtension`].
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn TerminateExtension(flags: DWORD) -> BOOL {
    // SAFETY: the caller's contract is the same.
    unsafe { isapi_http::TerminateExtension(flags) }
}

/// Off Windows, where there is no last error: how a host says why a callback returned FALSE.
///
/// # Safety
/// None is needed; the type is a C function's.
#[cfg(not(windows))]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetLastError(code: DWORD) {
    // SAFETY: none is needed.
    unsafe { isapi_http::SetLastError(code) }
}
