//! The three entry points of an ISAPI extension, and the optional fourth for hosts off Windows.
#![allow(unsafe_code, non_snake_case, reason = "the exports of ISAPI")]

use crate::ecb::constants::{HSE_STATUS_ERROR, HSE_TERM_MUST_UNLOAD};
use crate::ecb::layout::{BOOL, DWORD, EXTENSION_CONTROL_BLOCK, HSE_VERSION_INFO};
use crate::ecb::win32::{Win32Error, set_last_error};
use crate::ecb::{Connection, fill_version};
use crate::{codes, dispatch, interpreter, log};

/// Called once, before the first request. Starts Python; if that fails the extension stays
/// loaded, and every request gets a page that says why.
///
/// # Safety
/// `version` is NULL or points at a writable `HSE_VERSION_INFO`.
pub unsafe extern "system" fn GetExtensionVersion(version: *mut HSE_VERSION_INFO) -> BOOL {
    guarded(0, || {
        // SAFETY: the caller's contract is the same.
        if !unsafe { fill_version(version) } {
            set_last_error(Win32Error::INVALID_PARAMETER);
            return 0;
        }
        interpreter::forget_case_variable();
        match interpreter::start() {
            // A developer who asks for a debugger wants no pages that say there is none.
            Err(error) if error.code == codes::DEBUGGING => {
                log::event(error.code, &error.text);
                set_last_error(Win32Error::INVALID_PARAMETER);
                0
            }
            // Told by each request: a load that fails would be shown by IIS as a bare number.
            Ok(()) | Err(_) => 1,
        }
    })
}

/// Called for each request, from many threads at once. The result is an `HSE_STATUS`.
///
/// # Safety
/// `ecb` is NULL or points at a complete control block that lives until the request is done.
pub unsafe extern "system" fn HttpExtensionProc(ecb: *mut EXTENSION_CONTROL_BLOCK) -> DWORD {
    let status = guarded(None, || {
        if ecb.is_null() {
            set_last_error(Win32Error::INVALID_PARAMETER);
            return Some(HSE_STATUS_ERROR);
        }
        // SAFETY: not NULL, and complete by the caller's contract.
        Some(dispatch::process(unsafe { Connection::new(ecb) }))
    });
    status.unwrap_or_else(|| {
        // SAFETY: NULL does not panic; and a request that panicked was not passed on, since that
        // is the last thing done.
        unsafe { Connection::new(ecb) }.set_log_data(&codes::PANIC.to_string());
        HSE_STATUS_ERROR
    })
}

/// Called before the extension is unloaded, when no request runs any more. Runs `atexit`
/// functions; Python itself stays, because other parts of the process may use it. An unload that
/// is only advised is refused: nothing is won by it, and these functions run once.
///
/// # Safety
/// No request is being processed.
pub unsafe extern "system" fn TerminateExtension(flags: DWORD) -> BOOL {
    if flags & HSE_TERM_MUST_UNLOAD == 0 {
        return 0;
    }
    guarded(1, || {
        interpreter::stop();
        1
    })
}

/// Told by a host off Windows just before a callback returns FALSE: the calling thread's Win32
/// error, which Windows itself would keep.
///
/// # Safety
/// None is needed; the type is a C function's.
pub unsafe extern "system" fn SetLastError(code: DWORD) {
    set_last_error(Win32Error(code));
}

/// A panic must not cross into the host: it is logged, and becomes the failure value.
fn guarded<R>(failure: R, f: impl FnOnce() -> R) -> R {
    isapi_base::guard::guarded(failure, |text| log::event(codes::PANIC, text), f)
}
