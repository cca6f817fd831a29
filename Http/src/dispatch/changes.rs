//! Which files of the site have changed since they were loaded.

use crate::interpreter;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyModule, PyString};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// How coarse the clock of file systems is. A file written this shortly before it was loaded may
/// have been written again since, with the same time.
const CLOCK: Duration = Duration::from_millis(20);

/// A file's state, as far as can be told without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    identity: u64,
}

impl Stamp {
    /// The stamp of a file, or of the archive that it lies in; `None` where there is neither.
    fn of(path: &Path) -> Option<Self> {
        let data = std::fs::metadata(path).ok().or_else(|| {
            let archive = path.ancestors().skip(1).find(|p| p.is_file())?;
            std::fs::metadata(archive).ok()
        })?;
        Some(Self {
            modified: data.modified().ok(),
            length: data.len(),
            identity: identity(&data),
        })
    }
}

/// How a file was when it was loaded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    stamp: Option<Stamp>,
    /// It was not written so shortly before that a later write might leave no other trace.
    settled: bool,
}

impl Seen {
    /// The file as it is; it is about to be loaded.
    pub(super) fn now(path: &Path) -> Self {
        Self::since(path, SystemTime::now())
    }

    /// The file as it is; it was loaded at some time after `since`.
    fn since(path: &Path, since: SystemTime) -> Self {
        let stamp = Stamp::of(path);
        let settled = stamp.and_then(|s| s.modified).is_none_or(|modified| {
            // A time to come (a wrong clock, an archive) gets no better by loading again.
            modified + CLOCK < since || modified > SystemTime::now() + CLOCK
        });
        Self { stamp, settled }
    }

    /// Whether the file is another one now, or may be.
    pub(super) fn has_changed(&self, path: &Path) -> bool {
        !self.settled || Stamp::of(path) != self.stamp
    }
}

#[cfg(unix)]
fn identity(data: &std::fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    // The change time catches tools that set the modification time back.
    data.ino()
        ^ u64::try_from(data.ctime_nsec())
            .unwrap_or_default()
            .rotate_left(32)
}

#[cfg(not(unix))]
fn identity(_data: &std::fs::Metadata) -> u64 {
    0
}

struct Module {
    /// Empty for a namespace package, which has none and cannot change by itself.
    file: PathBuf,
    seen: Seen,
}

struct Watched {
    roots: Vec<PathBuf>,
    /// The Python installation, where it lies inside a root.
    excluded: Vec<PathBuf>,
    modules: HashMap<String, Module>,
    /// Files that were not there, and that change the site when they come: the site's own
    /// `Http/Isapi.py` and its like, for which built-in ones stand in.
    absent: Vec<PathBuf>,
    /// Where those files would be.
    package: Option<PathBuf>,
    /// The last look: what was imported since may have been edited since.
    looked: SystemTime,
    /// `len(sys.modules)` at the last look: new modules are looked for when it differs.
    count: usize,
}

static WATCHED: LazyLock<Mutex<Watched>> = LazyLock::new(|| {
    Mutex::new(Watched {
        roots: Vec::new(),
        excluded: Vec::new(),
        modules: HashMap::new(),
        absent: Vec::new(),
        package: None,
        looked: SystemTime::now(),
        count: 0,
    })
});

/// Counts the changes; what was loaded under an older number must be loaded again.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The number of the changes seen so far.
pub(super) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Adds a folder whose modules belong to the site.
pub(super) fn add_root(py: Python<'_>, root: &Path) -> PyResult<()> {
    let mut watched = WATCHED
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    if !watched.roots.iter().any(|r| r == root) {
        watched.roots.push(root.to_owned());
        watched.count = 0;
    }
    let prefix: PathBuf = py.import("sys")?.getattr("prefix")?.extract()?;
    if !watched.excluded.contains(&prefix) && !root.starts_with(&prefix) {
        watched.excluded.push(prefix);
    }
    Ok(())
}

/// Modules of the package that a site may replace.
const REPLACEABLE: [&str; 2] = ["Http.Isapi", "Http.Config"];

/// Names the folder of a site's own files of the package.
pub(super) fn set_package(py: Python<'_>, folder: &Path) {
    let mut watched = WATCHED
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    watched.package = Some(folder.to_owned());
}

/// Notes which of those files are not there; to be called before they are imported.
pub(super) fn note_absent(py: Python<'_>) {
    let mut watched = WATCHED
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    watched.look_for_absent();
}

