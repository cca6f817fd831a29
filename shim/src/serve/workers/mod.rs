//! `serve --workers`: a process that has no Python and answers nobody, and workers, which are this
//! command again. All take connections from one socket. It is this process's, so that no connection
//! is lost that no worker has taken.
//!
//! A worker and this process say lines to each other over a pair of sockets: the worker `ready` or
//! `failed`, this process `go` and `stop`. A worker whose socket ends has lost this process, and
//! ends too.

mod link;

use super::metrics::{Counts, Metrics};
use super::{INTERRUPTED, Output, bind, failed, lock, metrics_server, site_of, stop_signal};
use crate::cli::{MetricsAddr, ServeArgs};
use crate::codes::{self, Exit};
use crate::debugging::CoverageRun;
use crate::ecb_host::report;
use crate::error::{Error, Result};
use crate::output::say;
use crate::process::{how_it_ended, program};
use crate::shared;
pub(super) use link::{Connections, Link};
use std::ffi::OsString;
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// A worker that was ready for less, or never, ended quickly: it may do so again and again.
const QUICK: Duration = Duration::from_secs(1);

/// The pause before a worker that ended quickly is started again. Each time doubles it.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is left of what a worker said comes at once; a child of a script may hold its socket.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What the workers are to do. In this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Starting,
    Serving,
    Stopping,
    Killing,
}

const READY: &str = "ready";
const FAILED: &str = "failed";
const GO: &str = "go";
const STOP: &str = "stop";

/// See the module.
struct Supervisor {
    /// The arguments of a worker, but for what is its own.
    words: Vec<OsString>,
    /// `None`: no more connections are taken.
    listener: Mutex<Option<TcpListener>>,
    memory: OwnedFd,
    counts: Vec<Counts>,
    restarts: Arc<AtomicU64>,
    phase: watch::Sender<Phase>,
}

/// A worker at work.
struct Worker {
    id: u32,
    child: Child,
    link: tokio::net::UnixStream,
}

/// How a worker's life was.
struct Life {
    status: std::io::Result<ExitStatus>,
    /// How long it was ready.
    ready: Option<Duration>,
    /// It has said itself why it could not serve.
    explained: bool,
}

/// Runs the command, with the words of its command line.
///
/// # Errors
/// As for one process; or the workers do not start.
pub(super) fn supervise(args: &ServeArgs, words: &[OsString]) -> Result<Option<Exit>> {
    let started = SystemTime::now();
    if args.debug.debugpy.is_some() {
        let text = "--debugpy and --workers do not go together: a debugger attaches to one process";
        return Err(Error::new(codes::SERVE_OPTION, text).fix("leave --workers out"));
    }
    // What is wrong with it is told once, and not by each worker.
    let (site, _) = site_of(args)?;
    for note in &site.notes {
        say(&format!("isapi-shim: web.config: {note}\n"));
    }
    let coverage = CoverageRun::of(&args.host).map_err(|e| failed(&e))?;
    let command = words.get(1..2).unwrap_or_default();
    let more = words.get(2..).unwrap_or_default();
    let measured = coverage.iter().flat_map(CoverageRun::options);
    let words = command.iter().cloned().chain(measured);
    let words = words.chain(more.iter().cloned()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| failed(&e))?;
    let ended = runtime.block_on(async {
        let output = Output::new(args, site.root.display().to_string());
        run(args, words, started, &output).await
    })?;
    match ended {
        Ended::With(exit) => Ok(exit),
        Ended::Interrupted => {
            drop(coverage);
            crate::process::end(INTERRUPTED)
        }
    }
}

enum Ended {
    With(Option<Exit>),
    Interrupted,
}

