//! Compiles what the tests have in C.

use crate::target::WINDOWS;
use crate::{profile_folder, root};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;

/// Compiles the C files of a folder of the project to a program or, with the flag `-shared`, a
/// library of that name, for the system of the program under test. The result is kept under the target
/// folder, named after sources and flags, so that it is compiled once.
///
/// # Panics
/// There is no C compiler, or it refuses.
pub fn compile(folder: &str, name: &str, flags: &[&str]) -> PathBuf {
    let mut files = files(folder);
    let sources: Vec<_> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "c"))
        .cloned()
        .collect();
    // The declarations of ISAPI, which all of them include.
    files.push(root().join("tests/extensions/isapi.h"));
    let shared = flags.contains(&"-shared");
    let ending = match (WINDOWS, shared) {
        (true, true) => ".dll",
        (true, false) => ".exe",
        (false, true) => ".so",
        (false, false) => "",
    };
    let name = &format!("{name}{ending}");
    let mut hasher = DefaultHasher::new();
    (name, flags).hash(&mut hasher);
    for file in &files {
        std::fs::read(file)
            .expect("a source can be read")
            .hash(&mut hasher);
    }
    let built = profile_folder().join("probe");
    std::fs::create_dir_all(&built).expect("the target folder can be written");
    let finished = built.join(format!("{:016x}-{name}", hasher.finish()));
    if finished.exists() {
        return finished;
    }
    // Tests run side by side: nobody may use a half-written file.
    let temporary = tempfile::Builder::new()
        .prefix("compile-")
        .tempdir_in(&built)
        .expect("the target folder can be written");
    let new = temporary.path().join(name);
    let compiler = if WINDOWS {
        "x86_64-w64-mingw32-gcc"
    } else {
        "cc"
    };
    let mut cc = Command::new(compiler);
    cc.args([
        "-std=gnu11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-g",
        "-pthread",
    ]);
    cc.args(flags).arg("-o").arg(&new).args(&sources);
    // Windows finds no library of gcc's; -ldl is part of the C library today, and wanted by name
    // where that is older.
    cc.args(if WINDOWS {
        ["-static", "-lwinpthread"]
    } else {
        ["-fPIC", "-ldl"]
    });
    let output = cc.output().unwrap_or_else(|error| {
        panic!("these tests need a C compiler called `{compiler}`, which cannot be run: {error}")
    });
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{compiler} could not compile {folder}:\n{text}"
    );
    std::fs::rename(&new, &finished).expect("the file can be renamed");
    finished
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
        .expect("the sources' folder can be read")
        .map(|entry| entry.expect("the sources' folder can be read").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}
