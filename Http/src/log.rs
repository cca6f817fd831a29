//! The log: one place for tracebacks, warnings and what scripts write to `sys.stderr`.
//!
//! Where the carrier of this core keeps no log it is the process's standard error.

use crate::codes::Code;
use isapi_base::calls::LogFn;
use std::io::Write;
use std::sync::OnceLock;

static CARRIERS: OnceLock<LogFn> = OnceLock::new();
static LISTENERS: OnceLock<fn(&[u8])> = OnceLock::new();

/// Says where the log goes from now on. The first one counts.
#[cfg(feature = "embed")]
pub(crate) fn set(log: LogFn) {
    let _ = CARRIERS.set(log);
}

/// As [`set`], for what is linked with this core.
pub(crate) fn listen(listener: fn(&[u8])) {
    let _ = LISTENERS.set(listener);
}

/// Writes text as it is.
pub(crate) fn write(text: &[u8]) {
    if let Some(log) = CARRIERS.get() {
        return log(text.into());
    }
    if let Some(listener) = LISTENERS.get() {
        return listener(text);
    }
    // There is nowhere left to report a log that cannot be written.
    let _ = std::io::stderr().lock().write_all(text);
}

/// Writes one line about `code`.
pub(crate) fn event(code: Code, text: &str) {
    write(format!("PyISAPIe: {code}: {text}\n").as_bytes());
}
