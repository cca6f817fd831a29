//! A core in somebody else's Python, such as a test runner's: what scripts find changed in the
//! process is changed for as long as a request takes, and put back.

use super::{debug, setup};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

static GUEST: AtomicBool = AtomicBool::new(false);

/// From now on the process is somebody else's.
pub(crate) fn be_guest() {
    GUEST.store(true, Ordering::Release);
}

/// Whether the process is somebody else's.
pub(crate) fn is_guest() -> bool {
    GUEST.load(Ordering::Acquire)
}

/// What the process had before the first of the requests that run now.
struct Before {
    streams: Vec<Py<PyAny>>,
    /// `breakpoint()` leads to the terminal.
    hooked: bool,
    folder: PathBuf,
    /// How many requests run. They share what is changed: the streams tell them apart by thread.
    requests: usize,
}

const STREAMS: [&str; 3] = ["stdin", "stdout", "stderr"];

static BEFORE: Mutex<Option<Before>> = Mutex::new(None);

fn before(py: Python<'_>) -> MutexGuard<'static, Option<Before>> {
    BEFORE
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner)
}

/// A request in somebody else's process; what it has changed is put back when it is dropped.
pub(crate) struct Visit<'py>(Option<Python<'py>>);

impl<'py> Visit<'py> {
    /// Changes streams and current folder, where this is a guest.
    pub(crate) fn begin(py: Python<'py>, home: impl FnOnce() -> Option<PathBuf>) -> PyResult<Self> {
        if !is_guest() {
            return Ok(Self(None));
        }
        let mut before = before(py);
        if let Some(before) = before.as_mut() {
            before.requests += 1;
        } else {
            let sys = py.import("sys")?;
            let streams: PyResult<Vec<_>> = STREAMS
                .iter()
                .map(|name| sys.getattr(*name).map(Bound::unbind))
                .collect();
            *before = Some(Before {
                streams: streams?,
                hooked: debug::hook(py)?,
                folder: std::env::current_dir().unwrap_or_default(),
                requests: 1,
            });
            setup::put_streams(py)?;
        }
        if let Some(home) = home() {
            // The first request makes sure that it can be done.
            let _ = std::env::set_current_dir(home);
        }
        Ok(Self(Some(py)))
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let Some(py) = self.0 else { return };
        let mut before = before(py);
        let Some(running) = before.as_mut() else {
            return;
        };
        running.requests -= 1;
        if running.requests > 0 {
            return;
        }
        if let Some(running) = before.take() {
            // A folder that is gone cannot be gone back to.
            let _ = std::env::set_current_dir(&running.folder);
            if running.hooked {
                let _ = debug::unhook(py);
            }
            if let Ok(sys) = py.import("sys") {
                for (name, stream) in STREAMS.iter().zip(running.streams) {
                    let _ = sys.setattr(*name, stream);
                }
            }
        }
    }
}
