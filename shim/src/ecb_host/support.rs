//! The fourth callback, `ServerSupportFunction`: every `HSE_REQ` that a known extension uses.
//! `docs/fidelity.md` says of each whether it is exact, approximated or refused.
#![allow(unsafe_code)]

use super::callbacks::{Note, call};
use super::child::ChildRequest;
use super::completion::Completion;
use super::latch::Done;
use super::{Conn, head, misuse, report, send, token};
use crate::codes;
use crate::site::Refusal;
use isapi_base::ecb::constants::*;
use isapi_base::ecb::layout::*;
use isapi_base::ecb::win32::Win32Error;
use std::ffi::{CStr, c_char, c_void};
use std::sync::{Arc, PoisonError};

type Answer = Result<(), Win32Error>;

const BAD: Win32Error = Win32Error::INVALID_PARAMETER;

/// `ServerSupportFunction`.
pub(super) unsafe extern "system" fn server_support_function(
    id: HCONN,
    request: DWORD,
    buffer: *mut c_void,
    size: *mut DWORD,
    kind: *mut DWORD,
) -> BOOL {
    call(id, "ServerSupportFunction", |conn, note| {
        if note.on {
            note.argument = request_name(request).map_or_else(|| request.to_string(), Into::into);
        }
        // Twice done has a message of its own.
        // An extension that asks whether its client is there learns that the request was given up.
        let asks = request == HSE_REQ_IS_CONNECTED && conn.latch.is_given_up();
        if request != HSE_REQ_DONE_WITH_SESSION && !asks {
            conn.must_be_open("ServerSupportFunction")?;
        }
        // SAFETY: ISAPI defines for each request what the three pointers are; an extension that
        // passes something else is as wrong here as it is in IIS.
        unsafe {
            let arguments = Arguments {
                request,
                buffer,
                size,
                kind,
            };
            serve(conn, note, arguments)
        }
    })
}

/// The request, and the three arguments whose meaning depends on it.
#[derive(Clone, Copy)]
struct Arguments {
    request: DWORD,
    buffer: *mut c_void,
    size: *mut DWORD,
    kind: *mut DWORD,
}

impl Arguments {
    /// The buffer as a structure of the host's or the extension's.
    ///
    /// # Safety
    /// The buffer is NULL or points at a valid `T`.
    unsafe fn get<'a, T>(self) -> Result<&'a mut T, Win32Error> {
        // SAFETY: the caller's contract.
        unsafe { self.buffer.cast::<T>().as_mut() }
            .ok_or_else(|| misuse::null_for(self.request, "its structure"))
    }

    /// The buffer as a NUL-terminated string.
    ///
    /// # Safety
    /// The buffer is NULL or points at one.
    unsafe fn string<'a>(self) -> Result<&'a [u8], Win32Error> {
        // SAFETY: the caller's contract.
        unsafe { string(self.buffer.cast()) }
            .ok_or_else(|| misuse::null_for(self.request, "its text"))
    }
}

