//! The default handler: loads the script that the URL maps to, keeps it, loads it again when it
//! has changed, and calls its `Request`.

use super::changes::{self, Stamp};
use super::handler;
use super::python2;
use super::settings::Reload;
use crate::module;
use crate::request as current_request;
use pyo3::exceptions::{PyException, PyImportError, PySyntaxError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyCFunction, PyDict, PyModule, PyTuple};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::SystemTime;

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
    /// `None`: changed so shortly before it was loaded that it must be loaded again.
    stamp: Option<Stamp>,
    generation: u64,
}

/// The scripts by the value of `SCRIPT_TRANSLATED`, which need not be normalised for that.
static SCRIPTS: LazyLock<Mutex<HashMap<String, Arc<Script>>>> = LazyLock::new(Mutex::default);

thread_local! {
    /// The scripts that this thread is loading: one that loads itself would wait for itself.
    static LOADING: RefCell<Vec<PathBuf>> = const { RefCell::new(Vec::new()) };
}

/// Whether a module of that name is a script, which is reloaded by its own rules.
pub(super) fn is_script_module(name: &str) -> bool {
    name.starts_with(NAME_PREFIX)
}

/// Brings the module `Http.Loader`, which `Http.Isapi` is made of.
pub(crate) fn install(py: Python<'_>) -> PyResult<()> {
    let modules: Bound<'_, PyDict> = py.import("sys")?.getattr("modules")?.cast_into()?;
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
/// Runs the script that the URL maps to, and gives what its Request() returns.
#[pyfunction]
#[pyo3(name = "Request", text_signature = None)]
fn request(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let path = module::script_translated(py)?;
    script(py, &path).call_request(py)
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

fn script(py: Python<'_>, given: &str) -> Arc<Script> {
    let mut scripts = SCRIPTS
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(script) = scripts.get(given) {
        return Arc::clone(script);
    }
    let path = clean(given);
    let script = Arc::new(Script {
        name: module_name(&path),
        path,
        loaded: Mutex::new(None),
    });
    scripts.insert(given.to_owned(), Arc::clone(&script));
    script
}

/// The path without the prefix that hosts give it: `\\?\` on Windows, and elsewhere one that
/// four characters can be cut from and that can be opened all the same.
fn clean(given: &str) -> PathBuf {
    let bare = given
        .strip_prefix(r"\\?\")
        .or_else(|| given.strip_prefix("/./."));
    PathBuf::from(bare.filter(|rest| !rest.is_empty()).unwrap_or(given))
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
        let function = module.bind(py).getattr_opt("Request")?.ok_or_else(|| {
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
            changes::refresh(py, SystemTime::now())?;
        }
        if LOADING.with_borrow(|loading| loading.contains(&self.path)) {
            return Err(failure(py, &self.path, "the script loads itself", None));
        }
        let mut loaded = self
            .loaded
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = loaded.as_ref()
            && self.is_fresh(loaded, mode)
        {
            return Ok(loaded.module.clone_ref(py));
        }
        // The number before, so that a change while loading makes this load an old one.
        let generation = changes::generation();
        let since = SystemTime::now();
        let stamp = Stamp::of(&self.path).and_then(|s| s.trusted(since));
        LOADING.with_borrow_mut(|loading| loading.push(self.path.clone()));
        let result = self.run(py);
        LOADING.with_borrow_mut(Vec::pop);
        if mode != Reload::Never {
            changes::refresh(py, since)?;
        }
        let module = result?;
        *loaded = Some(Loaded {
            module: module.clone_ref(py),
            stamp,
            generation,
        });
        Ok(module)
    }

    fn is_fresh(&self, loaded: &Loaded, mode: Reload) -> bool {
        match mode {
            Reload::Never => true,
            Reload::Always => false,
            Reload::Changed => {
                loaded.generation == changes::generation()
                    && loaded.stamp.is_some()
                    && Stamp::of(&self.path) == loaded.stamp
            }
        }
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
        let modules: Bound<'_, PyDict> = py.import("sys")?.getattr("modules")?.cast_into()?;
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
        if error.is_instance_of::<PySyntaxError>(py)
            && let Some(hint) = python2::hint(py, error)
        {
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
        assert_eq!(clean(r"\\?\C:\site\a.py"), Path::new(r"C:\site\a.py"));
        assert_eq!(clean("/././/srv/a.py"), Path::new("//srv/a.py"));
        assert_eq!(clean("/srv/a.py"), Path::new("/srv/a.py"));
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
