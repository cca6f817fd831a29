//! The finder that brings the package `Http`, and the stand-ins for modules that Python dropped.
//!
//! The package's files are part of the binary, so nothing has to be installed beside it. A file
//! of the same name in a folder `Http` of the home wins, one by one: that is how PyISAPIe is
//! configured.

use crate::interpreter;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The folders in which files of the package are looked for before the built-in ones.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The package's name by the library's file, where that is not `Http`.
static OTHER_NAME: OnceLock<String> = OnceLock::new();

/// Names the package: `PyISAPIe-Name.dll` takes its handler and settings from a folder `Name`, as
/// the original did. The first name counts.
#[cfg(feature = "embed")]
pub(crate) fn set_package(name: String) {
    if name != "Http" {
        let _ = OTHER_NAME.set(name);
    }
}

/// The name of the folder in which a site has its own files of the package.
pub(crate) fn folder_name() -> &'static str {
    OTHER_NAME.get().map_or("Http", String::as_str)
}

/// The built-in files: module name, source, whether it is a package.
const BUILT_IN: &[(&str, &str, bool)] = &[
    ("Http", include_str!("../../python/Http/__init__.py"), true),
    ("Http.CGI", include_str!("../../python/Http/CGI.py"), false),
    (
        "Http.Config",
        include_str!("../../python/Http/Config.py"),
        false,
    ),
    (
        "Http.Descriptors",
        include_str!("../../python/Http/Descriptors.py"),
        false,
    ),
    (
        "Http.Isapi",
        include_str!("../../python/Http/Isapi.py"),
        false,
    ),
];

/// Modules that old handlers import; found only after everything else, so that Python's own or a
/// site's own wins.
const STAND_INS: &[(&str, &str, bool)] = &[
    ("imp", include_str!("../../python/imp.py"), false),
    ("md5", include_str!("../../python/md5.py"), false),
];

/// What runs when the extension is unloaded.
pub(crate) const FINISH: &str = include_str!("../../python/finish.py");

/// Debuggers, coverage and breakpoints; run once at start.
pub(crate) const DEBUG: &str = include_str!("../../python/debug.py");

/// The text streams; run once at start, never imported by name.
pub(crate) const STREAMS: &str = include_str!("../../python/streams.py");

fn built_in(table: &'static [(&str, &str, bool)], name: &str) -> Option<(&'static str, bool)> {
    table
        .iter()
        .find(|(n, ..)| *n == name)
        .map(|(_, source, package)| (*source, *package))
}

/// Says where a site's own files of the package are; also to a package that is there already.
pub(crate) fn set_folders(py: Python<'_>, folders: Vec<PathBuf>) -> PyResult<()> {
    *FOLDERS.lock().unwrap_or_else(PoisonError::into_inner) = folders;
    if let Some(package) = interpreter::modules(py)?.get_item("Http")? {
        package.setattr("__path__", search_path(py)?)?;
    }
    Ok(())
}

/// Where modules of the package are looked for.
fn search_path(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let folders = folders();
    PyList::new(py, folders.iter().map(|f| f.to_string_lossy()))
}

fn folders() -> Vec<PathBuf> {
    FOLDERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// A finder of `sys.meta_path`.
#[pyclass(frozen, module = "_PyISAPIe")]
struct Finder {
    stand_ins: bool,
}

#[pymethods]
impl Finder {
    #[pyo3(signature = (fullname, path = None, target = None))]
    fn find_spec<'py>(
        &self,
        py: Python<'py>,
        fullname: &str,
        path: Option<&Bound<'py, PyAny>>,
        target: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.stand_ins {
            let Some((source, package)) = built_in(STAND_INS, fullname) else {
                return Ok(None);
            };
            return spec(py, fullname, source, package).map(Some);
        }
        if let Some(target) = renamed(fullname) {
            return alias(py, fullname, target).map(Some);
        }
        if fullname != "Http" && !fullname.starts_with("Http.") {
            return Ok(None);
        }
        // `Http` itself is always the built-in one: a site that was copied from an old
        // installation has the original's, which is Python 2.
        if fullname != "Http" && !folders().is_empty() {
            let own = py
                .import("_frozen_importlib_external")?
                .getattr("PathFinder")?;
            let own = own.call_method1("find_spec", (fullname, path, target))?;
            if !own.is_none() {
                return Ok(Some(own));
            }
        }
        let Some((source, package)) = built_in(BUILT_IN, fullname) else {
            return Ok(None);
        };
        spec(py, fullname, source, package).map(Some)
    }
}

