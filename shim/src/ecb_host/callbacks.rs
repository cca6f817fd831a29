//! Three of the four callbacks of the control block, and the call of the extension itself.
#![allow(unsafe_code)]

use super::block::Block;
use super::trace::{Call, excerpt, micros};
use super::variables::{Value, ansi};
use super::{Conn, registry, report};
use crate::codes;
use isapi_http::ecb::constants::{HSE_IO_ASYNC, HSE_STATUS_ERROR};
use isapi_http::ecb::layout::{BOOL, DWORD, HCONN};
use isapi_http::ecb::win32::Win32Error;
use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// What a trace says about a call, filled in only while tracing.
#[derive(Default)]
pub(super) struct Note {
    pub(super) on: bool,
    pub(super) argument: String,
    pub(super) size: Option<u64>,
    pub(super) done: Option<u64>,
    pub(super) value: String,
}

impl Note {
    pub(super) fn value(&mut self, bytes: &[u8]) {
        if self.on {
            self.value = excerpt(bytes);
        }
    }
}

/// Finds the request, runs `f`, sets the last error, traces. A panic of the host is a FALSE.
pub(super) fn call(
    id: HCONN,
    name: &'static str,
    f: impl FnOnce(&Arc<Conn>, &mut Note) -> Result<(), Win32Error>,
) -> BOOL {
    let Some(conn) = registry::find(id.addr()) else {
        let text = format!("{name} was called for a request that is done, or never was");
        report(codes::EXTENSION_CONTRACT, &text);
        isapi_http::ecb::win32::set_last_error(Win32Error::INVALID_PARAMETER);
        return 0;
    };
    let trace = conn.host.options.trace;
    let mut note = Note {
        on: trace.is_on(),
        ..Note::default()
    };
    let since = note.on.then(Instant::now);
    let result = catch_unwind(AssertUnwindSafe(|| f(&conn, &mut note)))
        .unwrap_or(Err(Win32Error::READ_FAULT));
    if note.on {
        trace.write(&Call {
            request: conn.id,
            call: name,
            argument: &note.argument,
            size: note.size,
            done: note.done,
            value: &note.value,
            result: if result.is_ok() { "TRUE" } else { "FALSE" },
            error: result.err().map(|e| e.0),
            us: micros(since),
        });
    }
    match result {
        Ok(()) => 1,
        Err(error) => {
            conn.host.extension.set_last_error(error);
            0
        }
    }
}

/// Calls `HttpExtensionProc`.
pub(super) fn process(conn: &Conn, block: &Arc<Block>) -> u32 {
    let trace = conn.host.options.trace;
    let since = trace.is_on().then(Instant::now);
    // SAFETY: the block is complete and lives until the request is done.
    let status = catch_unwind(AssertUnwindSafe(|| unsafe {
        conn.host.extension.process(block.as_ptr())
    }))
    .unwrap_or(HSE_STATUS_ERROR);
    if trace.is_on() {
        trace.write(&Call {
            request: conn.id,
            call: "HttpExtensionProc",
            argument: &format!("{} {}", conn.request.method, conn.url.raw()),
            size: None,
            done: None,
            value: "",
            result: status_name(status),
            error: None,
            us: micros(since),
        });
    }
    status
}

fn status_name(status: u32) -> &'static str {
    match status {
        1 => "HSE_STATUS_SUCCESS",
        2 => "HSE_STATUS_SUCCESS_AND_KEEP_CONN",
        3 => "HSE_STATUS_PENDING",
        4 => "HSE_STATUS_ERROR",
        _ => "an unknown status",
    }
}

