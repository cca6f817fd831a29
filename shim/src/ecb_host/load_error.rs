//! Why an extension library cannot be used, in words, and by the number that IIS would show.
//!
//! The system's loader says "invalid ELF header" of a Windows DLL, and Windows says nothing but a
//! number. So the file is looked at once more when it could not be loaded. What is decided here
//! is decided without the system, so that it can be tested on any.

use super::elf::{self, Elf};
use crate::codes;
use crate::error::{Error, Result};
use isapi_base::ecb::win32::Win32Error;
use isapi_loader::{Machine, Pe};
use std::io::Read;
use std::path::Path;

/// What the loader takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Own {
    windows: bool,
    /// As people say it.
    system: &'static str,
    /// 32 or 64.
    bits: u32,
    machine: Machine,
}

impl Own {
    const THIS: Self = Self {
        windows: cfg!(windows),
        system: if cfg!(target_os = "linux") {
            "Linux"
        } else if cfg!(target_os = "macos") {
            "macOS"
        } else if cfg!(windows) {
            "Windows"
        } else {
            "this system"
        },
        bits: usize::BITS,
        machine: if cfg!(target_arch = "x86") {
            Machine::X86
        } else if cfg!(target_arch = "aarch64") {
            Machine::Arm64
        } else {
            Machine::X64
        },
    };
}

/// What a file is, by its first bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Empty,
    Text,
    Windows(Pe),
    Elf(Elf),
    MacOs,
    Unknown,
}

fn look(data: &[u8]) -> Seen {
    if data.is_empty() {
        return Seen::Empty;
    }
    if let Some(pe) = Pe::parse(data) {
        return Seen::Windows(pe);
    }
    if let Some(elf) = Elf::parse(data) {
        return Seen::Elf(elf);
    }
    let macos = [
        *b"\xcf\xfa\xed\xfe",
        *b"\xce\xfa\xed\xfe",
        *b"\xca\xfe\xba\xbe",
    ];
    if macos.iter().any(|magic| data.starts_with(magic)) {
        return Seen::MacOs;
    }
    let start = &data[..data.len().min(512)];
    let is_text = |b: &u8| *b >= b' ' || b.is_ascii_whitespace();
    if start.iter().all(is_text) {
        Seen::Text
    } else {
        Seen::Unknown
    }
}

/// How IIS shows a Win32 error.
fn hresult(code: Win32Error) -> String {
    format!("0x{:08x}", 0x8007_0000 | (code.0 & 0xffff))
}

/// What IIS answers where an extension cannot be loaded.
fn iis_shows(code: Win32Error) -> String {
    format!("IIS would show 500.0 with {}", hresult(code))
}

/// The number in what Windows says: `... (os error 193)`.
fn win32_code(said: &str) -> Option<Win32Error> {
    let number = said.rsplit_once("(os error ")?.1.strip_suffix(')')?;
    number.parse().ok().map(Win32Error)
}

/// A sentence for what happened, and one for what to do.
type Words = (String, String);

/// Why the loader refused a file. `said`: in its own words; `is_there`: whether Windows finds a
/// DLL of this name.
fn explain(seen: &Seen, own: Own, said: &str, is_there: impl Fn(&str) -> bool) -> Words {
    let code = if own.windows { win32_code(said) } else { None };
    let (what, fix) = match seen {
        Seen::Windows(pe) if !own.windows => foreign_windows(pe, own),
        Seen::Windows(pe) => windows(pe, own, code, said, is_there),
        Seen::Empty => ("it is empty".to_owned(), "copy or build it anew".to_owned()),
        Seen::Text => (
            "it is a text file and no library".to_owned(),
            "name the built library; a script is an argument of its own".to_owned(),
        ),
        Seen::MacOs if own.system != "macOS" => foreign("a library of macOS", own),
        Seen::Elf(_) if own.windows => foreign("a library of Linux", own),
        Seen::Elf(elf) if elf.bits != own.bits => (
            format!(
                "it is {}-bit, and this process is {}-bit",
                elf.bits, own.bits
            ),
            format!("build the extension as {}-bit", own.bits),
        ),
        Seen::Elf(elf) if elf.is_object => (
            "it is an object file, which was compiled and not linked".to_owned(),
            "link it as a shared library (cc -shared)".to_owned(),
        ),
        Seen::Elf(_) | Seen::MacOs => (
            said.to_owned(),
            "everything it needs must be found, and it must be whole: `ldd -r` lists what is \
             missing"
                .to_owned(),
        ),
        Seen::Unknown => (format!("it is no library: {said}"), copy_anew()),
    };
    match code {
        Some(code) => (
            format!("{what} (Win32 error {})", code.0),
            format!("{fix}. {}", iis_shows(code)),
        ),
        None => (what, fix),
    }
}

