//! What the command itself says: on standard output its answer, on standard error the rest.

use crate::codes;
use crate::error::{Error, Result};
use std::io::{ErrorKind, Write};

/// Writes an answer to standard output. A reader that goes away (`| head`) has seen what it wanted.
///
/// # Errors
/// `ISH0112`: standard output cannot be written, as on a full disk.
pub(crate) fn answer(text: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    written(out.write_all(text).and_then(|()| out.flush()))
}

/// What became of a write to standard output.
///
/// # Errors
/// As for [`answer`].
pub(crate) fn written(result: std::io::Result<()>) -> Result<()> {
    match result {
        Err(why) if !reader_gone(&why) => Err(Error::new(
            codes::OUTPUT_UNWRITABLE,
            format!("standard output cannot be written: {why}"),
        )
        .fix("what was written so far is not whole; see to the disk or program that takes it")),
        _ => Ok(()),
    }
}

/// Windows' `ERROR_PIPE_NOT_CONNECTED`: so it tells of a reader that has gone, too.
const PIPE_NOT_CONNECTED: i32 = 233;

fn reader_gone(why: &std::io::Error) -> bool {
    why.kind() == ErrorKind::BrokenPipe
        || cfg!(windows) && why.raw_os_error() == Some(PIPE_NOT_CONNECTED)
}

/// Says something on standard error, where there may be nobody to hear it: no reason to fail.
pub(crate) fn say(text: &str) {
    let _nobody_hears = anstream::stderr().lock().write_all(text.as_bytes());
}
