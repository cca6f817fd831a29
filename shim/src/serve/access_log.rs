//! One line for each request, on standard output.

use super::exchange::Ends;
use super::log_format::{self, Record};
use crate::cli::LogFormat;
use crate::ecb_host::{Outcome, Request};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

/// Writes the lines to standard output.
#[derive(Clone, Copy)]
pub(super) struct AccessLog {
    /// `None`: there is no log.
    format: Option<LogFormat>,
}

/// What the line is about; kept while the host has the request.
pub(super) struct Entry {
    ends: Ends,
    method: String,
    target: String,
    version: &'static str,
    since: Instant,
    user_agent: Option<String>,
    referer: Option<String>,
    host: Option<String>,
    received: Option<Arc<AtomicU64>>,
}

impl AccessLog {
    pub(super) fn new(format: Option<LogFormat>) -> Self {
        Self { format }
    }

    /// Whether standard output is for programs, which want nothing there but the log.
    pub(super) fn is_for_programs(&self) -> bool {
        matches!(self.format, Some(LogFormat::Json | LogFormat::W3c))
    }

    /// Writes what stands before the first line.
    pub(super) fn begin(&self) {
        if self.format == Some(LogFormat::W3c) {
            put(&log_format::w3c_head(SystemTime::now()));
        }
    }

    /// Where the bytes of a request's body are counted; only one form tells them.
    pub(super) fn received(&self) -> Option<Arc<AtomicU64>> {
        (self.format == Some(LogFormat::Json)).then(Arc::default)
    }

    /// What is to be known of a request before the host takes it; `None` without a log.
    pub(super) fn entry(
        &self,
        request: &Request,
        ends: Ends,
        since: Instant,
        received: Option<Arc<AtomicU64>>,
    ) -> Option<Entry> {
        let format = self.format?;
        let header = |name: &str| {
            // The line for people does without them.
            let wanted = format != LogFormat::Text;
            let value = wanted.then(|| request.header(name)).flatten()?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        Some(Entry {
            ends,
            method: request.method.clone(),
            target: request.target.clone(),
            version: request.version.as_str(),
            since,
            user_agent: header("user-agent"),
            referer: header("referer"),
            host: header("host"),
            received,
        })
    }

    /// Writes one line; a log that cannot be written must not fail the request.
    pub(super) fn write(&self, entry: &Entry, outcome: &Outcome) {
        let Some(format) = self.format else { return };
        let record = Record {
            ended: SystemTime::now(),
            took: entry.since.elapsed(),
            client: entry.ends.peer.socket().ip(),
            local: entry.ends.local.socket(),
            method: &entry.method,
            target: &entry.target,
            version: entry.version,
            user_agent: entry.user_agent.as_deref(),
            referer: entry.referer.as_deref(),
            host: entry.host.as_deref(),
            received: entry
                .received
                .as_ref()
                .map_or(0, |r| r.load(Ordering::Relaxed)),
            outcome,
        };
        put(&match format {
            LogFormat::Text => log_format::text(&record),
            LogFormat::Json => log_format::json(&record),
            LogFormat::W3c => log_format::w3c(&record),
        });
    }
}

/// In one piece, so that lines of different threads do not mix.
fn put(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
