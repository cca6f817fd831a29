//! Why there is no core to hand a request to.

use isapi_base::codes::Code;

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Problem>;

/// A failure with its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The stable code.
    pub code: Code,
    /// What was looked for, where, and what to do, in sentences.
    pub text: String,
}

impl Problem {
    /// A failure of kind `code`.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

impl std::error::Error for Problem {}
