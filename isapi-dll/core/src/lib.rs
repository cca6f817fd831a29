//! The core in a library of its own, which a carrier loads when it has found and loaded a Python
//! of this library's version. See [`isapi_base::calls`].
#![allow(non_snake_case, reason = "an export beside those of ISAPI")]

use isapi_base::calls::{Bytes, Calls, FORM, Start};
use isapi_base::codes;
use isapi_base::guard::guarded;
use isapi_http::{Carrier, PythonAt};
use std::ffi::c_void;
use std::path::PathBuf;

/// See [`isapi_base::calls::StartFn`].
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyISAPIeCoreStart(
    start: *const Start,
    calls: *mut Calls,
    _reserved: *const c_void,
) -> i32 {
    // SAFETY: the number comes first in every form.
    if start.is_null() || calls.is_null() || unsafe { (*start).form } != FORM {
        return 0;
    }
    // SAFETY: of this form, hence complete.
    let start = unsafe { &*start };
    let tell = |text: &str| {
        let line = format!("PyISAPIe: {}: {text}\n", codes::PANIC);
        if let Some(log) = start.log {
            log(line.as_str().into());
        }
    };
    guarded(0, tell, || {
        let home = path(start.python_home);
        let program = path(start.python_program);
        isapi_http::start(Carrier {
            library_folder: path(start.library_folder),
            package: text(start.package),
            // Where the carrier has found none, there is the one that this links.
            python: (!program.as_os_str().is_empty()).then(|| PythonAt {
                home: (!home.as_os_str().is_empty()).then_some(home),
                program,
            }),
            log: start.log,
        });
        // SAFETY: not NULL, and writable by the contract.
        unsafe {
            *calls = Calls {
                process: isapi_http::HttpExtensionProc,
                terminate: isapi_http::TerminateExtension,
            };
        }
        1
    })
}

fn text(bytes: Bytes) -> String {
    if bytes.length == 0 {
        return String::new();
    }
    // SAFETY: readable for so many bytes during the call (contract of StartFn).
    let bytes = unsafe { std::slice::from_raw_parts(bytes.data, bytes.length) };
    String::from_utf8_lossy(bytes).into_owned()
}

fn path(bytes: Bytes) -> PathBuf {
    PathBuf::from(text(bytes))
}