/// # Safety
/// The arguments are what ISAPI demands for the request.
unsafe fn serve(conn: &Arc<Conn>, note: &mut Note, at: Arguments) -> Answer {
    let request = at.request;
    // SAFETY: in each arm the types are those of the request, by the caller's contract.
    unsafe {
        match request {
            HSE_REQ_SEND_URL_REDIRECT_RESP | HSE_REQ_SEND_URL => redirect(conn, at.string()?),
            HSE_REQ_SEND_RESPONSE_HEADER => {
                let status = string(at.buffer.cast());
                let headers = string(at.kind.cast()).unwrap_or_default();
                note.value(status.unwrap_or(b"200 OK"));
                // Data may follow the headers here.
                let parsed = head::parse_aloud(status, headers, true);
                conn.reply().begin(parsed, None)
            }
            HSE_REQ_SEND_RESPONSE_HEADER_EX => {
                let info = at.get::<HSE_SEND_HEADER_EX_INFO>()?;
                let status = counted(info.pszStatus, info.cchStatus);
                let headers = counted(info.pszHeader, info.cchHeader).unwrap_or_default();
                note.value(status.unwrap_or(b"200 OK"));
                note.size = Some(headers.len() as u64);
                let parsed = head::parse_aloud(status, headers, false);
                conn.reply().begin(parsed, Some(info.fKeepConn != 0))
            }
            HSE_REQ_DONE_WITH_SESSION => {
                let status = at.buffer.cast::<DWORD>().as_ref();
                done(conn, status.copied().unwrap_or(HSE_STATUS_SUCCESS));
                Ok(())
            }
            HSE_REQ_MAP_URL_TO_PATH => map_url(conn, note, at),
            HSE_REQ_MAP_UNICODE_URL_TO_PATH => map_unicode_url(conn, at),
            HSE_REQ_MAP_URL_TO_PATH_EX => map_url_ex(conn, at),
            HSE_REQ_MAP_UNICODE_URL_TO_PATH_EX => map_unicode_url_ex(conn, at),
            HSE_APPEND_LOG_PARAMETER => {
                let text = String::from_utf8_lossy(at.string()?).into_owned();
                conn.log
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push_str(&text);
                Ok(())
            }
            HSE_REQ_IO_COMPLETION => {
                set_completion(conn, at);
                Ok(())
            }
            HSE_REQ_IS_KEEP_CONN => {
                *at.get::<BOOL>()? = BOOL::from(conn.request().keep_connection);
                Ok(())
            }
            HSE_REQ_IS_CONNECTED => {
                // The client of a request that was given up has its answer. Whether its socket is
                // closed by now is a race; the other calls fail as for a client that has gone.
                let connected = !conn.latch.is_given_up() && conn.reply().is_connected();
                *at.get::<BOOL>()? = BOOL::from(connected);
                Ok(())
            }
            HSE_REQ_IS_IN_PROCESS => {
                *at.get::<DWORD>()? = HSE_APP_FLAG_IN_PROCESS;
                Ok(())
            }
            HSE_REQ_ASYNC_READ_CLIENT => async_read(conn, at),
            HSE_REQ_TRANSMIT_FILE => send::transmit_file(conn, at.get::<HSE_TF_INFO>()?),
            HSE_REQ_VECTOR_SEND => send::vector_send(conn, at.get::<HSE_RESPONSE_VECTOR>()?),
            HSE_REQ_EXEC_URL => conn.exec_url(child(at.get::<HSE_EXEC_URL_INFO>()?)?),
            HSE_REQ_EXEC_UNICODE_URL => {
                conn.exec_url(unicode_child(at.get::<HSE_EXEC_UNICODE_URL_INFO>()?)?)
            }
            HSE_REQ_GET_EXEC_URL_STATUS => {
                let child = *conn.child.lock().unwrap_or_else(PoisonError::into_inner);
                let child = child.ok_or(BAD)?;
                *at.get::<HSE_EXEC_URL_STATUS>()? = HSE_EXEC_URL_STATUS {
                    uHttpStatusCode: child.status,
                    uHttpSubStatus: child.substatus,
                    dwWin32Error: 0,
                };
                Ok(())
            }
            HSE_REQ_SEND_CUSTOM_ERROR => custom_error(conn, at.get::<HSE_CUSTOM_ERROR_INFO>()?),
            HSE_REQ_REPORT_UNHEALTHY => {
                let reason = string(at.buffer.cast()).unwrap_or(b"no reason given");
                let reason = String::from_utf8_lossy(reason);
                let text = format!("the extension reports itself unhealthy: {reason}");
                report(codes::UNHEALTHY, &text);
                Ok(())
            }
            HSE_REQ_GET_TRACE_INFO => {
                at.get::<HSE_TRACE_INFO>()?.fTraceRequest = 0;
                Ok(())
            }
            HSE_REQ_CLOSE_CONNECTION => {
                conn.reply().close();
                Ok(())
            }
            HSE_REQ_GET_IMPERSONATION_TOKEN if cfg!(windows) => {
                *at.get::<HANDLE>()? = token::client_token().ok_or(BAD)?;
                Ok(())
            }
            // No buffer of the host's own to switch off; and IIS has ignored 1014 since 5.1.
            HSE_REQ_SET_FLUSH_FLAG | HSE_REQ_ABORTIVE_CLOSE => Ok(()),
            // Connections are not encrypted, so there is never a client certificate.
            HSE_REQ_GET_CERT_INFO_EX => Err(Win32Error::NO_DATA),
            _ => {
                let name = request_name(request).unwrap_or("an unknown request");
                let text = format!("{name} ({request}) is not available in this host: error 87");
                report(codes::REQUEST_REFUSED, &text);
                Err(BAD)
            }
        }
    }
}

