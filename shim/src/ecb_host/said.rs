//! What the host says aloud: to standard error, or to whoever runs it as a library.

use std::io::Write;
use std::sync::OnceLock;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// What an extension did wrong, or what this host does not have.
    Report,
    /// A call of the trace.
    Call,
}

static LISTENER: OnceLock<fn(Said, &str)> = OnceLock::new();

/// Says who gets the lines from now on, instead of standard error. The first one counts. It is
/// called on the thread that runs the request, or on one of the extension's own.
pub fn listen(listener: fn(Said, &str)) {
    let _ = LISTENER.set(listener);
}

/// One line, without its end.
pub(super) fn line(said: Said, text: &str) {
    if let Some(listener) = LISTENER.get() {
        return listener(said, text);
    }
    // Plain: nothing in it is coloured. In one piece, so that lines of different processes do not
    // mix. There is nowhere left to report that it cannot be written.
    let _ = std::io::stderr()
        .lock()
        .write_all(format!("{text}\n").as_bytes());
}