fn copy_anew() -> String {
    "build it, or copy it anew from where it came from".to_owned()
}

fn foreign(what: &str, own: Own) -> Words {
    (
        format!(
            "it is {what}, and this process takes those of {}",
            own.system
        ),
        format!("build the extension for {}", own.system),
    )
}

fn foreign_windows(pe: &Pe, own: Own) -> Words {
    let kind = if pe.is_dll { "DLL" } else { "program" };
    (
        format!(
            "this is a Windows {kind} ({}); this command loads shared libraries of {}",
            pe.machine.bits(),
            own.system
        ),
        "run isapi-shim.exe on Windows or under Wine, or build the extension for this system"
            .to_owned(),
    )
}

fn windows(
    pe: &Pe,
    own: Own,
    code: Option<Win32Error>,
    said: &str,
    is_there: impl Fn(&str) -> bool,
) -> Words {
    if !pe.is_dll {
        return ("it is a program and no DLL".to_owned(), copy_anew());
    }
    if pe.machine != own.machine {
        let (its, own) = (pe.machine.bits(), own.machine.bits());
        // Only a pool knows these two; it can be told to be the one and not the other.
        let pool = pe.machine == Machine::X86;
        return (
            format!("it is {its}, and this process is {own}"),
            format!(
                "take the {own} build of it, or the {its} isapi-shim.exe; an application pool of \
                 IIS that is to load it has enable32BitAppOnWin64 set to {pool}"
            ),
        );
    }
    match code {
        Some(Win32Error::MOD_NOT_FOUND) => {
            let missing: Vec<&str> = pe
                .imports
                .iter()
                .map(String::as_str)
                .filter(|name| !is_contract(name) && !is_there(name))
                .collect();
            let what = match missing[..] {
                [] => "a DLL that its DLLs need is not found".to_owned(),
                _ => format!("it needs DLLs that are not found: {}", missing.join(", ")),
            };
            let fix = "put them beside it, or install what they belong to (vcruntime140.dll and \
                       msvcp140.dll: the Visual C++ runtime of the same bitness)";
            (what, fix.to_owned())
        }
        Some(Win32Error::PROC_NOT_FOUND) => (
            "a DLL that it needs is there, and lacks a function that it calls".to_owned(),
            format!(
                "one of these is of another version than it was built for: {}",
                pe.imports.join(", ")
            ),
        ),
        Some(Win32Error::BAD_EXE_FORMAT) => (
            "it is damaged, or a DLL that it needs is of another bitness".to_owned(),
            format!(
                "copy it anew; look at the bitness of what it needs: {}",
                pe.imports.join(", ")
            ),
        ),
        Some(Win32Error::DLL_INIT_FAILED) => (
            "its DllMain refused".to_owned(),
            "the extension's own log may say why".to_owned(),
        ),
        Some(Win32Error(5)) => (
            "it may not be read".to_owned(),
            "let the account of this process, and that of the application pool, read it".to_owned(),
        ),
        _ => (said.to_owned(), copy_anew()),
    }
}

/// `api-ms-win-...`: no file, but a part of Windows.
fn is_contract(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("api-ms-") || name.starts_with("ext-ms-")
}

/// Whether Windows would find a DLL for one in `folder`: there, or in one of the others.
fn find_dll(folder: &Path, name: &str) -> bool {
    let root = std::env::var_os("SystemRoot").unwrap_or_default();
    let system = Path::new(&root).join("System32");
    let path = std::env::var_os("PATH").unwrap_or_default();
    [folder.to_owned(), system, root.into()]
        .into_iter()
        .chain(std::env::split_paths(&path))
        .any(|folder| folder.join(name).is_file())
}

