//! Three of the four callbacks of the control block, and the call of the extension itself.
#![allow(unsafe_code)]

use super::block::Block;
use super::latch::Access;
use super::own::broken_body;
use super::trace::{Call, excerpt, micros};
use super::variables::{Value, ansi};
use super::{Conn, misuse, registry, report};
use crate::codes;
use isapi_base::ecb::constants::{HSE_IO_ASYNC, HSE_STATUS_ERROR};
use isapi_base::ecb::layout::{BOOL, DWORD, HCONN};
use isapi_base::ecb::win32::Win32Error;
use std::borrow::Cow;
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

/// Says that a request which is over was called back for.
fn over(name: &str) -> Win32Error {
    let text = format!("{name} was called for a request that is done, or never was");
    report(codes::EXTENSION_CONTRACT, &text);
    Win32Error::INVALID_PARAMETER
}

/// Finds the request, runs `f`, sets the last error, traces. A panic of the host is a FALSE.
pub(super) fn call(
    id: HCONN,
    name: &'static str,
    f: impl FnOnce(&Arc<Conn>, &mut Note) -> Result<(), Win32Error>,
) -> BOOL {
    let Some(conn) = registry::find(id.addr()) else {
        super::extension::set_last_error(over(name));
        return 0;
    };
    let trace = conn.host.options.trace;
    let mut note = Note {
        on: trace.is_on() || conn.host.probe.keeps_calls(),
        ..Note::default()
    };
    let since = note.on.then(Instant::now);
    let result = catch_unwind(AssertUnwindSafe(|| f(&conn, &mut note)))
        .unwrap_or(Err(Win32Error::READ_FAULT));
    if note.on {
        let call = Call {
            request: conn.id,
            call: name,
            argument: &note.argument,
            size: note.size,
            done: note.done,
            value: &note.value,
            result: if result.is_ok() { "TRUE" } else { "FALSE" },
            error: result.err().map(|e| e.0),
            us: micros(since),
        };
        conn.host.probe.keep(&call);
        trace.write(&call);
    }
    match result {
        Ok(()) => 1,
        Err(error) => {
            super::extension::set_last_error(error);
            0
        }
    }
}

