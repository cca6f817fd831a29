//! How bad the findings of the checks are.

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The script will not run, or requests fail.
    Error,
    /// It will run and probably not do what was meant, some requests fail, or it is not certain.
    Warning,
    /// Worth knowing; also what could not be looked at.
    Note,
}

impl Severity {
    /// As reports call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// How many there are of something, as a report says it.
pub(crate) fn counted(count: usize, word: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {word}{s}")
}