/// Refuses what would end the process while it is loaded.
///
/// # Errors
/// The file is a part of a library.
pub(super) fn check(path: &Path, shown: &str) -> Result<()> {
    /// More than the tables of a library need, which follow its header.
    const START: u64 = 65_536;
    let mut data = Vec::new();
    let start = std::fs::File::open(path).and_then(|file| {
        let length = file.metadata()?.len();
        file.take(START).read_to_end(&mut data).map(|_| length)
    });
    // What cannot be read is the loader's to tell.
    match start {
        Ok(length) if cfg!(unix) && elf::is_cut_off(&data, length) => Err(Error::new(
            codes::EXTENSION_UNLOADABLE,
            format!("{shown} cannot be loaded: it is shorter than its header says"),
        )
        .fix(copy_anew())),
        _ => Ok(()),
    }
}

/// The loader refused `path`; `said`: in its own words.
pub(super) fn unloadable(path: &Path, shown: &str, said: &str) -> Error {
    // A file that cannot be read is one that the loader has words for.
    let seen = std::fs::read(path).map_or(Seen::Unknown, |data| look(&data));
    let folder = path.parent().unwrap_or(Path::new(""));
    let (what, fix) = explain(&seen, Own::THIS, said, |name| find_dll(folder, name));
    let text = format!("{shown} cannot be loaded: {what}");
    Error::new(codes::EXTENSION_UNLOADABLE, text).fix(fix)
}

/// `name` as a compiler has written it: `_HttpExtensionProc@4`, `?HttpExtensionProc@@YAK...`.
fn decorated<'a>(exports: &'a [String], name: &str) -> Option<&'a str> {
    let is_decorated = |export: &&str| {
        let Some((before, behind)) = export.split_once(name) else {
            return false;
        };
        let stdcall = matches!(before, "" | "_" | "@") && behind.starts_with('@');
        let cdecl = before == "_" && behind.is_empty();
        let plus_plus = before == "?" && behind.starts_with("@@");
        let itanium = before
            .strip_prefix("_Z")
            .is_some_and(|n| n.parse() == Ok(name.len()));
        stdcall || cdecl || plus_plus || itanium
    };
    exports.iter().map(String::as_str).find(is_decorated)
}

fn missing_words(exports: &[String], name: &str, own: Own) -> Words {
    let (what, mut fix) = match decorated(exports, name) {
        Some(other) => (
            format!("exports {other} in the place of {name}"),
            if own.windows {
                "export the name undecorated: extern \"C\", and link with a .def file".to_owned()
            } else {
                "export the name undecorated: extern \"C\"".to_owned()
            },
        ),
        None => (
            format!("does not export {name}"),
            "an ISAPI extension exports GetExtensionVersion and HttpExtensionProc, undecorated"
                .to_owned(),
        ),
    };
    if own.windows {
        fix = format!("{fix}. {}", iis_shows(Win32Error::PROC_NOT_FOUND));
    }
    (what, fix)
}

/// The library was loaded and lacks an export.
pub(super) fn missing_export(path: &Path, shown: &str, name: &str) -> Error {
    let data = std::fs::read(path).unwrap_or_default();
    let exports = match look(&data) {
        Seen::Windows(pe) => pe.exports,
        Seen::Elf(_) => elf::names(&data, name),
        _ => Vec::new(),
    };
    let (what, fix) = missing_words(&exports, name, Own::THIS);
    Error::new(codes::EXTENSION_EXPORT, format!("{shown} {what}")).fix(fix)
}

fn refused_words(error: Win32Error) -> Words {
    match error {
        // Off Windows a library keeps its last error to itself; 0 would be no reason.
        Win32Error(0) => (
            String::new(),
            format!("{}, as a rule", iis_shows(Win32Error::DLL_INIT_FAILED)),
        ),
        error => (format!(" (Win32 error {error})"), iis_shows(error)),
    }
}

/// `GetExtensionVersion` returned FALSE.
pub(super) fn refused(shown: &str, error: Win32Error) -> Error {
    let (why, iis) = refused_words(error);
    let text = format!("GetExtensionVersion of {shown} returned FALSE{why}");
    Error::new(codes::EXTENSION_REFUSED, text)
        .fix(format!("{iis}; the extension's own log may say why"))
}

#[cfg(test)]
#[path = "load_error_tests.rs"]
mod tests;
