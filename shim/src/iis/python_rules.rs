//! Rules about what PyISAPIe.dll would find at its start: its settings, Python, and the core.

use super::check::Subject;
use super::dll::Dll;
use super::finding::{At, Finding, Report};
use super::paths;
use crate::codes;
use isapi_base::codes::PYTHON_NOT_FOUND;
use isapi_loader::{Looking, Machine, Pe, Place, Problem, Python, Settings, Version, find};
use std::path::{Path, PathBuf};

/// What is wrong for each DLL that can be seen.
pub(super) fn rules(subject: &Subject<'_>, report: &mut Report) {
    for dll in subject.dlls.iter().filter(|dll| dll.is_carrier()) {
        if let (Some(local), Some(pe)) = (&dll.local, &dll.pe) {
            of_dll(subject, dll, &Place::new(local.clone()), pe.machine, report);
        }
    }
}

/// Which Python the DLL would take.
enum Sought {
    Found(Python),
    /// It is named, and cannot be looked at from here.
    NotSeen(String),
    Problem(Problem),
}

fn of_dll(subject: &Subject<'_>, dll: &Dll, place: &Place, machine: Machine, report: &mut Report) {
    let settings = match Settings::read(place) {
        Ok(settings) => settings,
        Err(problem) => {
            report.add(
                Finding::error(codes::IIS_SETTINGS, sentence(&problem.text))
                    .symptom(page(&problem))
                    .cure("correct that line; the next request reads the file again"),
            );
            Settings::default()
        }
    };
    if let Some(file) = &settings.file {
        report.checked.push(file.display().to_string());
    }
    match sought(subject, dll, place, &settings, machine) {
        Sought::Found(python) => {
            report.checked.push(format!(
                "{} (Python {})",
                python.dll.display(),
                python.version
            ));
            core_rule(place, &python, machine, report);
        }
        Sought::NotSeen(why) => {
            report.add(
                Finding::note(
                    codes::IIS_NOT_SEEN,
                    format!("{why}, so Python was not looked at"),
                )
                .cure(
                    "say where the server's Python is, seen from here, with --python or --map-path",
                ),
            );
            any_core(place, machine, report);
        }
        Sought::Problem(problem) => {
            report.add(
                Finding::error(codes::IIS_PYTHON, sentence(&problem.text))
                    .symptom(page(&problem))
                    .cure(match problem.code == PYTHON_NOT_FOUND {
                        true => "install it, or name it; variables of the server's process (VIRTUAL_ENV, PYTHONHOME) were not looked at",
                        false => "the text says what is needed; the next request tries again",
                    }),
            );
            any_core(place, machine, report);
        }
    }
}

/// The loader's texts are sentences with full stops, told by the process of the server.
fn sentence(text: &str) -> String {
    let text = text.trim_end().trim_end_matches('.');
    text.replace("this process is", "the process of IIS is")
        .replace("python in --python", "--python")
}

fn page(problem: &Problem) -> String {
    format!("500 with the page {}", problem.code)
}

/// As the DLL looks, but for what belongs to the server's process: its environment, and off
/// Windows its registry.
fn sought(
    subject: &Subject<'_>,
    dll: &Dll,
    place: &Place,
    settings: &Settings,
    machine: Machine,
) -> Sought {
    if let Some(folder) = &subject.python {
        return in_folder(subject, folder, Path::new("--python"), machine);
    }
    if let (Some(python), Some(file)) = (&settings.python, &settings.file) {
        // Off Windows a path such as C:\Python313 looks relative, and was joined.
        let raw = python.strip_prefix(place.folder()).unwrap_or(python);
        let raw = raw.to_string_lossy();
        let folder = match paths::is_absolute(&raw) {
            true => subject.paths.local(&raw),
            false if python.is_dir() => Some(python.clone()),
            false => subject
                .paths
                .local(&format!(r"{}\{raw}", paths::folder(&dll.named)))
                .or_else(|| Some(paths::below(place.folder(), &raw))),
        };
        return match folder {
            Some(folder) => in_folder(subject, &folder, file, machine),
            None => Sought::NotSeen(format!(
                "{} names {raw}, which cannot be seen from here",
                file.display()
            )),
        };
    }
    let own = place.folder();
    for folder in [own.to_owned(), own.join("venv"), own.join(".venv")] {
        let file = folder.join("pyvenv.cfg");
        if file.is_file() {
            return in_folder(subject, &folder, &file, machine);
        }
    }
    from_registry(place, settings, machine)
}

