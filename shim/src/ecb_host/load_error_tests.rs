//! Tests of [`super`], for both systems on any.

use super::*;

const LINUX: Own = Own {
    windows: false,
    system: "Linux",
    bits: 64,
    machine: Machine::X64,
};
const WINDOWS: Own = Own {
    windows: true,
    system: "Windows",
    bits: 64,
    machine: Machine::X64,
};
const WINDOWS_32: Own = Own {
    windows: true,
    system: "Windows",
    bits: 32,
    machine: Machine::X86,
};

fn pe(machine: Machine, imports: &[&str]) -> Seen {
    Seen::Windows(Pe {
        machine,
        is_dll: true,
        exports: Vec::new(),
        imports: imports.iter().map(ToString::to_string).collect(),
    })
}

fn said(code: u32) -> String {
    format!("the words of Windows (os error {code})")
}

fn elf(bits: u32, is_object: bool) -> Seen {
    Seen::Elf(Elf { bits, is_object })
}

#[test]
fn a_file_is_known_by_its_first_bytes() {
    assert_eq!(look(b""), Seen::Empty);
    assert_eq!(look(b"from Http import *\r\n"), Seen::Text);
    assert_eq!(look("Grüße".as_bytes()), Seen::Text);
    assert_eq!(look(b"\0\x01\x02"), Seen::Unknown);
    assert_eq!(look(b"MZ\0\0"), Seen::Unknown);
    assert_eq!(look(b"\x7fELF"), elf(64, false));
    assert_eq!(look(b"\xcf\xfa\xed\xfe\x07"), Seen::MacOs);
}

#[test]
fn linux_says_what_the_file_is_and_not_what_its_loader_says_of_it() {
    let words = |seen: &Seen| explain(seen, LINUX, "invalid ELF header", |_| true);
    let (what, fix) = words(&pe(Machine::X64, &[]));
    assert_eq!(
        what,
        "this is a Windows DLL (64-bit); this command loads shared libraries of Linux"
    );
    assert!(fix.starts_with("run isapi-shim.exe on Windows or under Wine"));
    assert!(words(&pe(Machine::X86, &[])).0.contains("(32-bit)"));
    assert!(words(&Seen::Text).0.contains("text file"));
    assert!(words(&Seen::Empty).0.contains("empty"));
    assert!(words(&Seen::MacOs).0.contains("macOS"));
    let (what, _) = words(&elf(32, false));
    assert_eq!(what, "it is 32-bit, and this process is 64-bit");
    assert!(words(&elf(64, true)).0.contains("not linked"));
    // Here the loader knows more.
    let (what, fix) = explain(&elf(64, false), LINUX, "libx.so: absent", |_| true);
    assert_eq!(what, "libx.so: absent");
    assert!(fix.contains("ldd"), "{fix}");
    assert!(!fix.contains("IIS"), "IIS loads no such file: {fix}");
}

#[test]
fn windows_names_the_bitness_and_how_to_change_it() {
    for (own, dll, set) in [
        (WINDOWS, Machine::X86, "set to true"),
        (WINDOWS_32, Machine::X64, "set to false"),
    ] {
        let (what, fix) = explain(&pe(dll, &[]), own, &said(193), |_| true);
        let (its, mine) = (dll.bits(), own.machine.bits());
        let wanted = format!("it is {its}, and this process is {mine} (Win32 error 193)");
        assert_eq!(what, wanted);
        assert!(fix.contains("enable32BitAppOnWin64"), "{fix}");
        assert!(fix.contains(set), "{fix}");
        assert!(fix.contains("0x800700c1"), "{fix}");
    }
}

#[test]
fn windows_tells_files_that_are_no_dll_apart() {
    for (seen, word) in [
        (Seen::Text, "text file"),
        (Seen::Empty, "empty"),
        (elf(64, false), "Linux"),
        (elf(32, false), "Linux"),
        (Seen::MacOs, "macOS"),
        (Seen::Unknown, "no library"),
    ] {
        let (what, fix) = explain(&seen, WINDOWS, &said(193), |_| true);
        assert!(what.contains(word), "{what}");
        assert!(fix.contains("0x800700c1"), "{fix}");
    }
    let program = Seen::Windows(Pe {
        is_dll: false,
        ..match pe(Machine::X64, &[]) {
            Seen::Windows(pe) => pe,
            other => panic!("{other:?}"),
        }
    });
    assert!(
        explain(&program, WINDOWS, &said(193), |_| true)
            .0
            .contains("program")
    );
}

#[test]
fn windows_names_the_dlls_that_are_not_there() {
    let dll = pe(
        Machine::X64,
        &[
            "KERNEL32.dll",
            "VCRUNTIME140.dll",
            "api-ms-win-crt-heap-l1-1-0.dll",
        ],
    );
    let (what, fix) = explain(&dll, WINDOWS, &said(126), |name| name == "KERNEL32.dll");
    let wanted = "it needs DLLs that are not found: VCRUNTIME140.dll (Win32 error 126)";
    assert_eq!(what, wanted);
    assert!(fix.contains("0x8007007e"), "{fix}");
    // One that is missing further down.
    let (what, _) = explain(&dll, WINDOWS, &said(126), |_| true);
    assert!(what.starts_with("a DLL that its DLLs need"), "{what}");
}

#[test]
fn windows_other_numbers_have_words_and_the_number_of_iis() {
    let dll = pe(Machine::X64, &["one.dll", "two.dll"]);
    for (code, word, shown) in [
        (127, "lacks a function", "0x8007007f"),
        (193, "another bitness", "0x800700c1"),
        (1114, "DllMain", "0x8007045a"),
        (5, "may not be read", "0x80070005"),
        (14001, "the words of Windows", "0x800736b1"),
    ] {
        let (what, fix) = explain(&dll, WINDOWS, &said(code), |_| true);
        assert!(what.contains(word), "{what}");
        assert!(what.ends_with(&format!("(Win32 error {code})")), "{what}");
        assert!(fix.contains(shown), "{fix}");
    }
}

#[test]
fn decorated_exports_are_named() {
    for export in [
        "_HttpExtensionProc@4",
        "HttpExtensionProc@4",
        "@HttpExtensionProc@4",
        "_HttpExtensionProc",
        "?HttpExtensionProc@@YGKPAU_EXTENSION_CONTROL_BLOCK@@@Z",
        "_Z17HttpExtensionProcP23EXTENSION_CONTROL_BLOCK",
    ] {
        let exports = ["DllMain".to_owned(), export.to_owned()];
        let (what, fix) = missing_words(&exports, "HttpExtensionProc", WINDOWS);
        let wanted = format!("exports {export} in the place of HttpExtensionProc");
        assert_eq!(what, wanted);
        assert!(
            fix.contains("undecorated") && fix.contains("0x8007007f"),
            "{fix}"
        );
    }
    for export in [
        "NotHttpExtensionProc",
        "HttpExtensionProcEx",
        "_Z3HttpExtensionProc",
    ] {
        let (what, _) = missing_words(&[export.to_owned()], "HttpExtensionProc", LINUX);
        assert_eq!(what, "does not export HttpExtensionProc", "{export}");
    }
}

#[test]
fn a_refusal_names_its_error_and_what_iis_shows() {
    let text = refused("x.dll", Win32Error(1114)).render(false);
    assert!(
        text.contains("1114") && text.contains("0x8007045a"),
        "{text}"
    );
    // Without an error it is the one of an initialiser that failed.
    let text = refused("x.dll", Win32Error(0)).render(false);
    assert!(
        text.contains("0x8007045a") && !text.contains("error 0"),
        "{text}"
    );
}