/// `GetServerVariable`.
pub(super) unsafe extern "system" fn get_server_variable(
    id: HCONN,
    name: *const c_char,
    buffer: *mut c_void,
    size: *mut DWORD,
) -> BOOL {
    call(id, "GetServerVariable", |conn, note| {
        if name.is_null() || size.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: not NULL; ISAPI demands a NUL-terminated name and a readable size.
        let (name, offered) = unsafe { (CStr::from_ptr(name), *size) };
        let name = name.to_string_lossy();
        if note.on {
            note.argument = name.clone().into_owned();
            note.size = Some(u64::from(offered));
        }
        let (mut bytes, wide) = match name.strip_prefix("UNICODE_") {
            // Never for headers: their bytes have no known encoding.
            Some(header) if header.starts_with("HTTP_") || header.starts_with("HEADER_") => {
                return Err(Win32Error::INVALID_INDEX);
            }
            Some(plain) => {
                let value = conn.variable(plain).ok_or(Win32Error::INVALID_INDEX)?;
                let text = match value {
                    Value::Text(text) => text.into_owned(),
                    Value::Bytes(bytes) => bytes.iter().copied().map(char::from).collect(),
                };
                note.value(text.as_bytes());
                (
                    text.encode_utf16()
                        .flat_map(u16::to_ne_bytes)
                        .collect::<Vec<u8>>(),
                    true,
                )
            }
            None => {
                let bytes = match conn.variable(&name).ok_or(Win32Error::INVALID_INDEX)? {
                    Value::Text(text) => ansi(&text),
                    Value::Bytes(bytes) => bytes,
                };
                note.value(&bytes);
                (bytes, false)
            }
        };
        bytes.extend_from_slice(if wide { &[0, 0] } else { &[0] });
        note.done = Some(bytes.len() as u64);
        let needed = u32::try_from(bytes.len()).map_err(|_| Win32Error::INSUFFICIENT_BUFFER)?;
        // SAFETY: `size` is not NULL; `buffer` has at least `offered` bytes by ISAPI's contract.
        unsafe {
            *size = needed;
            if buffer.is_null() || offered < needed {
                return Err(Win32Error::INSUFFICIENT_BUFFER);
            }
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast(), bytes.len());
        }
        Ok(())
    })
}

/// `WriteClient`.
pub(super) unsafe extern "system" fn write_client(
    id: HCONN,
    buffer: *mut c_void,
    size: *mut DWORD,
    flags: DWORD,
) -> BOOL {
    call(id, "WriteClient", |conn, note| {
        if size.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: not NULL, and readable by contract.
        let length = unsafe { *size };
        note.size = Some(u64::from(length));
        if buffer.is_null() && length > 0 {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let data: &[u8] = if length == 0 {
            &[]
        } else {
            // SAFETY: not NULL, and `length` bytes are readable by contract.
            unsafe { std::slice::from_raw_parts(buffer.cast(), length as usize) }
        };
        note.value(data);
        if flags & HSE_IO_ASYNC != 0 {
            // Copied, though the extension must leave it alone until the completion.
            let data = data.to_vec();
            return conn.start_async(conn.completion(), move |conn| {
                conn.reply().data(&data)?;
                Ok(length)
            });
        }
        conn.reply().data(data)?;
        note.done = Some(u64::from(length));
        Ok(())
    })
}

/// `ReadClient`.
pub(super) unsafe extern "system" fn read_client(
    id: HCONN,
    buffer: *mut c_void,
    size: *mut DWORD,
) -> BOOL {
    call(id, "ReadClient", |conn, note| {
        if buffer.is_null() || size.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: not NULL; `*size` bytes are writable by contract, and initialised as far as
        // anybody can tell: the host writes before it reads.
        let target = unsafe { std::slice::from_raw_parts_mut(buffer.cast(), *size as usize) };
        note.size = Some(target.len() as u64);
        let read = conn.read_body(target)?;
        note.value(&target[..read]);
        note.done = Some(read as u64);
        // SAFETY: not NULL. The count is at most the size, which was a DWORD.
        unsafe { *size = u32::try_from(read).unwrap_or_default() };
        Ok(())
    })
}

impl Conn {
    /// More of the request body than was preloaded.
    pub(super) fn read_body(&self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.incoming
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read(buffer)
    }
}
