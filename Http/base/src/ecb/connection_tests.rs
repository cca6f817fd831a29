//! The view of a control block, against a host that is a value of this test. Made for Miri, which
//! sees each pointer that is followed too far: `just miri`.

use super::*;
use crate::ecb::win32::set_last_error;
use std::cell::{Cell, RefCell};

/// Answers as a host does, and keeps what it was given.
#[derive(Default)]
struct Host {
    variable: Vec<u8>,
    /// Names a size that does not suffice, so often.
    grows: Cell<u32>,
    body: RefCell<Vec<u8>>,
    /// A write takes no more than so many bytes.
    takes: usize,
    written: RefCell<Vec<u8>>,
    requests: RefCell<Vec<u32>>,
    head: RefCell<(String, String, bool)>,
    file: Cell<(usize, u64, u64)>,
    completion: Cell<Option<IoCompletionFn>>,
    done: Cell<Option<u32>>,
}

/// # Safety
/// The number is the address of a host.
unsafe fn host<'a>(id: HCONN) -> &'a Host {
    // SAFETY: the caller's contract.
    unsafe { &*id.cast::<Host>() }
}

fn fail(error: Win32Error) -> BOOL {
    set_last_error(error);
    0
}

unsafe extern "system" fn get(
    id: HCONN,
    name: *const c_char,
    buffer: *mut c_void,
    size: *mut DWORD,
) -> BOOL {
    // SAFETY: what an extension passes: a string, and a buffer with its size.
    unsafe {
        let host = host(id);
        if CStr::from_ptr(name) == c"UNKNOWN" {
            return fail(Win32Error::INVALID_INDEX);
        }
        // Every byte that is offered may be written.
        ptr::write_bytes(buffer.cast::<u8>(), 0xAA, *size as usize);
        if host.grows.get() > 0 {
            host.grows.set(host.grows.get() - 1);
            *size += 1;
            return fail(Win32Error::INSUFFICIENT_BUFFER);
        }
        let offered = *size as usize;
        *size = host.variable.len() as DWORD;
        if offered < host.variable.len() {
            return fail(Win32Error::INSUFFICIENT_BUFFER);
        }
        ptr::copy_nonoverlapping(host.variable.as_ptr(), buffer.cast(), host.variable.len());
    }
    1
}

unsafe extern "system" fn write(id: HCONN, data: *mut c_void, size: *mut DWORD, _: DWORD) -> BOOL {
    // SAFETY: data with its size.
    unsafe {
        let host = host(id);
        let taken = host.takes.min(*size as usize);
        let data = std::slice::from_raw_parts(data.cast::<u8>(), *size as usize);
        host.written.borrow_mut().extend_from_slice(&data[..taken]);
        *size = taken as DWORD;
    }
    1
}

unsafe extern "system" fn read(id: HCONN, buffer: *mut c_void, size: *mut DWORD) -> BOOL {
    // SAFETY: a buffer with its size.
    unsafe {
        let mut body = host(id).body.borrow_mut();
        let length = body.len().min(*size as usize).min(3);
        let piece: Vec<u8> = body.drain(..length).collect();
        ptr::copy_nonoverlapping(piece.as_ptr(), buffer.cast(), length);
        *size = length as DWORD;
    }
    1
}

