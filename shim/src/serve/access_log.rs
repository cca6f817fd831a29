//! One line for each request, in the common log format with the time it took.

use crate::ecb_host::{Outcome, Version};
use std::io::Write;
use std::net::IpAddr;
use std::time::{Instant, SystemTime};

/// What the line is about.
pub(super) struct Entry {
    pub(super) client: IpAddr,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) version: Version,
    pub(super) since: Instant,
}

/// Writes the lines to standard output.
pub(super) struct AccessLog {
    on: bool,
}

impl AccessLog {
    pub(super) fn new(on: bool) -> Self {
        Self { on }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Writes one line; a log that cannot be written must not fail the request.
    pub(super) fn write(&self, entry: &Entry, outcome: &Outcome) {
        let line = line(entry, outcome, &httpdate::fmt_http_date(SystemTime::now()));
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }
}

fn line(entry: &Entry, outcome: &Outcome, date: &str) -> String {
    let Entry {
        client,
        method,
        target,
        version,
        since,
    } = entry;
    let status = match (outcome.status, outcome.substatus) {
        (0, _) => "-".to_owned(),
        (status, 0) => status.to_string(),
        (status, substatus) => format!("{status}.{substatus}"),
    };
    let log = if outcome.log.is_empty() {
        String::new()
    } else {
        format!(" {}", outcome.log)
    };
    let ms = since.elapsed().as_secs_f64() * 1000.0;
    // Nothing of a request may break the line.
    let text = format!(
        "{client} [{date}] \"{method} {target} {}\" {status} {} {ms:.1}ms{log}",
        version.as_str(),
        outcome.sent
    );
    let mut text: String = text
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_sub_status_and_cannot_be_broken() {
        let entry = Entry {
            client: [127, 0, 0, 1].into(),
            method: "GET".to_owned(),
            target: "/a\nb".to_owned(),
            version: Version::Http11,
            since: Instant::now(),
        };
        let outcome = Outcome {
            status: 404,
            substatus: 3,
            sent: 12,
            ..Outcome::default()
        };
        let line = line(&entry, &outcome, "date");
        let (start, _) = line.split_once("12 ").unwrap();
        assert_eq!(start, "127.0.0.1 [date] \"GET /a?b HTTP/1.1\" 404.3 ");
        assert_eq!(line.matches('\n').count(), 1);
    }
}