/// Looks whether any module of the site has changed on disk. If so, all of them are forgotten, so
/// that the next import runs them again: which module uses which cannot be known for certain, and
/// a half-new set of modules is worse than a reload.
pub(super) fn refresh(py: Python<'_>) -> PyResult<()> {
    let modules = interpreter::modules(py)?;
    let mut watched = WATCHED
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    let since = std::mem::replace(&mut watched.looked, SystemTime::now());
    if watched.count != modules.len() {
        watched.count = modules.len();
        watched.add_new(&modules, since)?;
    }
    let appeared = watched.absent.iter().any(|f| f.exists());
    let differs = |m: &Module| m.seen.has_changed(&m.file);
    let changed = appeared || watched.modules.values().any(differs);
    if !changed || watched.any_still_importing(&modules)? {
        return Ok(());
    }
    let names: Vec<String> = watched.modules.drain().map(|(name, _)| name).collect();
    let replaced: &[&str] = if appeared { &REPLACEABLE } else { &[] };
    for name in names
        .iter()
        .map(String::as_str)
        .chain(replaced.iter().copied())
    {
        forget(&modules, name)?;
    }
    watched.look_for_absent();
    watched.count = 0;
    py.import("importlib")?.call_method0("invalidate_caches")?;
    py.import("linecache")?.call_method0("checkcache")?;
    GENERATION.fetch_add(1, Ordering::AcqRel);
    Ok(())
}

/// Forgets the site and its modules.
pub(super) fn leave_site(py: Python<'_>) -> PyResult<()> {
    let modules = interpreter::modules(py)?;
    let mut watched = WATCHED
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    // What was imported since the last look is the site's, too.
    let since = watched.looked;
    watched.add_new(&modules, since)?;
    let names: Vec<String> = watched.modules.drain().map(|(name, _)| name).collect();
    for name in names.iter().map(String::as_str).chain(REPLACEABLE) {
        forget(&modules, name)?;
    }
    watched.roots.clear();
    watched.absent.clear();
    watched.package = None;
    watched.count = 0;
    py.import("importlib")?.call_method0("invalidate_caches")?;
    GENERATION.fetch_add(1, Ordering::AcqRel);
    Ok(())
}

/// Takes a module out of `sys.modules`, and off the package that holds it: `from a import b` would
/// take the old one from there.
fn forget(modules: &Bound<'_, PyDict>, name: &str) -> PyResult<()> {
    if modules.contains(name)? {
        modules.del_item(name)?;
    }
    if let Some((package, inner)) = name.rsplit_once('.')
        && let Some(package) = modules.get_item(package)?
        && let Ok(package) = package.cast::<PyModule>()
        && package.dict().contains(inner)?
    {
        package.dict().del_item(inner)?;
    }
    Ok(())
}

impl Watched {
    fn look_for_absent(&mut self) {
        let Some(package) = &self.package else { return };
        let files = ["Isapi.py", "Config.py"].map(|name| package.join(name));
        self.absent = files.into_iter().filter(|f| !f.exists()).collect();
    }

    fn add_new(&mut self, modules: &Bound<'_, PyDict>, since: SystemTime) -> PyResult<()> {
        // A copy: other threads import meanwhile.
        for (name, module) in modules.copy()?.iter() {
            let (Ok(name), Ok(module)) = (name.cast::<PyString>(), module.cast::<PyModule>())
            else {
                continue;
            };
            let name = name.to_string_lossy();
            if self.modules.contains_key(name.as_ref()) || super::loader::is_script_module(&name) {
                continue;
            }
            let Some(file) = self.file_in_site(module)? else {
                continue;
            };
            let seen = Seen::since(&file, since);
            self.modules
                .insert(name.into_owned(), Module { file, seen });
        }
        Ok(())
    }

    /// The file of a module of the site; empty for a namespace package; `None` for other modules.
    fn file_in_site(&self, module: &Bound<'_, PyModule>) -> PyResult<Option<PathBuf>> {
        // Not getattr: that could run a module's own __getattr__.
        let scope = module.dict();
        let file = scope.get_item("__file__")?.filter(|file| !file.is_none());
        if let Some(file) = file {
            let file = file.extract::<PathBuf>().ok();
            return Ok(file.filter(|file| self.is_of_site(file)));
        }
        let Some(folders) = scope.get_item("__path__")? else {
            return Ok(None);
        };
        for folder in folders.try_iter()? {
            if folder?
                .extract::<PathBuf>()
                .is_ok_and(|f| self.is_of_site(&f))
            {
                // Not the package `Http`, which is built in though its folder may be the site's.
                let own = module.name().is_ok_and(|name| name == "Http");
                return Ok((!own).then(PathBuf::new));
            }
        }
        Ok(None)
    }

    fn is_of_site(&self, file: &Path) -> bool {
        let packages = |part: &std::ffi::OsStr| part == "site-packages" || part == "dist-packages";
        self.roots.iter().any(|root| file.starts_with(root))
            && !self.excluded.iter().any(|dir| file.starts_with(dir))
            && !file.iter().any(packages)
    }

    /// A module that another thread is importing must stay where it is until that is done; the
    /// change is seen by the next request instead.
    fn any_still_importing(&self, modules: &Bound<'_, PyDict>) -> PyResult<bool> {
        for name in self.modules.keys().map(String::as_str).chain(REPLACEABLE) {
            let Some(module) = modules.get_item(name)? else {
                continue;
            };
            let Some(spec) = module.getattr_opt("__spec__")? else {
                continue;
            };
            if let Some(flag) = spec.getattr_opt("_initializing")?
                && flag.is_truthy()?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
