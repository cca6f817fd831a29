//! Hands the chosen Python on to the crates that link this one.
//!
//! Without a run path the loader takes whichever libpython of that version it finds first, which
//! need not be the one that was asked for with `PYO3_PYTHON`.

use std::process::Command;

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    if std::env::var_os("CARGO_FEATURE_EMBED").is_some() {
        pyo3_build_config::add_libpython_rpath_link_args();
    }
    let config = pyo3_build_config::get();
    if let Some(dir) = config.lib_dir() {
        // Read by the dependents' build scripts as DEP_PYISAPIE_CORE_LIBDIR.
        println!("cargo::metadata=LIBDIR={dir}");
    }
    let executable = config.executable().unwrap_or_default();
    println!(
        "cargo::rustc-env=PYISAPIE_BUILD_PYTHON={}",
        own_path(executable)
    );
    println!(
        "cargo::rustc-env=PYISAPIE_PYTHON_VERSION={}",
        config.version()
    );
    println!("cargo::rerun-if-env-changed=PYO3_PYTHON");
    println!("cargo::rerun-if-changed=build.rs");
}

/// The interpreter's own name for itself: a shim (pyenv) or a link may be what was asked for. Of a
/// virtual environment it is the Python below: which environment is used is decided at run time.
fn own_path(executable: &str) -> String {
    let script = "import sys; print(getattr(sys, '_base_executable', None) or sys.executable)";
    let output = Command::new(executable).args(["-c", script]).output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => executable.to_owned(),
    }
}
