//! The extension: it takes what it does from the input.
#![allow(unsafe_code, reason = "an ISAPI extension")]

use super::support;
use crate::input::Input;
use isapi_base::ecb::constants::*;
use isapi_base::ecb::layout::*;
use std::cell::Cell;
use std::ffi::{CString, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// One input's extension.
pub(super) struct Run {
    pub(super) input: Arc<Input>,
    /// Memory that asynchronous operations may use until the input is done.
    arena: Mutex<Vec<Kept>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    operations: AtomicBool,
    /// How requests that were called back for are called back for once more.
    last: Mutex<Option<Call>>,
}

/// Memory that is owned here and used elsewhere.
struct Kept(*mut [u8]);

// SAFETY: bytes, which are only freed here.
unsafe impl Send for Kept {}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: made by `Box::into_raw`; nobody uses it any more, since the input is done.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

static CURRENT: Mutex<Option<Arc<Run>>> = Mutex::new(None);

thread_local! {
    static LAST_ERROR: Cell<u32> = const { Cell::new(0) };
}

/// What no host says.
const UNSET: u32 = 0xDEAD_BEEF;

/// What the context of completions is.
pub(super) const CONTEXT: usize = 0x1234_5678;

const VARIABLES: [&str; 16] = [
    "ALL_RAW",
    "ALL_HTTP",
    "SERVER_NAME",
    "PATH_TRANSLATED",
    "UNICODE_PATH_TRANSLATED",
    "HTTP_HOST",
    "HEADER_Host",
    "UNICODE_SERVER_NAME",
    "query_string",
    "AUTH_PASSWORD",
    "HTTP_",
    "UNICODE_",
    "UNICODE_HTTP_HOST",
    "INSTANCE_META_PATH",
    "PYISAPIE_HOME",
    "",
];

/// The callbacks of a control block, which may be used after it is gone.
#[derive(Clone, Copy)]
pub(super) struct Call {
    id: HCONN,
    get: GetServerVariableFn,
    write: WriteClientFn,
    read: ReadClientFn,
    support: ServerSupportFunctionFn,
}

// SAFETY: the number is no address, and callbacks may be called from any thread.
unsafe impl Send for Call {}

impl Call {
    /// # Safety
    /// The control block is one.
    unsafe fn of(ecb: *mut EXTENSION_CONTROL_BLOCK) -> Self {
        // SAFETY: the caller's contract.
        let ecb = unsafe { &*ecb };
        assert_eq!(ecb.cbSize as usize, size_of::<EXTENSION_CONTROL_BLOCK>());
        assert!(!ecb.lpszMethod.is_null() && !ecb.lpszQueryString.is_null());
        assert!(!ecb.lpszPathInfo.is_null() && !ecb.lpszPathTranslated.is_null());
        assert!(!ecb.lpszContentType.is_null());
        Self {
            id: ecb.ConnID,
            get: ecb.GetServerVariable,
            write: ecb.WriteClient,
            read: ecb.ReadClient,
            support: ecb.ServerSupportFunction,
        }
    }

    /// `ServerSupportFunction`.
    ///
    /// # Safety
    /// The arguments are what the request wants.
    pub(super) unsafe fn support(
        &self,
        request: u32,
        buffer: *mut c_void,
        size: *mut DWORD,
        kind: *mut DWORD,
    ) -> bool {
        // SAFETY: the caller's contract.
        explained(|| unsafe { (self.support)(self.id, request, buffer, size, kind) })
    }
}

/// A callback that returns FALSE says why.
fn explained(call: impl FnOnce() -> BOOL) -> bool {
    LAST_ERROR.set(UNSET);
    let result = call();
    if result == 0 {
        assert_ne!(LAST_ERROR.get(), UNSET, "FALSE without an error");
    }
    result != 0
}

impl Run {
    pub(super) fn begin(input: Arc<Input>) -> Arc<Self> {
        let run = Arc::new(Self {
            input,
            arena: Mutex::default(),
            threads: Mutex::default(),
            operations: AtomicBool::new(false),
            last: Mutex::default(),
        });
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&run));
        run
    }

    /// Calls for a request that is over.
    pub(super) fn after(&self) {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = last {
            for _ in 0..self.input.byte() % 3 {
                self.step(&call);
            }
        }
    }

    /// Waits for the extension's threads.
    pub(super) fn end(&self) {
        loop {
            let thread = self
                .threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            match thread {
                Some(thread) => thread.join().expect("the extension's thread ends well"),
                None => return,
            }
        }
    }

    /// Whether the host may have started threads.
    pub(super) fn has_operations(&self) -> bool {
        self.operations.load(Ordering::Acquire)
    }

    /// An operation may start.
    pub(super) fn operation(&self) {
        self.operations.store(true, Ordering::Release);
    }

    /// Memory that stays until the input is done.
    pub(super) fn keep(&self, bytes: Vec<u8>) -> *mut u8 {
        // Raw, because the host writes into it while it is kept here.
        let bytes = Box::into_raw(bytes.into_boxed_slice());
        self.arena
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Kept(bytes));
        bytes.cast()
    }

    /// A C string that stays, or NULL.
    pub(super) fn text(&self) -> *mut std::ffi::c_char {
        if self.input.byte() % 8 == 7 {
            return std::ptr::null_mut();
        }
        let text = CString::new(self.input.c_text()).expect("it has no NUL");
        self.keep(text.into_bytes_with_nul()).cast()
    }

    /// As many calls as the input says.
    fn steps(&self, call: &Call) {
        while self.step(call) {}
    }

    /// One call; false: the input says that it was the last.
    fn step(&self, call: &Call) -> bool {
        let input = &self.input;
        match input.byte() % 12 {
            0 => return false,
            1 | 2 => self.variable(call),
            3 | 4 => self.write(call),
            5 => self.read(call),
            6 => {
                let request = match input.byte() {
                    known if usize::from(known) < ALL_REQUESTS.len() * 5 => {
                        ALL_REQUESTS[usize::from(known) % ALL_REQUESTS.len()]
                    }
                    _ => input.long(),
                };
                support::call(self, call, request);
            }
            7 => support::call(self, call, HSE_REQ_SEND_RESPONSE_HEADER_EX),
            8 => support::call(self, call, HSE_REQ_IO_COMPLETION),
            9 => support::call(self, call, HSE_REQ_VECTOR_SEND),
            10 => support::call(self, call, HSE_REQ_EXEC_URL),
            _ => support::call(self, call, HSE_REQ_MAP_URL_TO_PATH),
        }
        true
    }

    fn variable(&self, call: &Call) {
        let input = &self.input;
        let how = input.byte();
        let name = match input.pick(&VARIABLES) {
            "" => input.c_text(),
            name => name.into(),
        };
        let name = CString::new(name).expect("it has no NUL");
        let name_at = if how & 7 == 7 {
            std::ptr::null()
        } else {
            name.as_ptr()
        };
        let mut buffer = vec![0xAA_u8; input.size(70_000)];
        let offered = buffer.len() as u32;
        let mut size = offered;
        let size_at = size_or_null(how, &raw mut size);
        let null = how & 8 != 0;
        let at = if null {
            std::ptr::null_mut()
        } else {
            buffer.as_mut_ptr().cast()
        };
        // SAFETY: the name is a string; the buffer has as many bytes as the size says, or is NULL.
        let get = |at: *mut c_void, size_at: *mut u32| unsafe {
            explained(|| (call.get)(call.id, name_at, at, size_at))
        };
        if get(at, size_at) {
            assert!(size <= offered && size > 0, "{size} of {offered}");
            assert_eq!(buffer[size as usize - 1], 0, "a NUL ends each value");
        } else if LAST_ERROR.get() == 122 && !size_at.is_null() {
            assert!(size > offered, "{size} are not too many for {offered}");
            let mut buffer = vec![0xAA_u8; size as usize];
            let needed = size;
            if get(buffer.as_mut_ptr().cast(), &raw mut size) {
                assert_eq!(size, needed, "the size that was told is the value's");
                assert_eq!(buffer[size as usize - 1], 0, "a NUL ends each value");
            }
        }
    }

    fn write(&self, call: &Call) {
        let input = &self.input;
        let (how, flags) = (input.byte(), input.byte());
        let data = input.many(70_000);
        let mut size = data.len() as u32;
        if how & 7 == 7 {
            // Must be refused: it is negative.
            size |= 0x8000_0000;
        }
        let size_at = size_or_null(how, &raw mut size);
        let data_at = match how & 8 {
            0 => self.keep(data).cast(),
            _ => std::ptr::null_mut(),
        };
        let flags = match flags {
            0..=150 => HSE_IO_SYNC,
            151..=200 => HSE_IO_ASYNC,
            other => u32::from(other) | input.long() & 0x1F00,
        };
        if flags & HSE_IO_ASYNC != 0 {
            self.operation();
        }
        let before = size;
        // SAFETY: the data has as many bytes as the size says, stays until the input is done, or
        // one of the two is nothing to read from.
        let done = unsafe { explained(|| (call.write)(call.id, data_at, size_at, flags)) };
        if done && !size_at.is_null() && flags & HSE_IO_ASYNC == 0 {
            assert!(size <= before, "more than was given");
        }
    }

    fn read(&self, call: &Call) {
        let input = &self.input;
        let how = input.byte();
        let mut buffer = vec![0xAA_u8; input.size(70_000)];
        let offered = buffer.len() as u32;
        let mut size = offered;
        let size_at = size_or_null(how, &raw mut size);
        let at = if how & 8 == 0 {
            buffer.as_mut_ptr().cast()
        } else {
            std::ptr::null_mut()
        };
        // SAFETY: the buffer has as many bytes as the size says, or is NULL.
        if unsafe { explained(|| (call.read)(call.id, at, size_at)) } {
            assert!(size <= offered, "{size} of {offered}");
        }
    }

    /// Ends the request, once at least.
    fn done(&self, call: &Call) {
        for _ in 0..=self.input.byte() % 2 {
            support::call(self, call, HSE_REQ_DONE_WITH_SESSION);
        }
    }
}

