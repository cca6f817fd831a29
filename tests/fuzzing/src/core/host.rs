//! The fake host: a control block whose callbacks take their answers from the input.

use crate::input::Input;
use isapi_base::ecb::constants::*;
use isapi_base::ecb::layout::*;
use isapi_base::ecb::win32::Win32Error;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::null_mut;

/// More than any request of the scripts needs. A core that asks for ever is found by it.
const MOST_CALLS: u32 = 500_000;

const ERRORS: [Win32Error; 12] = [
    Win32Error::INVALID_INDEX,
    Win32Error::WSAECONNRESET,
    Win32Error::INVALID_PARAMETER,
    Win32Error::INSUFFICIENT_BUFFER,
    Win32Error::NO_DATA,
    Win32Error::OPERATION_ABORTED,
    Win32Error::NETNAME_DELETED,
    Win32Error::CONNECTION_INVALID,
    Win32Error::IO_PENDING,
    Win32Error::READ_FAULT,
    Win32Error(0),
    Win32Error(u32::MAX),
];

/// One request of a host that behaves as its input says.
pub(super) struct Fake {
    input: Input,
    script: &'static str,
    /// Everything is answered as a good host does.
    good: bool,
    calls: Cell<u32>,
    /// How often a head was sent, with success or without.
    heads: Cell<u32>,
    sent: RefCell<Vec<u8>>,
    completion: Cell<Option<(IoCompletionFn, *mut c_void)>>,
    /// A child request was accepted.
    child: Cell<bool>,
    done: Cell<bool>,
}

/// What `HttpExtensionProc` is given, and what it points at.
struct Block {
    ecb: EXTENSION_CONTROL_BLOCK,
    _texts: Vec<CString>,
    _body: Vec<u8>,
}

impl Fake {
    pub(super) fn new(input: Input, script: &'static str, good: bool) -> Self {
        Self {
            input,
            script,
            good,
            calls: Cell::new(0),
            heads: Cell::new(0),
            sent: RefCell::default(),
            completion: Cell::new(None),
            child: Cell::new(false),
            done: Cell::new(false),
        }
    }

    /// What was written.
    pub(super) fn sent(&self) -> Vec<u8> {
        self.sent.borrow().clone()
    }

    /// Calls the core, and does what a host does with the result.
    pub(super) fn run(&self) -> u32 {
        let mut block = self.block();
        let ecb = &raw mut block.ecb;
        // SAFETY: the block is complete and lives until the request is done, which is below.
        let status = unsafe { isapi_http::HttpExtensionProc(ecb) };
        assert!((HSE_STATUS_SUCCESS..=HSE_STATUS_ERROR).contains(&status));
        assert_eq!(
            status == HSE_STATUS_PENDING,
            self.child.get(),
            "pending is what a child request is waited for with"
        );
        assert!(!self.done.get(), "done before pending was returned");
        if status == HSE_STATUS_PENDING {
            let (callback, context) = self.completion.get().expect("there is a completion");
            let error = self.error(0);
            // SAFETY: the core's callback, with the control block of its request.
            unsafe { callback(ecb, context, 0, error) };
            assert!(self.done.get(), "the end of the child ends the request");
        }
        // SAFETY: as above.
        let log = unsafe { (*ecb).lpszLogData };
        assert!(log.contains(&0), "a NUL ends the text for the log");
        status
    }

