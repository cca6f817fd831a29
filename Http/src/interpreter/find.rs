//! Which Python to start as: the one that the carrier of this core has found; else the active
//! virtual environment's, else the one this was built for.

use super::StartError;
use crate::codes;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A Python to start as.
#[derive(Clone, Debug)]
pub struct PythonAt {
    /// The folder of the installation, with its standard library; `None`: Python finds it from
    /// the program.
    pub home: Option<PathBuf>,
    /// The program, of the installation or of a virtual environment.
    pub program: PathBuf,
}

static CARRIED: OnceLock<PythonAt> = OnceLock::new();

/// Says which Python the carrier has loaded. The first one counts: it cannot be unloaded.
pub(crate) fn set_python(python: PythonAt) {
    let _ = CARRIED.set(python);
}

/// The interpreter that the build was made for (`PYO3_PYTHON`).
const BUILD_PYTHON: &str = env!("PYISAPIE_BUILD_PYTHON");

/// The Python to start as.
pub(super) fn python() -> Result<PythonAt, StartError> {
    if let Some(python) = CARRIED.get() {
        return Ok(python.clone());
    }
    let program = program()?;
    Ok(PythonAt {
        home: None,
        program,
    })
}

fn program() -> Result<PathBuf, StartError> {
    if let Some(venv) = std::env::var_os("VIRTUAL_ENV").filter(|v| !v.is_empty()) {
        return environment_python(Path::new(&venv));
    }
    if is_file(Path::new(BUILD_PYTHON)) {
        return Ok(PathBuf::from(BUILD_PYTHON));
    }
    // Built elsewhere: a Python of the same version on the PATH has the standard library.
    let name = format!("python{}", version());
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(&name))
        .find(|candidate| is_file(candidate))
        .ok_or_else(|| {
            StartError::new(
                codes::PYTHON_NOT_FOUND,
                format!(
                    "Python {} was looked for at {BUILD_PYTHON} and as {name} on the PATH, and is \
                     at neither place. Install it, or build again with PYO3_PYTHON set to the \
                     Python you have.",
                    version()
                ),
            )
        })
}

/// Checks a virtual environment before Python starts: one of another version has packages that
/// do not load, and the failures come late and far from here.
fn environment_python(venv: &Path) -> Result<PathBuf, StartError> {
    let shown = venv.display();
    let config = std::fs::read_to_string(venv.join("pyvenv.cfg")).map_err(|e| {
        StartError::new(
            codes::ENVIRONMENT_VERSION,
            format!(
                "VIRTUAL_ENV names {shown}, which has no readable pyvenv.cfg ({e}). Make it anew \
                 with `python{} -m venv`, or unset VIRTUAL_ENV.",
                version()
            ),
        )
    })?;
    let theirs = config_version(&config);
    if theirs.as_deref() != Some(version()) {
        let theirs = theirs.as_deref().unwrap_or("an unknown version");
        return Err(StartError::new(
            codes::ENVIRONMENT_VERSION,
            format!(
                "the virtual environment {shown} is for Python {theirs}, and this program was \
                 built for Python {}. Build it again with PYO3_PYTHON={shown}/bin/python, or \
                 activate an environment made by that Python.",
                version()
            ),
        ));
    }
    let program = venv.join("bin/python");
    if !is_file(&program) {
        return Err(StartError::new(
            codes::PYTHON_NOT_FOUND,
            format!(
                "the virtual environment {shown} has no {}",
                program.display()
            ),
        ));
    }
    Ok(program)
}

/// `3.11` from `version = 3.11.7` (venv) or `version_info = 3.11.7.final.0` (virtualenv).
fn config_version(config: &str) -> Option<String> {
    let value = config.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "version" | "version_info").then(|| value.trim())
    })?;
    let mut parts = value.split('.');
    Some(format!("{}.{}", parts.next()?, parts.next()?))
}

/// The `3.11` of the Python this was compiled for.
fn version() -> &'static str {
    env!("PYISAPIE_PYTHON_VERSION")
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::config_version;

    #[test]
    fn the_version_of_an_environment_is_read_as_venv_and_virtualenv_write_it() {
        let venv = "home = /usr/bin\nversion = 3.11.7\n";
        assert_eq!(config_version(venv).as_deref(), Some("3.11"));
        let virtualenv = "version_info = 3.9.18.final.0\n";
        assert_eq!(config_version(virtualenv).as_deref(), Some("3.9"));
        assert_eq!(config_version("home = /usr/bin\n"), None);
    }
}
