//! The forms of the access log: for people, as JSON, and as IIS writes it.

use crate::ecb_host::Outcome;
use crate::site::UrlPath;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

/// One request, as its line tells it.
pub(super) struct Record<'a> {
    /// When the request ended.
    pub(super) ended: SystemTime,
    pub(super) took: Duration,
    pub(super) client: IpAddr,
    pub(super) local: SocketAddr,
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) version: &'a str,
    pub(super) user_agent: Option<&'a str>,
    pub(super) referer: Option<&'a str>,
    pub(super) host: Option<&'a str>,
    /// Bytes of the request's body that were read.
    pub(super) received: u64,
    pub(super) outcome: &'a Outcome,
}

/// Whether a reader of lines may take this for the end of one. Not only control characters:
/// Python's `splitlines` knows two more.
fn breaks_lines(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The common log format, with the time it took.
pub(super) fn text(record: &Record<'_>) -> String {
    let outcome = record.outcome;
    let status = match (outcome.status, outcome.substatus) {
        (0, _) => "-".to_owned(),
        (status, 0) => status.to_string(),
        (status, substatus) => format!("{status}.{substatus}"),
    };
    let blank = if outcome.log.is_empty() { "" } else { " " };
    let text = format!(
        "{} [{}] \"{} {} {}\" {status} {} {:.1}ms{blank}{}",
        record.client,
        httpdate::fmt_http_date(record.ended),
        record.method,
        record.target,
        record.version,
        outcome.sent,
        record.took.as_secs_f64() * 1000.0,
        outcome.log
    );
    let mut text = text.replace(breaks_lines, "?");
    text.push('\n');
    text
}

/// The fields of a line of JSON; what is not there is left out.
#[derive(Serialize)]
struct Json<'a> {
    time: String,
    client: String,
    method: &'a str,
    target: &'a str,
    protocol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    substatus: u16,
    bytes_sent: u64,
    bytes_received: u64,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    log: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
}

/// One JSON object.
pub(super) fn json(record: &Record<'_>) -> String {
    let outcome = record.outcome;
    let fields = Json {
        time: humantime::format_rfc3339_millis(record.ended).to_string(),
        client: record.client.to_string(),
        method: record.method,
        target: record.target,
        protocol: record.version,
        status: (outcome.status != 0).then_some(outcome.status),
        substatus: outcome.substatus,
        bytes_sent: outcome.sent,
        bytes_received: record.received,
        // More digits than microseconds are noise.
        duration_ms: record.took.as_micros() as f64 / 1000.0,
        code: code(&outcome.log),
        log: &outcome.log,
        user_agent: record.user_agent,
        referer: record.referer,
        host: record.host,
    };
    let json = serde_json::to_string(&fields).unwrap_or_default();
    // JSON lets some of them stand in a text as they are; outside of texts there are none.
    let mut line = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if breaks_lines(c) {
            let _ = write!(line, "\\u{:04x}", u32::from(c));
        } else {
            line.push(c);
        }
    }
    line.push('\n');
    line
}

/// The code of the core that a log text begins with.
fn code(log: &str) -> Option<&str> {
    let (code, rest) = log.split_at_checked(7)?;
    let digits = code.strip_prefix("ISH")?;
    let is_code = digits.bytes().all(|b| b.is_ascii_digit())
        && !rest.starts_with(|c: char| c.is_alphanumeric());
    is_code.then_some(code)
}

/// The fields that IIS logs by default, in its order.
const W3C_FIELDS: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username \
                          c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status \
                          time-taken";

/// What stands at the top of a log in the W3C extended format.
pub(super) fn w3c_head(now: SystemTime) -> String {
    let (date, time) = w3c_time(now);
    format!(
        "#Software: isapi-shim {}\n#Version: 1.0\n#Date: {date} {time}\n#Fields: {W3C_FIELDS}\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// A line in the W3C extended format, as IIS writes it.
pub(super) fn w3c(record: &Record<'_>) -> String {
    let outcome = record.outcome;
    let (raw_stem, query) = record.target.split_once('?').unwrap_or((record.target, ""));
    // IIS logs the path that it works with. What http.sys refuses has none.
    let url = UrlPath::parse(record.target);
    let stem = url.as_ref().map_or(raw_stem, UrlPath::path);
    let (date, time) = w3c_time(record.ended);
    let status = match outcome.status {
        0 => "-".to_owned(),
        status => status.to_string(),
    };
    // Why something failed is not known here as a Win32 error, and is not made up.
    let win32 = match outcome.status {
        1..400 if !outcome.failed() => "0",
        _ => "-",
    };
    format!(
        "{date} {time} {} {} {} {} {} - {} {} {} {status} {} {win32} {}\n",
        record.local.ip(),
        w3c_value(record.method),
        w3c_value(stem),
        w3c_value(&format!("{query}{}", outcome.log)),
        record.local.port(),
        record.client,
        w3c_value(record.user_agent.unwrap_or_default()),
        w3c_value(record.referer.unwrap_or_default()),
        outcome.substatus,
        record.took.as_millis()
    )
}

/// The date and the time of day, in UTC.
fn w3c_time(at: SystemTime) -> (String, String) {
    let text = humantime::format_rfc3339_seconds(at).to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, "-"));
    (date.to_owned(), time.trim_end_matches('Z').to_owned())
}

/// A value without anything that a reader of the log would take for the end of it.
fn w3c_value(value: &str) -> Cow<'_, str> {
    if value.is_empty() {
        return "-".into();
    }
    let splits = |c: char| c.is_whitespace() || breaks_lines(c);
    if !value.contains(splits) {
        return value.into();
    }
    let plain = value.chars().map(|c| match c {
        c if breaks_lines(c) => '?',
        c if c.is_whitespace() => '+',
        c => c,
    });
    plain.collect::<String>().into()
}

#[cfg(test)]
#[path = "log_format_tests.rs"]
mod tests;