/// # Safety
/// `text` is NULL or NUL-terminated.
pub(super) unsafe fn string<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: the caller's contract.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// A string with its length, cut at the first NUL: some extensions count it in, and a length that
/// is far too great must not lead further.
///
/// # Safety
/// `text` is NULL or has `length` readable bytes, or a NUL before.
unsafe fn counted<'a>(text: *const c_char, length: DWORD) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller's contract; nothing behind the NUL is read.
    unsafe {
        let end = libc::strnlen(text, length as usize);
        if (end as u64) + 1 < u64::from(length) {
            head::report_count(length, end);
        }
        Some(std::slice::from_raw_parts(text.cast(), end))
    }
}

/// # Safety
/// `text` is NULL or a NUL-terminated UTF-16 string.
unsafe fn wide<'a>(text: *const u16) -> Option<&'a [u16]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller's contract: a NUL comes.
    unsafe {
        let mut length = 0;
        while *text.add(length) != 0 {
            length += 1;
        }
        Some(std::slice::from_raw_parts(text, length))
    }
}

fn done(conn: &Conn, status: DWORD) {
    match conn.latch.done(status) {
        Done::First => {}
        Done::Late => conn.done_late(),
        Done::Again => report(
            codes::EXTENSION_CONTRACT,
            "DONE_WITH_SESSION came twice for one request",
        ),
    }
}

/// A whole 302 answer; nothing else is needed.
fn redirect(conn: &Conn, url: &[u8]) -> Answer {
    // A line break would begin another header.
    let url: Vec<u8> = url
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_control())
        .collect();
    let mut headers = b"Location: ".to_vec();
    headers.extend_from_slice(&url);
    headers.extend_from_slice(b"\r\nContent-Length: 0\r\n\r\n");
    conn.reply()
        .begin(head::parse(Some(b"302 Object Moved"), &headers), Some(true))
}

/// # Safety
/// As for `HSE_REQ_IO_COMPLETION`: the buffer is a callback or NULL, `kind` its context.
unsafe fn set_completion(conn: &Conn, at: Arguments) {
    let completion = (!at.buffer.is_null()).then(|| Completion {
        // SAFETY: the buffer is a callback, by contract.
        callback: unsafe { std::mem::transmute::<*mut c_void, IoCompletionFn>(at.buffer) },
        context: at.kind.cast(),
    });
    // The latest registration wins.
    *conn
        .completion
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = completion;
}

/// Copies text and its NUL into an in/out buffer of `size` units.
///
/// # Safety
/// `size` is valid, and `target` has as many units as it says.
unsafe fn copy_out<T: Copy>(text: &[T], unit: u32, target: *mut T, size: *mut DWORD) -> Answer {
    // SAFETY: the caller's contract.
    unsafe {
        let offered = *size;
        let needed = u32::try_from(text.len())
            .map_err(|_| BAD)?
            .saturating_mul(unit);
        *size = needed;
        if offered < needed {
            return Err(Win32Error::INSUFFICIENT_BUFFER);
        }
        std::ptr::copy_nonoverlapping(text.as_ptr(), target, text.len());
    }
    Ok(())
}

