//! Python's thread states through the C API, where pyo3 offers no way.
#![allow(unsafe_code)]

use pyo3::ffi;
use std::cell::RefCell;

/// Makes imports compare the case of names also on Windows, where `PYTHONCASEOK` would let the
/// standard package `http` pass for `Http`. Only before Python starts: it is what scripts and the
/// programs they start see. What the C library had copied already is `setup`'s to forget.
pub(crate) fn forget_case_variable() {
    // SAFETY: a host loads the extension before it hands requests to threads of its own.
    unsafe { std::env::remove_var("PYTHONCASEOK") }
}

/// The value of an environment variable, which is removed. `None`: not set, or empty. Only while
/// Python is being started.
pub(super) fn take_variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?;
    // SAFETY: as above: this is done at the start, before requests come on other threads.
    unsafe { std::env::remove_var(name) };
    Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
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
