//! Why a file cannot be loaded as an extension, in words, and with what IIS would show.

use isapi_loader::{Machine, Pe};

/// What a file is, by its first bytes.
#[derive(Debug)]
pub(super) enum Kind {
    /// A program or DLL of Windows.
    Windows(Pe),
    /// A program or library of Linux, with its bits.
    Linux(u8),
    Other,
}

impl Kind {
    pub(super) fn of(data: &[u8]) -> Self {
        if let Some(pe) = Pe::parse(data) {
            return Self::Windows(pe);
        }
        match data {
            [0x7f, b'E', b'L', b'F', class, ..] => Self::Linux(if *class == 1 { 32 } else { 64 }),
            _ => Self::Other,
        }
    }
}

/// The reason and the cure for a file that the system refuses with `error`, on Windows or not.
pub(super) fn explain(kind: &Kind, error: Option<u32>, windows: bool) -> (String, String) {
    let own = format!("{}-bit", usize::BITS);
    match kind {
        Kind::Other => (
            format!("it is no library{}", shown_by_iis(193, windows)),
            "name an ISAPI extension: a DLL on Windows, a shared library on Linux".into(),
        ),
        Kind::Windows(pe) if !windows => (
            format!("it is a {} library of Windows", pe.machine.bits()),
            "this program loads libraries of Linux; run isapi-shim.exe on Windows or under Wine"
                .into(),
        ),
        Kind::Linux(bits) if windows => (
            format!("it is a {bits}-bit library of Linux"),
            "this program loads DLLs; run the isapi-shim of Linux".into(),
        ),
        Kind::Windows(pe) if pe.machine != Machine::own() => (
            format!(
                "it is {}, and this program is {own}{}",
                pe.machine.bits(),
                shown_by_iis(193, true)
            ),
            "take the other build of one of the two; in IIS, enable32BitAppOnWin64 of the app pool \
             decides"
                .into(),
        ),
        Kind::Linux(bits) if u32::from(*bits) != usize::BITS => (
            format!("it is {bits}-bit, and this program is {own}"),
            "build it again for this system".into(),
        ),
        Kind::Windows(pe) => by_error(pe, error),
        Kind::Linux(_) => (
            String::new(),
            "everything that it needs must be found; `ldd` lists that".into(),
        ),
    }
}

fn by_error(pe: &Pe, error: Option<u32>) -> (String, String) {
    let code = error.unwrap_or_default();
    let shown = shown_by_iis(code, true);
    match code {
        126 => (
            format!("a DLL that it needs is missing{shown}"),
            format!(
                "it needs {}; they are looked for beside it and in the folders of the system",
                pe.imports.join(", ")
            ),
        ),
        1114 => (
            format!("its start failed (DllMain){shown}"),
            "the extension's own log may say why".into(),
        ),
        5 => (
            format!("this account may not read it{shown}"),
            "give the account the right to read and execute it".into(),
        ),
        _ => (shown, "everything that it needs must be found".into()),
    }
}

/// IIS shows nothing but the number, as an HRESULT.
fn shown_by_iis(code: u32, windows: bool) -> String {
    if windows && code != 0 {
        format!(" (error {code}; IIS would show 500.0 with 0x8007{code:04x})")
    } else {
        String::new()
    }
}

/// How a missing export is spelled in the file, where it is decorated: `_HttpExtensionProc@4`.
pub(super) fn decorated<'a>(pe: &'a Pe, name: &str) -> Option<&'a str> {
    let is_it = |export: &&String| {
        let bare = export.trim_start_matches(['_', '?']);
        bare.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('@'))
    };
    pe.exports.iter().find(is_it).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dll(machine: Machine) -> Kind {
        Kind::Windows(pe(machine, &[]))
    }

    fn pe(machine: Machine, exports: &[&str]) -> Pe {
        Pe {
            machine,
            is_dll: true,
            exports: exports.iter().map(|e| (*e).to_owned()).collect(),
            imports: vec!["python27.dll".into()],
        }
    }

    #[test]
    fn a_file_of_the_other_system_is_told_as_such() {
        let (why, fix) = explain(&dll(Machine::X86), None, false);
        assert_eq!(why, "it is a 32-bit library of Windows");
        assert!(fix.contains("isapi-shim.exe"), "{fix}");
        let (why, _) = explain(&Kind::of(b"\x7fELF\x02\x01"), Some(193), true);
        assert_eq!(why, "it is a 64-bit library of Linux");
    }

    #[test]
    fn what_iis_would_show_is_told_with_the_cause() {
        for (kind, error, texts) in [
            (Kind::of(b"text"), 193, ["no library", "0x800700c1"]),
            (dll(Machine::X86), 193, ["it is 32-bit", "0x800700c1"]),
            (dll(Machine::own()), 126, ["missing", "0x8007007e"]),
            (dll(Machine::own()), 1114, ["DllMain", "0x8007045a"]),
            (dll(Machine::own()), 5, ["may not read", "0x80070005"]),
        ] {
            let (why, _) = explain(&kind, Some(error), true);
            assert!(texts.iter().all(|text| why.contains(text)), "{why}");
        }
        let (_, fix) = explain(&dll(Machine::own()), Some(126), true);
        assert!(fix.contains("python27.dll"), "{fix}");
    }

    #[test]
    fn a_decorated_export_is_found_under_its_own_name() {
        let exports = ["_HttpExtensionProc@4", "GetExtensionVersion@4"];
        let pe = pe(Machine::X86, &exports);
        assert_eq!(decorated(&pe, "HttpExtensionProc"), Some(exports[0]));
        assert_eq!(decorated(&pe, "GetExtensionVersion"), Some(exports[1]));
        assert_eq!(decorated(&pe, "TerminateExtension"), None);
    }
}
