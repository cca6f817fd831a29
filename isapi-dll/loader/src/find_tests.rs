use super::*;
use tempfile::TempDir;

/// The smallest file whose header says which processor it is for.
fn dll(machine: u16) -> Vec<u8> {
    let mut data = vec![0u8; 0x400];
    data[..2].copy_from_slice(b"MZ");
    data[0x3c] = 0x40;
    data[0x40..0x44].copy_from_slice(b"PE\0\0");
    data[0x44..0x46].copy_from_slice(&machine.to_le_bytes());
    let wide = machine != 0x014c;
    let (magic, size): (u16, u16) = if wide { (0x20b, 240) } else { (0x10b, 224) };
    data[0x54..0x56].copy_from_slice(&size.to_le_bytes());
    data[0x56..0x58].copy_from_slice(&0x2000u16.to_le_bytes());
    data[0x58..0x5a].copy_from_slice(&magic.to_le_bytes());
    // Subsystem, and the number of data directories.
    data[0x58 + 68] = 2;
    data[0x58 + if wide { 108 } else { 92 }] = 16;
    data
}

const X64: u16 = 0x8664;
const X86: u16 = 0x014c;

fn nothing(_: &str) -> Option<OsString> {
    None
}

fn looking(folders: &[&Path]) -> Looking {
    Looking {
        settings: None,
        folders: folders.iter().map(|folder| folder.to_path_buf()).collect(),
        environment: nothing,
        registry: Vec::new(),
        machine: Machine::X64,
    }
}

fn install(folder: &Path, name: &str, machine: u16) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(name), dll(machine)).unwrap();
}

fn registered(version: &str, folder: &Path) -> Registered {
    Registered {
        key: format!(r"HKLM\SOFTWARE\Python\PythonCore\{version}\InstallPath"),
        version: Version::parse(version).unwrap(),
        folder: folder.to_owned(),
    }
}

#[test]
fn the_version_is_read_off_the_dlls_name() {
    let version = |major, minor| Some(Version { major, minor });
    assert_eq!(Version::of_dll("python311.dll"), version(3, 11));
    assert_eq!(Version::of_dll("PYTHON39.DLL"), version(3, 9));
    for other in [
        "python3.dll",
        "python313t.dll",
        "python311_d.dll",
        "pythoncom311.dll",
    ] {
        assert_eq!(Version::of_dll(other), None, "{other}");
    }
}

#[test]
fn the_settings_file_wins_over_everything() {
    let dir = TempDir::new().unwrap();
    let (wanted, other) = (dir.path().join("wanted"), dir.path().join("other"));
    install(&wanted, "python311.dll", X64);
    install(&other, "python313.dll", X64);
    let mut looking = looking(&[dir.path()]);
    looking.registry = vec![registered("3.13", &other)];
    looking.settings = Some((wanted.clone(), dir.path().join("PyISAPIe.toml")));
    let python = find(&looking).unwrap();
    assert_eq!((python.version.minor, python.home), (11, wanted));
}

#[test]
fn a_python_that_is_named_and_cannot_be_used_is_an_error_though_another_would_do() {
    let dir = TempDir::new().unwrap();
    install(&dir.path().join("good"), "python313.dll", X64);
    let mut looking = looking(&[dir.path()]);
    looking.registry = vec![registered("3.13", &dir.path().join("good"))];
    looking.settings = Some((dir.path().join("gone"), dir.path().join("PyISAPIe.toml")));
    let problem = find(&looking).unwrap_err();
    assert_eq!(problem.code, codes::PYTHON_UNUSABLE);
    assert!(
        problem.text.contains("gone") && problem.text.contains("PyISAPIe.toml"),
        "{problem}"
    );
}

#[test]
fn a_virtual_environment_beside_the_library_is_used_with_the_python_below_it() {
    for name in ["", "venv", ".venv"] {
        let dir = TempDir::new().unwrap();
        let base = dir.path().join("base");
        install(&base, "python312.dll", X64);
        let environment = dir.path().join("site").join(name);
        std::fs::create_dir_all(&environment).unwrap();
        let text = format!("home = {}\nversion = 3.12.4\n", base.display());
        std::fs::write(environment.join("pyvenv.cfg"), text).unwrap();
        let python = find(&looking(&[&dir.path().join("site")])).unwrap();
        assert_eq!(python.home, base);
        assert_eq!(
            python.program,
            environment.join("Scripts").join("python.exe")
        );
    }
}

#[test]
fn an_environment_without_its_python_says_which_file_names_it() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("pyvenv.cfg"), "home = /nowhere\n").unwrap();
    let problem = find(&looking(&[dir.path()])).unwrap_err();
    assert!(
        problem.text.contains("pyvenv.cfg") && problem.text.contains("/nowhere"),
        "{problem}"
    );
    std::fs::write(dir.path().join("pyvenv.cfg"), "version = 3.11\n").unwrap();
    let problem = find(&looking(&[dir.path()])).unwrap_err();
    assert!(problem.text.contains("home = "), "{problem}");
}

#[test]
fn the_other_bitness_is_told_as_such() {
    let dir = TempDir::new().unwrap();
    install(dir.path(), "python311.dll", X86);
    let mut looking = looking(&[]);
    looking.settings = Some((dir.path().to_owned(), PathBuf::from("PyISAPIe.toml")));
    let problem = find(&looking).unwrap_err();
    assert_eq!(problem.code, codes::PYTHON_BITNESS);
    assert!(problem.text.contains("32-bit Python 3.11"), "{problem}");
    assert!(problem.text.contains("enable32BitAppOnWin64"), "{problem}");
}

#[test]
fn the_newest_that_fits_is_taken_from_the_registry() {
    let dir = TempDir::new().unwrap();
    let folder = |name: &str| dir.path().join(name);
    install(&folder("39"), "python39.dll", X64);
    install(&folder("312"), "python312.dll", X64);
    install(&folder("313"), "python313.dll", X86);
    let mut looking = looking(&[]);
    looking.registry = vec![
        registered("3.9", &folder("39")),
        registered("3.14", &folder("removed")),
        registered("3.13", &folder("313")),
        registered("3.12", &folder("312")),
    ];
    assert_eq!(find(&looking).unwrap().version.minor, 12);
}

#[test]
fn where_there_is_none_every_place_that_was_looked_at_is_told() {
    let dir = TempDir::new().unwrap();
    let mut looking = looking(&[dir.path()]);
    looking.registry = vec![registered("3.14", &dir.path().join("removed"))];
    let problem = find(&looking).unwrap_err();
    assert_eq!(problem.code, codes::PYTHON_NOT_FOUND);
    let folder = dir.path().to_string_lossy();
    for place in [
        "PyISAPIe.toml",
        "VIRTUAL_ENV",
        "pyvenv.cfg",
        &folder,
        "PYTHONHOME",
        "removed",
    ] {
        assert!(problem.text.contains(place), "{place}: {problem}");
    }
}

#[test]
fn python_2_and_old_pythons_are_refused_by_name() {
    let dir = TempDir::new().unwrap();
    install(dir.path(), "python27.dll", X64);
    let mut looking = looking(&[]);
    looking.settings = Some((dir.path().to_owned(), PathBuf::from("PyISAPIe.toml")));
    let problem = find(&looking).unwrap_err();
    assert!(problem.text.contains("Python 2.7"), "{problem}");
}
