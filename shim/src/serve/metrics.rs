//! What `--metrics` counts, and the text that Prometheus reads (its format 0.0.4).
//!
//! Counters of our own: `prometheus-client` writes another format (OpenMetrics) and brings a
//! macro and locks, for what are a few atomics. Nothing here waits for anything.

use crate::ecb_host::{Outcome, built_in};
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

/// Where what is in the array, behind the requests by method and code. Each request is in one of
/// the buckets; the last is for those above all bounds.
const BUCKETS_AT: usize = METHODS.len() * CODES;
const MICROSECONDS: usize = BUCKETS_AT + BUCKETS.len() + 1;
const SENT: usize = MICROSECONDS + 1;
const IN_PROGRESS: usize = SENT + 1;
const BUSY: usize = IN_PROGRESS + 1;
const OPEN: usize = BUSY + 1;
const CONNECTIONS: usize = OPEN + 1;
/// What the built-in core counts: nanoseconds, and scripts.
const WAITS: usize = CONNECTIONS + 1;
const RELOADS: usize = WAITS + 1;
/// The number of the process, while it is a worker that takes connections.
const PROCESS: usize = RELOADS + 1;

/// What one process has counted: an array, so that counting takes no lock, and so that it can lie
/// in memory that processes share and survive the one that counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts(&'static [AtomicU64; Counts::LENGTH]);

impl Counts {
    pub(super) const LENGTH: usize = PROCESS + 1;

    /// Of this process alone.
    pub(super) fn own() -> Self {
        let zeros: Vec<AtomicU64> = std::iter::repeat_with(AtomicU64::default)
            .take(Self::LENGTH)
            .collect();
        Self::of(Vec::leak(zeros)).unwrap_or_else(|| unreachable!("it has that length"))
    }

    /// In memory that starts with zeros; `None`: it has another length.
    pub(super) fn of(memory: &'static [AtomicU64]) -> Option<Self> {
        memory.try_into().ok().map(Self)
    }

    /// Has the built-in core count here, too.
    pub(super) fn observe_core(self) {
        built_in::observe(&self.0[WAITS], &self.0[RELOADS]);
    }

    fn add(self, at: usize, number: u64) {
        self.0[at].fetch_add(number, Relaxed);
    }

    fn subtract(self, at: usize, number: u64) {
        self.0[at].fetch_sub(number, Relaxed);
    }

    /// A request has come, and waits for a thread.
    pub(super) fn arrived(self, method: &str, since: Instant) -> Counted {
        let own = METHODS.iter().position(|m| *m == method);
        self.add(IN_PROGRESS, 1);
        Counted {
            counts: self,
            method: own.unwrap_or(METHODS.len() - 1),
            since,
            begun: false,
            status: 0,
            sent: 0,
        }
    }

    /// A connection was accepted.
    pub(super) fn connected(self) -> Connected {
        self.add(OPEN, 1);
        self.add(CONNECTIONS, 1);
        Connected(self)
    }

    fn took(self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.partition_point(|(bound, _)| *bound < micros);
        self.add(MICROSECONDS, micros);
        // Whoever sees the request here sees what else is counted of it.
        self.0[BUCKETS_AT + bucket].fetch_add(1, Release);
    }

    /// The number of the process, if it is a worker that takes connections.
    fn process(self) -> Option<u64> {
        Some(self.0[PROCESS].load(Relaxed)).filter(|id| *id > 0)
    }
}

/// Of workers, which see each other's.
#[cfg(unix)]
impl Counts {
    /// This process takes connections from now on, or no more.
    pub(super) fn takes(self, takes: bool) {
        let id = if takes { std::process::id() } else { 0 };
        self.0[PROCESS].store(id.into(), Relaxed);
    }

    /// How many connections are open, if the process takes more.
    pub(super) fn taken(self) -> Option<u64> {
        self.process().map(|_| self.0[OPEN].load(Relaxed))
    }

    /// The process has ended, with whatever was under way in it.
    pub(super) fn forsaken(self) {
        for at in [IN_PROGRESS, BUSY, OPEN, PROCESS] {
            self.0[at].store(0, Relaxed);
        }
    }
}

/// The sums over all processes, and what is known besides.
#[derive(Debug)]
pub(super) struct Metrics {
    started: SystemTime,
    threads_max: u64,
    counts: Vec<Counts>,
    /// How often workers were started again.
    restarts: Option<Arc<AtomicU64>>,
    /// The extension is the built-in core, which tells what only it knows.
    core_tells: bool,
}

