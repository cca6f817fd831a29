//! Who a thread acts as. IIS lets a request's thread act as the client; Python must be looked for
//! and loaded as the process itself, or it would depend on who comes first.
#![allow(unsafe_code)]

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::Security::{RevertToSelf, TOKEN_IMPERSONATE, TOKEN_QUERY};
use windows_sys::Win32::System::Threading::{GetCurrentThread, OpenThreadToken, SetThreadToken};
use windows_sys::Win32::System::WindowsProgramming::GetUserNameW;

/// While it lives the thread acts as the process; then as before.
pub(super) struct AsProcess {
    token: Option<HANDLE>,
}

impl AsProcess {
    pub(super) fn new() -> Self {
        let mut token: HANDLE = std::ptr::null_mut();
        // SAFETY: the pointer is writable. As self: the client may not be allowed to.
        let open = unsafe {
            OpenThreadToken(
                GetCurrentThread(),
                TOKEN_QUERY | TOKEN_IMPERSONATE,
                1,
                &raw mut token,
            )
        };
        if open == 0 {
            return Self { token: None }; // it acts as nobody else
        }
        // SAFETY: no arguments; where it fails the thread stays as it is.
        unsafe { RevertToSelf() };
        Self { token: Some(token) }
    }
}

impl Drop for AsProcess {
    fn drop(&mut self) {
        if let Some(token) = self.token {
            // SAFETY: the token was opened by `new`, and NULL means the calling thread.
            unsafe {
                SetThreadToken(std::ptr::null(), token);
                CloseHandle(token);
            }
        }
    }
}

/// The account that the calling thread acts as, for messages.
pub(super) fn account() -> String {
    let mut name = [0u16; 257];
    let mut size = name.len() as u32;
    // SAFETY: buffer and size agree.
    let known = unsafe { GetUserNameW(name.as_mut_ptr(), &raw mut size) } != 0;
    if known && size > 0 {
        String::from_utf16_lossy(&name[..size as usize - 1])
    } else {
        "unknown".to_owned()
    }
}