/// # Safety
/// As for `HSE_REQ_MAP_URL_TO_PATH`.
unsafe fn map_url(conn: &Conn, note: &mut Note, at: Arguments) -> Answer {
    if at.size.is_null() {
        return Err(misuse::null_for(at.request, "the size"));
    }
    // SAFETY: the buffer holds the URL and has `*size` bytes for the path.
    unsafe {
        let mapped = conn.map_url(at.string()?);
        let mut path = super::variables::ansi(&mapped.path).into_owned();
        note.value(&path);
        path.push(0);
        copy_out(&path, 1, at.buffer.cast(), at.size)
    }
}

/// # Safety
/// As for `HSE_REQ_MAP_UNICODE_URL_TO_PATH`; the size counts bytes.
unsafe fn map_unicode_url(conn: &Conn, at: Arguments) -> Answer {
    if at.size.is_null() {
        return Err(misuse::null_for(at.request, "the size"));
    }
    // SAFETY: the buffer holds the URL and has `*size` bytes for the path.
    unsafe {
        let url = String::from_utf16_lossy(
            wide(at.buffer.cast()).ok_or_else(|| misuse::null_for(at.request, "its text"))?,
        );
        let mut path: Vec<u16> = conn.map_url(url.as_bytes()).path.encode_utf16().collect();
        path.push(0);
        copy_out(&path, 2, at.buffer.cast(), at.size)
    }
}

/// # Safety
/// As for `HSE_REQ_MAP_URL_TO_PATH_EX`: the URL, and a structure in the place of the type.
unsafe fn map_url_ex(conn: &Conn, at: Arguments) -> Answer {
    // SAFETY: by contract.
    let (url, info) = unsafe { (at.string()?, at.kind.cast::<HSE_URL_MAPEX_INFO>().as_mut()) };
    let info = info.ok_or_else(|| misuse::null_for(at.request, "its structure"))?;
    let mapped = conn.map_url(url);
    let path = super::variables::ansi(&mapped.path);
    // c_char is signed on some machines only.
    let path: Vec<c_char> = path.iter().map(|b| c_char::from_ne_bytes([*b])).collect();
    info.dwFlags = mapped.flags;
    info.cchMatchingPath = mapped.matching_path;
    info.cchMatchingURL = mapped.matching_url;
    put_path(&mut info.lpszPath, &path)
}

/// Copies a path and its NUL; a longer one is cut as IIS 6 does it, and told by error 122.
fn put_path<T: Copy + Default>(to: &mut [T; MAX_PATH], path: &[T]) -> Answer {
    let length = path.len().min(MAX_PATH - 1);
    to[..length].copy_from_slice(&path[..length]);
    to[length] = T::default();
    if length == path.len() {
        Ok(())
    } else {
        Err(Win32Error::INSUFFICIENT_BUFFER)
    }
}

/// # Safety
/// As for `HSE_REQ_MAP_UNICODE_URL_TO_PATH_EX`.
unsafe fn map_unicode_url_ex(conn: &Conn, at: Arguments) -> Answer {
    // SAFETY: by contract.
    let (url, info) = unsafe {
        (
            wide(at.buffer.cast()),
            at.kind.cast::<HSE_UNICODE_URL_MAPEX_INFO>().as_mut(),
        )
    };
    let url = url.ok_or_else(|| misuse::null_for(at.request, "its text"))?;
    let info = info.ok_or_else(|| misuse::null_for(at.request, "its structure"))?;
    let mapped = conn.map_url(String::from_utf16_lossy(url).as_bytes());
    let path: Vec<u16> = mapped.path.encode_utf16().collect();
    info.dwFlags = mapped.flags;
    info.cchMatchingPath = mapped.matching_path;
    info.cchMatchingURL = mapped.matching_url;
    put_path(&mut info.lpszPath, &path)
}

/// A buffer of the extension's that an asynchronous read fills.
struct Target(*mut u8, usize);

// SAFETY: the extension leaves the buffer alone until the completion.
unsafe impl Send for Target {}

impl Target {
    /// # Safety
    /// The buffer is still the extension's promise to keep.
    unsafe fn slice(&mut self) -> &mut [u8] {
        // SAFETY: by contract of the request.
        unsafe { std::slice::from_raw_parts_mut(self.0, self.1) }
    }
}