    fn block(&self) -> Block {
        let input = &self.input;
        let path = crate::site().join(self.script).display().to_string();
        let text = |good: &str, odd: u8| -> Vec<u8> {
            match odd % 8 {
                6 => input.c_text(),
                _ => good.into(),
            }
        };
        let odd = |_| if self.good { 0 } else { input.byte() };
        let methods = ["GET", "HEAD", "POST", "PUT", "x"];
        let method = if self.good {
            "GET"
        } else {
            input.pick(&methods)
        };
        let texts: Vec<CString> = [
            text(method, odd(())),
            text(
                ["a=b", "stay", "file", "memory"][usize::from(odd(()) % 4)],
                odd(()),
            ),
            text("/script", odd(())),
            path.into_bytes(),
            text("text/plain; charset=utf-8", odd(())),
        ]
        .into_iter()
        .map(|text| CString::new(text).expect("no NUL"))
        .collect();
        let mut body = if self.good {
            Vec::new()
        } else {
            input.many(60_000)
        };
        let available = body.len() as DWORD;
        body.push(0);
        let total = match odd(()) % 8 {
            0..=3 => available,
            4 => UNKNOWN_LENGTH,
            5 => available.saturating_add(input.long() >> 8),
            6 => available / 2,
            _ => input.long(),
        };
        let null = |at: usize| match odd(()) {
            255 => null_mut(),
            _ => texts[at].as_ptr().cast_mut(),
        };
        let ecb = EXTENSION_CONTROL_BLOCK {
            cbSize: size_of::<EXTENSION_CONTROL_BLOCK>() as DWORD,
            dwVersion: VERSION_IIS_10,
            ConnID: std::ptr::from_ref(self).cast_mut().cast(),
            dwHttpStatusCode: 200,
            lpszLogData: [0; _],
            lpszMethod: null(0),
            lpszQueryString: null(1),
            lpszPathInfo: null(2),
            lpszPathTranslated: null(3),
            cbTotalBytes: total,
            cbAvailable: available,
            lpbData: match available {
                0 => null_mut(),
                _ => body.as_mut_ptr(),
            },
            lpszContentType: null(4),
            GetServerVariable: get_server_variable,
            WriteClient: write_client,
            ReadClient: read_client,
            ServerSupportFunction: server_support_function,
        };
        Block {
            ecb,
            _texts: texts,
            _body: body,
        }
    }

    /// Whether this call is answered well; `odd` ones have a number above 127.
    fn how(&self) -> u8 {
        let calls = self.calls.get() + 1;
        self.calls.set(calls);
        assert!(calls < MOST_CALLS, "the core asks for ever");
        assert!(!self.done.get(), "a call after the request was done");
        if self.good { 0 } else { self.input.byte() }
    }

    fn error(&self, good: u32) -> u32 {
        if self.good || self.input.is_empty() {
            return good;
        }
        self.input.pick(&ERRORS).0
    }

    /// FALSE, with an error for the thread.
    fn fail(&self, error: u32) -> BOOL {
        // SAFETY: takes any number.
        unsafe { isapi_http::SetLastError(error) };
        0
    }

    /// What a good host says.
    fn value(&self, name: &str) -> Option<String> {
        let site = crate::site().display().to_string();
        let script = format!("{site}/{}", self.script);
        let value = match name {
            "PYISAPIE_HOME" | "APPL_PHYSICAL_PATH" => site,
            "SCRIPT_TRANSLATED" | "PATH_TRANSLATED" => script,
            "SCRIPT_NAME" | "PATH_INFO" | "URL" => format!("/{}", self.script),
            "SERVER_PROTOCOL" => "HTTP/1.1".into(),
            "REQUEST_METHOD" => "GET".into(),
            "SERVER_NAME" => "localhost".into(),
            "SERVER_PORT" => "80".into(),
            "HTTPS" => "off".into(),
            "APPL_MD_PATH" => "/LM/W3SVC/1/ROOT".into(),
            "REMOTE_ADDR" | "LOCAL_ADDR" => "127.0.0.1".into(),
            _ => return None,
        };
        Some(value)
    }

    /// What a bad one says. What leads to files or modules is chosen from a few: an input must not
    /// be able to run anything else of this machine.
    fn odd_value(&self, name: &str) -> Vec<u8> {
        let input = &self.input;
        let site = crate::site().display().to_string();
        let known = |values: &[&str]| {
            let value = values[usize::from(input.byte()) % values.len()];
            value.replace("SITE", &site).into_bytes()
        };
        match name {
            "PYISAPIE_HOME" => known(&["SITE", "", "/nowhere/at/all", "SITE/text.txt"]),
            "PYISAPIE_HANDLER" => known(&["", "SITE/handler.py", "/nowhere.py", "SITE/broken.py"]),
            "PYISAPIE_WSGI" => known(&[
                "app:application",
                "app:make()",
                "app:missing",
                "nosuchmodule:x",
                "app",
                ":",
                "broken:x",
                "",
            ]),
            "PYISAPIE_CGI" => known(&["1", "0", "yes"]),
            "PYISAPIE_RELOAD" => known(&["changed", "always", "never", "Never ", "\u{e9}"]),
            "PYISAPIE_ERROR_DETAILS" => known(&["always", "local", "never", "?"]),
            "PYISAPIE_PROCESS_MODEL" => known(&["threads", "once", "processes", "\u{e9}"]),
            "APPL_PHYSICAL_PATH" => known(&["SITE", "", "SITE/folder", "/nowhere"]),
            "SCRIPT_TRANSLATED" | "PATH_TRANSLATED" => {
                let mut name = input.bytes();
                name.retain(|b| !matches!(b, b'/' | b'\\'));
                [site.as_bytes(), b"/", &name].concat()
            }
            _ => input.bytes(),
        }
    }

