//! Which Python to use: the first of these places that names one decides, and if that one cannot
//! be used it is an error, not a reason to look further. An administrator who names a Python wants
//! that one.
//!
//! 1. `python` in `PyISAPIe.toml`
//! 2. `VIRTUAL_ENV`: an environment that is active in a terminal
//! 3. a virtual environment in the carrier's folder or the home: `pyvenv.cfg` in it, or in a
//!    folder `venv` or `.venv` of it
//! 4. `PYTHONHOME`
//! 5. the registry: the newest that fits

use crate::{Machine, Pe, Problem, Result};
use isapi_base::codes;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// A version of Python without its last number: DLLs are for these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 3.
    pub major: u8,
    /// The 11 of 3.11.
    pub minor: u8,
}

impl Version {
    /// From `3.11`, or a longer number.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('.');
        Some(Self {
            major: parts.next()?.parse().ok()?,
            minor: parts.next()?.parse().ok()?,
        })
    }

    /// From `python311.dll`; `None` for other names, `python3.dll` among them.
    pub fn of_dll(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let digits = name.strip_prefix("python")?.strip_suffix(".dll")?;
        let (major, minor) = digits.split_at_checked(1)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None; // python313t.dll, python311_d.dll
        }
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// An entry of the registry's `PythonCore` keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The key, for messages.
    pub key: String,
    /// What the key says.
    pub version: Version,
    /// The folder of the installation.
    pub folder: PathBuf,
}

/// Where to look.
#[derive(Debug)]
pub struct Looking {
    /// `python` of the settings, with the file that says it.
    pub settings: Option<(PathBuf, PathBuf)>,
    /// The carrier's folder, and the home where it is another.
    pub folders: Vec<PathBuf>,
    /// The process's environment.
    pub environment: fn(&str) -> Option<OsString>,
    /// The registry, as this process sees it.
    pub registry: Vec<Registered>,
    /// The process's processor.
    pub machine: Machine,
}

/// A Python that can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// Its version.
    pub version: Version,
    /// The folder of the installation.
    pub home: PathBuf,
    /// `python3XX.dll`.
    pub dll: PathBuf,
    /// The program, of the virtual environment where there is one.
    pub program: PathBuf,
    /// Who named it, for messages.
    pub named_by: String,
}

/// Finds the Python to use.
///
/// # Errors
/// Nobody names one, or the one that is named cannot be used.
pub fn find(looking: &Looking) -> Result<Python> {
    if let Some((folder, file)) = &looking.settings {
        return named(looking, folder, &format!("python in {}", file.display()));
    }
    let variable = |name| (looking.environment)(name).filter(|value| !value.is_empty());
    if let Some(folder) = variable("VIRTUAL_ENV") {
        return named(looking, Path::new(&folder), "VIRTUAL_ENV");
    }
    for folder in &looking.folders {
        for folder in [folder.clone(), folder.join("venv"), folder.join(".venv")] {
            let file = folder.join(ENVIRONMENT);
            if file.is_file() {
                return named(looking, &folder, &file.display().to_string());
            }
        }
    }
    if let Some(folder) = variable("PYTHONHOME") {
        return named(looking, Path::new(&folder), "PYTHONHOME");
    }
    registered(looking)
}

/// The file that makes a folder a virtual environment.
const ENVIRONMENT: &str = "pyvenv.cfg";

/// What a whole installation is for messages.
const WHAT_IT_HAS: &str = "An installation from python.org has python3XX.dll in its folder.";

fn named(looking: &Looking, folder: &Path, by: &str) -> Result<Python> {
    examine(folder, looking.machine, by)
}

