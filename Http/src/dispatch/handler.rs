//! The site's handler (`Http.Isapi.Request`) and settings, set up at the first request.

use super::changes;
use super::loader;
use super::settings::{ErrorDetails, Reload, Settings};
use crate::codes::{self, Code};
use crate::host_variables;
use crate::interpreter;
use crate::module::package;
use crate::request::Request;
use crate::response::Output;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyList;
use std::ffi::CStr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What every request needs, made once.
pub(super) struct Handler {
    /// `Http.Isapi.Request`: looked up once, so that rebinding it later changes nothing.
    pub(super) request: Py<PyAny>,
    pub(super) output: Arc<Output>,
    /// The charset that `Config.DefaultHeaders` names.
    pub(super) charset: Option<String>,
    generation: u64,
}

/// What the host said, once.
struct Process {
    /// A file in the place of `Http/Isapi.py`.
    handler: Option<String>,
    /// Every request is answered by a CGI script.
    cgi: bool,
    reload: Reload,
    error_details: ErrorDetails,
}

static CURRENT: Mutex<Option<Arc<Handler>>> = Mutex::new(None);
static PROCESS: OnceLock<Process> = OnceLock::new();
static LIBRARY_FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// In force now: what the settings say, else what the host says.
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

/// The settings for output, where they were read: for pages that no script has a part in.
pub(super) fn output() -> Option<Arc<Output>> {
    let current = CURRENT.try_lock().ok()?;
    current.as_ref().map(|handler| Arc::clone(&handler.output))
}

/// The handler; set up under a lock if this is the first request, or the one before failed, or
/// the site's own `Http/Isapi.py` or `Http/Config.py` has changed.
pub(super) fn current(py: Python<'_>, request: &Request) -> Result<Arc<Handler>, (Code, PyErr)> {
    let of_site = |error| (codes::HANDLER_INIT, error);
    if reload() != Reload::Never {
        changes::refresh(py).map_err(of_site)?;
        request.looked_through.set(true);
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
    let process = process(py, request).map_err(|error| (codes::HOME_FOLDER, error))?;
    changes::note_absent(py);
    let handler = Arc::new(set_up(py, process, generation).map_err(of_site)?);
    if reload() != Reload::Never {
        changes::refresh(py).map_err(of_site)?;
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

/// Hears the host once, and makes the home the current folder and the first one for imports, as
/// the original did.
fn process(py: Python<'_>, request: &Request) -> PyResult<&'static Process> {
    if let Some(process) = PROCESS.get() {
        return Ok(process);
    }
    let meaningless = |value: &str| {
        PyValueError::new_err(format!("the host says '{value}', which means nothing here"))
    };
    let reload = host_variable(request, host_variables::RELOAD);
    let reload = reload.map_or(Ok(Reload::Never), |text| {
        Reload::parse(&text).ok_or_else(|| meaningless(&text))
    })?;
    let details = host_variable(request, host_variables::ERROR_DETAILS);
    let error_details = details.map_or(Ok(ErrorDetails::Local), |text| {
        ErrorDetails::parse(&text).ok_or_else(|| meaningless(&text))
    })?;
    // In force before the handler is imported: its errors are told by these.
    RELOAD.store(reload as u8, Ordering::Relaxed);
    ERROR_DETAILS.store(error_details as u8, Ordering::Relaxed);
    set_home(py, request)?;
    Ok(PROCESS.get_or_init(|| Process {
        handler: host_variable(request, host_variables::HANDLER),
        cgi: host_variable(request, host_variables::CGI).is_some_and(|v| v == "1"),
        reload,
        error_details,
    }))
}

fn set_home(py: Python<'_>, request: &Request) -> PyResult<()> {
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
    let name = package::folder_name();
    let mut folders = vec![home.join(name)];
    folders.extend(LIBRARY_FOLDER.get().map(|f| f.join(name)));
    changes::set_package(py, &folders[0]);
    // The first stays though it may not be there: it may come.
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
    Ok(())
}

fn set_up(py: Python<'_>, process: &'static Process, generation: u64) -> PyResult<Handler> {
    let function = match &process.handler {
        _ if process.cgi => loader::cgi_handler(py)?,
        Some(file) => loader::handler_file(py, file)?,
        None => site_handler(py)?,
    };
    let config = py.import("Http.Config")?;
    let settings = Settings::read(&config).inspect_err(|_| {
        // The next request reads it again.
        let _ = interpreter::modules(py).and_then(|m| m.del_item("Http.Config"));
    })?;
    // Debug was the original's only word on the matter; it must not weaken what the host says.
    let by_debug = settings.debug && process.reload == Reload::Never;
    let default = if by_debug {
        Reload::Changed
    } else {
        process.reload
    };
    let reload = settings.reload.unwrap_or(default);
    RELOAD.store(reload as u8, Ordering::Relaxed);
    let details = settings.error_details.unwrap_or(process.error_details);
    ERROR_DETAILS.store(details as u8, Ordering::Relaxed);
    Ok(Handler {
        request: function.unbind(),
        output: Arc::new(settings.output),
        charset: settings.charset,
        generation,
    })
}

fn site_handler(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let function = py.import("Http.Isapi")?.getattr_opt("Request")?;
    function
        .filter(|f| f.is_callable())
        .ok_or_else(|| PyValueError::new_err("Attribute 'Request' not callable"))
}
