//! The log: one place for tracebacks, warnings and what scripts write to `sys.stderr`.
//!
//! Off IIS it is the process's standard error.

use crate::codes::Code;
use std::io::Write;

/// Writes text as it is.
pub(crate) fn write(text: &[u8]) {
    // There is nowhere left to report a log that cannot be written.
    let _ = std::io::stderr().lock().write_all(text);
}

/// Writes one line about `code`.
pub(crate) fn event(code: Code, text: &str) {
    write(format!("PyISAPIe: {code}: {text}\n").as_bytes());
}
