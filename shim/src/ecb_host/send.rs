//! `TRANSMIT_FILE` and `VECTOR_SEND`: responses made of memory and of parts of files.
#![allow(unsafe_code)]

use super::completion::Completion;
use super::support::string;
use super::{Conn, head, misuse};
use isapi_base::ecb::constants::*;
use isapi_base::ecb::layout::{HANDLE, HSE_RESPONSE_VECTOR, HSE_TF_INFO, HSE_VECTOR_ELEMENT};
use isapi_base::ecb::win32::Win32Error;
use std::ffi::c_void;
use std::fs::File;
use std::mem::ManuallyDrop;
use std::sync::Arc;

const BAD: Win32Error = Win32Error::INVALID_PARAMETER;

/// Files are sent in pieces of this size.
const PIECE: usize = 65_536;

/// One part of a response.
enum Part {
    Memory(Vec<u8>),
    File {
        handle: FileHandle,
        offset: u64,
        length: Option<u64>,
    },
}

/// A file that the extension has opened and keeps open until the operation is done: a Windows
/// handle, elsewhere a descriptor.
#[cfg(windows)]
struct FileHandle(usize);
/// See above.
#[cfg(unix)]
struct FileHandle(std::os::fd::RawFd);

impl FileHandle {
    /// # Safety
    /// The handle is open.
    unsafe fn borrow(&self) -> ManuallyDrop<File> {
        #[cfg(windows)]
        // SAFETY: the caller's contract; ManuallyDrop leaves it open.
        let file = unsafe {
            use std::os::windows::io::FromRawHandle;
            File::from_raw_handle(std::ptr::without_provenance_mut(self.0))
        };
        #[cfg(unix)]
        // SAFETY: the caller's contract; ManuallyDrop leaves it open.
        let file = unsafe {
            use std::os::fd::FromRawFd;
            File::from_raw_fd(self.0)
        };
        ManuallyDrop::new(file)
    }
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, offset);
}

/// What a request sends, taken out of the extension's structures.
struct Response {
    status: Option<Vec<u8>>,
    /// `None`: no head is sent.
    headers: Option<Vec<u8>>,
    /// What follows the headers is meant to.
    body_in_headers: bool,
    parts: Vec<Part>,
    disconnect: bool,
}

impl Response {
    fn send(&self, conn: &Conn) -> Result<u32, Win32Error> {
        let mut sent = 0u64;
        if let Some(headers) = &self.headers {
            let parsed = head::parse_aloud(self.status.as_deref(), headers, self.body_in_headers);
            conn.reply().begin(parsed, Some(!self.disconnect))?;
        }
        for part in &self.parts {
            sent += match part {
                Part::Memory(data) => {
                    conn.reply().data(data)?;
                    data.len() as u64
                }
                Part::File {
                    handle,
                    offset,
                    length,
                } => send_file(conn, handle, *offset, *length)?,
            };
        }
        if self.disconnect {
            conn.reply().close();
        }
        // The count of a completion is a DWORD; larger files wrap in IIS as well.
        Ok(sent as u32)
    }
}

fn send_file(
    conn: &Conn,
    handle: &FileHandle,
    mut offset: u64,
    length: Option<u64>,
) -> Result<u64, Win32Error> {
    // SAFETY: the extension keeps the file open until the operation is done.
    let file = unsafe { handle.borrow() };
    let size = file.metadata().map_err(|_| BAD)?.len();
    if offset > size {
        return Err(Win32Error::WSAEINVAL);
    }
    let wanted = length.unwrap_or(size - offset);
    let (mut left, mut buffer) = (wanted, vec![0; PIECE]);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let read =
            read_at(&file, &mut buffer[..most], offset).map_err(|_| Win32Error::READ_FAULT)?;
        if read == 0 {
            return Err(Win32Error::READ_FAULT);
        }
        conn.reply().data(&buffer[..read])?;
        offset += read as u64;
        left -= read as u64;
    }
    Ok(wanted)
}

/// # Errors
/// NULL with a length, or a negative one.
///
/// # Safety
/// `data` is NULL or has `length` readable bytes.
unsafe fn memory(
    request: u32,
    data: *const c_void,
    length: u64,
) -> Result<Option<Part>, Win32Error> {
    if length == 0 {
        return Ok(None);
    }
    if data.is_null() {
        return Err(misuse::null_for(request, "data of some length"));
    }
    let length = misuse::size_for(request, length)?;
    // SAFETY: the caller's contract.
    let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) };
    Ok(Some(Part::Memory(data.to_vec())))
}

