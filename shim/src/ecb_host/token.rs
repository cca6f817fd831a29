//! The token of the client that a request is done for. This host authenticates nobody, so on
//! Windows it is always this process's own account; elsewhere there is no such thing.
#![allow(unsafe_code)]

use isapi_base::ecb::layout::HANDLE;

/// A token to impersonate with, for as long as the process lives.
#[cfg(windows)]
pub(super) fn client_token() -> Option<HANDLE> {
    use std::sync::OnceLock;
    use windows_sys::Win32::Security::{
        DuplicateToken, SecurityImpersonation, TOKEN_DUPLICATE, TOKEN_QUERY,
    };
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
    /// A handle may be used by any thread; 0: there is none.
    static TOKEN: OnceLock<usize> = OnceLock::new();
    let token = *TOKEN.get_or_init(|| {
        let mut own: HANDLE = std::ptr::null_mut();
        let mut token: HANDLE = std::ptr::null_mut();
        // SAFETY: the pointers are writable; both handles stay open with the process.
        let made = unsafe {
            let access = TOKEN_DUPLICATE | TOKEN_QUERY;
            OpenProcessToken(GetCurrentProcess(), access, &raw mut own) != 0
                && DuplicateToken(own, SecurityImpersonation, &raw mut token) != 0
        };
        if made { token.expose_provenance() } else { 0 }
    });
    (token != 0).then(|| std::ptr::with_exposed_provenance_mut(token))
}

/// See above.
#[cfg(not(windows))]
pub(super) fn client_token() -> Option<HANDLE> {
    None
}