unsafe extern "system" fn support(
    id: HCONN,
    request: DWORD,
    buffer: *mut c_void,
    _: *mut DWORD,
    _: *mut DWORD,
) -> BOOL {
    // SAFETY: the structures of the requests.
    unsafe {
        let host = host(id);
        host.requests.borrow_mut().push(request);
        match request {
            HSE_REQ_SEND_RESPONSE_HEADER_EX => {
                let info = &*buffer.cast::<HSE_SEND_HEADER_EX_INFO>();
                let text = |at: *const c_char, length: DWORD| {
                    let bytes = std::slice::from_raw_parts(at.cast::<u8>(), length as usize);
                    assert_eq!(*at.add(length as usize), 0, "a NUL follows");
                    String::from_utf8_lossy(bytes).into_owned()
                };
                *host.head.borrow_mut() = (
                    text(info.pszStatus, info.cchStatus),
                    text(info.pszHeader, info.cchHeader),
                    info.fKeepConn != 0,
                );
            }
            HSE_REQ_VECTOR_SEND => {
                let vector = &*buffer.cast::<HSE_RESPONSE_VECTOR>();
                assert_eq!(vector.nElementCount, 1);
                let element = &*vector.lpElementArray;
                let handle = element.pvContext.addr();
                host.file.set((handle, element.cbOffset, element.cbSize));
            }
            HSE_REQ_IS_KEEP_CONN => *buffer.cast::<BOOL>() = 1,
            HSE_REQ_IO_COMPLETION => {
                let callback = std::mem::transmute::<*mut c_void, IoCompletionFn>(buffer);
                host.completion.set(Some(callback));
            }
            HSE_REQ_EXEC_UNICODE_URL => {
                let info = &*buffer.cast::<HSE_EXEC_UNICODE_URL_INFO>();
                assert!(info.pszUrl.is_null() && info.pEntity.is_null());
            }
            HSE_REQ_GET_EXEC_URL_STATUS => {
                (*buffer.cast::<HSE_EXEC_URL_STATUS>()).uHttpStatusCode = 404;
            }
            HSE_REQ_DONE_WITH_SESSION => host.done.set(Some(*buffer.cast::<DWORD>())),
            HSE_REQ_GET_IMPERSONATION_TOKEN => return fail(Win32Error::INVALID_PARAMETER),
            _ => {}
        }
    }
    1
}

fn block(host: &Host, preload: &mut [u8]) -> Box<EXTENSION_CONTROL_BLOCK> {
    Box::new(EXTENSION_CONTROL_BLOCK {
        cbSize: size_of::<EXTENSION_CONTROL_BLOCK>() as DWORD,
        dwVersion: VERSION_IIS_10,
        ConnID: ptr::from_ref(host).cast_mut().cast(),
        dwHttpStatusCode: 200,
        lpszLogData: [-1; _],
        lpszMethod: c"POST".as_ptr().cast_mut(),
        lpszQueryString: ptr::null_mut(),
        lpszPathInfo: ptr::null_mut(),
        lpszPathTranslated: ptr::null_mut(),
        cbTotalBytes: UNKNOWN_LENGTH,
        cbAvailable: preload.len() as DWORD,
        lpbData: preload.as_mut_ptr(),
        lpszContentType: ptr::null_mut(),
        GetServerVariable: get,
        WriteClient: write,
        ReadClient: read,
        ServerSupportFunction: support,
    })
}

/// Runs `act` on the view of a block.
fn with(host: &Host, act: impl FnOnce(Connection, *mut EXTENSION_CONTROL_BLOCK)) {
    let mut preload = *b"preloaded";
    let ecb = Box::into_raw(block(host, &mut preload));
    // SAFETY: the block is complete, and is freed after the view is gone.
    unsafe {
        act(Connection::new(ecb), ecb);
        drop(Box::from_raw(ecb));
    }
}

#[test]
fn what_the_block_says_is_read() {
    with(&Host::default(), |connection, ecb| {
        assert_eq!(connection.method(), c"POST");
        assert_eq!(connection.preloaded(), b"preloaded");
        assert_eq!(connection.total_bytes(), None);
        connection.set_status(404);
        connection.set_log_data(&"x".repeat(200));
        // SAFETY: the block is alive.
        let log = unsafe { CStr::from_ptr((&raw const (*ecb).lpszLogData).cast()) };
        assert_eq!(log.count_bytes(), HSE_LOG_BUFFER_LEN - 1);
        // SAFETY: as above.
        unsafe {
            (*ecb).lpszMethod = ptr::null_mut();
            (*ecb).lpbData = ptr::null_mut();
        }
        assert_eq!(
            (connection.method(), connection.preloaded()),
            (c"", &[][..])
        );
    });
}

