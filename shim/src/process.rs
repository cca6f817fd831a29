//! How another process of this command is started.

use std::ffi::OsString;
use std::process::Command;
use std::sync::OnceLock;

static PROGRAM: OnceLock<Vec<OsString>> = OnceLock::new();

/// Names the program, and the arguments that come before the command's own, where this code is not
/// a program of its own but part of a Python: `python -m isapi_shim`. The first one counts.
pub fn set_program(words: Vec<OsString>) {
    let _ = PROGRAM.set(words);
}

/// This command, with its arguments still to come.
///
/// # Errors
/// The system does not say which file this program is.
pub fn program() -> std::io::Result<Command> {
    if let Some((program, arguments)) = PROGRAM.get().and_then(|words| words.split_first()) {
        let mut command = Command::new(program);
        command.args(arguments);
        return Ok(command);
    }
    std::env::current_exe().map(Command::new)
}
