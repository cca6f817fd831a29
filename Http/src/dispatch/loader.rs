//! The default handler: loads the script that the URL maps to, keeps it, loads it again when it
//! has changed, and calls its `Request`.

use super::changes::{self, Seen};
use super::handler;
use super::hints;
use super::settings::Reload;
use super::turns;
use crate::interpreter;
use crate::module;
use crate::observed;
use crate::request as current_request;
use pyo3::exceptions::{PyException, PyImportError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyCFunction, PyDict, PyModule, PyTuple};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// What every script's module name begins with.
const NAME_PREFIX: &str = "__isapi_";

/// A script, by its file.
struct Script {
    path: PathBuf,
    name: String,
    loaded: Mutex<Option<Loaded>>,
}

struct Loaded {
    module: Py<PyModule>,
    seen: Seen,
    generation: u64,
}

/// Scripts by a path.
type Scripts = HashMap<String, Arc<Script>, foldhash::fast::RandomState>;

/// The scripts by their [`key`]. Those that could never be
/// loaded are not kept: under a wildcard any URL names one.
static SCRIPTS: LazyLock<Mutex<Scripts>> = LazyLock::new(Mutex::default);

/// Whether a module of that name is a script, which is reloaded by its own rules.
pub(super) fn is_script_module(name: &str) -> bool {
    name.starts_with(NAME_PREFIX)
}

/// Brings the module `Http.Loader`, which `Http.Isapi` is made of.
pub(crate) fn install(py: Python<'_>) -> PyResult<()> {
    let modules = interpreter::modules(py)?;
    modules.set_item("Http.Loader", pyo3::wrap_pymodule!(http_loader)(py))
}

/// Loads scripts: once, or again when they have changed (Config.Reload).
#[pymodule]
#[pyo3(name = "Loader")]
fn http_loader(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(load, m)?)?;
    m.add_function(wrap_pyfunction!(request, m)?)?;
    Ok(())
}

/// load(path, /)
/// --
///
/// The module of a script file. `ImportError("[Loading '<path>'] ...")` where it cannot be loaded,
/// with the real exception as its cause.
#[pyfunction]
#[pyo3(signature = (path, /), text_signature = None)]
fn load(py: Python<'_>, path: PathBuf) -> PyResult<Py<PyModule>> {
    script(py, &path.to_string_lossy()).module(py)
}

/// Request()
/// --
///
/// Runs the script that the URL maps to, and gives what its Request() returns; a file *.cgi is run
/// as a CGI script.
#[pyfunction]
#[pyo3(name = "Request", text_signature = None)]
fn request(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let path = module::script_translated(py)?;
    let extension = Path::new(&path).extension();
    if extension.is_some_and(|e| e.eq_ignore_ascii_case("cgi")) {
        return run_cgi(py, &path);
    }
    let script = script(py, &path);
    let request = module::ready()?;
    // A URL that ends with the script's name is the script's, and not a wildcard's.
    let before = request.in_script.replace(true);
    let result = script.call_request(py);
    request.in_script.set(before);
    result
}

fn run_cgi(py: Python<'_>, path: &str) -> PyResult<Py<PyAny>> {
    let run = py.import("Http.CGI")?.getattr("RunCGI")?;
    run.call1((path,)).map(Bound::unbind)
}

/// The handler that runs whatever file the URL maps to as a CGI script.
pub(super) fn cgi_handler(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let call = |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
        let py = args.py();
        run_cgi(py, &module::script_translated(py)?)
    };
    Ok(PyCFunction::new_closure(py, Some(c"Request"), None, call)?.into_any())
}

/// A handler in a file of its own: a callable that calls the file's `Request()` as it is then.
pub(super) fn handler_file<'py>(py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyAny>> {
    let script = script(py, path);
    let folder = script.path.parent().unwrap_or(Path::new("")).to_owned();
    changes::add_root(py, &folder)?;
    let call = move |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
        script.call_request(args.py())
    };
    Ok(PyCFunction::new_closure(py, Some(c"Request"), None, call)?.into_any())
}