/// `Http.Config` for `Name.Config`, where the package is called `Name`. There is one package, under
/// two names: scripts say `Http`, and a handler that was made for the DLL's name says that.
fn renamed(name: &str) -> Option<String> {
    let rest = name.strip_prefix(OTHER_NAME.get()?.as_str())?;
    (rest.is_empty() || rest.starts_with('.')).then(|| format!("Http{rest}"))
}

fn alias<'py>(py: Python<'py>, name: &str, target: String) -> PyResult<Bound<'py, PyAny>> {
    let make = py.import("_frozen_importlib")?.getattr("ModuleSpec")?;
    let spec = make.call1((name, Alias { target }))?;
    // So that the import system asks for modules of the package at all.
    spec.setattr("submodule_search_locations", PyList::empty(py))?;
    Ok(spec)
}

/// A loader that brings a module under another name.
#[pyclass(frozen, module = "_PyISAPIe")]
struct Alias {
    target: String,
}

#[pymethods]
impl Alias {
    fn create_module(&self, _spec: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
        None // a stand-in, until exec_module has the real one
    }

    fn exec_module(&self, module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        let real = py.import(self.target.as_str())?;
        // The import system takes what is there afterwards.
        interpreter::modules(py)?.set_item(module.name()?, real)
    }
}

fn spec<'py>(
    py: Python<'py>,
    name: &str,
    source: &'static str,
    package: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let file = if package {
        format!("{name}/__init__")
    } else {
        name.replace('.', "/")
    };
    let origin = format!("<PyISAPIe>/{file}.py");
    let loader = Loader {
        source,
        origin: origin.clone(),
        package,
    };
    let options = PyDict::new(py);
    options.set_item("origin", origin)?;
    options.set_item("is_package", package)?;
    let make = py.import("_frozen_importlib")?.getattr("ModuleSpec")?;
    let spec = make.call((name, loader), Some(&options))?;
    if package {
        spec.setattr("submodule_search_locations", search_path(py)?)?;
    }
    Ok(spec)
}

/// A loader of built-in source text.
#[pyclass(frozen, module = "_PyISAPIe")]
struct Loader {
    source: &'static str,
    origin: String,
    package: bool,
}

#[pymethods]
impl Loader {
    fn create_module(&self, _spec: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
        None // Python's default module
    }

    fn exec_module(&self, module: &Bound<'_, PyModule>) -> PyResult<()> {
        run_source(self.source, &self.origin, module)
    }

    /// For tracebacks.
    fn get_source(&self, _name: &str) -> &'static str {
        self.source
    }

    fn is_package(&self, _name: &str) -> bool {
        self.package
    }
}

/// Runs source text in a module's namespace.
pub(crate) fn run_source(source: &str, origin: &str, module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let builtins = py.import("builtins")?;
    let code = builtins
        .getattr("compile")?
        .call1((source, origin, "exec", 0, true))?;
    builtins.getattr("exec")?.call1((code, module.dict()))?;
    Ok(())
}

/// Puts the finders into `sys.meta_path`: the package first, the stand-ins last.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    let meta_path: Bound<'_, PyList> = py.import("sys")?.getattr("meta_path")?.cast_into()?;
    meta_path.insert(0, Bound::new(py, Finder { stand_ins: false })?)?;
    meta_path.append(Bound::new(py, Finder { stand_ins: true })?)
}
