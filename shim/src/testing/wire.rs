//! What `test` and the processes that answer its requests say to each other: requests and answers
//! in files of a temporary folder, and between what a script writes the marks of begin and end.

use super::http_file::Written;
use super::runner::Recorded;
use crate::codes::Exit;
use crate::ecb_host::Fault;
use crate::error::{Error, Result as Outcome};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::Path;

/// The file with all requests of a process.
pub(super) const REQUESTS: &str = "requests";
/// The file that answers are added to.
pub(super) const ANSWERS: &str = "answers";

/// What a process has to do.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Work {
    /// Begins each mark. Nobody else knows it.
    pub(super) word: String,
    /// The site's folder.
    pub(super) root: std::path::PathBuf,
    /// The files whose requests refer to one another.
    pub(super) files: Vec<Written>,
    pub(super) requests: Vec<Task>,
}

/// A request that is to be answered.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Task {
    pub(super) sent: Sent,
    pub(super) place: Option<Place>,
}

/// A request of a file whose requests refer to one another.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Place {
    /// Which of [`Work::files`].
    pub(super) file: usize,
    /// Which of its requests.
    pub(super) index: usize,
    /// It refers to others itself.
    pub(super) refers: bool,
}

/// A request as it goes to a host.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Sent {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
    /// There is a body though it is empty.
    pub(super) empty_body: bool,
    pub(super) server_vars: Vec<(String, String)>,
    pub(super) client_gone: Option<u64>,
    /// As behind `# @fault`.
    pub(super) fault: Option<String>,
    pub(super) keep_calls: bool,
}

/// An answer.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Vec<(String, Bytes)>,
    pub(super) body: Bytes,
    pub(super) script_failed: bool,
    pub(super) static_file: bool,
    pub(super) calls: Vec<String>,
    /// Folders to show as `[ROOT]`.
    pub(super) roots: Vec<String>,
    /// How long it took.
    pub(super) micros: u64,
}

/// Why there is no answer, ready to be shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Broken {
    exit: u8,
    /// The message with its code.
    pub text: String,
}

impl Broken {
    /// Whose failure it is.
    pub fn exit(&self) -> Exit {
        match self.exit {
            1 => Exit::Failed,
            2 => Exit::Usage,
            5 => Exit::Nothing,
            _ => Exit::Host,
        }
    }

    /// For all but the first of the requests that have no answer for one reason.
    pub fn told_before() -> Self {
        Self {
            exit: Exit::Host as u8,
            text: String::new(),
        }
    }

    /// With what was written to standard error before.
    pub(super) fn with(mut self, stderr: &str) -> Self {
        if !stderr.trim().is_empty() {
            self.text
                .push_str(&format!("----- stderr -----\n{}\n", stderr.trim_end()));
        }
        self
    }

    /// An error, with colours or without.
    pub fn new(error: &Error, colour: bool) -> Self {
        Self {
            exit: error.exit() as u8,
            text: error.render(colour),
        }
    }
}

/// What stands in the answers' file.
pub(super) type Answered = std::result::Result<Answer, Broken>;

impl Answer {
    pub(super) fn into_recorded(self, stderr: String) -> Recorded {
        let headers = self
            .headers
            .into_iter()
            .map(|(name, value)| (name, value.0));
        Recorded {
            status: self.status,
            reason: self.reason,
            headers: headers.collect(),
            body: self.body.0,
            script_failed: self.script_failed,
            static_file: self.static_file,
            stderr,
            calls: self.calls,
            roots: self.roots,
            micros: self.micros,
        }
    }
}

impl Sent {
    /// What is sent of a request of a file, with what goes wrong in it.
    #[must_use]
    pub fn new(request: &super::HttpRequest, fault: Option<&Fault>, keep_calls: bool) -> Self {
        Self {
            method: request.method.clone(),
            target: request.sent_target(),
            headers: request.headers.clone(),
            body: Bytes(request.body.clone()),
            empty_body: false,
            server_vars: request.server_vars.clone(),
            client_gone: request.client_gone,
            fault: fault.map(ToString::to_string),
            keep_calls,
        }
    }

    /// The same with what `request` has now that its references have values.
    pub(super) fn with_values(&self, request: &super::HttpRequest) -> Self {
        Self {
            fault: self.fault.clone(),
            ..Self::new(request, None, self.keep_calls)
        }
    }

    /// With a body, though it is empty.
    #[must_use]
    pub fn with_body(mut self) -> Self {
        self.empty_body = true;
        self
    }
}

impl Work {
    pub(super) fn read(folder: &Path) -> Outcome<Self> {
        let file = folder.join(REQUESTS);
        let read = std::fs::read(&file).map_err(|why| why.to_string());
        let work = read.and_then(|text| serde_json::from_slice(&text).map_err(|w| w.to_string()));
        work.map_err(|why| {
            let what = format!("{} cannot be read: {why}", file.display());
            Error::new(crate::codes::TEST_PROCESS, what)
        })
    }
}

/// Bytes, in JSON as hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(self.0.len() * 2);
        for byte in &self.0 {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        };
        let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?);
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        bytes
            .map(Bytes)
            .ok_or_else(|| serde::de::Error::custom("no hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_went() {
        let all = Bytes((0..=255).collect());
        let text = serde_json::to_string(&all).expect("JSON");
        assert_eq!(serde_json::from_str::<Bytes>(&text).expect("JSON"), all);
        assert!(serde_json::from_str::<Bytes>("\"0\"").is_err());
    }
}
