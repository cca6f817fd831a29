//! The server's process from outside: memory, descriptors, threads.

use super::Plan;
use std::time::{Duration, Instant};

/// So many looks are taken, as evenly as the time between two of them allows.
const LOOKS: u64 = 200;

/// Longer than the server needs to see that its clients have gone.
const SETTLES: Duration = Duration::from_secs(10);

/// What a look sees.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// The requests so far.
    pub(super) requests: u64,
    /// Resident memory in KiB.
    pub(super) memory: u64,
    pub(super) descriptors: u64,
    pub(super) threads: u64,
}

/// See the module.
pub(super) struct Watch {
    id: u32,
    every: u64,
    next: u64,
    seen: Vec<Sample>,
}

/// All that was seen.
pub(super) struct Seen {
    /// Before the first request.
    pub(super) idle: Sample,
    pub(super) samples: Vec<Sample>,
    /// After all clients have gone.
    pub(super) end: Sample,
}

impl Watch {
    pub(super) fn new(id: u32, plan: &Plan) -> Self {
        Self {
            id,
            every: (plan.requests / LOOKS).max(1),
            next: 0,
            seen: vec![sample(id, 0)],
        }
    }

    /// Looks, where it is time.
    pub(super) fn look(&mut self, requests: u64) {
        if requests >= self.next {
            self.seen.push(sample(self.id, requests));
            self.next = requests + self.every;
        }
    }

    /// Waits for the server to close the connections of clients that have gone.
    pub(super) fn settle(&mut self) {
        let since = Instant::now();
        let idle = self.seen[0].descriptors;
        let last = loop {
            let now = sample(self.id, self.next);
            if now.descriptors <= idle || since.elapsed() > SETTLES {
                break now;
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        self.seen.push(last);
    }

    pub(super) fn seen(self) -> Seen {
        let mut samples = self.seen;
        let idle = samples.remove(0);
        let end = samples.pop().unwrap_or(idle);
        Seen { idle, samples, end }
    }
}

fn sample(id: u32, requests: u64) -> Sample {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.and_then(|n| n.parse().ok()).unwrap_or_default()
    };
    let folder = std::fs::read_dir(format!("/proc/{id}/fd"));
    Sample {
        requests,
        memory: field("VmRSS:"),
        descriptors: folder.map_or(0, |folder| folder.count() as u64),
        threads: field("Threads:"),
    }
}