/// # Errors
/// The handle is none: NULL or `INVALID_HANDLE_VALUE`.
fn file(handle: HANDLE, offset: u64, length: Option<u64>) -> Result<Part, Win32Error> {
    #[cfg(windows)]
    let handle = Some(handle.addr()).filter(|h| *h != 0 && *h != usize::MAX);
    #[cfg(unix)]
    let handle = std::os::fd::RawFd::try_from(handle.addr()).ok();
    Ok(Part::File {
        handle: FileHandle(handle.ok_or(BAD)?),
        offset,
        length,
    })
}

/// # Safety
/// As for `HSE_REQ_TRANSMIT_FILE`.
pub(super) unsafe fn transmit_file(conn: &Arc<Conn>, info: &HSE_TF_INFO) -> Result<(), Win32Error> {
    // SAFETY: the caller's contract.
    let (response, status) = unsafe {
        let with_head = info.dwFlags & HSE_IO_SEND_HEADERS != 0;
        let memory =
            |data: *mut c_void, length| memory(HSE_REQ_TRANSMIT_FILE, data, u64::from(length));
        let mut parts = Vec::new();
        let mut headers = None;
        // With headers, pHead is the header text and what follows it.
        match memory(info.pHead, info.HeadLength)? {
            Some(Part::Memory(text)) if with_head => headers = Some(text),
            Some(part) => parts.push(part),
            None if with_head => headers = Some(Vec::new()),
            None => {}
        }
        if !info.hFile.is_null() {
            let length = (info.BytesToWrite != 0).then_some(u64::from(info.BytesToWrite));
            parts.push(file(info.hFile, u64::from(info.Offset), length)?);
        }
        parts.extend(memory(info.pTail, info.TailLength)?);
        let status = string(info.pszStatusCode).map(<[u8]>::to_vec);
        let disconnect = info.dwFlags & HSE_IO_DISCONNECT_AFTER_SEND != 0;
        (
            Response {
                status: None,
                headers,
                body_in_headers: true,
                parts,
                disconnect,
            },
            status,
        )
    };
    let response = Response { status, ..response };
    let own = info.pfnHseIO.map(|callback| Completion {
        callback,
        context: info.pContext,
    });
    let completion = own.or_else(|| conn.completion());
    if info.dwFlags & HSE_IO_ASYNC != 0 || own.is_some() {
        return conn.start_async(completion, move |conn| response.send(conn));
    }
    response.send(conn).map(|_| ())
}

/// # Safety
/// As for `HSE_REQ_VECTOR_SEND`.
pub(super) unsafe fn vector_send(
    conn: &Arc<Conn>,
    vector: &HSE_RESPONSE_VECTOR,
) -> Result<(), Win32Error> {
    // SAFETY: the caller's contract.
    let response = unsafe {
        let with_head = vector.dwFlags & HSE_IO_SEND_HEADERS != 0;
        let (status, headers) = (string(vector.pszStatus), string(vector.pszHeaders));
        // Both strings with the flag, neither without it.
        if with_head != (status.is_some() && headers.is_some())
            || (!with_head && (status.is_some() || headers.is_some()))
        {
            let what = "status and headers without HSE_IO_SEND_HEADERS, or the flag without both";
            return Err(misuse::wrong_for(HSE_REQ_VECTOR_SEND, what));
        }
        let elements: &[HSE_VECTOR_ELEMENT] = match vector.nElementCount {
            0 => &[],
            _ if vector.lpElementArray.is_null() => {
                return Err(misuse::null_for(HSE_REQ_VECTOR_SEND, "its elements"));
            }
            count => std::slice::from_raw_parts(vector.lpElementArray, count as usize),
        };
        let mut parts = Vec::with_capacity(elements.len());
        for element in elements {
            match element.ElementType {
                HSE_VECTOR_ELEMENT_TYPE_MEMORY_BUFFER => {
                    let data = memory(HSE_REQ_VECTOR_SEND, element.pvContext, element.cbSize)?;
                    parts.extend(data);
                }
                HSE_VECTOR_ELEMENT_TYPE_FILE_HANDLE => {
                    let length = (element.cbSize != 0).then_some(element.cbSize);
                    parts.push(file(element.pvContext, element.cbOffset, length)?);
                }
                _ => {
                    let what = "an element of an unknown type";
                    return Err(misuse::wrong_for(HSE_REQ_VECTOR_SEND, what));
                }
            }
        }
        Response {
            status: status.map(<[u8]>::to_vec),
            headers: headers.map(<[u8]>::to_vec),
            body_in_headers: false,
            parts,
            disconnect: vector.dwFlags & HSE_IO_DISCONNECT_AFTER_SEND != 0,
        }
    };
    if vector.dwFlags & HSE_IO_ASYNC != 0 {
        return conn.start_async(conn.completion(), move |conn| response.send(conn));
    }
    response.send(conn).map(|_| ())
}
