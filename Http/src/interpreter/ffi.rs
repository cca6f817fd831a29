//! Python's start and thread states through the C API, where pyo3 offers no way.
#![allow(unsafe_code)]

use super::find::PythonAt;
use pyo3::ffi;
use std::cell::RefCell;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::path::Path;

/// Makes imports compare the case of names also on Windows, where `PYTHONCASEOK` would let the
/// standard package `http` pass for `Http`. Only before Python starts: it is what scripts and the
/// programs they start see. What the C library had copied already is `setup`'s to forget.
pub(crate) fn forget_case_variable() {
    // SAFETY: a host loads the extension before it hands requests to threads of its own.
    unsafe { std::env::remove_var("PYTHONCASEOK") }
}

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

/// The calling thread's Python thread state, made once and freed when the thread ends.
///
/// Without it each attach makes and destroys one: slower by 0.5 µs, and it would empty
/// `threading.local` between requests. A state made by hand (`PyThreadState_New`) would not be the
/// one that extension modules find through `PyGILState`, so it is made by `PyGILState_Ensure`.
struct KeptThreadState {
    /// NULL where the thread had a state before: the one that started Python.
    state: *mut ffi::PyThreadState,
    gil: ffi::PyGILState_STATE,
}

impl KeptThreadState {
    fn new() -> Self {
        // SAFETY: Python runs (the callers started it). Ensure and SaveThread are paired by drop.
        unsafe {
            if !ffi::PyGILState_GetThisThreadState().is_null() {
                let gil = ffi::PyGILState_STATE::PyGILState_UNLOCKED;
                return Self {
                    state: std::ptr::null_mut(),
                    gil,
                };
            }
            #[cfg(windows)]
            reaper::start();
            let gil = ffi::PyGILState_Ensure();
            Self {
                state: ffi::PyEval_SaveThread(),
                gil,
            }
        }
    }
}

impl Drop for KeptThreadState {
    fn drop(&mut self) {
        if !self.state.is_null() {
            retire(Retired {
                state: self.state,
                gil: self.gil,
            });
        }
    }
}

/// The thread state of a thread that ends.
struct Retired {
    state: *mut ffi::PyThreadState,
    #[cfg_attr(windows, expect(dead_code, reason = "freed by another thread"))]
    gil: ffi::PyGILState_STATE,
}

/// Frees the state of the calling thread, which ends.
#[cfg(not(windows))]
fn retire(retired: Retired) {
    // SAFETY: the state is this thread's, saved by KeptThreadState::new; Python is never finalised
    // by this crate, and where its process does so, nothing may be touched any more.
    unsafe {
        if ffi::Py_IsInitialized() != 0 {
            ffi::PyEval_RestoreThread(retired.state);
            ffi::PyGILState_Release(retired.gil);
        }
    }
}

#[cfg(windows)]
use reaper::retire;

/// On Windows a thread ends under the loader lock, which must not be held while one waits for the
/// GIL: the thread that has it may be loading a DLL. So a thread of its own frees the states.
#[cfg(windows)]
mod reaper {
    use super::Retired;
    use pyo3::ffi;
    use std::sync::OnceLock;
    use std::sync::mpsc::{Sender, channel};

    // SAFETY: the thread that the state belonged to has ended; there is one receiver.
    unsafe impl Send for Retired {}

    static ENDED: OnceLock<Sender<Retired>> = OnceLock::new();

    /// Starts the thread; when the first state is made, because no thread can be started properly
    /// by one that ends.
    pub(super) fn start() {
        ENDED.get_or_init(|| {
            let (ended, receiver) = channel::<Retired>();
            std::thread::spawn(move || receiver.into_iter().for_each(free));
            ended
        });
    }

    /// Leaves the state to the other thread; waits for nothing.
    pub(super) fn retire(retired: Retired) {
        if let Some(ended) = ENDED.get() {
            let _the_process_ends = ended.send(retired);
        }
    }

    /// Takes the state over for as long as it needs to be emptied: `threading.local` data of a
    /// script is freed here, and may run Python code.
    fn free(Retired { state, .. }: Retired) {
        // SAFETY: nobody else uses the state, for its thread has ended; this thread has none of
        // its own. Python is never finalised by this crate.
        unsafe {
            if ffi::Py_IsInitialized() != 0 {
                ffi::PyEval_RestoreThread(state);
                ffi::PyThreadState_Clear(state);
                ffi::PyThreadState_DeleteCurrent();
            }
        }
    }
}

thread_local! {
    static KEPT: RefCell<Option<KeptThreadState>> = const { RefCell::new(None) };
}

/// Makes sure the calling thread has a Python thread state that outlives this call.
pub(super) fn keep_thread_state() {
    KEPT.with_borrow_mut(|kept| {
        kept.get_or_insert_with(KeptThreadState::new);
    });
}
