//! What the built files are, by their headers.

use acceptance::target::library;
use isapi_loader::{Machine, Pe};
use std::path::{Path, PathBuf};

fn header(path: &Path) -> Pe {
    let header = Pe::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    header.unwrap_or_else(|| panic!("{} is no DLL", path.display()))
}

/// The DLLs for both processors; the runner has built both.
fn dlls() -> [(PathBuf, Machine); 2] {
    let other = std::env::var_os("ISAPI_SHIM_TEST_LIBRARY_32").expect("the runner names it");
    [
        (library(), Machine::X64),
        (acceptance::root().join(other), Machine::X86),
    ]
}

#[test]
fn the_exports_are_undecorated_for_both_processors() {
    for (path, machine) in dlls() {
        let header = header(&path);
        assert_eq!((header.machine, header.is_dll), (machine, true));
        let mut exports = header.exports;
        exports.sort();
        let expected = [
            "GetExtensionVersion",
            "HttpExtensionProc",
            "TerminateExtension",
        ];
        assert_eq!(exports, expected, "{}", path.display());
    }
}

#[test]
fn the_extension_and_the_command_import_no_python_and_no_library_of_gcc() {
    let dlls = dlls().map(|(path, _)| path);
    let command = library().with_file_name("isapi-shim.exe");
    for path in dlls.into_iter().chain([command]) {
        for import in header(&path).imports {
            let import = import.to_ascii_lowercase();
            let foreign = ["python", "libgcc", "libstdc", "libwinpthread"];
            assert!(
                !foreign.iter().any(|name| import.starts_with(name)),
                "{} imports {import}",
                path.display()
            );
        }
    }
}

#[test]
fn a_core_imports_the_python_of_its_name_and_is_no_extension() {
    let folder = library().parent().expect("a folder").to_owned();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the build is there") {
        let path = entry.expect("the build is there").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let Some(tag) = name.strip_prefix("PyISAPIe.cp") else {
            continue;
        };
        let version = tag
            .strip_suffix("-win_amd64.dll")
            .expect("the tag of Python");
        let header = header(&path);
        let exports = |name: &str| header.exports.iter().any(|export| export == name);
        assert!(exports("PyISAPIeCoreStart"), "{name}");
        // IIS must not take it for the extension.
        assert!(!exports("HttpExtensionProc"), "{name}");
        let python = format!("python{version}.dll");
        let imports: Vec<String> = header
            .imports
            .iter()
            .map(|i| i.to_ascii_lowercase())
            .collect();
        assert!(imports.contains(&python), "{name}: {imports:?}");
        assert!(!imports.contains(&"python3.dll".to_owned()), "{name}");
        seen += 1;
    }
    assert!(seen >= 2, "a core for each Python of the tests");
}