/// # Safety
/// As for `HSE_REQ_ASYNC_READ_CLIENT`.
unsafe fn async_read(conn: &Arc<Conn>, at: Arguments) -> Answer {
    // SAFETY: by contract.
    let (size, flags) = unsafe { (at.size.as_ref(), at.kind.as_ref()) };
    let size = *size.ok_or_else(|| misuse::null_for(at.request, "the size"))?;
    let flags = *flags.ok_or_else(|| misuse::null_for(at.request, "the flags"))?;
    if at.buffer.is_null() {
        return Err(misuse::null_for(at.request, "the buffer"));
    }
    if flags & HSE_IO_ASYNC == 0 {
        return Err(misuse::wrong_for(at.request, "flags without HSE_IO_ASYNC"));
    }
    let mut target = Target(at.buffer.cast(), misuse::size_for(at.request, size.into())?);
    conn.start_async(conn.completion(), move |conn| {
        // SAFETY: the completion has not been called yet.
        let read = conn.read_body(unsafe { target.slice() })?;
        u32::try_from(read).map_err(|_| BAD)
    })
}

/// # Safety
/// The members point at what ISAPI says, or are NULL.
unsafe fn child(info: &HSE_EXEC_URL_INFO) -> Result<ChildRequest, Win32Error> {
    // SAFETY: the caller's contract.
    unsafe {
        Ok(ChildRequest {
            url: string(info.pszUrl).map(lossy),
            method: string(info.pszMethod).map(lossy),
            headers: string(info.pszChildHeaders).map(<[u8]>::to_vec),
            entity: entity(info.pEntity)?,
            flags: info.dwExecUrlFlags,
        })
    }
}

/// # Safety
/// The members point at what ISAPI says, or are NULL.
unsafe fn unicode_child(info: &HSE_EXEC_UNICODE_URL_INFO) -> Result<ChildRequest, Win32Error> {
    // SAFETY: the caller's contract.
    unsafe {
        Ok(ChildRequest {
            url: wide(info.pszUrl).map(String::from_utf16_lossy),
            method: string(info.pszMethod).map(lossy),
            headers: string(info.pszChildHeaders).map(<[u8]>::to_vec),
            entity: entity(info.pEntity)?,
            flags: info.dwExecUrlFlags,
        })
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// # Safety
/// `info` is NULL or valid, and its data readable.
unsafe fn entity(info: *const HSE_EXEC_URL_ENTITY_INFO) -> Result<Option<Vec<u8>>, Win32Error> {
    // SAFETY: the caller's contract.
    unsafe {
        let Some(info) = info.as_ref() else {
            return Ok(None);
        };
        let size = misuse::size_for(HSE_REQ_EXEC_URL, info.cbAvailable.into())?;
        if size == 0 {
            return Ok(Some(Vec::new()));
        }
        if info.lpbData.is_null() {
            return Err(misuse::null_for(HSE_REQ_EXEC_URL, "data of some length"));
        }
        let data = std::slice::from_raw_parts(info.lpbData.cast::<u8>(), size);
        Ok(Some(data.to_vec()))
    }
}

/// # Safety
/// The status is a string or NULL.
unsafe fn custom_error(conn: &Arc<Conn>, info: &HSE_CUSTOM_ERROR_INFO) -> Answer {
    // SAFETY: the caller's contract.
    let status = unsafe { string(info.pszStatus) }
        .ok_or_else(|| misuse::null_for(HSE_REQ_SEND_CUSTOM_ERROR, "pszStatus"))?;
    let head = head::parse(Some(status), b"").head;
    let refusal = Refusal::new(
        head.status,
        info.uHttpSubError,
        "the extension asked for this page",
    );
    let send = move |conn: &Arc<Conn>| {
        conn.exchange.refuse(&refusal);
        Ok(0)
    };
    if info.fAsync != 0 {
        return conn.start_async(conn.completion(), send);
    }
    send(conn).map(|_| ())
}
