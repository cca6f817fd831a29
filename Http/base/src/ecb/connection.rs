//! An extension's view of one request: the control block and its four callbacks, made safe.

use super::constants::*;
use super::layout::*;
use super::win32::{Win32Error, last_error};
use std::ffi::{CStr, c_char, c_void};
use std::ptr;

/// The first buffer for a server variable, on the stack. Longer than nearly all values.
const VARIABLE_BUFFER: usize = 512;

/// No server variable is longer than the header limit of any IIS configuration seen; a host that
/// keeps asking for more is broken, and must not make this process run out of memory.
const VARIABLE_LIMIT: usize = 16 << 20;

/// The request was handed to the next handler: the extension must return `HSE_STATUS_PENDING`
/// and never touch the control block again.
#[derive(Debug)]
#[must_use = "the extension must return HSE_STATUS_PENDING"]
pub struct Passed(());

/// One request's control block. Lives no longer than the call of `HttpExtensionProc`.
#[derive(Debug)]
pub struct Connection {
    ecb: *mut EXTENSION_CONTROL_BLOCK,
}

// SAFETY: ISAPI lets an extension call back from any of its threads while the request lives, and
// hosts must bear it. The type is this crate's own, and lies in a `Request`, which never leaves
// its thread (`Rc`): other threads never see it. pyo3's `detach` asks for these traits though it
// runs its closure on the calling thread.
unsafe impl Send for Connection {}
// SAFETY: as above: `set_status` and `set_log_data` have one caller at a time.
unsafe impl Sync for Connection {}

impl Connection {
    /// Takes over a host's control block.
    ///
    /// # Safety
    /// `ecb` points at a complete control block whose callbacks work, and stays valid until this
    /// value is dropped or [`Connection::pass_through`] has succeeded.
    pub unsafe fn new(ecb: *mut EXTENSION_CONTROL_BLOCK) -> Self {
        Self { ecb }
    }

    /// The request's method.
    pub fn method(&self) -> &CStr {
        // SAFETY: `ecb` is valid; the host's string is NULL or NUL-terminated, and lives as long
        // as the control block.
        unsafe {
            let method = (*self.ecb).lpszMethod;
            if method.is_null() {
                c""
            } else {
                CStr::from_ptr(method)
            }
        }
    }

    /// The part of the request body that the host read before it called the extension.
    pub fn preloaded(&self) -> &[u8] {
        // SAFETY: `ecb` is valid (contract of `new`); a host gives `cbAvailable` readable bytes at
        // `lpbData`, and NULL or anything else only when `cbAvailable` is 0.
        unsafe {
            let ecb = &*self.ecb;
            if ecb.cbAvailable == 0 || ecb.lpbData.is_null() {
                return &[];
            }
            std::slice::from_raw_parts(ecb.lpbData, ecb.cbAvailable as usize)
        }
    }

    /// The size of the request body in bytes, or `None` where it is not known beforehand.
    pub fn total_bytes(&self) -> Option<u64> {
        // SAFETY: `ecb` is valid (contract of `new`).
        let total = unsafe { (*self.ecb).cbTotalBytes };
        (total != UNKNOWN_LENGTH).then_some(u64::from(total))
    }

    /// The status code for the host's log.
    pub fn set_status(&self, status: u16) {
        // SAFETY: `ecb` is valid, and only the request's thread writes this field.
        unsafe { (*self.ecb).dwHttpStatusCode = u32::from(status) }
    }

    /// Text for the host's log (IIS appends it to the logged query); cut to 79 bytes.
    pub fn set_log_data(&self, text: &str) {
        let length = text.len().min(HSE_LOG_BUFFER_LEN - 1);
        // SAFETY: `ecb` is valid, only the request's thread writes this field, and `length` plus
        // the NUL fits.
        unsafe {
            let target = (&raw mut (*self.ecb).lpszLogData).cast::<u8>();
            ptr::copy_nonoverlapping(text.as_ptr(), target, length);
            *target.add(length) = 0;
        }
    }

    /// Appends the value of a server variable, without its NUL, to `out`. `Ok(false)`: the host
    /// does not know it, or has no data for it.
    ///
    /// # Errors
    /// Any other Win32 error of the host.
    pub fn server_variable(&self, name: &CStr, out: &mut Vec<u8>) -> Result<bool, Win32Error> {
        let append = |value: &[u8]| out.extend_from_slice(without_nul(value, 1));
        Ok(self.with_variable(name, append)?.is_some())
    }

