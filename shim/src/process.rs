//! How another process of this command is started, and how this one ends.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// How a process ended, as the end of a sentence.
pub(crate) fn how_it_ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    match status.code() {
        // A number of Windows, such as 0xc0000005.
        Some(code) if !(0..=255).contains(&code) => format!("ended with {code:#010x}"),
        Some(code) => format!("ended with {code}"),
        None => "ended".to_owned(),
    }
}

/// Ends the process, without what the C library and loaded libraries do at an end: Python is never
/// finalised, and threads of scripts may be using what would be taken down under them.
#[cfg(unix)]
pub fn end(code: u8) -> ! {
    // Whoever reads these may be gone.
    let _ = std::io::Write::flush(&mut std::io::stdout());
    // SAFETY: both may be called at any time; NULL stands for all of C's streams, in which
    // libraries of scripts may have left something.
    unsafe {
        libc::fflush(std::ptr::null_mut());
        libc::_exit(i32::from(code))
    }
}

/// As on other systems: loaded libraries are told nothing.
#[cfg(not(unix))]
pub fn end(code: u8) -> ! {
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, TerminateProcess};
    let _ = std::io::Write::flush(&mut std::io::stdout());
    // SAFETY: both may be called at any time; the handle is a constant that stands for this
    // process.
    unsafe { TerminateProcess(GetCurrentProcess(), u32::from(code)) };
    std::process::exit(i32::from(code))
}

static FORKED: AtomicBool = AtomicBool::new(false);

/// From now on [`has_forked`] tells.
#[cfg(unix)]
pub fn watch_forks() {
    extern "C" fn in_child() {
        FORKED.store(true, Ordering::Relaxed);
    }
    // SAFETY: the function does nothing but store a number, which is allowed after a fork. It is
    // short of memory where this fails, and children are not told then.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

/// Nothing forks there.
#[cfg(not(unix))]
pub fn watch_forks() {}

/// Whether this is the child of a process that called [`watch_forks`], and still runs its program.
pub fn has_forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}