fn current() -> Arc<Run> {
    let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(current.as_ref().expect("requests come while an input runs"))
}

/// `GetExtensionVersion`.
pub(super) unsafe extern "system" fn version(info: *mut HSE_VERSION_INFO) -> BOOL {
    // SAFETY: the host's structure. A description without a NUL is none of its troubles.
    unsafe {
        (*info).dwExtensionVersion = HSE_VERSION;
        (*info).lpszExtensionDesc = [b'x' as std::ffi::c_char; HSE_MAX_EXT_DLL_NAME_LEN];
    }
    1
}

/// `SetLastError`.
pub(super) unsafe extern "system" fn set_last_error(code: DWORD) {
    LAST_ERROR.set(code);
}

/// `HttpExtensionProc`.
pub(super) unsafe extern "system" fn process(ecb: *mut EXTENSION_CONTROL_BLOCK) -> DWORD {
    let run = current();
    // SAFETY: the host's control block.
    let call = unsafe { Call::of(ecb) };
    *run.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(call);
    // SAFETY: as above; the fields are the extension's.
    unsafe { touch(&run.input, ecb) };
    run.steps(&call);
    match run.input.byte() % 10 {
        0 | 1 => HSE_STATUS_SUCCESS,
        2 => HSE_STATUS_SUCCESS_AND_KEEP_CONN,
        3 => HSE_STATUS_ERROR,
        4 => match run.input.long() {
            // Only for those that end their request.
            HSE_STATUS_PENDING => HSE_STATUS_ERROR,
            other => other,
        },
        5 => {
            run.done(&call);
            HSE_STATUS_PENDING
        }
        6 => {
            run.done(&call);
            HSE_STATUS_SUCCESS
        }
        how => {
            let other = Arc::clone(&run);
            let thread = std::thread::spawn(move || {
                if how == 7 {
                    // Longer than an impatient host waits.
                    std::thread::sleep(Duration::from_millis(2));
                }
                other.steps(&call);
                other.done(&call);
                other.step(&call);
            });
            run.threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(thread);
            HSE_STATUS_PENDING
        }
    }
}