#[test]
fn variables_of_any_length_are_fetched() {
    for length in [0, 1, 2, 511, 512, 513, 1023, 1024, 1025, 5000] {
        for grows in [0, 1, 3] {
            let mut variable = vec![b'v'; length];
            variable.push(0);
            let host = Host {
                variable,
                grows: grows.into(),
                ..Host::default()
            };
            with(&host, |connection, _| {
                let mut out = b"before ".to_vec();
                assert_eq!(connection.server_variable(c"X", &mut out), Ok(true));
                assert_eq!(out.len(), length + 7);
                assert_eq!(connection.server_variable(c"UNKNOWN", &mut out), Ok(false));
                let text = connection.server_variable_unicode(c"UNICODE_X");
                let text = text.expect("no error").expect("it is there");
                // Whole units, without the last one; each is a character.
                assert_eq!(text.chars().count(), length.div_ceil(2).saturating_sub(1));
            });
        }
    }
}

#[test]
fn a_host_that_says_more_than_it_has_done_is_not_believed() {
    let host = Host {
        variable: vec![b'v'; 10],
        takes: 4,
        body: RefCell::new(b"body".to_vec()),
        ..Host::default()
    };
    with(&host, |connection, _| {
        connection.write(b"0123456789").expect("in pieces of four");
        let mut room = [0; 8];
        assert_eq!(connection.read(&mut room), Ok(3));
        assert_eq!(connection.read(&mut room[..0]), Ok(0));
        assert_eq!(connection.read(&mut room), Ok(1));
    });
    assert_eq!(*host.written.borrow(), b"0123456789");
    with(&Host::default(), |connection, _| {
        assert_eq!(connection.write(b"x"), Err(Win32Error::WRITE_FAULT));
    });
}

#[test]
fn requests_carry_their_structures() {
    let host = Host::default();
    with(&host, |connection, _| {
        connection
            .send_headers(c"200 OK", c"A: b\r\n\r\n", true)
            .expect("sent");
        connection.send_file(7, 1 << 40, 9).expect("sent");
        connection.send_file(7, 0, 0).expect("nothing to send");
        assert_eq!(connection.is_keep_connection(), Ok(true));
        connection.set_flush_flag();
        connection.close();
        assert!(connection.impersonation_token().is_none());
        connection.done(HSE_STATUS_SUCCESS);
    });
    let head = ("200 OK".to_owned(), "A: b\r\n\r\n".to_owned(), true);
    assert_eq!(*host.head.borrow(), head);
    assert_eq!(host.file.get(), (7, 1 << 40, 9));
    assert_eq!(host.done.get(), Some(HSE_STATUS_SUCCESS));
    assert_eq!(host.requests.borrow().len(), 7);
}

#[test]
fn a_request_that_was_passed_on_is_ended_by_its_completion() {
    let host = Host::default();
    with(&host, |connection, ecb| {
        let _passed = connection.pass_through().expect("passed on");
        assert_eq!(host.done.get(), None);
        let callback = host.completion.get().expect("a callback");
        // SAFETY: as a host calls it.
        unsafe { callback(ecb, ptr::null_mut(), 0, 0) };
        // SAFETY: the block is alive.
        assert_eq!(unsafe { (*ecb).dwHttpStatusCode }, 404);
    });
    assert_eq!(host.done.get(), Some(HSE_STATUS_SUCCESS_AND_KEEP_CONN));
}

#[test]
fn the_version_is_filled_in() {
    let mut info = HSE_VERSION_INFO {
        dwExtensionVersion: 0,
        lpszExtensionDesc: [-1; _],
    };
    // SAFETY: NULL, or writable.
    unsafe {
        assert!(!fill_version(ptr::null_mut()));
        assert!(fill_version(&raw mut info));
        let name = CStr::from_ptr(info.lpszExtensionDesc.as_ptr());
        assert!(name.to_bytes().starts_with(b"PyISAPIe"));
    }
    assert_eq!(info.dwExtensionVersion, HSE_VERSION);
}

#[test]
fn text_in_utf16_is_read_whatever_it_is() {
    for text in ["", "ascii", "gr\u{fc}n", "\u{1f600}", "a\u{100}"] {
        let units = text.encode_utf16().chain([0]);
        let host = Host {
            variable: units.flat_map(u16::to_ne_bytes).collect(),
            ..Host::default()
        };
        with(&host, |connection, _| {
            let read = connection.server_variable_unicode(c"UNICODE_X");
            assert_eq!(read, Ok(Some(text.to_owned())));
        });
    }
}
