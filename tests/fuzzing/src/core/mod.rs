//! The core, driven by a host that answers anything.
#![allow(unsafe_code, reason = "an ISAPI host")]

mod host;

use crate::input::Input;
use crate::panics;
use host::Fake;
use isapi_base::ecb::constants::*;
use isapi_base::ecb::layout::HSE_VERSION_INFO;
use pyo3::Python;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

const SCRIPTS: [&str; 12] = [
    "hello.py",
    "read.py",
    "all.py",
    "env.py",
    "raises.py",
    "big.py",
    "stream.py",
    "passes.py",
    "broken.py",
    "plain.cgi",
    "missing.py",
    "",
];

/// A request that must be answered well comes after so many others.
const OFTEN: usize = 64;

/// The host was heard by a core that is to be asked again.
static DIRTY: AtomicBool = AtomicBool::new(true);
static COUNT: AtomicUsize = AtomicUsize::new(0);
static ONE: Mutex<()> = Mutex::new(());

fn start() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        panics::watch();
        isapi_http::guest::set_log(|_| {});
        let mut info = HSE_VERSION_INFO {
            dwExtensionVersion: 0,
            lpszExtensionDesc: [0; HSE_MAX_EXT_DLL_NAME_LEN],
        };
        // SAFETY: the structure is writable.
        let started = unsafe { isapi_http::GetExtensionVersion(&raw mut info) };
        assert_eq!(started, 1, "the core starts");
    });
}

/// Lets the core answer one request.
///
/// # Panics
/// The core breaks a rule of ISAPI, a thread panicked, or a well-behaved request afterwards is not
/// answered.
pub fn run(data: &[u8]) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    start();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    if DIRTY.swap(false, Ordering::Relaxed) {
        leave();
        clean();
    } else if count.is_multiple_of(OFTEN) {
        clean();
    }
    let input = Input::new(data);
    let how = input.byte();
    if how % 4 == 3 {
        // The core asks the host anew, as at the first request of a process.
        DIRTY.store(true, Ordering::Relaxed);
        leave();
    }
    let script = input.pick(&SCRIPTS);
    Fake::new(input, script, false).run();
    panics::none();
}

fn leave() {
    Python::attach(isapi_http::guest::leave_site).expect("a site can be left");
}

/// A host that does everything right gets the right answer, whatever came before.
fn clean() {
    let fake = Fake::new(Input::new(&[]), "hello.py", true);
    let status = fake.run();
    let text = String::from_utf8_lossy(&fake.sent()).into_owned();
    assert!(text.contains("Hello, World!"), "{text}");
    assert!((HSE_STATUS_SUCCESS..=HSE_STATUS_SUCCESS_AND_KEEP_CONN).contains(&status));
}
