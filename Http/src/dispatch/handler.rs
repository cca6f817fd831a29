//! The site's handler (`Http.Isapi.Request`) and settings, set up at the first request.

use super::changes;
use super::loader;
use super::process_model::ProcessModel;
use super::settings::{ErrorDetails, Reload, Settings};
use crate::codes::{self, Code};
use crate::host_variables;
use crate::interpreter;
use crate::module::package;
use crate::request::Request;
use crate::response::Output;
use crate::wsgi;
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
    home: PathBuf,
    /// A file in the place of `Http/Isapi.py`.
    handler: Option<String>,
    /// A WSGI application in the place of both.
    wsgi: Option<wsgi::Spec>,
    model: ProcessModel,
    /// Every request is answered by a CGI script.
    cgi: bool,
    reload: Reload,
    error_details: ErrorDetails,
}

static CURRENT: Mutex<Option<Arc<Handler>>> = Mutex::new(None);
static PROCESS: Mutex<Option<Arc<Process>>> = Mutex::new(None);
static LIBRARY_FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// In force now: what the settings say, else what the host says.
static RELOAD: AtomicU8 = AtomicU8::new(Reload::Never as u8);
static ERROR_DETAILS: AtomicU8 = AtomicU8::new(ErrorDetails::Local as u8);

/// The folder of the extension's library: the home, where the host names none.
#[cfg(feature = "embed")]
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

/// How the host runs requests, as far as it tells.
pub(crate) fn process_model() -> ProcessModel {
    let process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    process
        .as_ref()
        .map_or(ProcessModel::Processes, |p| p.model)
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
    let handler = Arc::new(set_up(py, &process, generation)?);
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
fn process(py: Python<'_>, request: &Request) -> PyResult<Arc<Process>> {
    let heard = || PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(process) = heard().as_ref() {
        return Ok(Arc::clone(process));
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
    let home = set_home(py, request)?;
    let model = host_variable(request, host_variables::PROCESS_MODEL);
    let model = model.map_or(Ok(ProcessModel::Processes), |text| {
        ProcessModel::parse(&text).ok_or_else(|| meaningless(&text))
    })?;
    let mount = host_variable(request, host_variables::MOUNT).unwrap_or_default();
    let application = host_variable(request, host_variables::WSGI);
    let process = Arc::new(Process {
        home,
        handler: host_variable(request, host_variables::HANDLER),
        wsgi: application.map(|application| wsgi::Spec { application, mount }),
        model,
        cgi: host_variable(request, host_variables::CGI).is_some_and(|v| v == "1"),
        reload,
        error_details,
    });
    *heard() = Some(Arc::clone(&process));
    Ok(process)
}

/// The home folder, once a request has told it.
pub(super) fn home() -> Option<PathBuf> {
    let process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    process.as_ref().map(|process| process.home.clone())
}

/// Forgets the site, so that the next request can be another one's: for processes that are not
/// this extension's own. No request may be running.
pub(crate) fn leave_site(py: Python<'_>) -> PyResult<()> {
    let taken = |slot: &Mutex<Option<Arc<Process>>>| {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take()
    };
    let Some(process) = taken(&PROCESS) else {
        return Ok(());
    };
    let mut current = CURRENT
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    *current = None;
    drop(current);
    package::set_folders(py, Vec::new())?;
    changes::leave_site(py)?;
    let path: Bound<'_, PyList> = py.import("sys")?.getattr("path")?.cast_into()?;
    if let Ok(at) = path.index(process.home.to_string_lossy().as_ref()) {
        path.del_item(at)?;
    }
    Ok(())
}

fn set_home(py: Python<'_>, request: &Request) -> PyResult<PathBuf> {
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
    package::set_folders(py, folders)?;
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
    Ok(home)
}

fn set_up(py: Python<'_>, process: &Process, generation: u64) -> Result<Handler, (Code, PyErr)> {
    let of_site = |error| (codes::HANDLER_INIT, error);
    let function = match (&process.wsgi, &process.handler) {
        _ if process.cgi => loader::cgi_handler(py).map_err(of_site)?,
        (Some(spec), _) => wsgi::handler(py, spec).map_err(|e| (codes::WSGI_LOAD, e))?,
        (None, Some(file)) => loader::handler_file(py, file).map_err(of_site)?,
        (None, None) => site_handler(py).map_err(of_site)?,
    };
    configured(py, process, generation, function).map_err(of_site)
}

/// The handler with the settings of `Http.Config`.
fn configured(
    py: Python<'_>,
    process: &Process,
    generation: u64,
    function: Bound<'_, PyAny>,
) -> PyResult<Handler> {
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
