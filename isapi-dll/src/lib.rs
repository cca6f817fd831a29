//! `PyISAPIe`, the extension library: the exports that IIS calls.
//!
//! All behaviour is the core's. This library finds it (`isapi-loader`), keeps the log, and runs
//! scripts on threads of its own where `PyISAPIe.toml` asks for it. Nothing is done in `DllMain`:
//! it does not exist.
#![allow(non_snake_case, reason = "the exports of ISAPI")]

mod core;
mod identity;
mod log;
mod place;
mod pool;

use isapi_base::codes;
use isapi_base::ecb::constants::HSE_STATUS_ERROR;
use isapi_base::ecb::layout::{BOOL, DWORD, EXTENSION_CONTROL_BLOCK, HSE_VERSION_INFO};
use isapi_loader::Carrier;
use pool::Pool;
use std::sync::{LazyLock, OnceLock};

static CARRIER: LazyLock<Carrier> =
    LazyLock::new(|| Carrier::new(place::place(), Some(log::write), core::acquire));

/// `None`: scripts run on the server's threads. Decided when the core is there.
static POOL: OnceLock<Option<Pool>> = OnceLock::new();

/// Called once, when the server loads this library and before the first request.
///
/// # Safety
/// `version` is NULL or points at a writable `HSE_VERSION_INFO`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetExtensionVersion(version: *mut HSE_VERSION_INFO) -> BOOL {
    // SAFETY: the caller's contract is the same.
    unsafe { CARRIER.get_extension_version(version) }
}

/// Called for each request, from many threads at once. The result is an `HSE_STATUS`.
///
/// # Safety
/// `ecb` is NULL or points at a complete control block that lives until the request is done.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HttpExtensionProc(ecb: *mut EXTENSION_CONTROL_BLOCK) -> DWORD {
    guarded(HSE_STATUS_ERROR, || match POOL.get() {
        // SAFETY: the caller's contract is the same.
        Some(Some(pool)) if !ecb.is_null() => unsafe { pool.hand_on(ecb) },
        // SAFETY: the caller's contract is the same.
        _ => unsafe { CARRIER.process(ecb) },
    })
}

/// Called before the library is unloaded, when no request runs any more. Python stays: other
/// parts of the process may use it.
///
/// # Safety
/// No request is being processed.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn TerminateExtension(flags: DWORD) -> BOOL {
    guarded(1, || {
        if let Some(Some(pool)) = POOL.get() {
            pool.drain();
        }
        // SAFETY: the caller's contract is the same.
        unsafe { CARRIER.terminate(flags) }
    })
}

/// A panic must not cross into the server: it is logged, and becomes the failure value.
fn guarded<R>(failure: R, f: impl FnOnce() -> R) -> R {
    isapi_base::guard::guarded(failure, |text| CARRIER.event(codes::PANIC, text), f)
}

/// Off Windows, where there is no last error: how a host says why a callback returned FALSE.
///
/// # Safety
/// None is needed; the type is a C function's.
#[cfg(not(windows))]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetLastError(code: DWORD) {
    use isapi_base::ecb::win32::{Win32Error, set_last_error};
    set_last_error(Win32Error(code));
}
