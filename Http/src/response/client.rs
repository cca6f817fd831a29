//! Where a response goes, and why it does not get there.

use crate::ecb::win32::Win32Error;

/// Where the response goes.
pub trait Client {
    /// Sends the status line and the header block, which ends with its blank line. `reason`: the
    /// status line's text, where it is not the registered one.
    ///
    /// # Errors
    /// The host's error, usually that the client has gone.
    fn head(
        &mut self,
        status: u16,
        reason: Option<&[u8]>,
        block: Vec<u8>,
        keep: bool,
    ) -> Result<(), Win32Error>;

    /// Sends body bytes; never called with none.
    ///
    /// # Errors
    /// The host's error, usually that the client has gone.
    fn body(&mut self, data: &[u8]) -> Result<(), Win32Error>;

    /// Sends a part of a file as body bytes; never called for none.
    ///
    /// # Errors
    /// The host's error, usually that the client has gone.
    fn file(&mut self, part: FilePart) -> Result<(), Win32Error>;
}

/// A part of a file that is open.
#[derive(Clone, Copy, Debug)]
pub struct FilePart {
    /// As the system knows the file: a Windows handle, elsewhere a descriptor.
    pub handle: usize,
    /// Where the part begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
}

/// Why output is refused. The texts are the original's where it had one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// Everything the announced length covers was sent.
    LengthSent,
    /// The write would exceed the announced length.
    LengthExceeded,
    /// The response was ended before.
    Ended,
    /// The host's error.
    Host(Win32Error),
}

impl From<Win32Error> for WriteError {
    fn from(error: Win32Error) -> Self {
        Self::Host(error)
    }
}

impl WriteError {
    /// The text of the `ValueError` that the script sees; host errors become `OSError`.
    pub fn message(self) -> &'static str {
        match self {
            Self::LengthSent => "Data specified by content length already sent",
            Self::LengthExceeded => "Data length does not match specified content length",
            Self::Ended => "The response has ended",
            Self::Host(_) => "the client cannot be reached",
        }
    }
}