async fn run(
    args: &ServeArgs,
    words: Vec<OsString>,
    started: SystemTime,
    output: &Output<'_>,
) -> Result<Ended> {
    let count = usize::from(args.workers);
    let (listener, local) = bind(args.listen, "--listen").await?;
    output.warn_of_others(local);
    let listener = listener.into_std().map_err(|e| failed(&e))?;
    let memory = shared::memory(count * Counts::LENGTH).map_err(|e| failed(&e))?;
    let supervisor = Arc::new(Supervisor {
        words,
        listener: Mutex::new(Some(listener)),
        counts: link::counts(memory.as_fd(), count).map_err(|e| failed(&e))?,
        memory,
        restarts: Arc::default(),
        phase: watch::Sender::new(Phase::Starting),
    });
    if let Some(MetricsAddr(address)) = args.metrics {
        let metrics = Metrics::new(
            u64::from(args.threads) * u64::from(args.workers),
            started,
            supervisor.counts.clone(),
            Some(Arc::clone(&supervisor.restarts)),
            super::core_tells(args),
        );
        metrics_server::listen(address, metrics).await?;
    }
    let mut slots = JoinSet::new();
    let mut stop = std::pin::pin!(stop_signal());
    let mut starting = Vec::new();
    for slot in 0..count {
        let (tell, told) = oneshot::channel();
        slots.spawn(Arc::clone(&supervisor).keep(slot, tell));
        starting.push(told);
        // What is wrong with the first one is wrong with all, and told once.
        if slot > 0 && slot + 1 < count {
            continue;
        }
        for told in starting.drain(..) {
            let ready = tokio::select! {
                ready = told => ready.is_ok(),
                () = &mut stop => {
                    supervisor.end(&mut slots, Phase::Killing).await?;
                    return Ok(Ended::Interrupted);
                }
            };
            if !ready {
                let exit = supervisor.end(&mut slots, Phase::Killing).await?;
                return Ok(Ended::With(exit));
            }
        }
    }
    if let Err(why) = output.begin(local) {
        supervisor.end(&mut slots, Phase::Killing).await?;
        return Err(why);
    }
    supervisor.phase.send_replace(Phase::Serving);
    stop.await;
    output.ending();
    let end = supervisor.end(&mut slots, Phase::Stopping);
    tokio::select! {
        exit = end => return exit.map(Ended::With),
        () = stop_signal() => {}
    }
    supervisor.end(&mut slots, Phase::Killing).await?;
    Ok(Ended::Interrupted)
}

impl Supervisor {
    /// Tells all workers, and waits for their ends. What went wrong first.
    async fn end(
        &self,
        slots: &mut JoinSet<Result<Option<Exit>>>,
        phase: Phase,
    ) -> Result<Option<Exit>> {
        // Nobody shall wait in vain for a worker to take the connection.
        let listener = lock(&self.listener).take();
        drop(listener);
        self.phase.send_replace(phase);
        let mut ended = Ok(None);
        while let Some(one) = slots.join_next().await {
            let one = one.unwrap_or(Ok(Some(Exit::Host)));
            if matches!(ended, Ok(None)) {
                ended = one;
            }
        }
        ended
    }

    fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Has a worker in one place until the end.
    async fn keep(
        self: Arc<Self>,
        slot: usize,
        ready: oneshot::Sender<()>,
    ) -> Result<Option<Exit>> {
        let mut first = Some(ready);
        let mut quick = 0;
        loop {
            let (who, how, good) = match self.start(slot) {
                Ok(None) => return Ok(None),
                Ok(Some(worker)) => {
                    let who = format!("worker {} (process {})", slot + 1, worker.id);
                    let life = self.live(slot, worker, &mut first).await;
                    let how = match &life.status {
                        Ok(status) => how_it_ended(*status),
                        Err(why) => format!("cannot be waited for: {why}"),
                    };
                    if first.is_some() && self.phase() == Phase::Starting {
                        return not_ready(&life, &format!("{who} {how}"));
                    }
                    let code = life.status.as_ref().ok().and_then(ExitStatus::code);
                    if self.phase() >= Phase::Stopping && code == Some(0) {
                        return Ok(None);
                    }
                    let good = life.ready.is_some_and(|ready| ready >= QUICK);
                    (who, how, good)
                }
                Err(why) if first.is_some() => return Err(failed(&why)),
                Err(why) => {
                    let who = format!("worker {}", slot + 1);
                    (who, format!("could not be started: {why}"), false)
                }
            };
            if self.phase() >= Phase::Stopping {
                if self.phase() == Phase::Stopping {
                    report(
                        codes::WORKER_ENDED,
                        &format!("{who} {how} before its requests were done"),
                    );
                }
                return Ok(None);
            }
            quick = if good { 0 } else { quick + 1 };
            let pause = pause(quick);
            let again = match pause {
                Duration::ZERO => "it is started again".to_owned(),
                pause => format!("it is started again in {:.1} s", pause.as_secs_f64()),
            };
            report(codes::WORKER_ENDED, &format!("{who} {how}; {again}"));
            let mut phase = self.phase.subscribe();
            let stopping = phase.wait_for(|phase| *phase >= Phase::Stopping);
            let _ = tokio::time::timeout(pause, stopping).await;
            self.restarts.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Starts a worker. `None`: no more are wanted.
    fn start(&self, slot: usize) -> std::io::Result<Option<Worker>> {
        let listener = lock(&self.listener);
        let Some(listener) = listener.as_ref() else {
            return Ok(None);
        };
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let numbers = [&listener.as_fd(), &theirs.as_fd(), &self.memory.as_fd()]
            .map(|descriptor| descriptor.as_raw_fd());
        let [listens, links, counts] = numbers;
        let mut command = program()?;
        // Behind the name of the command: behind its words there may be a `--`.
        command
            .args(&self.words[..self.words.len().min(1)])
            .arg("--worker")
            .arg(format!("{slot},{listens},{links},{counts}"))
            .args(self.words.iter().skip(1));
        shared::bequeath(&mut command, numbers.to_vec());
        let child = Command::from(command).spawn()?;
        Ok(Some(Worker {
            id: child.id().unwrap_or_default(),
            child,
            link: tokio::net::UnixStream::from_std(ours)?,
        }))
    }

    /// Follows a worker to its end. `first` is told when it is ready, if nobody was told before.
    async fn live(
        &self,
        slot: usize,
        mut worker: Worker,
        first: &mut Option<oneshot::Sender<()>>,
    ) -> Life {
        let mut phase = self.phase.subscribe();
        let mut told = Phase::Starting;
        let mut ready = None;
        let mut explained = false;
        let (from, mut to) = worker.link.split();
        let mut lines = BufReader::new(from).lines();
        let mut speaks = true;
        let mut status = None;
        while speaks || status.is_none() {
            let wanted = *phase.borrow_and_update();
            if wanted > told {
                let word = match wanted {
                    Phase::Starting | Phase::Serving => GO,
                    Phase::Stopping | Phase::Killing => STOP,
                };
                // One that has ended is waited for anyway.
                let _ = to.write_all(format!("{word}\n").as_bytes()).await;
                told = wanted;
            }
            if wanted == Phase::Killing {
                let _ = worker.child.start_kill();
            }
            tokio::select! {
                ended = worker.child.wait(), if status.is_none() => status = Some(ended),
                line = lines.next_line(), if speaks => match line.ok().flatten().as_deref() {
                    Some(READY) => {
                        ready = Some(Instant::now());
                        if let Some(first) = first.take() {
                            let _ = first.send(());
                        }
                    }
                    Some(FAILED) => explained = true,
                    Some(_) => {}
                    None => speaks = false,
                },
                Ok(()) = phase.changed() => {}
                () = tokio::time::sleep(LAST_WORDS), if status.is_some() => speaks = false,
            }
        }
        self.counts[slot].forsaken();
        Life {
            status: status.unwrap_or_else(|| Err(std::io::ErrorKind::Other.into())),
            ready: ready.map(|since| since.elapsed()),
            explained,
        }
    }
}

/// A worker ended before the server was ready: the next one would end like it.
fn not_ready(life: &Life, how: &str) -> Result<Option<Exit>> {
    if life.explained {
        let code = life.status.as_ref().ok().and_then(ExitStatus::code);
        return Ok(Some(match code {
            Some(2) => Exit::Usage,
            _ => Exit::Host,
        }));
    }
    let text = format!("{how} before it was ready for requests");
    Err(Error::new(codes::WORKERS_FAILED, text)
        .fix("what it wrote is above; without --workers it may say more"))
}

/// The pause after so many quick ends one after the other.
fn pause(quick: u32) -> Duration {
    match quick {
        0 => Duration::ZERO,
        quick => PAUSE
            .saturating_mul(1 << (quick - 1).min(16))
            .min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        let pauses: Vec<u128> = (0..10).map(|quick| pause(quick).as_millis()).collect();
        assert_eq!(
            pauses,
            [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
        );
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
