//! CGI without Python: what a script's output means, which variables it gets, whose turn it is.

mod head;
#[cfg(test)]
mod head_tests;
mod output;
mod turn;
pub(crate) mod variables;

pub(crate) use head::{Fault, Head};
pub(crate) use output::{Output, Taken};
pub(crate) use turn::{Nested, take};

/// The script that answers a request.
#[derive(Debug)]
pub(crate) struct Running {
    /// Its file, for messages.
    pub(crate) path: String,
    pub(crate) output: Output,
    /// The script has closed its standard output.
    pub(crate) output_closed: bool,
    /// The script has closed its standard input.
    pub(crate) input_closed: bool,
    /// It has ended; what is left in streams of its own is being fetched, and nothing is sent yet.
    pub(crate) ending: bool,
    /// The charset was chosen by `reconfigure`, not by a header.
    pub(crate) own_charset: bool,
    /// Some of the body was written.
    pub(crate) has_body: bool,
    /// It was told that more was written than announced.
    pub(crate) told_excess: bool,
}

impl Running {
    pub(crate) fn new(path: String) -> Self {
        Self {
            path,
            output: Output::new(),
            output_closed: false,
            input_closed: false,
            ending: false,
            own_charset: false,
            has_body: false,
            told_excess: false,
        }
    }
}