    fn get(&self, name: &CStr, room: &mut [u8], size: &mut DWORD) -> BOOL {
        let name = name.to_string_lossy();
        let (plain, wide) = match name.strip_prefix("UNICODE_") {
            Some(plain) => (plain, true),
            None => (&*name, false),
        };
        let good = self.value(plain).map(|text| match wide {
            true => text
                .encode_utf16()
                .chain([0])
                .flat_map(u16::to_ne_bytes)
                .collect(),
            false => [text.as_bytes(), b"\0"].concat(),
        });
        let how = self.how();
        let value = match how {
            0..=127 => good,
            128..=139 => return self.fail(self.error(1413)),
            // A size that does not fit what was copied.
            140..=149 => {
                room.fill(how);
                *size = self.input.long();
                return 1;
            }
            // A buffer that never suffices, or not yet.
            150..=159 => {
                *size = self.input.long();
                return self.fail(Win32Error::INSUFFICIENT_BUFFER.0);
            }
            160..=163 => {
                *size = (room.len() as DWORD).saturating_add(1);
                return self.fail(Win32Error::INSUFFICIENT_BUFFER.0);
            }
            // No NUL, or none at all.
            164..=169 => Some(self.odd_value(plain)),
            170..=173 => Some(Vec::new()),
            174..=177 => Some(vec![how; 600]),
            _ => Some([&self.odd_value(plain)[..], b"\0\0"].concat()),
        };
        let Some(value) = value else {
            return self.fail(Win32Error::INVALID_INDEX.0);
        };
        *size = value.len() as DWORD;
        if value.len() > room.len() {
            return self.fail(Win32Error::INSUFFICIENT_BUFFER.0);
        }
        room[..value.len()].copy_from_slice(&value);
        1
    }

    fn write(&self, data: &[u8], size: &mut DWORD) -> BOOL {
        assert!(self.heads.get() > 0, "a body before any head");
        assert!(!data.is_empty(), "nothing is written");
        let how = self.how();
        let taken = match how {
            0..=149 => data.len(),
            150..=179 => self.input.size(data.len()),
            180..=189 => data.len() + 1000,
            _ => return self.fail(self.error(10054)),
        };
        let mut sent = self.sent.borrow_mut();
        sent.extend_from_slice(&data[..taken.min(data.len())]);
        *size = taken as DWORD;
        1
    }

    fn read(&self, room: &mut [u8], size: &mut DWORD) -> BOOL {
        let how = self.how();
        let length = match how {
            0..=9 => 0,
            10..=199 => {
                let length = self.input.size(room.len());
                room[..length].fill(how);
                if length > 3 {
                    room[0] = 0xE2;
                    room[2] = b'\n';
                }
                length
            }
            200..=219 => room.len() + 70_000,
            _ => return self.fail(self.error(10054)),
        };
        *size = length as DWORD;
        1
    }