#[cfg(windows)]
fn script(py: Python<'_>, given: &str) -> Arc<Script> {
    let lock = || {
        GIVEN
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner)
    };
    if let Some(script) = lock().get(given) {
        return Arc::clone(script);
    }
    let script = script_of_file(py, given);
    let mut known = lock();
    if known.len() >= MOST_GIVEN {
        known.clear();
    }
    known.insert(given.to_owned(), Arc::clone(&script));
    script
}

#[cfg(not(windows))]
use script_of_file as script;

fn script_of_file(py: Python<'_>, given: &str) -> Arc<Script> {
    let mut scripts = SCRIPTS
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    let path = bare_path(given);
    let key = key(path);
    if let Some(script) = scripts.get(key.as_ref()) {
        return Arc::clone(script);
    }
    let script = Arc::new(Script {
        name: module_name(Path::new(key.as_ref())),
        path: PathBuf::from(path),
        loaded: Mutex::new(None),
    });
    scripts.insert(key.into_owned(), Arc::clone(&script));
    script
}

/// Whether a script of that path is loaded.
pub(crate) fn is_loaded(py: Python<'_>, given: &str) -> bool {
    let scripts = SCRIPTS.lock_py_attached(py);
    let scripts = scripts.unwrap_or_else(PoisonError::into_inner);
    scripts.contains_key(key(bare_path(given)).as_ref())
}

/// The scripts by the paths that hosts gave, so that the key need not be made for each request.
/// Windows asks itself for it, and hosts give the same few paths again and again.
#[cfg(windows)]
static GIVEN: LazyLock<Mutex<Scripts>> = LazyLock::new(Mutex::default);

/// A path can be spelled in endless ways; a client must not fill the memory with them.
#[cfg(windows)]
const MOST_GIVEN: usize = 4096;

/// What tells one script from another. Windows opens the same file for `/A.py` and `/a.py`, and
/// with either slash.
fn key(path: &str) -> Cow<'_, str> {
    if !cfg!(windows) {
        return Cow::Borrowed(path);
    }
    let absolute = std::path::absolute(path);
    let absolute = absolute.as_deref().unwrap_or(Path::new(path));
    Cow::Owned(absolute.to_string_lossy().to_lowercase())
}