impl Metrics {
    /// `threads_max`: of all processes together.
    pub(super) fn new(
        threads_max: u64,
        started: SystemTime,
        counts: Vec<Counts>,
        restarts: Option<Arc<AtomicU64>>,
        core_tells: bool,
    ) -> Self {
        Self {
            started,
            threads_max,
            counts,
            restarts,
            core_tells,
        }
    }

    fn sum(&self, at: usize) -> u64 {
        let counts = self.counts.iter().map(|counts| counts.0[at].load(Acquire));
        counts.fold(0, u64::wrapping_add)
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        let mut page = Page(String::with_capacity(8192));
        self.requests(&mut page);
        self.durations(&mut page);
        // Each is read once, so that the three values of one text agree. One may change between
        // the two.
        let busy = self.sum(BUSY);
        let in_progress = self.sum(IN_PROGRESS).max(busy);
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
                self.threads_max,
            ),
            (
                "isapi_shim_connections_open",
                "Connections that are open.",
                self.sum(OPEN),
            ),
        ];
        for (name, help, value) in gauges {
            page.single(name, "gauge", help, value);
        }
        page.single(
            "isapi_shim_connections_total",
            "counter",
            "Connections that were accepted.",
            self.sum(CONNECTIONS),
        );
        page.single(
            "isapi_shim_response_bytes_total",
            "counter",
            "Bytes of response bodies, counted when a request ends.",
            self.sum(SENT),
        );
        if self.core_tells {
            page.single(
                "isapi_shim_gil_wait_seconds_total",
                "counter",
                "How long threads have waited for the GIL.",
                seconds(self.sum(WAITS) / 1000),
            );
            page.single(
                "isapi_shim_script_reloads_total",
                "counter",
                "Scripts that were loaded again because something had changed.",
                self.sum(RELOADS),
            );
        }
        if let Some(restarts) = &self.restarts {
            page.single(
                "isapi_shim_workers",
                "gauge",
                "Worker processes that take connections.",
                self.workers().count(),
            );
            page.single(
                "isapi_shim_worker_restarts_total",
                "counter",
                "Worker processes that ended and were started again.",
                restarts.load(Relaxed),
            );
        }
        self.process(&mut page);
        page.0
    }

    /// The numbers of the workers.
    fn workers(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().filter_map(|counts| counts.process())
    }

    fn requests(&self, page: &mut Page) {
        let name = "isapi_shim_requests_total";
        page.head(
            name,
            "counter",
            "Requests that have ended, by status and method.",
        );
        for (number, method) in METHODS.iter().enumerate() {
            for code in 0..CODES {
                let count = self.sum(number * CODES + code);
                let code = match code {
                    0 => "none".to_owned(),
                    code => code.to_string(),
                };
                match count {
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
        for (number, bound) in bounds.enumerate() {
            total += self.sum(BUCKETS_AT + number);
            page.line(&bucket, &format!("{{le=\"{bound}\"}}"), total);
        }
        let micros = self.sum(MICROSECONDS);
        page.line(&sum, "", seconds(micros));
        page.line(&count, "", total);
    }

    /// By the names that all clients of Prometheus use.
    fn process(&self, page: &mut Page) {
        let workers = self.workers().map(|id| id.to_string());
        let processes = std::iter::once("self".to_owned()).chain(workers);
        let memory = processes.filter_map(|process| resident_memory(&process));
        // One that ended just now has none; this process always has some.
        if let Some(bytes) = memory.reduce(|a, b| a + b) {
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
    counts: Counts,
    method: usize,
    since: Instant,
    begun: bool,
    status: u16,
    sent: u64,
}

impl Counted {
    /// A thread has taken it.
    pub(super) fn begun(&mut self) {
        self.counts.add(BUSY, 1);
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
        let counts = self.counts;
        if !self.begun {
            // The server ended before a thread was free: nobody has answered.
            counts.subtract(IN_PROGRESS, 1);
            return;
        }
        counts.subtract(BUSY, 1);
        counts.subtract(IN_PROGRESS, 1);
        counts.add(SENT, self.sent);
        let code = usize::from(self.status).min(CODES - 1);
        counts.add(self.method * CODES + code, 1);
        counts.took(self.since.elapsed());
    }
}

/// An open connection, until dropped.
#[derive(Debug)]
pub(super) struct Connected(Counts);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.subtract(OPEN, 1);
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

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// From the one place that tells it without a call of the system's C interface.
fn resident_memory(process: &str) -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    kilobytes(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?)
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
