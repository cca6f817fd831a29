//! `ServerSupportFunction` of the fuzzed extension: any request, with arguments of its types.
#![allow(unsafe_code, reason = "an ISAPI extension")]

use super::extension::{CONTEXT, Call, Run, completed, size_or_null};
use isapi_base::ecb::constants::*;
use isapi_base::ecb::layout::*;
use std::ffi::c_void;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr::null_mut;
use std::sync::LazyLock;

/// A file that responses are made of.
static FILE: LazyLock<File> =
    LazyLock::new(|| File::open(crate::site().join("text.txt")).expect("a file of the site"));

/// Makes the arguments that `request` wants, or NULL for some of them, and calls.
pub(super) fn call(run: &Run, call: &Call, request: u32) {
    let input = &run.input;
    let how = input.byte();
    let nothing = how & 7 == 7;
    let mut size: DWORD = 0;
    let mut kind: DWORD = input.long() & 0x1FFF;
    // What stands in the place of the type, where that is none.
    let mut instead: Option<*mut DWORD> = (how & 8 != 0).then_some(null_mut());
    let mut out = [0u64; 8];
    let buffer: *mut c_void = match request {
        HSE_REQ_SEND_RESPONSE_HEADER => {
            instead = Some(run.text().cast());
            run.text().cast()
        }
        HSE_REQ_SEND_RESPONSE_HEADER_EX => header(run),
        HSE_REQ_DONE_WITH_SESSION => {
            let status = match input.byte() % 6 {
                0 => return done(call, null_mut()),
                known @ 1..=4 => u32::from(known),
                _ => input.long(),
            };
            return done(call, &raw const status as *mut DWORD);
        }
        HSE_REQ_MAP_URL_TO_PATH => {
            let mut text = input.c_text();
            text.push(0);
            text.resize(text.len().max(input.size(600)), 0xAA);
            size = text.len() as DWORD;
            run.keep(text).cast()
        }
        HSE_REQ_MAP_UNICODE_URL_TO_PATH => {
            let mut units = wide(run);
            units.resize(units.len().max(input.size(600)), 0xAAAA);
            size = units.len() as DWORD * 2;
            keep(run, units.into_boxed_slice())
        }
        HSE_REQ_MAP_URL_TO_PATH_EX => {
            instead = Some(null_mut());
            if !nothing {
                // SAFETY: all zeros are a value of this structure.
                let info = unsafe { zeroed::<HSE_URL_MAPEX_INFO>() };
                instead = Some(keep(run, info).cast());
            }
            run.text().cast()
        }
        HSE_REQ_MAP_UNICODE_URL_TO_PATH_EX => {
            instead = Some(null_mut());
            if !nothing {
                // SAFETY: all zeros are a value of this structure.
                let info = unsafe { zeroed::<HSE_UNICODE_URL_MAPEX_INFO>() };
                instead = Some(keep(run, info).cast());
            }
            keep(run, wide(run).into_boxed_slice())
        }
        HSE_REQ_IO_COMPLETION => {
            instead = Some(std::ptr::without_provenance_mut(CONTEXT));
            match how & 1 {
                0 => completed as *mut c_void,
                _ => null_mut(),
            }
        }
        HSE_REQ_ASYNC_READ_CLIENT => {
            run.operation();
            let room = vec![0xAA; input.size(70_000)];
            size = room.len() as DWORD;
            if how & 0x80 != 0 {
                kind |= HSE_IO_ASYNC;
            }
            run.keep(room).cast()
        }
        HSE_REQ_TRANSMIT_FILE => file(run),
        HSE_REQ_VECTOR_SEND => vector(run),
        HSE_REQ_EXEC_URL => {
            run.operation();
            let entity = entity(run);
            let info = HSE_EXEC_URL_INFO {
                pszUrl: url(run),
                pszMethod: run.text(),
                pszChildHeaders: run.text(),
                pUserInfo: null_mut(),
                pEntity: entity,
                dwExecUrlFlags: input.byte().into(),
            };
            keep(run, info)
        }
        HSE_REQ_EXEC_UNICODE_URL => {
            run.operation();
            let entity = entity(run);
            let info = HSE_EXEC_UNICODE_URL_INFO {
                pszUrl: match input.flag() {
                    true => keep(run, wide(run).into_boxed_slice()).cast(),
                    false => null_mut(),
                },
                pszMethod: run.text(),
                pszChildHeaders: run.text(),
                pUserInfo: null_mut(),
                pEntity: entity,
                dwExecUrlFlags: input.byte().into(),
            };
            keep(run, info)
        }
        HSE_REQ_SEND_CUSTOM_ERROR => {
            let info = HSE_CUSTOM_ERROR_INFO {
                pszStatus: run.text(),
                uHttpSubError: input.short(),
                fAsync: i32::from(input.flag()),
            };
            if info.fAsync != 0 {
                run.operation();
            }
            keep(run, info)
        }
        HSE_REQ_SEND_URL_REDIRECT_RESP
        | HSE_REQ_SEND_URL
        | HSE_APPEND_LOG_PARAMETER
        | HSE_REQ_REPORT_UNHEALTHY => run.text().cast(),
        // Small structures, or nothing that is followed.
        _ => out.as_mut_ptr().cast(),
    };
    let buffer = if nothing { null_mut() } else { buffer };
    let offered = size;
    let size_at = size_or_null(how, &raw mut size);
    let kind_at = instead.unwrap_or(&raw mut kind);
    // SAFETY: the arguments are of the request's types, or NULL; what operations use stays until
    // the input is done.
    let done = unsafe { call.support(request, buffer, size_at, kind_at) };
    let maps = [HSE_REQ_MAP_URL_TO_PATH, HSE_REQ_MAP_UNICODE_URL_TO_PATH];
    if done && maps.contains(&request) {
        assert!(size <= offered, "{size} of {offered}");
    }
}

