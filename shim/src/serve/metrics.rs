//! What `--metrics` counts, and the text that Prometheus reads (its format 0.0.4).
//!
//! Counters of our own: `prometheus-client` writes another format (OpenMetrics) and brings a
//! macro and locks, for what are a few atomics. Nothing here waits for anything.

use crate::ecb_host::Outcome;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::{Duration, Instant, SystemTime};

/// The methods that have a value of their own. Clients choose methods freely, and each value
/// costs memory here and in Prometheus: all others are `other`.
const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "other",
];

/// HTTP's status codes have three digits; 0 stands for no response.
const CODES: usize = 1000;

/// From a script that does next to nothing to one that a browser gives up, in microseconds and
/// as the label has it.
const BUCKETS: [(u64, &str); 16] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (10_000_000, "10"),
    (30_000_000, "30"),
    (60_000_000, "60"),
];

/// Everything that is counted.
#[derive(Debug)]
pub(super) struct Metrics {
    started: SystemTime,
    threads_max: u16,
    /// By method and code; an array, so that counting takes no lock.
    requests: Box<[AtomicU64]>,
    /// Each request in one of them; the last is for those above all bounds.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    microseconds: AtomicU64,
    sent: AtomicU64,
    in_progress: AtomicU64,
    busy: AtomicU64,
    open: AtomicU64,
    connections: AtomicU64,
}

impl Metrics {
    pub(super) fn new(threads_max: u16, started: SystemTime) -> Self {
        let requests = std::iter::repeat_with(AtomicU64::default);
        Self {
            started,
            threads_max,
            requests: requests.take(METHODS.len() * CODES).collect(),
            buckets: Default::default(),
            microseconds: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            in_progress: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            open: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        }
    }

    /// A request has come, and waits for a thread.
    pub(super) fn arrived(self: &Arc<Self>, method: &str, since: Instant) -> Counted {
        let own = METHODS.iter().position(|m| *m == method);
        self.in_progress.fetch_add(1, Relaxed);
        Counted {
            metrics: Arc::clone(self),
            method: own.unwrap_or(METHODS.len() - 1),
            since,
            begun: false,
            status: 0,
            sent: 0,
        }
    }

    /// A connection was accepted.
    pub(super) fn connected(self: &Arc<Self>) -> Connected {
        self.open.fetch_add(1, Relaxed);
        self.connections.fetch_add(1, Relaxed);
        Connected(Arc::clone(self))
    }

    fn took(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.partition_point(|(bound, _)| *bound < micros);
        self.microseconds.fetch_add(micros, Relaxed);
        // Whoever sees the request here sees what else is counted of it.
        self.buckets[bucket].fetch_add(1, Release);
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        let mut page = Page(String::with_capacity(8192));
        self.requests(&mut page);
        self.durations(&mut page);
        // Each is read once, so that the three values of one text agree. One may change between
        // the two.
        let busy = self.busy.load(Relaxed);
        let in_progress = self.in_progress.load(Relaxed).max(busy);
        let gauges = [
            (
                "isapi_shim_requests_in_progress",
                "Requests that have come and not ended.",
                in_progress,
            ),
            (
                "isapi_shim_queue",
                "Requests that wait for a thread.",
                in_progress - busy,
            ),
            (
                "isapi_shim_threads_busy",
                "Threads that work on a request.",
                busy,
            ),
            (
                "isapi_shim_threads_max",
                "How many threads may work on requests at once.",
                self.threads_max.into(),
            ),
            (
                "isapi_shim_connections_open",
                "Connections that are open.",
                self.open.load(Relaxed),
            ),
        ];
        for (name, help, value) in gauges {
            page.single(name, "gauge", help, value);
        }
        page.single(
            "isapi_shim_connections_total",
            "counter",
            "Connections that were accepted.",
            self.connections.load(Relaxed),
        );
        page.single(
            "isapi_shim_response_bytes_total",
            "counter",
            "Bytes of response bodies, counted when a request ends.",
            self.sent.load(Relaxed),
        );
        self.process(&mut page);
        page.0
    }

    fn requests(&self, page: &mut Page) {
        let name = "isapi_shim_requests_total";
        page.head(
            name,
            "counter",
            "Requests that have ended, by status and method.",
        );
        for (method, counts) in METHODS.iter().zip(self.requests.chunks(CODES)) {
            for (code, count) in counts.iter().enumerate() {
                let code = match code {
                    0 => "none".to_owned(),
                    code => code.to_string(),
                };
                match count.load(Relaxed) {
                    0 => {}
                    count => page.line(
                        name,
                        &format!("{{code=\"{code}\",method=\"{method}\"}}"),
                        count,
                    ),
                }
            }
        }
    }

    fn durations(&self, page: &mut Page) {
        let name = "isapi_shim_request_duration_seconds";
        let (bucket, sum, count) = (
            format!("{name}_bucket"),
            format!("{name}_sum"),
            format!("{name}_count"),
        );
        let help = "How long requests took, with the time that they waited for a thread.";
        page.head(name, "histogram", help);
        let bounds = BUCKETS.iter().map(|(_, label)| *label).chain(["+Inf"]);
        let mut total = 0;
        for (here, bound) in self.buckets.iter().zip(bounds) {
            total += here.load(Acquire);
            page.line(&bucket, &format!("{{le=\"{bound}\"}}"), total);
        }
        let micros = self.microseconds.load(Relaxed);
        page.line(
            &sum,
            "",
            format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
        );
        page.line(&count, "", total);
    }

    /// By the names that all clients of Prometheus use.
    fn process(&self, page: &mut Page) {
        if let Some(bytes) = resident_memory() {
            let name = "process_resident_memory_bytes";
            page.single(name, "gauge", "Resident memory size in bytes.", bytes);
        }
        let started = self.started.duration_since(SystemTime::UNIX_EPOCH);
        let started = started.unwrap_or_default().as_millis();
        page.single(
            "process_start_time_seconds",
            "gauge",
            "Start time of the process since unix epoch in seconds.",
            format!("{}.{:03}", started / 1000, started % 1000),
        );
    }
}

/// One request, counted when dropped: also where a panic ends it.
#[derive(Debug)]
pub(super) struct Counted {
    metrics: Arc<Metrics>,
    method: usize,
    since: Instant,
    begun: bool,
    status: u16,
    sent: u64,
}

impl Counted {
    /// A thread has taken it.
    pub(super) fn begun(&mut self) {
        self.metrics.busy.fetch_add(1, Relaxed);
        self.begun = true;
    }

    /// It has ended like this.
    pub(super) fn ended(mut self, outcome: &Outcome) {
        self.status = outcome.status;
        self.sent = outcome.sent;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let metrics = &self.metrics;
        if !self.begun {
            // The server ended before a thread was free: nobody has answered.
            metrics.in_progress.fetch_sub(1, Relaxed);
            return;
        }
        metrics.busy.fetch_sub(1, Relaxed);
        metrics.in_progress.fetch_sub(1, Relaxed);
        metrics.sent.fetch_add(self.sent, Relaxed);
        let code = usize::from(self.status).min(CODES - 1);
        metrics.requests[self.method * CODES + code].fetch_add(1, Relaxed);
        metrics.took(self.since.elapsed());
    }
}

/// An open connection, until dropped.
#[derive(Debug)]
pub(super) struct Connected(Arc<Metrics>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// The text on its way.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    /// A metric with one value.
    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.line(name, "", value);
    }
}

/// From the one place that tells it without a call of the system's C interface.
fn resident_memory() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    kilobytes(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// `VmRSS:     1234 kB`
fn kilobytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(number * 1024)
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