    /// As [`Connection::server_variable`] for a `UNICODE_` name, whose value is UTF-16; what is
    /// none becomes U+FFFD.
    ///
    /// # Errors
    /// As there.
    pub fn server_variable_unicode(&self, name: &CStr) -> Result<Option<String>, Win32Error> {
        self.with_variable(name, text_of_utf16)
    }

    /// Shows `f` the value of a server variable as the host gives it, with its NUL. `Ok(None)`: the
    /// host does not know it, or has no data for it.
    ///
    /// # Errors
    /// Any other Win32 error of the host.
    pub fn with_variable<R>(
        &self,
        name: &CStr,
        f: impl FnOnce(&[u8]) -> R,
    ) -> Result<Option<R>, Win32Error> {
        let mut stack = [0u8; VARIABLE_BUFFER];
        match self.get_variable(name, &mut stack) {
            Ok(size) => Ok(Some(f(&stack[..size]))),
            Err((Win32Error::INVALID_INDEX | Win32Error::NO_DATA, _)) => Ok(None),
            Err((Win32Error::INSUFFICIENT_BUFFER, needed)) => {
                Ok(Some(f(&self.grow_for_variable(name, needed)?)))
            }
            Err((error, _)) => Err(error),
        }
    }

    /// Asks again with the size the host named. IIS 5 could name nonsense, and a value can grow
    /// between two calls: so the buffer doubles until it fits.
    fn grow_for_variable(&self, name: &CStr, needed: usize) -> Result<Vec<u8>, Win32Error> {
        let mut size = needed.clamp(VARIABLE_BUFFER * 2, VARIABLE_LIMIT);
        loop {
            let mut heap = vec![0u8; size];
            match self.get_variable(name, &mut heap) {
                Ok(used) => {
                    heap.truncate(used);
                    return Ok(heap);
                }
                Err((Win32Error::INSUFFICIENT_BUFFER, _)) if size < VARIABLE_LIMIT => {
                    size = (size * 2).min(VARIABLE_LIMIT);
                }
                Err((error, _)) => return Err(error),
            }
        }
    }

    fn get_variable(&self, name: &CStr, buffer: &mut [u8]) -> Result<usize, (Win32Error, usize)> {
        let mut size = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        // SAFETY: `ecb` is valid; name is NUL-terminated; buffer and size agree and outlive the
        // call. ISAPI never writes through the name.
        let ok = unsafe {
            ((*self.ecb).GetServerVariable)(
                (*self.ecb).ConnID,
                name.as_ptr(),
                buffer.as_mut_ptr().cast(),
                &raw mut size,
            )
        };
        if ok != 0 {
            Ok((size as usize).min(buffer.len()))
        } else {
            Err((last_error(), size as usize))
        }
    }