fn done(call: &Call, status: *mut DWORD) {
    // SAFETY: NULL, or a status.
    unsafe {
        call.support(
            HSE_REQ_DONE_WITH_SESSION,
            status.cast(),
            null_mut(),
            null_mut(),
        );
    }
}

/// Keeps a value, or what a box of many holds, until the input is done. Drops nothing of it.
fn keep<T: Kept>(run: &Run, value: T) -> *mut c_void {
    // In units of eight bytes, so that it lies as the host may expect.
    let bytes = value.bytes();
    let length = bytes.len();
    let padded = length.next_multiple_of(8) + 8;
    let at = run.keep(vec![0; padded]);
    let start = at.align_offset(8);
    // SAFETY: there is room for the bytes behind the next border of eight.
    unsafe {
        let at = at.add(start);
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), at, length);
        at.cast()
    }
}

/// What can be kept as its bytes.
trait Kept {
    fn bytes(&self) -> &[u8];
}

macro_rules! kept {
    ($($structure:ty),* $(,)?) => {$(
        impl Kept for $structure {
            fn bytes(&self) -> &[u8] {
                // SAFETY: a structure of numbers and pointers; its padding is copied and never
                // looked at.
                unsafe {
                    std::slice::from_raw_parts(std::ptr::from_ref(self).cast(), size_of::<Self>())
                }
            }
        }
    )*};
}

kept!(
    HSE_SEND_HEADER_EX_INFO,
    HSE_URL_MAPEX_INFO,
    HSE_UNICODE_URL_MAPEX_INFO,
    HSE_EXEC_URL_INFO,
    HSE_EXEC_UNICODE_URL_INFO,
    HSE_EXEC_URL_ENTITY_INFO,
    HSE_CUSTOM_ERROR_INFO,
    HSE_TF_INFO,
    HSE_RESPONSE_VECTOR,
    HSE_VECTOR_ELEMENT,
);

impl Kept for Box<[u16]> {
    fn bytes(&self) -> &[u8] {
        // SAFETY: numbers.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), self.len() * 2) }
    }
}

/// # Safety
/// All zeros are a value of the type.
unsafe fn zeroed<T>() -> T {
    // SAFETY: the caller's contract.
    unsafe { std::mem::zeroed() }
}

fn wide(run: &Run) -> Vec<u16> {
    let mut units: Vec<u16> = run
        .input
        .bytes()
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or_default()]))
        .filter(|unit| *unit != 0)
        .collect();
    units.push(0);
    units
}

fn url(run: &Run) -> *mut std::ffi::c_char {
    let known = match run.input.byte() % 6 {
        0 => return null_mut(),
        1 => &b"/hello.py"[..],
        2 => b"/text.txt",
        3 => b"/folder/",
        4 => b"/no.py?x",
        _ => return run.text(),
    };
    run.keep([known, b"\0"].concat()).cast()
}

fn header(run: &Run) -> *mut c_void {
    let input = &run.input;
    let known = match input.byte() % 8 {
        0 => &b"Content-Length: 5\r\n\r\n"[..],
        1 => b"Content-Type: text/plain\r\n\r\n",
        2 => b"Transfer-Encoding: chunked\r\n\r\n",
        3 => b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nabcde\r\n",
        _ => b"",
    };
    let mut text = known.to_vec();
    if known.is_empty() {
        text = input.bytes();
    }
    let mut status = match input.byte() % 4 {
        0 => b"200 OK".to_vec(),
        1 => b"204 No Content".to_vec(),
        _ => input.bytes(),
    };
    // Counts may be greater than what is there, where a NUL comes before.
    let more = if input.byte() % 4 == 3 { 1000 } else { 0 };
    let (text_size, status_size) = (text.len() as DWORD + more, status.len() as DWORD + more);
    text.push(0);
    status.push(0);
    let info = HSE_SEND_HEADER_EX_INFO {
        pszStatus: run.keep(status).cast(),
        pszHeader: run.keep(text).cast(),
        cchStatus: status_size,
        cchHeader: text_size,
        fKeepConn: i32::from(input.flag()),
    };
    keep(run, info)
}

