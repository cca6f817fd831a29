//! `--trace`: each call across the control block, with arguments, sizes, result and time.

use super::said::{self, Said};
use isapi_base::ecb::win32::Win32Error;
use serde::Serialize;
use std::time::Duration;

/// How calls are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Trace {
    /// Not at all.
    #[default]
    Off,
    /// One readable line each.
    Text,
    /// One JSON object on a line each.
    Json,
}

/// One call.
#[derive(Debug, Serialize)]
pub(super) struct Call<'a> {
    /// Which request, counted from 1 in this process.
    pub(super) request: usize,
    /// The callback or entry point.
    pub(super) call: &'a str,
    /// What it was asked for: a variable's name, a request's name.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) argument: &'a str,
    /// Bytes the caller offered or asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// Bytes that were read, written or copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) done: Option<u64>,
    /// The value given or sent, cut short.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) value: &'a str,
    /// What came back: `TRUE`, `FALSE`, or a status.
    pub(super) result: &'a str,
    /// The Win32 error of a FALSE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<u32>,
    /// Microseconds.
    pub(super) us: u128,
}

impl Trace {
    pub(super) fn is_on(self) -> bool {
        self != Self::Off
    }

    pub(super) fn write(self, call: &Call<'_>) {
        let line = match self {
            Self::Off => return,
            // No field of a call can fail to be written as JSON.
            Self::Json => serde_json::to_string(call).unwrap_or_default(),
            Self::Text => call.text(),
        };
        said::line(Said::Call, &line);
    }
}

impl Call<'_> {
    fn text(&self) -> String {
        let mut line = format!("#{} {}", self.request, self.call);
        if !self.argument.is_empty() {
            line += &format!(" {}", self.argument);
        }
        if let Some(size) = self.size {
            line += &format!(" size={size}");
        }
        line += &format!(" -> {}", self.result);
        if let Some(done) = self.done {
            line += &format!(" done={done}");
        }
        if let Some(error) = self.error {
            line += &format!(" error={}", Win32Error(error));
        }
        if !self.value.is_empty() {
            line += &format!(" {:?}", self.value);
        }
        line + &format!(" {} us", self.us)
    }

    /// What is the same in each run and on each machine: no times and numbers of requests, no
    /// values (they may be cut in the middle of a path), and sizes of the body only.
    pub(super) fn lasting(&self) -> String {
        let mut line = self.call.to_owned();
        if !self.argument.is_empty() {
            line += &format!(" {}", self.argument);
        }
        let body = ["ReadClient", "WriteClient"].contains(&self.call);
        if let (true, Some(size)) = (body, self.size) {
            line += &format!(" size={size}");
        }
        line += &format!(" -> {}", self.result);
        if let (true, Some(done)) = (self.call == "ReadClient", self.done) {
            line += &format!(" done={done}");
        }
        if let Some(error) = self.error {
            line += &format!(" error={}", Win32Error(error));
        }
        line
    }
}

/// A value for a trace: text, cut to a length that keeps a line readable.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    /// A status line, a path, or the begin of a body.
    const LIMIT: usize = 60;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LIMIT)]).into_owned();
    if bytes.len() > LIMIT {
        text + "…"
    } else {
        text
    }
}

/// Times a call if it is to be written.
pub(super) fn micros(since: Option<std::time::Instant>) -> u128 {
    since.map_or(Duration::ZERO, |s| s.elapsed()).as_micros()
}
