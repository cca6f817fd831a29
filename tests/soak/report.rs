//! What came of it.

use super::Plan;
use super::watch::{Sample, Seen};
use std::fmt;
use std::time::Duration;

/// Memory may grow so much after the warm-up: the C library's and Python's allocators keep what
/// uploads of 1 MiB on each thread had, and a sample may fall into any number of them.
const MEMORY_BOUND: u64 = 32 * 1024;

/// The part of the requests that warms the server up: threads, caches, allocators.
const WARM_UP: u64 = 5;

/// Threads of the server besides those that run scripts.
const OTHER_THREADS: u64 = 8;

/// Kinds of requests.
#[allow(missing_docs, reason = "the table of names says what they are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Hello,
    Raises,
    Upload,
    Big,
    Cgi,
    Wsgi,
    Edited,
    Pipelined,
    Aborted,
}

const KINDS: [(Kind, &str); 9] = [
    (Kind::Hello, "hello"),
    (Kind::Raises, "a script that raises"),
    (Kind::Upload, "upload, 1 B to 1 MiB"),
    (Kind::Big, "answer, 1 B to 1 MiB"),
    (Kind::Cgi, "CGI"),
    (Kind::Wsgi, "WSGI"),
    (Kind::Edited, "a script that is edited"),
    (Kind::Pipelined, "three at once"),
    (Kind::Aborted, "a client that goes away"),
];

/// What an answer was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    /// None came, or not all of it.
    Lost(String),
    /// It has not the request's token.
    Crossed(String),
    /// It has, and is not right.
    Wrong(String),
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    requests: u64,
    turns: u64,
    time: Duration,
    longest: Duration,
}

/// Counts of a client, or of all.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    rows: [Row; KINDS.len()],
    lost: u64,
    crossed: u64,
    wrong: u64,
    pub(super) connections: u64,
    /// Some of what went wrong.
    examples: Vec<String>,
}

impl Tally {
    pub(super) fn count(&mut self, kind: Kind, count: u64, time: Duration, verdict: Verdict) {
        let at = KINDS.iter().position(|(k, _)| *k == kind).unwrap_or(0);
        let row = &mut self.rows[at];
        row.requests += count;
        row.turns += 1;
        row.time += time;
        row.longest = row.longest.max(time);
        let text = match verdict {
            Verdict::Good => return,
            Verdict::Lost(text) => {
                self.lost += 1;
                format!("lost: {}: {text}", KINDS[at].1)
            }
            Verdict::Crossed(text) => {
                self.crossed += 1;
                format!("crossed: {text}")
            }
            Verdict::Wrong(text) => {
                self.wrong += 1;
                format!("wrong: {text}")
            }
        };
        if self.examples.len() < 5 {
            self.examples.push(text);
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        for (row, more) in self.rows.iter_mut().zip(other.rows) {
            row.requests += more.requests;
            row.turns += more.turns;
            row.time += more.time;
            row.longest = row.longest.max(more.longest);
        }
        self.lost += other.lost;
        self.crossed += other.crossed;
        self.wrong += other.wrong;
        self.connections += other.connections;
        self.examples.extend(other.examples);
    }

    fn requests(&self) -> u64 {
        self.rows.iter().map(|row| row.requests).sum()
    }
}

/// The summary. Shown as a table.
pub struct Report {
    threads: u64,
    tally: Tally,
    seen: Seen,
    took: Duration,
    edits: u64,
}

impl Report {
    pub(super) fn new(plan: &Plan, tally: Tally, seen: Seen, took: Duration, edits: u64) -> Self {
        Self {
            threads: plan.threads,
            tally,
            seen,
            took,
            edits,
        }
    }

    /// The number of requests that were sent.
    pub fn requests(&self) -> u64 {
        self.tally.requests()
    }

    /// The samples behind the warm-up.
    fn warm(&self) -> &[Sample] {
        let last = self.seen.samples.last().map_or(0, |s| s.requests);
        let from = last / WARM_UP;
        let at = self.seen.samples.iter().position(|s| s.requests >= from);
        &self.seen.samples[at.unwrap_or(0)..]
    }

