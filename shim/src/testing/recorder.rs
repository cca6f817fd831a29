//! A client without a socket, which keeps the response.

use super::runner::Recorded;
use crate::ecb_host::{End, Head, Sink};
use crate::headers::HeaderBlock;
use isapi_base::ecb::win32::Win32Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What stands behind the headers of a response that ends too early, so that nobody takes a part
/// for the whole.
pub const CUT_OFF: &str = "(cut off)";

/// A client that keeps everything, until it goes away. Its clones are the same client.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    head: Option<Head>,
    body: Vec<u8>,
    /// How many bytes of the body it still waits for; `None`: all.
    left: Option<u64>,
    /// It ended before what it announced.
    cut: bool,
    /// The client went away.
    gone: bool,
}

impl Recorder {
    /// A client that goes away after so many bytes of the body; `None`: never.
    #[must_use]
    pub fn new(goes_after: Option<u64>) -> Self {
        Self(Arc::new(Mutex::new(Kept {
            left: goes_after,
            ..Kept::default()
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The response, and whether it ended before what it announced. Status 0: none came. Nothing
    /// is left.
    #[must_use]
    pub fn take(&self) -> (Recorded, bool) {
        let kept = std::mem::take(&mut *self.lock());
        let head = kept.head.unwrap_or_else(|| Head {
            status: 0,
            reason: "(the connection was closed without a response)".into(),
            headers: HeaderBlock::default(),
        });
        let mut headers = head.headers.to_list();
        let why = if kept.gone {
            let after = kept.body.len();
            Some(format!("the client went away after {after} bytes"))
        } else if kept.cut && head.status != 0 && kept.left.is_none() {
            Some("the connection was closed in the middle of the body".to_owned())
        } else {
            None
        };
        headers.extend(why.map(|why| (CUT_OFF.to_owned(), why.into_bytes())));
        let recorded = Recorded {
            status: head.status,
            reason: head.reason.into_owned(),
            headers,
            body: kept.body,
            ..Recorded::default()
        };
        (recorded, kept.cut)
    }
}

impl Sink for Recorder {
    fn head(&mut self, head: Head) -> Result<(), Win32Error> {
        self.lock().head = Some(head);
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        let mut kept = self.lock();
        let Some(left) = kept.left else {
            kept.body.extend_from_slice(data);
            return Ok(());
        };
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(data.len());
        kept.left = Some(left - taken as u64);
        kept.body.extend_from_slice(&data[..taken]);
        if taken < data.len() {
            kept.gone = true;
            return Err(Win32Error::WSAECONNRESET);
        }
        Ok(())
    }

    fn end(&mut self, end: End) {
        self.lock().cut = end == End::Aborted;
    }

    fn is_connected(&self) -> bool {
        !self.lock().gone
    }
}