/// A folder that is named: an environment or an installation.
fn in_folder(subject: &Subject<'_>, folder: &Path, named_by: &Path, machine: Machine) -> Sought {
    let file = folder.join("pyvenv.cfg");
    let mut folder = folder.to_owned();
    if let Ok(text) = std::fs::read_to_string(&file)
        && let Some(home) = home(&text)
        && !Path::new(home).is_dir()
    {
        match subject.paths.local(home) {
            Some(local) => folder = local,
            None if cfg!(windows) => {}
            None => {
                return Sought::NotSeen(format!(
                    "{} names {home}, which cannot be seen from here",
                    file.display()
                ));
            }
        }
    }
    found(Looking {
        settings: Some((folder, named_by.to_owned())),
        folders: Vec::new(),
        environment: |_| None,
        registry: Vec::new(),
        machine,
    })
}

/// `home = ...` of a pyvenv.cfg.
fn home(text: &str) -> Option<&str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "home").then(|| value.trim())
    })
}

#[cfg(windows)]
fn from_registry(place: &Place, settings: &Settings, machine: Machine) -> Sought {
    // The environment is that of this terminal, not of the pool; the registry is the same.
    found(Looking {
        environment: |_| None,
        machine,
        ..isapi_loader::looking(place, settings)
    })
}

#[cfg(not(windows))]
fn from_registry(_: &Place, _: &Settings, _: Machine) -> Sought {
    Sought::NotSeen(
        "no file names a Python, and the server's registry cannot be seen from here".into(),
    )
}

fn found(looking: Looking) -> Sought {
    match find(&looking) {
        Ok(python) => Sought::Found(python),
        Err(problem) => Sought::Problem(problem),
    }
}

fn core_rule(place: &Place, python: &Python, machine: Machine, report: &mut Report) {
    let core = place.core(python.version, machine);
    let shown = core.display();
    let copy = "copy all files of one release while the pool is stopped";
    if !core.is_file() {
        report.add(
            Finding::error(
                codes::IIS_CORE,
                format!("{shown} is missing: the core for Python {}", python.version),
            )
            .symptom("500 with the page ISH0309")
            .cure("copy it from the release, or name another Python in PyISAPIe.toml"),
        );
        return;
    }
    let what = match Pe::read(&core).ok().flatten().filter(|pe| pe.is_dll) {
        None => format!("{shown} is no DLL of Windows"),
        Some(pe) if pe.machine != machine => {
            format!(
                "{shown} is {}, and PyISAPIe.dll is {}",
                pe.machine.bits(),
                machine.bits()
            )
        }
        Some(pe) => {
            let other = pe
                .imports
                .iter()
                .find(|i| Version::of_dll(i).is_some_and(|v| v != python.version));
            match other {
                Some(import) => format!("{shown} needs {import}, and Python is {}", python.version),
                None => return,
            }
        }
    };
    report.add(
        Finding::error(codes::IIS_CORE, what)
            .at(At::file(&core))
            .symptom("500 with the page ISH0310")
            .cure(copy),
    );
}

/// Which Python it will be is not known: there must be some core.
fn any_core(place: &Place, machine: Machine, report: &mut Report) {
    let ending = format!("-{}.dll", machine.tag());
    let entries = std::fs::read_dir(place.folder())
        .into_iter()
        .flatten()
        .flatten();
    let mut cores = entries.map(|entry| PathBuf::from(entry.file_name()));
    let is_core =
        |name: &str| super::dll::is_core_name(name) && name.to_ascii_lowercase().ends_with(&ending);
    if !cores.any(|name| name.to_str().is_some_and(is_core)) {
        report.add(
            Finding::error(
                codes::IIS_CORE,
                format!(
                    "there is no core PyISAPIe.cp3XX{ending} in {}",
                    place.folder().display()
                ),
            )
            .symptom("500 with the page ISH0309")
            .cure("copy all files of the release, not PyISAPIe.dll alone"),
        );
    }
}