fn registered(looking: &Looking) -> Result<Python> {
    let mut all: Vec<&Registered> = looking.registry.iter().collect();
    all.sort_by_key(|entry| std::cmp::Reverse(entry.version));
    let mut seen = String::new();
    for entry in all {
        match examine(&entry.folder, looking.machine, &entry.key) {
            Ok(python) => return Ok(python),
            // One that was removed by hand, or is for the other bitness: the next may do.
            Err(problem) => seen.push_str(&format!("\n- {}: {}", entry.key, problem.text)),
        }
    }
    let folders: Vec<String> = looking
        .folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    let folders = folders.join(" and ");
    let bits = looking.machine.bits();
    Err(Problem::new(
        codes::PYTHON_NOT_FOUND,
        format!(
            "No Python was found. Looked for, in this order:\n\
             - python in PyISAPIe.toml: not set\n\
             - VIRTUAL_ENV: not set\n\
             - {ENVIRONMENT}, venv\\{ENVIRONMENT}, .venv\\{ENVIRONMENT} in {folders}: not there\n\
             - PYTHONHOME: not set\n\
             - the registry's SOFTWARE\\Python\\PythonCore keys, as a {bits} process of this account \
             sees them: {}{seen}\n\
             Install a {bits} Python from python.org for all users, or name its folder in \
             PyISAPIe.toml: python = 'C:\\Python313'",
            if seen.is_empty() {
                "none"
            } else {
                "none that fits"
            },
        ),
    ))
}

/// The value of a key of `pyvenv.cfg`.
fn environment_value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim())
    })
}

fn examine(folder: &Path, machine: Machine, by: &str) -> Result<Python> {
    let file = folder.join(ENVIRONMENT);
    if !file.is_file() {
        let program = folder.join("python.exe");
        return installation(folder, program, machine, by);
    }
    let unusable = |why: String| {
        let text = format!(
            "{by} names the virtual environment {}, {why} Make it anew with `py -m venv`.",
            folder.display()
        );
        Problem::new(codes::PYTHON_UNUSABLE, text)
    };
    let text = std::fs::read_to_string(&file)
        .map_err(|error| unusable(format!("whose {ENVIRONMENT} cannot be read: {error}.")))?;
    let home = environment_value(&text, "home")
        .ok_or_else(|| unusable(format!("whose {ENVIRONMENT} has no line `home = ...`.")))?;
    let by = format!("{by} (home = {home})");
    let program = folder.join("Scripts").join("python.exe");
    installation(Path::new(home), program, machine, &by)
}

fn installation(folder: &Path, program: PathBuf, machine: Machine, by: &str) -> Result<Python> {
    let shown = folder.display();
    let unusable =
        |why: String| Problem::new(codes::PYTHON_UNUSABLE, format!("{by} names {shown}, {why}"));
    let entries = std::fs::read_dir(folder).map_err(|error| {
        unusable(format!(
            "which cannot be read: {error}. It must be the folder of a Python installation or of \
             a virtual environment, and this account needs the right to read it."
        ))
    })?;
    let mut dlls: Vec<(Version, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let version = Version::of_dll(entry.file_name().to_str()?)?;
            Some((version, entry.path()))
        })
        .collect();
    dlls.sort();
    let Some((version, dll)) = dlls.pop() else {
        return Err(unusable(format!(
            "which has no python3XX.dll. {WHAT_IT_HAS} One from the Microsoft Store cannot be used \
             by a service."
        )));
    };
    if version < OLDEST {
        return Err(unusable(format!(
            "which is Python {version}. {OLDEST} is the oldest that is supported."
        )));
    }
    let header = Pe::read(&dll)
        .map_err(|error| unusable(format!("whose {} cannot be read: {error}.", dll.display())))?
        .ok_or_else(|| unusable(format!("whose {} is no DLL.", dll.display())))?;
    if header.machine != machine {
        return Err(Problem::new(
            codes::PYTHON_BITNESS,
            format!(
                "{by} names {shown}, which is {} Python {version}, and this process is {}. Install \
                 the {1} Python {version}, or set the app pool's enable32BitAppOnWin64 to {2} and \
                 use the {0} PyISAPIe.dll.",
                header.machine.bits(),
                machine.bits(),
                header.machine == Machine::X86,
            ),
        ));
    }
    Ok(Python {
        version,
        home: folder.to_owned(),
        dll,
        program,
        named_by: by.to_owned(),
    })
}

/// The core needs `PyConfig` (3.8), and a Python that is tested.
const OLDEST: Version = Version { major: 3, minor: 9 };

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
