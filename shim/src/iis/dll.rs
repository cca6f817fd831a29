//! The DLL that handlers name, and what its header says.

use super::check::Subject;
use super::documents::Row;
use super::finding::{At, Finding, Report};
use super::paths::{self, PathMap, Paths};
use crate::codes;
use isapi_loader::{Machine, Pe, Version};
use std::path::{Path, PathBuf};

/// A DLL that rows name.
pub(super) struct Dll {
    /// As the first row has it.
    pub(super) named: String,
    at: Option<At>,
    /// Where it is here, if it can be seen; it need not exist.
    pub(super) local: Option<PathBuf>,
    /// Its header, where it is a DLL.
    pub(super) pe: Option<Pe>,
}

impl Dll {
    /// It is one of ours by its name, and can be loaded.
    pub(super) fn is_carrier(&self) -> bool {
        let name = paths::file_name(&self.named).to_ascii_lowercase();
        name.starts_with("pyisapie") && !is_core_name(&name) && self.pe.is_some()
    }
}

/// Whether a file name is that of a core, as `PyISAPIe.cp313-win_amd64.dll`.
pub(super) fn is_core_name(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("pyisapie.cp")
}

/// The DLLs that the rows for PyISAPIe name; `given` is where the first of them is here.
pub(super) fn named_by(rows: &[Row<'_>], given: Option<&Path>, paths: &mut Paths) -> Vec<Dll> {
    let mut dlls: Vec<Dll> = Vec::new();
    for row in rows.iter().filter(|row| row.is_ours()) {
        let named = row.processor();
        if named.is_empty() || dlls.iter().any(|dll| paths::same(&dll.named, named)) {
            continue;
        }
        let given = given.filter(|_| dlls.is_empty());
        if let Some(folder) = given.and_then(Path::parent) {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            paths.add(PathMap::new(&paths::folder(named), folder));
        }
        let local = given.map(Path::to_owned).or_else(|| paths.local(named));
        let pe = local
            .as_deref()
            .and_then(|file| Pe::read(file).ok().flatten());
        dlls.push(Dll {
            named: named.to_owned(),
            at: row.at_value("scriptProcessor"),
            local,
            pe: pe.filter(|pe| pe.is_dll),
        });
    }
    dlls
}

/// What is wrong with the DLLs.
pub(super) fn rules(subject: &Subject<'_>, report: &mut Report) {
    for (_, row) in subject.ours() {
        if row.processor().is_empty() {
            report.add(
                Finding::error(
                    codes::IIS_DLL_MISSING,
                    format!("the handler {:?} names no scriptProcessor", row.name()),
                )
                .at(row.at())
                .symptom("404.2, or 500.0 with 0x800700c1: IIS takes the script itself for the DLL")
                .cure("add scriptProcessor=\"...\" with the whole path of PyISAPIe.dll"),
            );
        }
    }
    for dll in &subject.dlls {
        if name_rules(dll, report) {
            file_rules(subject, dll, report);
        }
    }
}

/// Whether the name says a file that can be looked at.
fn name_rules(dll: &Dll, report: &mut Report) -> bool {
    let named = &dll.named;
    let name = paths::file_name(named);
    if !paths::is_absolute(named) {
        report.add(
            Finding::error(codes::IIS_DLL_MISSING, format!("{named} is no whole path"))
                .at(dll.at.clone())
                .symptom("500.0 with 0x8007007e")
                .cure(r"write the whole path, as C:\inetpub\PyISAPIe\PyISAPIe.dll"),
        );
        return false;
    }
    if is_core_name(&name) {
        report.add(
            Finding::error(
                codes::IIS_WRONG_DLL,
                format!("the handler names the core {name}"),
            )
            .at(dll.at.clone())
            .symptom("500.0 with 0x8007007e, where Windows finds no python3XX.dll for it")
            .cure("name PyISAPIe.dll in the same folder; it finds Python, and then loads its core"),
        );
    } else if !name.to_ascii_lowercase().contains("pyisapie") {
        report.add(
            Finding::warning(
                codes::IIS_WRONG_DLL,
                format!("the handler names {name}, which does not look like PyISAPIe.dll"),
            )
            .at(dll.at.clone())
            .symptom("another extension answers")
            .cure("name PyISAPIe.dll, if scripts with `from Http import *` are meant"),
        );
    }
    true
}

fn file_rules(subject: &Subject<'_>, dll: &Dll, report: &mut Report) {
    let named = &dll.named;
    let Some(local) = &dll.local else {
        report.add(
            Finding::note(codes::IIS_NOT_SEEN, format!("{named} cannot be seen from here, so the DLL, its cores and Python were not looked at"))
                .at(dll.at.clone())
                .cure(format!("say where it is with --dll, or --map-path '{}=...'", paths::folder(named))),
        );
        return;
    };
    let shown = local.display();
    if !local.is_file() {
        report.add(
            Finding::error(
                codes::IIS_DLL_MISSING,
                format!("the handler names {named}, and there is no file {shown}"),
            )
            .at(dll.at.clone())
            .symptom("500.0 with 0x8007007e")
            .cure("copy all files of the release into that folder, or correct scriptProcessor"),
        );
        return;
    }
    let Some(pe) = &dll.pe else {
        report.add(
            Finding::error(
                codes::IIS_DLL_INVALID,
                format!("{shown} is no DLL of Windows"),
            )
            .at(dll.at.clone())
            .symptom("500.0 with 0x800700c1")
            .cure("copy the file anew from the release; compare its size with the one there"),
        );
        return;
    };
    report
        .checked
        .push(format!("{shown} ({})", pe.machine.bits()));
    if let Machine::Other(number) = pe.machine {
        report.add(
            Finding::error(
                codes::IIS_DLL_INVALID,
                format!("{shown} is for another processor (machine 0x{number:04x})"),
            )
            .at(dll.at.clone())
            .symptom("500.0 with 0x800700c1")
            .cure("take the release for the server's processor"),
        );
    }
    pool_rule(subject, dll, pe, report);
    let old = pe
        .imports
        .iter()
        .find(|import| Version::of_dll(import).is_some());
    if let Some(python) = old.filter(|_| !is_core_name(&paths::file_name(named))) {
        report.add(
            Finding::error(
                codes::IIS_WRONG_DLL,
                format!(
                    "{shown} needs {python}: it is the old PyISAPIe, or a core under another name"
                ),
            )
            .at(dll.at.clone())
            .symptom("500.0 with 0x8007007e, where Windows does not find that DLL")
            .cure("put the PyISAPIe.dll of the release there; it needs no Python to be loaded"),
        );
    }
    exports_rule(dll, pe, report);
}

fn pool_rule(subject: &Subject<'_>, dll: &Dll, pe: &Pe, report: &mut Report) {
    let Some(pool) = &subject.pool else { return };
    let dll_is_32 = pe.machine == Machine::X86;
    if matches!(pe.machine, Machine::Other(_)) || dll_is_32 == pool.is_32_bit {
        return;
    }
    let pool_bits = if pool.is_32_bit { "32-bit" } else { "64-bit" };
    report.add(
        Finding::error(
            codes::IIS_BITNESS,
            format!("{} is {}, and the application pool {:?} is {pool_bits}", dll.named, pe.machine.bits(), pool.name),
        )
        .at(pool.at.clone())
        .symptom("500.0 with 0x800700c1; 404.17 or 404.4 where the handler has a bitness preCondition")
        .cure(format!(
            "use the {pool_bits} release, or: appcmd set apppool /apppool.name:\"{}\" /enable32BitAppOnWin64:{dll_is_32}",
            pool.name
        )),
    );
}

fn exports_rule(dll: &Dll, pe: &Pe, report: &mut Report) {
    for export in ["GetExtensionVersion", "HttpExtensionProc"] {
        if pe.exports.iter().any(|name| name == export) {
            continue;
        }
        // `_HttpExtensionProc@4`: how 32-bit compilers write a name of this calling convention.
        let decorated = pe.exports.iter().find(|name| name.contains(export));
        let (what, cure) = match decorated {
            Some(name) => (
                format!("exports {name} in the place of {export}"),
                "link it with a .def file, so that the names are exported as they are",
            ),
            None => (
                format!("does not export {export}"),
                "name PyISAPIe.dll; this is no ISAPI extension",
            ),
        };
        report.add(
            Finding::error(codes::IIS_EXPORTS, format!("{} {what}", dll.named))
                .at(dll.at.clone())
                .symptom("500.0 with 0x8007007f")
                .cure(cure),
        );
    }
}