/// The path without the prefix that hosts give it: `\\?\` on Windows, and elsewhere one that
/// four characters can be cut from and that can be opened all the same.
pub(crate) fn bare_path(given: &str) -> &str {
    let bare = given
        .strip_prefix(r"\\?\")
        .or_else(|| given.strip_prefix("/./."));
    bare.filter(|rest| !rest.is_empty()).unwrap_or(given)
}

/// A name of its own for each file, which can be read in tracebacks of `pickle` and the like.
fn module_name(path: &Path) -> String {
    // FNV-1a: stable, and not for security.
    let hash = path
        .to_string_lossy()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("{NAME_PREFIX}{stem}_{hash:016x}")
}

impl Script {
    /// Calls the `Request()` of the script as it is now.
    fn call_request(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let module = self.module(py)?;
        let function = module
            .bind(py)
            .getattr_opt(intern!(py, "Request"))?
            .ok_or_else(|| {
                let text = "the script has no function Request()";
                failure(py, &self.path, text, None)
            })?;
        if !function.is_callable() {
            let text = "Attribute 'Request' not callable";
            return Err(failure(py, &self.path, text, None));
        }
        function.call0().map(Bound::unbind)
    }

    /// The module as it is on disk, as far as the settings want that.
    fn module(&self, py: Python<'_>) -> PyResult<Py<PyModule>> {
        let mode = handler::reload();
        let fresh = current_request::current().is_some_and(|r| r.looked_through.replace(false));
        if mode != Reload::Never && !fresh {
            changes::refresh(py)?;
        }
        if let Some(module) = self.fresh_module(py, mode) {
            return Ok(module);
        }
        let turn = turns::take(py, &self.path).map_err(|turns::Circle| {
            let text = "the script loads itself, or one that waits for it";
            failure(py, &self.path, text, None)
        })?;
        // Another thread may have loaded it meanwhile.
        if let Some(module) = self.fresh_module(py, mode) {
            return Ok(module);
        }
        // Both before the file is read, so that a change while loading makes this load an old one.
        let generation = changes::generation();
        let seen = Seen::now(&self.path);
        let result = self.run(py);
        if mode != Reload::Never {
            changes::refresh(py)?;
        }
        let mut loaded = self.lock(py);
        match &result {
            Ok(module) => {
                if loaded.is_some() {
                    observed::reloaded();
                }
                *loaded = Some(Loaded {
                    module: module.clone_ref(py),
                    seen,
                    generation,
                });
            }
            Err(_) if loaded.is_none() => self.forget(py),
            Err(_) => {}
        }
        drop(turn);
        result
    }

    fn lock<'py>(&self, py: Python<'py>) -> MutexGuard<'_, Option<Loaded>> {
        let loaded = self.loaded.lock_py_attached(py);
        loaded.unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, py: Python<'_>) {
        let scripts = SCRIPTS.lock_py_attached(py);
        let mut scripts = scripts.unwrap_or_else(PoisonError::into_inner);
        scripts.remove(key(&self.path.to_string_lossy()).as_ref());
        #[cfg(windows)]
        GIVEN
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, script| !std::ptr::eq(&**script, self));
    }

    /// The module, if it need not be loaded again.
    fn fresh_module(&self, py: Python<'_>, mode: Reload) -> Option<Py<PyModule>> {
        let loaded = self.lock(py);
        let loaded = loaded.as_ref()?;
        let fresh = match mode {
            Reload::Never => true,
            Reload::Always => false,
            Reload::Changed => {
                loaded.generation == changes::generation() && !loaded.seen.has_changed(&self.path)
            }
        };
        fresh.then(|| loaded.module.clone_ref(py))
    }

    /// Runs the file in a new module; the one before stays in use until this has succeeded.
    fn run(&self, py: Python<'_>) -> PyResult<Py<PyModule>> {
        let source =
            std::fs::read(&self.path).map_err(|e| failure(py, &self.path, &e.to_string(), None))?;
        let module = PyModule::new(py, &self.name)?;
        let path = self.path.to_string_lossy();
        module.setattr("__file__", path.as_ref())?;
        let builtins = py.import("builtins")?;
        module.setattr("__builtins__", &builtins)?;
        let modules = interpreter::modules(py)?;
        let before = modules.get_item(&self.name)?;
        // Dataclasses and pickle look for the module by its name while it runs.
        modules.set_item(&self.name, &module)?;
        let source = pyo3::types::PyBytes::new(py, &source);
        let result = builtins
            .getattr("compile")?
            .call1((source, path.as_ref(), "exec", 0, true))
            .and_then(|code| builtins.getattr("exec")?.call1((code, module.dict())));
        if let Err(error) = result {
            match before {
                Some(before) => modules.set_item(&self.name, before)?,
                None => modules.del_item(&self.name)?,
            }
            // SystemExit and KeyboardInterrupt are no failures to load.
            if !error.is_instance_of::<PyException>(py) {
                return Err(error);
            }
            let text = self.describe(py, &error);
            return Err(failure(py, &self.path, &text, Some(error)));
        }
        Ok(module.unbind())
    }

    fn describe(&self, py: Python<'_>, error: &PyErr) -> String {
        let mut text = error.to_string();
        if let Some(hint) = hints::hint(py, error) {
            text.push_str(&hint);
        }
        text
    }
}

/// The exception for a script that cannot be loaded, in the words of the original's examples.
fn failure(py: Python<'_>, path: &Path, text: &str, cause: Option<PyErr>) -> PyErr {
    let error = PyImportError::new_err(format!("[Loading '{}'] {text}", path.display()));
    error.set_cause(py, cause);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_of_script_translated_is_taken_off() {
        assert_eq!(bare_path(r"\\?\C:\site\a.py"), Path::new(r"C:\site\a.py"));
        assert_eq!(bare_path("/././/srv/a.py"), Path::new("//srv/a.py"));
        assert_eq!(bare_path("/srv/a.py"), Path::new("/srv/a.py"));
    }

    #[test]
    fn scripts_of_the_same_file_name_get_names_of_their_own() {
        let (a, b) = (
            module_name(Path::new("/x/a-b.py")),
            module_name(Path::new("/y/a-b.py")),
        );
        assert!(a != b && a.starts_with("__isapi_a_b_") && is_script_module(&a));
    }
}
