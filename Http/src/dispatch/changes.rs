//! Which files of the site have changed since they were loaded.

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
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    identity: u64,
}

impl Stamp {
    /// The stamp of a file, or `None` where it cannot be had.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let data = std::fs::metadata(path).ok()?;
        Some(Self {
            modified: data.modified().ok(),
            length: data.len(),
            identity: identity(&data),
        })
    }

    /// This stamp, taken for a file that was loaded at `since`; `None` where a later change might
    /// not show in it, so that the file must be loaded once more.
    pub(super) fn trusted(self, since: SystemTime) -> Option<Self> {
        let modified = self.modified?;
        (modified + CLOCK < since).then_some(self)
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
    file: PathBuf,
    stamp: Option<Stamp>,
}

#[derive(Default)]
struct Watched {
    roots: Vec<PathBuf>,
    /// The Python installation, where it lies inside a root.
    excluded: Vec<PathBuf>,
    modules: HashMap<String, Module>,
    /// Files that were not there, and that change the site when they come: the site's own
    /// `Http/Isapi.py` and its like, for which built-in ones stand in.
    absent: Vec<PathBuf>,
    /// `len(sys.modules)` at the last look: new modules are looked for when it differs.
    count: usize,
}

static WATCHED: LazyLock<Mutex<Watched>> = LazyLock::new(Mutex::default);

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

/// Notes which of a site's own files of the package are not there.
pub(super) fn watch_for(py: Python<'_>, folder: &Path) {
    let mut watched = WATCHED
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    let files = ["Isapi.py", "Config.py"].map(|name| folder.join(name));
    watched.absent = files.into_iter().filter(|f| !f.exists()).collect();
}

/// Looks whether any module of the site has changed on disk. If so, all of them are forgotten, so
/// that the next import runs them again: which module uses which cannot be known for certain, and
/// a half-new set of modules is worse than a reload.
///
/// `loading_since`: when the caller began to load what may have imported new modules.
pub(super) fn refresh(py: Python<'_>, loading_since: SystemTime) -> PyResult<()> {
    let modules: Bound<'_, PyDict> = py.import("sys")?.getattr("modules")?.cast_into()?;
    let mut watched = WATCHED
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    if watched.count != modules.len() {
        watched.count = modules.len();
        watched.add_new(&modules, loading_since)?;
    }
    let differs = |m: &Module| m.stamp.is_none() || Stamp::of(&m.file) != m.stamp;
    let appeared = watched.absent.iter().any(|f| f.exists());
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
        if modules.contains(name)? {
            modules.del_item(name)?;
        }
    }
    watched.absent.retain(|f| !f.exists());
    watched.count = 0;
    py.import("importlib")?.call_method0("invalidate_caches")?;
    py.import("linecache")?.call_method0("checkcache")?;
    GENERATION.fetch_add(1, Ordering::AcqRel);
    Ok(())
}

impl Watched {
    fn add_new(&mut self, modules: &Bound<'_, PyDict>, since: SystemTime) -> PyResult<()> {
        // A copy: other threads import meanwhile.
        for (name, module) in modules.copy()?.iter() {
            let (Ok(name), Ok(module)) = (name.cast::<PyString>(), module.cast::<PyModule>())
            else {
                continue;
            };
            let name = name.to_string_lossy();
            if self.modules.contains_key(name.as_ref()) {
                continue;
            }
            // Not getattr: that could run a module's own __getattr__.
            let Some(file) = module.dict().get_item("__file__")? else {
                continue;
            };
            let Ok(file) = file.extract::<PathBuf>() else {
                continue;
            };
            if !self.is_of_site(&file) || super::loader::is_script_module(&name) {
                continue;
            }
            let stamp = Stamp::of(&file).and_then(|s| s.trusted(since));
            self.modules
                .insert(name.into_owned(), Module { file, stamp });
        }
        Ok(())
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