fn entity(run: &Run) -> *mut HSE_EXEC_URL_ENTITY_INFO {
    let input = &run.input;
    if input.byte() % 4 != 3 {
        return null_mut();
    }
    let data = input.many(1000);
    let info = HSE_EXEC_URL_ENTITY_INFO {
        cbAvailable: data.len() as DWORD,
        lpbData: match input.byte() % 8 {
            7 => null_mut(),
            _ => run.keep(data).cast(),
        },
    };
    keep(run, info).cast()
}

/// An open file, or what is none.
fn handle(run: &Run) -> HANDLE {
    let number = match run.input.byte() % 6 {
        0 | 1 => usize::try_from(FILE.as_raw_fd()).unwrap_or(0),
        2 => usize::MAX,
        3 => 0xFFFF_FFFF,
        // No process of this kind has so many.
        4 => 1_000_000,
        _ => 0,
    };
    std::ptr::without_provenance_mut(number)
}

fn file(run: &Run) -> *mut c_void {
    let input = &run.input;
    let (head, tail) = (input.many(300), input.many(300));
    let flags: DWORD = input.byte().into();
    let own = input.byte() % 4 == 3;
    if flags & HSE_IO_ASYNC != 0 || own {
        run.operation();
    }
    let info = HSE_TF_INFO {
        pfnHseIO: own.then_some(completed),
        pContext: std::ptr::without_provenance_mut(CONTEXT),
        hFile: handle(run),
        pszStatusCode: run.text(),
        BytesToWrite: match input.byte() {
            small @ 0..=200 => small.into(),
            _ => input.long(),
        },
        Offset: match input.byte() {
            small @ 0..=200 => small.into(),
            _ => input.long(),
        },
        HeadLength: head.len() as DWORD,
        pHead: run.keep(head).cast(),
        TailLength: tail.len() as DWORD,
        pTail: match input.byte() % 8 {
            7 => null_mut(),
            _ => run.keep(tail).cast(),
        },
        dwFlags: flags,
    };
    keep(run, info)
}

fn vector(run: &Run) -> *mut c_void {
    let input = &run.input;
    let flags: DWORD = input.byte().into();
    if flags & HSE_IO_ASYNC != 0 {
        run.operation();
    }
    let (status, headers) = match input.byte() % 4 {
        0 => (null_mut(), null_mut()),
        1 => (
            run.keep(b"200 OK\0".to_vec()).cast(),
            run.keep(b"Content-Length: 5\r\n\r\n\0".to_vec()).cast(),
        ),
        _ => (run.text(), run.text()),
    };
    let count = input.byte() % 5;
    let mut elements = Vec::new();
    for _ in 0..count {
        let kind = input.byte() % 4;
        let data = input.many(2000);
        let size = match input.byte() {
            255 => u64::MAX,
            254 => 1 << 31,
            _ => data.len() as u64,
        };
        let element = HSE_VECTOR_ELEMENT {
            ElementType: match kind {
                0 | 1 => HSE_VECTOR_ELEMENT_TYPE_MEMORY_BUFFER,
                2 => HSE_VECTOR_ELEMENT_TYPE_FILE_HANDLE,
                _ => input.byte().into(),
            },
            pvContext: match kind {
                2 => handle(run),
                _ if input.byte() % 8 == 7 => null_mut(),
                _ => run.keep(data).cast(),
            },
            cbOffset: input.byte().into(),
            cbSize: size,
        };
        // A number that is no type of memory must not lead to it.
        if kind == 3 && element.ElementType == HSE_VECTOR_ELEMENT_TYPE_FILE_HANDLE {
            continue;
        }
        elements.extend_from_slice(element.bytes());
    }
    let each = size_of::<HSE_VECTOR_ELEMENT>();
    let count = elements.len() / each;
    let array = run.keep(vec![0; elements.len() + 8]);
    let start = array.align_offset(8);
    // SAFETY: there is room for the elements behind the next border of eight.
    let array = unsafe {
        let array = array.add(start);
        std::ptr::copy_nonoverlapping(elements.as_ptr(), array, elements.len());
        array
    };
    let info = HSE_RESPONSE_VECTOR {
        dwFlags: flags,
        pszStatus: status,
        pszHeaders: headers,
        nElementCount: count as DWORD,
        lpElementArray: match input.byte() % 8 {
            7 => null_mut(),
            _ => array.cast(),
        },
    };
    keep(run, info)
}
