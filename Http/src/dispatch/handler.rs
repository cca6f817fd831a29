//! The site's handler (`Http.Isapi.Request`) and settings, set up at the first request.

use super::changes;
use super::settings::{ErrorDetails, Reload, Settings};
use crate::host_variables;
use crate::module::package;
use crate::request::Request;
use crate::response::Output;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyList};
use std::ffi::CStr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

/// What every request needs, made once.
pub(super) struct Handler {
    /// `Http.Isapi.Request`: looked up once, so that rebinding it later changes nothing.
    pub(super) request: Py<PyAny>,
    pub(super) output: Arc<Output>,
    /// The charset that `Config.DefaultHeaders` names.
    pub(super) charset: Option<String>,
    generation: u64,
}

static CURRENT: Mutex<Option<Arc<Handler>>> = Mutex::new(None);
static HOME: OnceLock<PathBuf> = OnceLock::new();
static LIBRARY_FOLDER: OnceLock<PathBuf> = OnceLock::new();
static RELOAD: AtomicU8 = AtomicU8::new(Reload::Never as u8);
static ERROR_DETAILS: AtomicU8 = AtomicU8::new(ErrorDetails::Local as u8);

/// The folder of the extension's library: the home, where the host names none.
pub(crate) fn set_library_folder(folder: PathBuf) {
    // The first one counts; it cannot change while the library is loaded.
    let _ = LIBRARY_FOLDER.set(folder);
}

/// When scripts are loaded again.
pub(super) fn reload() -> Reload {
    [Reload::Never, Reload::Changed, Reload::Always]
        .into_iter()
        .find(|r| *r as u8 == RELOAD.load(Ordering::Relaxed))
        .unwrap_or(Reload::Never)
}

/// Who sees tracebacks.
pub(super) fn error_details() -> ErrorDetails {
    [
        ErrorDetails::Local,
        ErrorDetails::Always,
        ErrorDetails::Never,
    ]
    .into_iter()
    .find(|d| *d as u8 == ERROR_DETAILS.load(Ordering::Relaxed))
    .unwrap_or(ErrorDetails::Local)
}

/// The handler; set up under a lock if this is the first request, or the one before failed, or
/// the site's own `Http/Isapi.py` or `Http/Config.py` has changed.
pub(super) fn current(py: Python<'_>, request: &Request) -> PyResult<Arc<Handler>> {
    if reload() == Reload::Changed {
        changes::refresh(py, SystemTime::now())?;
    }
    let generation = changes::generation();
    let mut current = CURRENT
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(handler) = current.as_ref()
        && handler.generation == generation
    {
        return Ok(Arc::clone(handler));
    }
    *current = None;
    set_home(py, request)?;
    let since = SystemTime::now();
    let handler = Arc::new(set_up(py, generation)?);
    if reload() == Reload::Changed {
        changes::refresh(py, since)?;
    }
    *current = Some(Arc::clone(&handler));
    Ok(handler)
}

/// A host variable, where the host has it.
fn host_variable(request: &Request, name: &CStr) -> Option<String> {
    let mut value = Vec::new();
    let known = request
        .connection
        .server_variable(name, &mut value)
        .unwrap_or(false);
    known
        .then(|| String::from_utf8_lossy(&value).into_owned())
        .filter(|v| !v.is_empty())
}

/// Makes the home the current folder and the first one for imports, as the original did.
fn set_home(py: Python<'_>, request: &Request) -> PyResult<()> {
    if HOME.get().is_some() {
        return Ok(());
    }
    let named = host_variable(request, host_variables::HOME).map(PathBuf::from);
    let home = named
        .or_else(|| LIBRARY_FOLDER.get().cloned())
        .ok_or_else(|| {
            PyOSError::new_err("the host names no home folder, and the library has none")
        })?;
    std::env::set_current_dir(&home).map_err(|e| {
        PyOSError::new_err(format!(
            "the home folder {} cannot be used: {e}",
            home.display()
        ))
    })?;
    let mut folders = vec![home.join("Http")];
    folders.extend(LIBRARY_FOLDER.get().map(|f| f.join("Http")));
    if let Some(own) = folders.first() {
        changes::watch_for(py, own);
    }
    // The first stays though it is not there: it may come.
    package::set_folders(folders);
    let path: Bound<'_, PyList> = py.import("sys")?.getattr("path")?.cast_into()?;
    let text = home.to_string_lossy();
    if let Ok(at) = path.index(text.as_ref()) {
        path.del_item(at)?;
    }
    path.insert(0, text.as_ref())?;
    changes::add_root(py, &home)?;
    let root = crate::module::variable(request, "APPL_PHYSICAL_PATH");
    if let Some(root) = root.filter(|r| !r.is_empty()) {
        changes::add_root(py, &PathBuf::from(root))?;
    }
    // Both before the handler is imported: its errors are told by these.
    if let Some(mode) = host_variable(request, host_variables::RELOAD) {
        let mode = Reload::parse(&mode).ok_or_else(|| bad_host_value("PYISAPIE_RELOAD", &mode))?;
        RELOAD.store(mode as u8, Ordering::Relaxed);
    }
    if let Some(who) = host_variable(request, host_variables::ERROR_DETAILS) {
        let who = ErrorDetails::parse(&who)
            .ok_or_else(|| bad_host_value("PYISAPIE_ERROR_DETAILS", &who))?;
        ERROR_DETAILS.store(who as u8, Ordering::Relaxed);
    }
    let _ = HOME.set(home);
    Ok(())
}

fn bad_host_value(name: &str, value: &str) -> PyErr {
    PyValueError::new_err(format!(
        "the host's {name} is '{value}', which means nothing here"
    ))
}

fn set_up(py: Python<'_>, generation: u64) -> PyResult<Handler> {
    let isapi = py.import("Http.Isapi")?;
    let function = isapi.getattr_opt("Request")?;
    let function = function
        .filter(|f| f.is_callable())
        .ok_or_else(|| PyValueError::new_err("Attribute 'Request' not callable"))?;
    let config = py.import("Http.Config")?;
    let settings = Settings::read(&config).inspect_err(|_| {
        // The next request reads it again.
        let modules = py.import("sys").and_then(|s| s.getattr("modules"));
        if let Ok(modules) = modules.and_then(|m| Ok(m.cast_into::<PyDict>()?)) {
            let _ = modules.del_item("Http.Config");
        }
    })?;
    if let Some(mode) = settings.reload {
        RELOAD.store(mode as u8, Ordering::Relaxed);
    }
    if let Some(who) = settings.error_details {
        ERROR_DETAILS.store(who as u8, Ordering::Relaxed);
    }
    Ok(Handler {
        request: function.unbind(),
        output: Arc::new(settings.output),
        charset: settings.charset,
        generation,
    })
}
