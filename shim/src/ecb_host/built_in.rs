//! The entry points of the built-in core.
//!
//! Off Windows it is linked. On Windows it is a library beside this program, one for each version
//! of Python, which is looked for as `PyISAPIe.dll` looks for it: the program must start where
//! there is no Python. The wheel links the core there too: it is loaded by a Python.
#![allow(unsafe_code)]

use std::sync::atomic::AtomicU64;

#[cfg(any(not(windows), feature = "linked-core"))]
pub(super) use isapi_http::{
    GetExtensionVersion, HttpExtensionProc, SetLastError, TerminateExtension,
};
#[cfg(all(windows, not(feature = "linked-core")))]
pub(super) use with_carrier::{
    GetExtensionVersion, HttpExtensionProc, SetLastError, TerminateExtension,
};

/// The built-in core can tell what only it knows: not where it is a library.
pub(crate) const TELLS: bool = cfg!(any(not(windows), feature = "linked-core"));

/// Scripts of the built-in core run at the same time on threads.
#[cfg(any(not(windows), feature = "linked-core"))]
pub(crate) const FREE_THREADED: bool = isapi_http::FREE_THREADED;
#[cfg(all(windows, not(feature = "linked-core")))]
pub(crate) const FREE_THREADED: bool = false;

/// Has the built-in core count how long its threads wait for Python, in nanoseconds, and how often
/// scripts are loaded again.
pub(crate) fn observe(waits: &'static AtomicU64, reloads: &'static AtomicU64) {
    #[cfg(any(not(windows), feature = "linked-core"))]
    isapi_http::observe(isapi_http::Observed { waits, reloads });
    #[cfg(not(any(not(windows), feature = "linked-core")))]
    let _ = (waits, reloads);
}

/// Sets an environment variable before an extension is loaded, which looks for it then.
pub(super) fn announce(name: &str, value: &std::ffi::OsStr) {
    // SAFETY: a command does this before it starts threads of its own.
    unsafe { std::env::set_var(name, value) }
}

/// Says which folder is the site's home before an extension is loaded: Python is looked for there
/// too. Later the extension learns it from the server variable of the same name.
#[cfg(windows)]
pub(super) fn announce_home(home: &std::path::Path) {
    let name = isapi_base::host_variables::HOME.to_string_lossy();
    announce(&name, home.as_os_str());
}

/// Off Windows an extension links its Python.
#[cfg(not(windows))]
pub(super) fn announce_home(_home: &std::path::Path) {}

#[cfg(all(windows, not(feature = "linked-core")))]
mod with_carrier {
    #![allow(non_snake_case, reason = "the exports of ISAPI")]

    use isapi_base::codes;
    use isapi_base::ecb::layout::{BOOL, DWORD, EXTENSION_CONTROL_BLOCK, HSE_VERSION_INFO};
    use isapi_loader::{Carrier, Place, Problem, load_core};
    use std::sync::LazyLock;

    static CARRIER: LazyLock<Carrier> = LazyLock::new(|| {
        let place = std::env::current_exe().map(Place::new).map_err(|error| {
            let text = format!("Windows does not say which file this program is: {error}.");
            Problem::new(codes::LIBRARY_FOLDER, text)
        });
        Carrier::new(place, None, load_core)
    });

    pub(in super::super) unsafe extern "system" fn GetExtensionVersion(
        version: *mut HSE_VERSION_INFO,
    ) -> BOOL {
        // SAFETY: the caller's contract is the same.
        unsafe { CARRIER.get_extension_version(version) }
    }

    pub(in super::super) unsafe extern "system" fn HttpExtensionProc(
        ecb: *mut EXTENSION_CONTROL_BLOCK,
    ) -> DWORD {
        // SAFETY: the caller's contract is the same.
        unsafe { CARRIER.process(ecb) }
    }

    pub(in super::super) unsafe extern "system" fn TerminateExtension(flags: DWORD) -> BOOL {
        // SAFETY: the caller's contract is the same.
        unsafe { CARRIER.terminate(flags) }
    }

    /// Windows keeps the last error itself.
    pub(in super::super) unsafe extern "system" fn SetLastError(code: DWORD) {
        isapi_base::ecb::win32::set_last_error(isapi_base::ecb::win32::Win32Error(code));
    }
}
