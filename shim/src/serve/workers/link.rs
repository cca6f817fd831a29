//! A worker's side of the pair of sockets, and what else it has from its parent.

use super::{FAILED, GO, Phase, READY, STOP};
use crate::cli::{ServeArgs, WorkerArg};
use crate::codes;
use crate::error::{Error, Result};
use crate::process;
use crate::serve::metrics::Counts;
use crate::serve::{INTERRUPTED, failed, lock};
use crate::shared;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// See the module.
pub(in crate::serve) struct Link {
    listener: Mutex<Option<std::net::TcpListener>>,
    stream: UnixStream,
    /// Which of the workers this is.
    slot: usize,
    counts: Vec<Counts>,
    phase: watch::Sender<Phase>,
}

/// Where a worker's connections come from.
pub(in crate::serve) struct Connections {
    link: &'static Link,
    listener: AsyncFd<std::net::TcpListener>,
}

/// So long a worker waits for each connection that it has more than another one. All of them are
/// woken for a new connection, and whoever is first would take all that come together.
const GIVE_WAY: Duration = Duration::from_micros(20);

/// And at most so long: the other one may be stuck.
const LONGEST_WAY: Duration = Duration::from_micros(200);

/// A lead of less than this part of what the other one has is none, where connections are short and
/// come fast.
const LEAD: u64 = 4;

/// The counters of all workers.
pub(super) fn counts(memory: BorrowedFd<'_>, workers: usize) -> std::io::Result<Vec<Counts>> {
    let all = shared::counters(memory, workers * Counts::LENGTH)?;
    Ok(all.chunks(Counts::LENGTH).filter_map(Counts::of).collect())
}

impl Link {
    /// What this worker has from its parent; `None`: it is no worker. From now on the process ends
    /// with its parent.
    pub(in crate::serve) fn of(args: &ServeArgs) -> Result<Option<&'static Self>> {
        let Some(WorkerArg {
            slot,
            listener,
            link,
            counters,
        }) = args.worker
        else {
            return Ok(None);
        };
        let take = || -> std::io::Result<Self> {
            let memory = shared::inherited(counters)?;
            let counts = counts(memory.as_fd(), usize::from(args.workers))?;
            let listener = std::net::TcpListener::from(shared::inherited(listener)?);
            Ok(Self {
                listener: Mutex::new(Some(listener)),
                stream: shared::inherited(link)?.into(),
                slot: Some(slot)
                    .filter(|slot| *slot < counts.len())
                    .ok_or(std::io::ErrorKind::InvalidInput)?,
                counts,
                phase: watch::Sender::new(Phase::Starting),
            })
        };
        let link: &'static Self = Box::leak(Box::new(take().map_err(|why| {
            let text = format!("--worker is for the command itself: {why}");
            Error::new(codes::SERVE_OPTION, text).fix("use --workers")
        })?));
        std::thread::Builder::new()
            .name("isapi-parent".into())
            .spawn(move || link.listen())
            .map_err(|e| failed(&e))?;
        Ok(Some(link))
    }

    fn listen(&self) {
        for line in BufReader::new(&self.stream).lines() {
            match line.as_deref() {
                Ok(GO) => drop(self.phase.send_replace(Phase::Serving)),
                Ok(STOP) => drop(self.phase.send_replace(Phase::Stopping)),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        // The parent has gone: as if all were one process.
        process::end(INTERRUPTED);
    }

    fn say(&self, word: &str) {
        // Who has gone is noticed by the thread that listens.
        let _ = (&self.stream).write_all(format!("{word}\n").as_bytes());
    }

    /// This worker cannot serve, and says why on standard error.
    pub(in crate::serve) fn failed(&self) {
        self.say(FAILED);
    }

    /// What this worker counts in.
    pub(in crate::serve) fn counts(&self) -> Counts {
        self.counts[self.slot]
    }

    /// This worker is ready; where connections come from, once all others are ready.
    pub(in crate::serve) async fn begin(&'static self) -> Result<Connections> {
        let listener = lock(&self.listener).take();
        let listener = listener
            .ok_or(std::io::ErrorKind::NotConnected.into())
            .and_then(shared::watched)
            .map_err(|e| failed(&e))?;
        // Before it is so: whoever is told to go on first is not to take what has come for all.
        self.counts().takes(true);
        self.say(READY);
        let mut phase = self.phase.subscribe();
        let _ = phase.wait_for(|phase| *phase > Phase::Starting).await;
        Ok(Connections {
            link: self,
            listener,
        })
    }

    /// How long to wait for another worker to take a connection.
    fn way(&self) -> Duration {
        let taken = self.counts.iter().filter_map(|counts| counts.taken());
        match (self.counts().taken(), taken.min()) {
            (Some(mine), Some(least)) => way(mine, least),
            _ => Duration::ZERO,
        }
    }

    /// Waits until this worker is to end: its parent says so, or somebody sends it SIGTERM. The
    /// SIGINT of a terminal comes to all processes, and is the parent's to heed.
    pub(in crate::serve) async fn stop(&self) {
        let mut phase = self.phase.subscribe();
        let told = phase.wait_for(|phase| *phase >= Phase::Stopping);
        let _not_for_us = signal(SignalKind::interrupt());
        match signal(SignalKind::terminate()) {
            Err(_) => drop(told.await),
            Ok(mut terminate) => {
                tokio::select! {
                    _ = told => {}
                    _ = terminate.recv() => {}
                }
            }
        }
    }
}

/// How long a worker waits that has so many connections, and another one the least.
fn way(mine: u64, least: u64) -> Duration {
    let ahead = mine.saturating_sub(least);
    if ahead <= least / LEAD {
        return Duration::ZERO;
    }
    let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
    GIVE_WAY.saturating_mul(ahead).min(LONGEST_WAY)
}

impl Connections {
    /// The next connection, unless another worker takes it.
    pub(in crate::serve) async fn accept(&self) -> std::io::Result<(TcpStream, SocketAddr)> {
        loop {
            let mut ready = self.listener.readable().await?;
            let way = self.link.way();
            if !way.is_zero() {
                // The runtime's clock is too coarse; and this thread takes connections only.
                std::thread::sleep(way);
            }
            if let Ok(accepted) = ready.try_io(|listener| listener.get_ref().accept()) {
                let (stream, peer) = accepted?;
                stream.set_nonblocking(true)?;
                return Ok((TcpStream::from_std(stream)?, peer));
            }
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.link.counts().takes(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_waits_by_its_lead_and_not_for_long() {
        let micros = |mine, least| way(mine, least).as_micros();
        assert_eq!([micros(0, 0), micros(3, 3), micros(2, 5)], [0, 0, 0]);
        assert_eq!([micros(1, 0), micros(2, 1), micros(3, 0)], [20, 20, 60]);
        assert_eq!([micros(5, 4), micros(20, 16), micros(21, 16)], [0, 0, 100]);
        assert_eq!(micros(u64::MAX, 0), 200);
    }
}