    /// # Safety
    /// The arguments are what ISAPI demands for the request.
    unsafe fn support(&self, request: u32, buffer: *mut c_void, kind: *mut DWORD) -> BOOL {
        let how = self.how();
        let failed = how > 180;
        // SAFETY: by contract, the types are those of the request.
        unsafe {
            match request {
                HSE_REQ_SEND_RESPONSE_HEADER_EX => {
                    self.heads.set(self.heads.get() + 1);
                    let info = &*buffer.cast::<HSE_SEND_HEADER_EX_INFO>();
                    let status = CStr::from_ptr(info.pszStatus).to_bytes();
                    let header = CStr::from_ptr(info.pszHeader).to_bytes();
                    assert_eq!(status.len(), info.cchStatus as usize);
                    assert_eq!(header.len(), info.cchHeader as usize);
                    assert!(status.len() >= 3 && status[..3].iter().all(u8::is_ascii_digit));
                    assert!(
                        header.ends_with(b"\r\n\r\n"),
                        "a blank line ends the headers"
                    );
                    let inside = &header[..header.len() - 4];
                    let blank = inside.windows(4).any(|w| w == b"\r\n\r\n");
                    assert!(!blank, "a blank line within the headers");
                }
                HSE_REQ_IO_COMPLETION if !failed => {
                    let callback = std::mem::transmute::<*mut c_void, IoCompletionFn>(buffer);
                    self.completion.set(Some((callback, kind.cast())));
                }
                HSE_REQ_EXEC_UNICODE_URL if !failed => {
                    assert_eq!(self.heads.get(), 0, "passed on after a response was begun");
                    assert!(!self.child.replace(true), "passed on twice");
                }
                HSE_REQ_GET_EXEC_URL_STATUS if !failed => {
                    *buffer.cast() = HSE_EXEC_URL_STATUS {
                        uHttpStatusCode: self.input.short(),
                        uHttpSubStatus: 0,
                        dwWin32Error: 0,
                    };
                }
                HSE_REQ_IS_KEEP_CONN if !failed => *buffer.cast::<BOOL>() = BOOL::from(how) - 1,
                HSE_REQ_VECTOR_SEND => {
                    assert!(self.heads.get() > 0, "a file before any head");
                    let vector = &*buffer.cast::<HSE_RESPONSE_VECTOR>();
                    assert_eq!(vector.nElementCount, 1);
                    assert!((*vector.lpElementArray).cbSize > 0);
                }
                HSE_REQ_DONE_WITH_SESSION => {
                    let status = *buffer.cast::<DWORD>();
                    assert!((HSE_STATUS_SUCCESS..=HSE_STATUS_ERROR).contains(&status));
                    self.done.set(true);
                    return 1;
                }
                _ => {}
            }
        }
        if failed {
            return self.fail(self.error(87));
        }
        1
    }
}

/// # Safety
/// The handle is one that [`Fake::block`] made.
unsafe fn fake<'a>(id: HCONN) -> &'a Fake {
    // SAFETY: the caller's contract; the value lives until its request is done.
    unsafe { &*id.cast::<Fake>() }
}

unsafe extern "system" fn get_server_variable(
    id: HCONN,
    name: *const c_char,
    buffer: *mut c_void,
    size: *mut DWORD,
) -> BOOL {
    // SAFETY: the core gives a string, and a buffer with its size.
    unsafe {
        let room = std::slice::from_raw_parts_mut(buffer.cast(), *size as usize);
        fake(id).get(CStr::from_ptr(name), room, &mut *size)
    }
}

unsafe extern "system" fn write_client(
    id: HCONN,
    buffer: *mut c_void,
    size: *mut DWORD,
    flags: DWORD,
) -> BOOL {
    assert_eq!(flags, HSE_IO_SYNC);
    // SAFETY: the core gives data with its size.
    unsafe {
        let data = std::slice::from_raw_parts(buffer.cast(), *size as usize);
        fake(id).write(data, &mut *size)
    }
}

unsafe extern "system" fn read_client(id: HCONN, buffer: *mut c_void, size: *mut DWORD) -> BOOL {
    // SAFETY: the core gives a buffer with its size.
    unsafe {
        let room = std::slice::from_raw_parts_mut(buffer.cast(), *size as usize);
        fake(id).read(room, &mut *size)
    }
}

unsafe extern "system" fn server_support_function(
    id: HCONN,
    request: DWORD,
    buffer: *mut c_void,
    _size: *mut DWORD,
    kind: *mut DWORD,
) -> BOOL {
    // SAFETY: the core passes what each request demands.
    unsafe { fake(id).support(request, buffer, kind) }
}