    /// Medians of memory: of the first samples behind the warm-up, and of the last ones.
    fn memory(&self) -> (u64, u64) {
        let warm = self.warm();
        let part = warm.len().div_ceil(8);
        let median = |samples: &[Sample]| {
            let mut all: Vec<u64> = samples.iter().map(|s| s.memory).collect();
            all.sort_unstable();
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        (median(&warm[..part]), median(&warm[warm.len() - part..]))
    }

    /// What must not be; empty where all is well.
    pub fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        let tally = &self.tally;
        for (count, what) in [
            (tally.lost, "lost"),
            (tally.crossed, "crossed"),
            (tally.wrong, "wrong"),
        ] {
            if count > 0 {
                failures.push(format!("responses that are {what}: {count}"));
            }
        }
        let (first, last) = self.memory();
        if last > first + MEMORY_BOUND {
            failures.push(format!("memory grew from {first} KiB to {last} KiB"));
        }
        let (idle, end) = (self.seen.idle.descriptors, self.seen.end.descriptors);
        if end > idle {
            failures.push(format!("descriptors: {idle} before, {end} afterwards"));
        }
        let most = self.seen.samples.iter().map(|s| s.threads).max();
        let allowed = self.threads + OTHER_THREADS;
        if most.is_some_and(|most| most > allowed) {
            failures.push(format!("more threads than {allowed}: {most:?}"));
        }
        failures
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.tally;
        writeln!(f, "| kind | requests | mean ms | longest ms |")?;
        writeln!(f, "|---|--:|--:|--:|")?;
        for ((_, name), row) in KINDS.iter().zip(&tally.rows) {
            let turns = row.turns.max(1) as f64;
            let mean = row.time.as_secs_f64() * 1000.0 / turns;
            let longest = row.longest.as_millis();
            writeln!(f, "| {name} | {} | {mean:.2} | {longest} |", row.requests)?;
        }
        let (requests, seconds) = (self.requests(), self.took.as_secs_f64());
        let rate = requests as f64 / seconds;
        writeln!(f, "| all | {requests} | | |\n")?;
        writeln!(
            f,
            "{seconds:.0} s, {rate:.0} requests a second, {} connections, {} edits",
            tally.connections, self.edits
        )?;
        writeln!(
            f,
            "lost {}, crossed {}, wrong {}\n",
            tally.lost, tally.crossed, tally.wrong
        )?;
        writeln!(
            f,
            "| the server | idle | after the warm-up | at the end | most | afterwards |"
        )?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|")?;
        let (idle, end) = (&self.seen.idle, &self.seen.end);
        let (first, last) = self.memory();
        let most = |of: fn(&Sample) -> u64| self.seen.samples.iter().map(of).max().unwrap_or(0);
        let warm = self.warm();
        let edges =
            |of: fn(&Sample) -> u64| (warm.first().map_or(0, of), warm.last().map_or(0, of));
        let (d1, d2) = edges(|s| s.descriptors);
        let (t1, t2) = edges(|s| s.threads);
        writeln!(
            f,
            "| memory, KiB (medians) | {} | {first} | {last} | {} | {} |",
            idle.memory,
            most(|s| s.memory),
            end.memory
        )?;
        writeln!(
            f,
            "| descriptors | {} | {d1} | {d2} | {} | {} |",
            idle.descriptors,
            most(|s| s.descriptors),
            end.descriptors
        )?;
        writeln!(
            f,
            "| threads | {} | {t1} | {t2} | {} | {} |",
            idle.threads,
            most(|s| s.threads),
            end.threads
        )?;
        let tenth = self.seen.samples.len().div_ceil(10).max(1);
        let course = self.seen.samples.iter().skip(tenth - 1).step_by(tenth);
        let course: Vec<String> = course.map(|s| (s.memory / 1024).to_string()).collect();
        writeln!(
            f,
            "\nmemory in MiB, after each tenth: {}",
            course.join(", ")
        )?;
        for example in tally.examples.iter().take(10) {
            writeln!(f, "\n{example}")?;
        }
        match &self.failures()[..] {
            [] => write!(f, "\nAll is well."),
            failures => write!(f, "\nFAILED: {}", failures.join("; ")),
        }
    }
}
