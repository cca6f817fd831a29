//! Python's start through the C API, where pyo3 offers no way.
#![allow(unsafe_code)]

use super::find::PythonAt;
use pyo3::ffi;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::path::Path;

/// Starts Python as its program, so that it finds the standard library and the packages
/// of that Python or virtual environment, and releases the GIL.
///
/// Does nothing where Python runs already (this library was loaded by a Python process).
pub(super) fn initialize(python: &PythonAt) -> Result<(), String> {
    // SAFETY: may be called at any time.
    if unsafe { ffi::Py_IsInitialized() } != 0 {
        return Ok(());
    }
    let program = PathText::new(&python.program)?;
    let home = python.home.as_deref().map(PathText::new).transpose()?;
    let mut config = MaybeUninit::<ffi::PyConfig>::uninit();
    // SAFETY: the config is initialised by PyConfig_InitPythonConfig before it is used, cleared
    // afterwards, and the calling thread owns it. Python is not running, so this thread may start
    // it; it holds the GIL then, and PyEval_SaveThread gives it up.
    unsafe {
        ffi::PyConfig_InitPythonConfig(config.as_mut_ptr());
        let config = config.assume_init_mut();
        // The command line belongs to the host.
        config.parse_argv = 0;
        // So do the signals: Ctrl-C must end the process though a script runs.
        config.install_signal_handlers = 0;
        // As the original's last revision: the pool's account seldom may write beside scripts.
        config.write_bytecode = 0;
        let mut status = program.set(config, &raw mut config.program_name);
        if let Some(home) = &home {
            // Named, so that nothing is left to chance: a service has no PATH of its own. The
            // program is named as the executable too, because with a home Python does not look
            // for it, and `site` finds a virtual environment beside it.
            status = first_failure(status, || program.set(config, &raw mut config.executable));
            status = first_failure(status, || home.set(config, &raw mut config.home));
        }
        status = first_failure(status, || ffi::Py_InitializeFromConfig(config));
        let result = message(status);
        ffi::PyConfig_Clear(config);
        result?;
        ffi::PyEval_SaveThread();
    }
    Ok(())
}

/// The status of `next`, where `status` is none of a failure.
fn first_failure(status: ffi::PyStatus, next: impl FnOnce() -> ffi::PyStatus) -> ffi::PyStatus {
    // SAFETY: only looks at the value.
    if unsafe { ffi::PyStatus_Exception(status) } == 0 {
        next()
    } else {
        status
    }
}

/// A path in the form that Python's configuration takes: bytes, on Windows UTF-16.
#[cfg(unix)]
struct PathText(std::ffi::CString);
/// See above.
#[cfg(windows)]
struct PathText(Vec<u16>);

impl PathText {
    #[cfg(unix)]
    fn new(path: &Path) -> Result<Self, String> {
        use std::os::unix::ffi::OsStrExt;
        let text = std::ffi::CString::new(path.as_os_str().as_bytes());
        Ok(Self(
            text.map_err(|_| "its path has a NUL byte".to_owned())?,
        ))
    }

    #[cfg(windows)]
    fn new(path: &Path) -> Result<Self, String> {
        use std::os::windows::ffi::OsStrExt;
        let mut text: Vec<u16> = path.as_os_str().encode_wide().collect();
        if text.contains(&0) {
            return Err("its path has a NUL character".to_owned());
        }
        text.push(0);
        Ok(Self(text))
    }

    /// # Safety
    /// The configuration is initialised, and the string is one of it.
    unsafe fn set(
        &self,
        config: *mut ffi::PyConfig,
        string: *mut *mut libc_wchar,
    ) -> ffi::PyStatus {
        // SAFETY: the caller's contract; the text ends with a NUL and outlives the call.
        unsafe {
            #[cfg(unix)]
            return ffi::PyConfig_SetBytesString(config, string, self.0.as_ptr());
            #[cfg(windows)]
            return ffi::PyConfig_SetString(config, string, self.0.as_ptr());
        }
    }
}

/// C's `wchar_t`.
#[cfg(unix)]
#[allow(non_camel_case_types, reason = "C's name")]
type libc_wchar = i32;
/// C's `wchar_t`.
#[cfg(windows)]
#[allow(non_camel_case_types, reason = "C's name")]
type libc_wchar = u16;

fn message(status: ffi::PyStatus) -> Result<(), String> {
    // SAFETY: the status came from a call just made; its message is a static C string or NULL.
    unsafe {
        if ffi::PyStatus_Exception(status) == 0 {
            return Ok(());
        }
        if status.err_msg.is_null() {
            return Err("it gave no reason".to_owned());
        }
        Err(CStr::from_ptr(status.err_msg)
            .to_string_lossy()
            .into_owned())
    }
}
