//! Loads Python and the core that was built for it.
#![allow(unsafe_code)]

use super::{identity, process, registry};
use crate::{Carrier, Machine, Problem, Python, Result, Settings, find};
use isapi_base::calls::{Calls, FORM, START_EXPORT, Start, StartFn};
use isapi_base::codes;
use libloading::os::windows::{LOAD_WITH_ALTERED_SEARCH_PATH, Library};
use std::mem::MaybeUninit;
use std::path::Path;

/// Loads the core for the Python that the site is to use, as the account of the process.
///
/// # Errors
/// Something is missing or does not fit; the text names the account.
pub fn load_core(carrier: &Carrier) -> Result<Calls> {
    let _as_process = identity::AsProcess::new();
    load(carrier).map_err(|problem| {
        let text = format!(
            "{}\nThis process runs as {}.",
            problem.text,
            identity::account()
        );
        Problem::new(problem.code, text)
    })
}

fn load(carrier: &Carrier) -> Result<Calls> {
    let place = carrier.place()?;
    check_alone(&place.file)?;
    let settings = Settings::read(place)?;
    let python = find(&registry::looking(place, &settings))?;
    let core = place.core(python.version, Machine::own());
    // Before Python is loaded: that cannot be taken back.
    if !core.is_file() {
        return Err(Problem::new(
            codes::CORE_MISSING,
            format!(
                "{} is not there. It is the core for Python {} ({}), which {} names. Copy it from \
                 the release to where PyISAPIe.dll is; if the release has none for this version, \
                 use another Python.",
                core.display(),
                python.version,
                python.home.display(),
                python.named_by
            ),
        ));
    }
    // Python cannot be unloaded, so neither may this carrier, which knows of it.
    if let Ok(own) = Library::open_already_loaded(&place.file) {
        let _without_it_a_reload_would_be_refused = own.pin();
    }
    open(
        &python.dll,
        "a DLL that it needs, such as vcruntime140.dll, may be missing beside it",
    )
    .map_err(|text| Problem::new(codes::PYTHON_UNUSABLE, text))?;
    let unusable = |text| Problem::new(codes::CORE_UNUSABLE, text);
    let library = open(&core, "it may be damaged, or of another release").map_err(unusable)?;
    // SAFETY: the export of this name has this type, whatever the release.
    let start = unsafe { library.get::<StartFn>(START_EXPORT.to_bytes_with_nul()) };
    let start = start.map(|start| *start).map_err(|_| {
        unusable(format!(
            "{} has no export {}: it is no core.",
            core.display(),
            START_EXPORT.to_string_lossy()
        ))
    })?;
    start_core(carrier, &python, start).ok_or_else(|| {
        unusable(format!(
            "{} is of another release than {}. Copy all files of one release, and recycle the app \
             pool.",
            core.display(),
            place.file.display()
        ))
    })
}

fn start_core(carrier: &Carrier, python: &Python, start: StartFn) -> Option<Calls> {
    let place = carrier.place().ok()?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (folder, home) = (text(place.folder()), text(&python.home));
    let program = text(&python.program);
    let said = Start {
        form: FORM,
        library_folder: folder.as_str().into(),
        package: place.package().into(),
        python_home: home.as_str().into(),
        python_program: program.as_str().into(),
        log: carrier.log(),
    };
    let mut calls = MaybeUninit::<Calls>::uninit();
    // SAFETY: the texts outlive the call, and the table is filled in where the result is 1.
    unsafe {
        let started = start(&raw const said, calls.as_mut_ptr(), std::ptr::null());
        (started == 1).then(|| calls.assume_init())
    }
}

/// Loads a library by its whole path, with what it needs looked for beside it, and keeps it for
/// the life of the process: its threads may be in it.
fn open(path: &Path, hint: &str) -> std::result::Result<Library, String> {
    // SAFETY: runs the library's initialisers: Python's, or this project's core's.
    let library = unsafe { Library::load_with_flags(path, LOAD_WITH_ALTERED_SEARCH_PATH) };
    let library = library.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        format!(
            "{} cannot be loaded: {}; {hint}.",
            path.display(),
            cause.unwrap_or_else(|| error.to_string())
        )
    })?;
    library.pin().map_err(|error| {
        let code = error.to_string();
        format!("{} cannot be kept loaded: {code}", path.display())
    })?;
    Ok(library)
}

/// One process has one Python, and this carrier must be the one that starts it.
fn check_alone(own: &Path) -> Result<()> {
    let (pythons, core) = process::loaded();
    let Some(python) = pythons.into_iter().find(|python| python.runs) else {
        return Ok(());
    };
    let by = core.map_or_else(
        || "by something else in this process".to_owned(),
        |core| format!("by another copy of PyISAPIe, with {}", core.display()),
    );
    Err(Problem::new(
        codes::PYTHON_TAKEN,
        format!(
            "The Python DLL was loaded and initialized prior to this extension, {by}: for multiple \
             instances of this extension, use a separate application pool for each.\n\
             Loaded = {}\nCurrent = {}",
            python.file.display(),
            own.display()
        ),
    ))
}
