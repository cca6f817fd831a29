//! Win32 error codes, and the calling thread's last error.
//!
//! ISAPI callbacks say only TRUE or FALSE; the reason is the thread's last error. Off Windows
//! there is none, so each side keeps its own: a host tells an extension by calling the
//! extension's optional export `SetLastError` just before it returns FALSE.

/// A Win32 error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Win32Error(pub u32);

impl Win32Error {
    /// The data cannot be understood.
    pub const INVALID_DATA: Self = Self(13);
    /// Write to the device failed.
    pub const WRITE_FAULT: Self = Self(29);
    /// Read from the device failed.
    pub const READ_FAULT: Self = Self(30);
    /// The network name is gone: the connection was closed by this side.
    pub const NETNAME_DELETED: Self = Self(64);
    /// Bad argument, and every request a host does not support.
    pub const INVALID_PARAMETER: Self = Self(87);
    /// The buffer is too small; the size says what is needed.
    pub const INSUFFICIENT_BUFFER: Self = Self(122);
    /// A module, or one it needs, was not found.
    pub const MOD_NOT_FOUND: Self = Self(126);
    /// An export was not found.
    pub const PROC_NOT_FOUND: Self = Self(127);
    /// Wrong bitness or file format.
    pub const BAD_EXE_FORMAT: Self = Self(193);
    /// There is no data.
    pub const NO_DATA: Self = Self(232);
    /// The operation was aborted.
    pub const OPERATION_ABORTED: Self = Self(995);
    /// The operation goes on.
    pub const IO_PENDING: Self = Self(997);
    /// `GetExtensionVersion` or `DllMain` said no.
    pub const DLL_INIT_FAILED: Self = Self(1114);
    /// The connection is not valid any more.
    pub const CONNECTION_INVALID: Self = Self(1229);
    /// No such server variable.
    pub const INVALID_INDEX: Self = Self(1413);
    /// A Winsock argument is out of range.
    pub const WSAEINVAL: Self = Self(10022);
    /// The connection was aborted by this side.
    pub const WSAECONNABORTED: Self = Self(10053);
    /// The connection was reset by the client.
    pub const WSAECONNRESET: Self = Self(10054);

    /// Whether the code is one of those that IIS gives when the client has gone.
    pub fn is_client_gone(self) -> bool {
        matches!(
            self,
            Self::NETNAME_DELETED
                | Self::OPERATION_ABORTED
                | Self::CONNECTION_INVALID
                | Self::WSAECONNABORTED
                | Self::WSAECONNRESET
        )
    }

    /// A short text for messages; on Windows Python has the system's own, elsewhere it has none.
    pub fn text(self) -> &'static str {
        match self {
            Self::WRITE_FAULT => "the write failed",
            Self::READ_FAULT => "the read failed",
            Self::INVALID_PARAMETER => "the parameter is incorrect",
            Self::INSUFFICIENT_BUFFER => "the buffer is too small",
            Self::INVALID_INDEX => "invalid index",
            Self::NO_DATA => "there is no data",
            gone if gone.is_client_gone() => "the client has closed the connection",
            _ => "Win32 error",
        }
    }
}

impl std::fmt::Display for Win32Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.0, self.text())
    }
}

#[cfg(not(windows))]
mod imp {
    use std::cell::Cell;

    thread_local! {
        static LAST: Cell<u32> = const { Cell::new(0) };
    }

    pub(super) fn set(code: u32) {
        LAST.set(code);
    }

    pub(super) fn get() -> u32 {
        LAST.get()
    }
}

#[cfg(windows)]
mod imp {
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetLastError() -> u32;
        fn SetLastError(code: u32);
    }

    pub(super) fn set(code: u32) {
        // SAFETY: SetLastError takes any number and touches only thread-local state.
        unsafe { SetLastError(code) }
    }

    pub(super) fn get() -> u32 {
        // SAFETY: GetLastError reads only thread-local state.
        unsafe { GetLastError() }
    }
}

/// Sets the calling thread's last error.
pub fn set_last_error(error: Win32Error) {
    imp::set(error.0);
}

/// The calling thread's last error.
pub fn last_error() -> Win32Error {
    Win32Error(imp::get())
}
