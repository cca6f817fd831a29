//! Which program is tested, and how it is run: this build's, or another one that the environment
//! names. So the same cases are run through the extension library, and under Wine.
//!
//! | variable | meaning |
//! |---|---|
//! | `ISAPI_SHIM_TEST_PROGRAM` | the program with what runs it, separated by blanks |
//! | `ISAPI_SHIM_TEST_EXTENSION` | an extension library that every command drives instead of the built-in core; `library`: this build's |
//! | `ISAPI_SHIM_TEST_LIBRARY` | the extension library `PyISAPIe`, where it is not this build's |

use crate::{build, profile_folder, root};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

const EXTENSION: &str = "ISAPI_SHIM_TEST_EXTENSION";

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The program under test is one for Windows, run by Wine.
pub const WINDOWS: bool = cfg!(feature = "windows");

/// A path of this machine as the program under test shows it: Wine has the root as drive `Z:`.
pub fn shown(path: &Path) -> String {
    let path = path.display().to_string();
    if WINDOWS {
        format!("Z:{}", path.replace('/', "\\"))
    } else {
        path
    }
}

/// A text in which a folder was shown, with `mark` for it; a path goes on behind it with slashes.
pub fn without(folder: &Path, mark: &str, text: &str) -> String {
    let root = shown(folder);
    // A string of JSON doubles backslashes; and a path may stand as it was given.
    let text = text.replace(&root.replace('\\', r"\\"), mark);
    let text = text.replace(&root, mark);
    let text = text.replace(&*folder.to_string_lossy(), mark);
    if !WINDOWS {
        return text;
    }
    let mut parts = text.split(mark);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for mut part in parts {
        out += mark;
        let is_name = |c: char| c.is_alphanumeric() || "_-. ".contains(c);
        let behind = |part: &'_ str| {
            [r"\\", r"\"]
                .iter()
                .find_map(|s| part.strip_prefix(s))
                .map(str::len)
        };
        while let Some(length) = behind(part) {
            let name = &part[part.len() - length..];
            let end = name.find(|c: char| !is_name(c)).unwrap_or(name.len());
            if end == 0 {
                break; // the backslash of an escaped quote
            }
            out += &format!("/{}", &name[..end]);
            part = &name[end..];
        }
        out += part;
    }
    out
}

/// The program under test, with its arguments still to come.
pub fn program() -> Command {
    if let Some((program, runner)) = words().split_last() {
        return run_by(runner, program);
    }
    build();
    let name = format!("isapi-shim{}", std::env::consts::EXE_SUFFIX);
    Command::new(profile_folder().join(name))
}

/// Another program of the same system, run as the program under test is.
pub fn runner(program: &Path) -> Command {
    let words = words();
    let runner = words.split_last().map_or(&[][..], |(_, runner)| runner);
    run_by(runner, program.as_os_str())
}

fn run_by(runner: &[OsString], program: &OsStr) -> Command {
    let Some((first, rest)) = runner.split_first() else {
        return Command::new(program);
    };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    command
}

/// The program under test with what runs it, where the environment names one.
fn words() -> Vec<OsString> {
    let given = variable("ISAPI_SHIM_TEST_PROGRAM").unwrap_or_default();
    let given = given.into_string().expect("the variable is text");
    let full = |word: &str| {
        let path = root().join(word);
        if path.exists() {
            path.into_os_string()
        } else {
            word.into()
        }
    };
    given.split_whitespace().map(full).collect()
}

/// The core as an extension library.
pub fn library() -> PathBuf {
    if let Some(given) = variable("ISAPI_SHIM_TEST_LIBRARY") {
        return root().join(given);
    }
    build();
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    profile_folder().join(format!("{prefix}PyISAPIe{suffix}"))
}

/// Every command drives the built-in core.
pub fn has_built_in_core() -> bool {
    variable(EXTENSION).is_none()
}

/// The extension library that every command is to drive; `None`: the built-in core.
pub(crate) fn extension() -> Option<PathBuf> {
    let given = variable(EXTENSION)?;
    Some(if given == "library" {
        library()
    } else {
        root().join(given)
    })
}