/// Calls `HttpExtensionProc`.
pub(super) fn process(conn: &Arc<Conn>, block: &Arc<Block>) -> u32 {
    let trace = conn.host.options.trace;
    let since = trace.is_on().then(Instant::now);
    // SAFETY: the block is complete and lives until the request is done.
    let call = || unsafe { conn.host.extension.process(block.as_ptr()) };
    let status = catch_unwind(AssertUnwindSafe(|| registry::called_for(conn, call)))
        .unwrap_or(HSE_STATUS_ERROR);
    if trace.is_on() {
        trace.write(&Call {
            request: conn.id,
            call: "HttpExtensionProc",
            argument: &format!("{} {}", conn.request().method, conn.url().raw()),
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

fn utf16(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        // Several times as fast, and nearly all of it is.
        let units = text.bytes().map(|b| u16::from(b).to_ne_bytes());
        return units.collect::<Vec<_>>().into_flattened();
    }
    text.encode_utf16().flat_map(u16::to_ne_bytes).collect()
}

/// Names of variables are known in any case; see `Conn::variable`.
fn strip_prefix<'a>(name: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// `GetServerVariable`.
pub(super) unsafe extern "system" fn get_server_variable(
    id: HCONN,
    name: *const c_char,
    buffer: *mut c_void,
    size: *mut DWORD,
) -> BOOL {
    call(id, "GetServerVariable", |conn, note| {
        conn.must_be_open("GetServerVariable")?;
        if name.is_null() {
            return Err(misuse::null("GetServerVariable", "the name"));
        }
        if size.is_null() {
            return Err(misuse::null("GetServerVariable", "the size"));
        }
        // SAFETY: not NULL; ISAPI demands a NUL-terminated name and a readable size.
        let (name, offered) = unsafe { (CStr::from_ptr(name), *size) };
        let name = name.to_bytes();
        if note.on {
            note.argument = String::from_utf8_lossy(name).into_owned();
            note.size = Some(u64::from(offered));
        }
        let (bytes, nul): (Cow<'_, [u8]>, usize) = match strip_prefix(name, b"UNICODE_") {
            // Never for headers: their bytes have no known encoding.
            Some(header)
                if [&b"HTTP_"[..], b"HEADER_"]
                    .iter()
                    .any(|p| strip_prefix(header, p).is_some()) =>
            {
                return Err(Win32Error::INVALID_INDEX);
            }
            Some(plain) => {
                let value = conn.variable(plain).ok_or(Win32Error::INVALID_INDEX)?;
                let text = match value {
                    Value::Text(text) => text,
                    Value::Bytes(bytes) => bytes.iter().copied().map(char::from).collect(),
                };
                note.value(text.as_bytes());
                (utf16(&text).into(), 2)
            }
            None => {
                let bytes = match conn.variable(name).ok_or(Win32Error::INVALID_INDEX)? {
                    Value::Text(Cow::Borrowed(text)) => ansi(text),
                    Value::Text(Cow::Owned(text)) => ansi(&text).into_owned().into(),
                    Value::Bytes(bytes) => bytes.into(),
                };
                note.value(&bytes);
                (bytes, 1)
            }
        };
        let whole = bytes.len() + nul;
        note.done = Some(whole as u64);
        let needed = u32::try_from(whole).map_err(|_| Win32Error::INSUFFICIENT_BUFFER)?;
        let needed = needed.saturating_add(conn.host.probe.variable(name, offered)?);
        // SAFETY: `size` is not NULL; `buffer` has at least `offered` bytes by ISAPI's contract.
        unsafe {
            // No buffer and no size ask for the size; no buffer of some size is a mistake.
            if buffer.is_null() && offered > 0 {
                return Err(misuse::null("GetServerVariable", "a buffer of some size"));
            }
            *size = needed;
            if offered < needed {
                return Err(Win32Error::INSUFFICIENT_BUFFER);
            }
            let buffer = buffer.cast::<u8>();
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer, bytes.len());
            std::ptr::write_bytes(buffer.add(bytes.len()), 0, nul);
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
        conn.must_be_open("WriteClient")?;
        if size.is_null() {
            return Err(misuse::null("WriteClient", "the size"));
        }
        // SAFETY: not NULL, and readable by contract.
        let length = unsafe { *size };
        note.size = Some(u64::from(length));
        if buffer.is_null() && length > 0 {
            return Err(misuse::null("WriteClient", "the data"));
        }
        let count = misuse::size("WriteClient", length.into())?;
        let data: &[u8] = if count == 0 {
            &[]
        } else {
            // SAFETY: not NULL, and `count` bytes are readable by contract.
            unsafe { std::slice::from_raw_parts(buffer.cast(), count) }
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
        conn.host.probe.writing()?;
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
        conn.must_be_open("ReadClient")?;
        if buffer.is_null() {
            return Err(misuse::null("ReadClient", "the buffer"));
        }
        if size.is_null() {
            return Err(misuse::null("ReadClient", "the size"));
        }
        // SAFETY: not NULL, and readable by contract.
        let room = misuse::size("ReadClient", unsafe { *size }.into())?;
        // SAFETY: not NULL; `room` bytes are writable by contract, and initialised as far as
        // anybody can tell: the host writes before it reads.
        let target = unsafe { std::slice::from_raw_parts_mut(buffer.cast(), room) };
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
    /// Refuses a callback behind `DONE_WITH_SESSION`, though `HttpExtensionProc` may not have
    /// returned yet: IIS may have given the request away by then.
    pub(super) fn must_be_open(&self, name: &str) -> Result<(), Win32Error> {
        match self.latch.enter() {
            Access::Open => Ok(()),
            Access::Done => Err(over(name)),
            Access::GivenUp => Err(self.late(name)),
        }
    }

    /// More of the request body than was preloaded.
    pub(super) fn read_body(&self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        let room = self.host.probe.reading(buffer.len())?;
        let buffer = &mut buffer[..room];
        if buffer.is_empty() {
            return Ok(0);
        }
        let read = self
            .entity
            .rest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read(buffer);
        if self.latch.is_given_up() {
            self.drop_body();
        }
        if read == Err(Win32Error::INVALID_DATA) {
            self.refuse_body();
            return Err(Win32Error::WSAECONNRESET);
        }
        read
    }

    /// http.sys answers for a body that it cannot read, where nothing was answered yet, and closes
    /// the connection: to the extension the client has gone.
    fn refuse_body(&self) {
        let mut reply = self.reply();
        if !reply.is_begun() {
            self.host
                .send_refusal(&mut reply, self.request(), &broken_body());
            reply.close();
        }
    }
}
