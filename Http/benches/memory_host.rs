//! A host in memory: the least that a request needs, so that what is measured is the core.

use isapi_base::ecb::constants::*;
use isapi_base::ecb::layout::*;
use isapi_base::ecb::win32::Win32Error;
use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;

/// What the callbacks work on; its address is the `ConnID`.
pub struct MemoryHost {
    home: Vec<u8>,
    script: Vec<u8>,
    script_wide: Vec<u16>,
    body: Vec<u8>,
    read: usize,
    /// Bytes that the extension has written to the client.
    pub written: usize,
}

impl MemoryHost {
    /// A host whose every request is for `script`, with this body behind an empty preload.
    pub fn new(script: &Path, body: Vec<u8>) -> Box<Self> {
        let text = script.to_string_lossy().into_owned();
        let home = script
            .parent()
            .expect("a script has a folder")
            .to_string_lossy()
            .into_owned();
        Box::new(Self {
            home: home.into_bytes(),
            script_wide: text.encode_utf16().collect(),
            script: text.into_bytes(),
            body,
            read: 0,
            written: 0,
        })
    }

    /// Sends one request through the core; the status it returned.
    pub fn request(&mut self) -> u32 {
        self.read = 0;
        self.written = 0;
        let empty = CString::default();
        let method = c"GET".as_ptr().cast_mut();
        let mut ecb = EXTENSION_CONTROL_BLOCK {
            cbSize: size_of::<EXTENSION_CONTROL_BLOCK>() as u32,
            dwVersion: VERSION_IIS_10,
            ConnID: std::ptr::from_mut(self).cast(),
            dwHttpStatusCode: 200,
            lpszLogData: [0; HSE_LOG_BUFFER_LEN],
            lpszMethod: method,
            lpszQueryString: empty.as_ptr().cast_mut(),
            lpszPathInfo: empty.as_ptr().cast_mut(),
            lpszPathTranslated: empty.as_ptr().cast_mut(),
            cbTotalBytes: self.body.len() as u32,
            cbAvailable: 0,
            lpbData: std::ptr::null_mut(),
            lpszContentType: empty.as_ptr().cast_mut(),
            GetServerVariable: get_server_variable,
            WriteClient: write_client,
            ReadClient: read_client,
            ServerSupportFunction: server_support_function,
        };
        // SAFETY: the block is complete and outlives the call.
        unsafe { isapi_http::HttpExtensionProc(&raw mut ecb) }
    }

    fn variable(&self, name: &[u8]) -> Option<&[u8]> {
        match name {
            b"SERVER_PROTOCOL" => Some(b"HTTP/1.1"),
            b"PYISAPIE_HOME" => Some(&self.home),
            b"SCRIPT_TRANSLATED" => Some(&self.script),
            b"REMOTE_ADDR" => Some(b"192.0.2.7"),
            name if name.starts_with(b"HTTP_") || name.starts_with(b"SERVER_") => Some(b"a value"),
            _ => None,
        }
    }
}

/// # Safety
/// `id` is the address of a `MemoryHost`.
unsafe fn host<'a>(id: HCONN) -> &'a mut MemoryHost {
    // SAFETY: the caller's contract; one request at a time.
    unsafe { &mut *id.cast::<MemoryHost>() }
}

fn fail(error: Win32Error) -> BOOL {
    isapi_base::ecb::win32::set_last_error(error);
    0
}

unsafe extern "system" fn get_server_variable(
    id: HCONN,
    name: *const c_char,
    buffer: *mut c_void,
    size: *mut DWORD,
) -> BOOL {
    // SAFETY: the core passes what ISAPI demands.
    unsafe {
        let (host, name) = (host(id), CStr::from_ptr(name).to_bytes());
        let (from, length): (*const u8, usize) = if name == b"UNICODE_SCRIPT_TRANSLATED" {
            (host.script_wide.as_ptr().cast(), host.script_wide.len() * 2)
        } else {
            match host.variable(name) {
                Some(value) => (value.as_ptr(), value.len()),
                None => return fail(Win32Error::INVALID_INDEX),
            }
        };
        let nul = if name.starts_with(b"UNICODE_") { 2 } else { 1 };
        if (*size as usize) < length + nul {
            *size = (length + nul) as u32;
            return fail(Win32Error::INSUFFICIENT_BUFFER);
        }
        std::ptr::copy_nonoverlapping(from, buffer.cast(), length);
        std::ptr::write_bytes(buffer.cast::<u8>().add(length), 0, nul);
        *size = (length + nul) as u32;
    }
    1
}

unsafe extern "system" fn write_client(
    id: HCONN,
    _buffer: *mut c_void,
    size: *mut DWORD,
    _flags: DWORD,
) -> BOOL {
    // SAFETY: the core passes what ISAPI demands.
    unsafe { host(id).written += *size as usize };
    1
}

unsafe extern "system" fn read_client(id: HCONN, buffer: *mut c_void, size: *mut DWORD) -> BOOL {
    // SAFETY: the core passes what ISAPI demands.
    unsafe {
        let host = host(id);
        let rest = &host.body[host.read..];
        let length = rest.len().min(*size as usize);
        std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), length);
        host.read += length;
        *size = length as u32;
    }
    1
}

unsafe extern "system" fn server_support_function(
    _id: HCONN,
    request: DWORD,
    buffer: *mut c_void,
    _size: *mut DWORD,
    _kind: *mut DWORD,
) -> BOOL {
    match request {
        HSE_REQ_IS_KEEP_CONN => {
            // SAFETY: the core passes a BOOL.
            unsafe { *buffer.cast::<BOOL>() = 1 };
            1
        }
        HSE_REQ_SET_FLUSH_FLAG | HSE_REQ_SEND_RESPONSE_HEADER_EX => 1,
        _ => fail(Win32Error::INVALID_PARAMETER),
    }
}
