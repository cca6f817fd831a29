//! A request's identity on a thread that is not the server's: IIS lets its own threads act as the
//! client, and a thread of the extension must ask for that.

use isapi_base::ecb::Connection;

/// While it lives the calling thread acts as the request's client, where the server says who that
/// is.
pub(crate) struct AsClient(());

impl AsClient {
    #[cfg(windows)]
    pub(crate) fn new(connection: &Connection) -> Self {
        use windows_sys::Win32::System::Threading::SetThreadToken;
        // Hosts that do not know the request do not impersonate.
        if let Some(token) = connection.impersonation_token() {
            // SAFETY: NULL means the calling thread; the token lives as long as the request, and
            // is the server's to close. Where it fails the thread acts as the process.
            unsafe { SetThreadToken(std::ptr::null(), token) };
        }
        Self(())
    }

    /// There is no such thing off Windows.
    #[cfg(not(windows))]
    pub(crate) fn new(_connection: &Connection) -> Self {
        Self(())
    }
}

#[cfg(windows)]
impl Drop for AsClient {
    fn drop(&mut self) {
        // SAFETY: no arguments.
        unsafe { windows_sys::Win32::Security::RevertToSelf() };
    }
}
