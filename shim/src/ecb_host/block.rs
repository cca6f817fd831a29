//! The control block itself: made for each request, poisoned when the request is done.
#![allow(unsafe_code)]

use super::variables::{ansi, path};
use super::{Conn, callbacks, support};
use isapi_base::ecb::constants::{UNKNOWN_LENGTH, VERSION_IIS_10};
use isapi_base::ecb::layout::EXTENSION_CONTROL_BLOCK;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// So many blocks of finished requests are kept: an extension that still uses one finds callbacks
/// that fail and are reported, instead of freed memory.
const QUARANTINE: usize = 64;

static FINISHED: Mutex<VecDeque<Arc<Block>>> = Mutex::new(VecDeque::new());

/// A control block and what it points at.
pub(super) struct Block {
    /// Owned; raw because the extension writes into it.
    ecb: *mut EXTENSION_CONTROL_BLOCK,
    /// What the block points at: method, query, path info, path translated, content type, and the
    /// preloaded body. A NUL is behind each, also behind the body, as IIS tends to have one.
    _texts: Vec<u8>,
}

// SAFETY: the host only writes the block before the extension sees it and after the request is
// done; in between the extension owns its fields.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

/// Adds a C string; nothing behind a NUL, which no part of a request may hold. The result is where
/// it begins.
fn add(texts: &mut Vec<u8>, text: &[u8]) -> usize {
    let start = texts.len();
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    texts.extend_from_slice(&text[..end]);
    texts.push(0);
    start
}

impl Block {
    /// The control block of a request.
    pub(super) fn new(conn: &Conn) -> Self {
        let (query, preload) = (conn.url().query().as_bytes(), &conn.entity.preload);
        let mut texts = Vec::with_capacity(preload.len() + query.len() + 512);
        let method = add(&mut texts, &ansi(&conn.request().method));
        let query = add(&mut texts, query);
        let path_info = add(&mut texts, &ansi(&conn.route.path_info));
        let path_translated = add(&mut texts, &ansi(&path(&conn.route.path_translated)));
        let content_type = conn.request().header("content-type").unwrap_or_default();
        let content_type = add(&mut texts, content_type);
        let data = texts.len();
        texts.extend_from_slice(preload);
        texts.push(0);
        // Moves no more from here on.
        let start = texts.as_mut_ptr();
        // SAFETY: offsets that were within the texts when they were added.
        let at = |offset: usize| unsafe { start.add(offset) };
        let total = conn
            .entity
            .total
            .and_then(|t| u32::try_from(t).ok())
            .unwrap_or(UNKNOWN_LENGTH);
        let ecb = EXTENSION_CONTROL_BLOCK {
            cbSize: size_of::<EXTENSION_CONTROL_BLOCK>() as u32,
            dwVersion: VERSION_IIS_10,
            ConnID: std::ptr::without_provenance_mut(conn.id),
            dwHttpStatusCode: 200,
            lpszLogData: [0; _],
            lpszMethod: at(method).cast(),
            lpszQueryString: at(query).cast(),
            lpszPathInfo: at(path_info).cast(),
            lpszPathTranslated: at(path_translated).cast(),
            cbTotalBytes: total,
            // At most the read-ahead, 48 KiB.
            cbAvailable: preload.len() as u32,
            lpbData: at(data),
            lpszContentType: at(content_type).cast(),
            GetServerVariable: callbacks::get_server_variable,
            WriteClient: callbacks::write_client,
            ReadClient: callbacks::read_client,
            ServerSupportFunction: support::server_support_function,
        };
        Self {
            ecb: Box::into_raw(Box::new(ecb)),
            _texts: texts,
        }
    }

    /// For the extension.
    pub(super) fn as_ptr(&self) -> *mut EXTENSION_CONTROL_BLOCK {
        self.ecb
    }

    /// The status and the log text that the extension left.
    pub(super) fn left_behind(&self) -> (u32, String) {
        // SAFETY: the block is alive as long as `self`, and the request is done.
        let (status, log) = unsafe { ((*self.ecb).dwHttpStatusCode, (*self.ecb).lpszLogData) };
        let bytes: Vec<u8> = log
            .iter()
            .map(|c| c.to_ne_bytes()[0])
            .take_while(|b| *b != 0)
            .collect();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The request is done: takes everything away that could still be followed.
    pub(super) fn poison(self: Arc<Self>) {
        // SAFETY: the request is done, so nobody may use the block; the memory stays. The
        // callbacks stay as well, because they look requests up by number and report this one.
        unsafe {
            let ecb = &mut *self.ecb;
            ecb.cbSize = 0;
            ecb.dwVersion = 0;
            ecb.lpszMethod = std::ptr::null_mut();
            ecb.lpszQueryString = std::ptr::null_mut();
            ecb.lpszPathInfo = std::ptr::null_mut();
            ecb.lpszPathTranslated = std::ptr::null_mut();
            ecb.lpszContentType = std::ptr::null_mut();
            ecb.lpbData = std::ptr::null_mut();
            ecb.cbTotalBytes = 0;
            ecb.cbAvailable = 0;
        }
        let mut finished = FINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        finished.push_back(self);
        if finished.len() > QUARANTINE {
            finished.pop_front();
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: made by Box::into_raw, and dropped once.
        drop(unsafe { Box::from_raw(self.ecb) });
    }
}