/// Reads and writes what an extension may.
///
/// # Safety
/// The control block is one, and its request not over.
unsafe fn touch(input: &Input, ecb: *mut EXTENSION_CONTROL_BLOCK) {
    // SAFETY: the caller's contract.
    unsafe {
        let ecb = &mut *ecb;
        if ecb.cbAvailable > 0 {
            let data = std::slice::from_raw_parts(ecb.lpbData, ecb.cbAvailable as usize);
            std::hint::black_box(data.iter().fold(0_u8, |a, b| a ^ b));
        }
        if input.flag() {
            ecb.dwHttpStatusCode = input.long();
            let text = input.bytes();
            for (to, from) in ecb.lpszLogData.iter_mut().zip(text) {
                *to = from as std::ffi::c_char;
            }
        }
    }
}

/// The completion function.
pub(super) unsafe extern "system" fn completed(
    ecb: *mut EXTENSION_CONTROL_BLOCK,
    context: *mut c_void,
    bytes: DWORD,
    error: DWORD,
) {
    assert_eq!(context.addr(), CONTEXT, "the context is handed back");
    assert!(bytes == 0 || error == 0);
    // SAFETY: the host's control block, which lives until the request is done.
    let id = unsafe { (*ecb).ConnID };
    assert!(!id.is_null());
    let run = current();
    let last = *run.last.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(call) = last {
        let call = Call { id, ..call };
        for _ in 0..run.input.byte() % 4 {
            if !run.step(&call) {
                break;
            }
        }
    }
}

/// Where a size is; NULL in one of eight cases.
pub(super) fn size_or_null(how: u8, size: *mut DWORD) -> *mut DWORD {
    if how & 0x70 == 0x70 {
        std::ptr::null_mut()
    } else {
        size
    }
}