    /// Reads more of the request body than was preloaded. 0: the body has ended, or the client
    /// is gone.
    ///
    /// # Errors
    /// The host's Win32 error.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        let mut size = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        // SAFETY: `ecb` is valid; buffer and size agree and outlive the call.
        let ok = unsafe {
            ((*self.ecb).ReadClient)(
                (*self.ecb).ConnID,
                buffer.as_mut_ptr().cast(),
                &raw mut size,
            )
        };
        if ok != 0 {
            Ok((size as usize).min(buffer.len()))
        } else {
            Err(last_error())
        }
    }

    /// Sends body bytes, all of them.
    ///
    /// # Errors
    /// The host's Win32 error: [`Win32Error::is_client_gone`] tells the usual one.
    pub fn write(&self, mut data: &[u8]) -> Result<(), Win32Error> {
        while !data.is_empty() {
            let mut size = u32::try_from(data.len()).unwrap_or(u32::MAX);
            // SAFETY: `ecb` is valid; the host only reads from the buffer, synchronously.
            let ok = unsafe {
                ((*self.ecb).WriteClient)(
                    (*self.ecb).ConnID,
                    data.as_ptr().cast_mut().cast(),
                    &raw mut size,
                    HSE_IO_SYNC,
                )
            };
            if ok == 0 {
                return Err(last_error());
            }
            // A synchronous send may be short; none at all would loop for ever.
            if size == 0 {
                return Err(Win32Error::WRITE_FAULT);
            }
            data = data.get(size as usize..).unwrap_or_default();
        }
        Ok(())
    }

    /// Sends a part of a file as body bytes, without reading it here. `handle` is a Windows handle,
    /// elsewhere a descriptor; it stays open and is the caller's.
    ///
    /// # Errors
    /// The host's Win32 error: [`Win32Error::is_client_gone`] tells the usual one.
    pub fn send_file(&self, handle: usize, offset: u64, length: u64) -> Result<(), Win32Error> {
        // A size of 0 would mean the whole file.
        if length == 0 {
            return Ok(());
        }
        let mut element = HSE_VECTOR_ELEMENT {
            ElementType: HSE_VECTOR_ELEMENT_TYPE_FILE_HANDLE,
            pvContext: ptr::without_provenance_mut(handle),
            cbOffset: offset,
            cbSize: length,
        };
        let mut vector = HSE_RESPONSE_VECTOR {
            dwFlags: HSE_IO_SYNC,
            pszStatus: ptr::null_mut(),
            pszHeaders: ptr::null_mut(),
            nElementCount: 1,
            lpElementArray: &raw mut element,
        };
        self.support(HSE_REQ_VECTOR_SEND, (&raw mut vector).cast())
    }

    /// Sends the status line (`status` as `200 OK`) and the header block (with its blank line).
    ///
    /// # Errors
    /// The host's Win32 error.
    pub fn send_headers(
        &self,
        status: &CStr,
        headers: &CStr,
        keep_connection: bool,
    ) -> Result<(), Win32Error> {
        let mut info = HSE_SEND_HEADER_EX_INFO {
            pszStatus: status.as_ptr(),
            pszHeader: headers.as_ptr(),
            cchStatus: u32::try_from(status.count_bytes()).unwrap_or(u32::MAX),
            cchHeader: u32::try_from(headers.count_bytes()).unwrap_or(u32::MAX),
            fKeepConn: BOOL::from(keep_connection),
        };
        self.support(HSE_REQ_SEND_RESPONSE_HEADER_EX, (&raw mut info).cast())
    }

    /// Whether the connection is to stay open after this request.
    ///
    /// # Errors
    /// The host's Win32 error.
    pub fn is_keep_connection(&self) -> Result<bool, Win32Error> {
        let mut keep: BOOL = 0;
        self.support(HSE_REQ_IS_KEEP_CONN, (&raw mut keep).cast())?;
        Ok(keep != 0)
    }

    /// Switches the host's own response buffering off, so that every write goes out at once.
    /// Hosts before IIS 7 do not know the request, and do not buffer.
    pub fn set_flush_flag(&self) {
        // The flag is passed by value in the place of the pointer.
        let on = ptr::without_provenance_mut(1);
        let _unknown_before_iis7 = self.support(HSE_REQ_SET_FLUSH_FLAG, on);
    }

    /// Closes the connection after what was sent: the client must not take a short body for a
    /// whole one.
    pub fn close(&self) {
        let _client_already_gone = self.support(HSE_REQ_CLOSE_CONNECTION, ptr::null_mut());
    }

    /// Hands the same request to the next handler, and ends the session when that one is done.
    ///
    /// # Errors
    /// Which of the two requests failed, under its name in the original's messages, and why.
    pub fn pass_through(&self) -> Result<Passed, (&'static str, Win32Error)> {
        self.support(HSE_REQ_IO_COMPLETION, passed_on as *mut c_void)
            .map_err(|e| ("Could not request passthrough I/O completion", e))?;
        let mut info = HSE_EXEC_UNICODE_URL_INFO {
            pszUrl: ptr::null_mut(),
            pszMethod: ptr::null_mut(),
            pszChildHeaders: ptr::null_mut(),
            pUserInfo: ptr::null_mut(),
            pEntity: ptr::null_mut(),
            dwExecUrlFlags: HSE_EXEC_URL_IGNORE_CURRENT_INTERCEPTOR,
        };
        self.support(HSE_REQ_EXEC_UNICODE_URL, (&raw mut info).cast())
            .map_err(|e| ("HSE_REQ_EXEC_UNICODE_URL Failed", e))?;
        Ok(Passed(()))
    }

    /// The token of the client that the host acts for; borrowed, it lives as long as the request.
    /// `None`: the host does not know the request.
    pub fn impersonation_token(&self) -> Option<HANDLE> {
        let mut token: HANDLE = ptr::null_mut();
        let known = self.support(HSE_REQ_GET_IMPERSONATION_TOKEN, (&raw mut token).cast());
        known.ok().map(|()| token).filter(|token| !token.is_null())
    }

    /// Ends a request for which *pending* was returned, with an `HSE_STATUS`. The control block
    /// is gone then.
    pub fn done(self, mut status: u32) {
        let _nobody_to_tell = self.support(HSE_REQ_DONE_WITH_SESSION, (&raw mut status).cast());
    }

    fn support(&self, request: u32, buffer: *mut c_void) -> Result<(), Win32Error> {
        // SAFETY: `ecb` is valid; each caller passes what `request` demands.
        let ok = unsafe {
            ((*self.ecb).ServerSupportFunction)(
                (*self.ecb).ConnID,
                request,
                buffer,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        if ok != 0 { Ok(()) } else { Err(last_error()) }
    }
}

/// Called by the host, on any of its threads, when the next handler is done.
unsafe extern "system" fn passed_on(
    ecb: *mut EXTENSION_CONTROL_BLOCK,
    _context: *mut c_void,
    _bytes: DWORD,
    _error: DWORD,
) {
    // SAFETY: the host passes the control block of the request that asked for the completion,
    // which lives until DONE_WITH_SESSION, the last thing done here.
    unsafe {
        let support = (*ecb).ServerSupportFunction;
        let id = (*ecb).ConnID;
        let mut child = HSE_EXEC_URL_STATUS {
            uHttpStatusCode: 0,
            uHttpSubStatus: 0,
            dwWin32Error: 0,
        };
        let (none, child_at) = (ptr::null_mut(), (&raw mut child).cast());
        if support(id, HSE_REQ_GET_EXEC_URL_STATUS, child_at, none, none) != 0 {
            (*ecb).dwHttpStatusCode = u32::from(child.uHttpStatusCode);
        }
        let mut status = HSE_STATUS_SUCCESS_AND_KEEP_CONN;
        support(
            id,
            HSE_REQ_DONE_WITH_SESSION,
            (&raw mut status).cast(),
            none,
            none,
        );
    }
}

/// What the extension calls itself.
const DESCRIPTION: &str = concat!("PyISAPIe by isapi-shim ", env!("CARGO_PKG_VERSION"));

/// Fills in the host's request for the extension's version and name. `false`: there is nowhere to
/// write it.
///
/// # Safety
/// `info` is NULL or points at a writable `HSE_VERSION_INFO`.
pub unsafe fn fill_version(info: *mut HSE_VERSION_INFO) -> bool {
    if info.is_null() {
        return false;
    }
    let length = DESCRIPTION.len().min(HSE_MAX_EXT_DLL_NAME_LEN - 1);
    // SAFETY: not NULL, hence writable (contract); `length` plus the NUL fits.
    unsafe {
        (*info).dwExtensionVersion = HSE_VERSION;
        let target = (&raw mut (*info).lpszExtensionDesc).cast::<c_char>();
        ptr::copy_nonoverlapping(DESCRIPTION.as_ptr().cast(), target, length);
        *target.add(length) = 0;
    }
    true
}

/// A value without its NUL, which has `size` bytes.
pub fn without_nul(value: &[u8], size: usize) -> &[u8] {
    &value[..value.len().saturating_sub(size)]
}

/// The text of a value in UTF-16 of this machine's byte order, with its NUL; what is none becomes
/// U+FFFD.
pub fn text_of_utf16(value: &[u8]) -> String {
    let (pairs, _) = without_nul(value, 2).as_chunks::<2>();
    let unit = |pair: &[u8; 2]| u16::from_ne_bytes(*pair);
    // Nearly all of it is ASCII, for which this is many times as fast: no step depends on another.
    let all = pairs.iter().fold(0, |all, pair| all | unit(pair));
    if all < 0x80 {
        let ascii = pairs.iter().map(|pair| unit(pair) as u8).collect();
        return String::from_utf8(ascii).unwrap_or_default();
    }
    let units: Vec<u16> = pairs.iter().map(unit).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
