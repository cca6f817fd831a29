//! `isapi-shim serve`: a site over HTTP.

mod access_log;
mod body;
mod client;
mod costs;
mod exchange;
mod guard;
mod heads;
mod held;
mod log_format;
mod metrics;
mod metrics_server;
mod spelling;
mod thread_state;
mod wire;
#[cfg_attr(not(unix), path = "no_workers.rs")]
mod workers;

use crate::cli::{MetricsAddr, ServeArgs};
use crate::codes::{self, Exit};
use crate::debugging;
use crate::ecb_host::{Application, Host, Overtime, built_in, report};
use crate::error::{Error, Result};
use crate::output::say;
use crate::run::new_host;
use crate::site::{Site, SiteOptions, real_path};
use crate::whole_file;
use access_log::AccessLog;
use costs::Costs;
use exchange::Ends;
use guard::Guard;
use heads::Watched;
use held::Held;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use metrics::{Counts, Metrics};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use wire::Wire;
use workers::Link;

/// A thread that ran a script waits so long for the next one: its Python thread state, and what
/// scripts keep in `threading.local`, live as long as the thread does.
const IDLE_THREAD: Duration = Duration::from_secs(300);

/// Python counts calls and not bytes: its limit of 10000 calls in C must be reached before this is.
/// It is address space and not memory.
const STACK: usize = 16 * 1024 * 1024;

/// Threads of the runtime: one that drives all connections, and one that takes its place; see
/// `guard`.
const DRIVERS: usize = 2;

/// The exit code of a process that was stopped by Ctrl-C, as shells have it: 128 and SIGINT.
const INTERRUPTED: u8 = 130;

/// What every connection needs.
struct Shared {
    /// Of the runtime, for threads that are not its own.
    handle: Handle,
    costs: Costs,
    /// `None`: all scripts run on the pool.
    guard: Option<Arc<Guard>>,
    held: Arc<Held>,
    /// How long a client may take for its request's headers.
    header_timeout: Duration,
    host: Arc<Host>,
    log: AccessLog,
    /// `None` without `--metrics`.
    counts: Option<Counts>,
    /// Where connections are counted, which workers do in any case.
    open: Option<Counts>,
    /// Requests that threads are working on.
    running: AtomicU32,
    /// Requests that threads of the pool answer.
    on_pool: AtomicU32,
}

/// Runs the command until Ctrl-C (or SIGTERM); running requests finish. `words`: the command line.
///
/// # Errors
/// The folder or its `web.config` cannot be used, the address is taken, the host failed.
pub fn serve(args: &ServeArgs, words: &[OsString]) -> Result<Option<Exit>> {
    if args.workers > 1 && args.worker.is_none() {
        return workers::supervise(args, words);
    }
    let link = Link::of(args)?;
    let result = serve_here(args, link);
    if let (Err(_), Some(link)) = (&result, link) {
        link.failed();
    }
    result
}

/// Serves in this process. `link`: for a parent.
fn serve_here(args: &ServeArgs, link: Option<&'static Link>) -> Result<Option<Exit>> {
    let started = SystemTime::now();
    let (site, application) = site_of(args)?;
    let mut model = "processes";
    if link.is_none() {
        model = "threads";
        for note in &site.notes {
            say(&format!("isapi-shim: web.config: {note}\n"));
        }
    }
    debugging::announce(&args.debug);
    crate::process::watch_forks();
    // Python starts on this thread, which lives as long as the process: it is Python's main one.
    let host = new_host(site, &args.host, application, model, Overtime::Answer)?;
    let held = Arc::<Held>::default();
    let idle = Arc::clone(&held);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(DRIVERS)
        .max_blocking_threads(usize::from(args.threads))
        .thread_keep_alive(IDLE_THREAD)
        .thread_stack_size(STACK)
        .thread_name("isapi-shim")
        .on_thread_park(move || idle.send())
        .build()
        .map_err(|e| failed(&e))?;
    let result = runtime.block_on(listen(args, &host, link, started, held));
    if result.is_ok() {
        if link.is_none() {
            runtime.spawn(async {
                stop_signal().await;
                crate::process::end(INTERRUPTED);
            });
        }
        // On the thread that started Python; waits for the threads that scripts have started.
        host.terminate();
    }
    // Neither dropped, which would wait for whatever still blocks, nor shut down: threads that end
    // free what scripts left in them, and must not do so while the process ends around them.
    std::mem::forget(runtime);
    result.map(|()| None)
}

/// The site that the options tell of, and what answers in it.
fn site_of(args: &ServeArgs) -> Result<(Site, Application)> {
    let handler = handler_file(args)?;
    // As for any script: what lies beside it can be imported.
    let beside = handler
        .as_ref()
        .and_then(|f| f.parent())
        .map(Path::to_owned);
    let home = args.host.home.clone().or(beside);
    let application = match (handler, &args.wsgi) {
        (_, Some(application)) => Application::Wsgi {
            application: application.clone(),
            mount: args.mount.clone(),
        },
        (Some(file), None) => Application::Handler(file),
        (None, None) => Application::Home,
    };
    let options = SiteOptions {
        map_is_explicit: !args.map.is_empty(),
        map: if args.map.is_empty() {
            SiteOptions::default().map
        } else {
            args.map.clone()
        },
        wildcard: args.wildcard.is_some() || args.wsgi.is_some(),
        home,
        use_web_config: !args.no_web_config,
    };
    Ok((Site::open(&args.dir, &options)?, application))
}

/// The file of `--wildcard=HANDLER`.
fn handler_file(args: &ServeArgs) -> Result<Option<PathBuf>> {
    let Some(Some(handler)) = &args.wildcard else {
        return Ok(None);
    };
    let bad = |why: &str| {
        let text = format!("the handler {} cannot be used: {why}", handler.display());
        Error::new(codes::HANDLER_MISSING, text).fix("name a Python file with a function Request()")
    };
    let file = real_path(handler).map_err(|e| bad(&e.to_string()))?;
    if !file.is_file() {
        return Err(bad("it is no file"));
    }
    Ok(Some(file))
}

fn failed(error: &std::io::Error) -> Error {
    Error::new(
        codes::SERVER_FAILED,
        format!("the server could not be started: {error}"),
    )
    .fix("the system is short of something: threads, descriptors or memory")
}

/// Takes an address, which may have port 0, for the sake of an option.
async fn bind(address: SocketAddr, option: &str) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.map_err(|e| {
        Error::new(
            codes::ADDRESS_IN_USE,
            format!("cannot listen on {address}: {e}"),
        )
        .fix(format!(
            "another program may have the port; {option} 127.0.0.1:0 picks a free one"
        ))
    })?;
    let local = listener.local_addr().map_err(|e| failed(&e))?;
    Ok((listener, local))
}

/// What a server says of itself, once though it may be several processes.
struct Output<'a> {
    args: &'a ServeArgs,
    root: String,
    log: AccessLog,
}

impl<'a> Output<'a> {
    fn new(args: &'a ServeArgs, root: String) -> Self {
        let log = AccessLog::new((!args.no_access_log).then_some(args.log_format));
        Self { args, root, log }
    }

    fn warn_of_others(&self, local: SocketAddr) {
        if !local.ip().to_canonical().is_loopback() {
            let text = format!(
                "{local} can be reached by other computers; serve is for development. \
                 Without --listen only this one can"
            );
            report(codes::OPEN_TO_OTHERS, &text);
        }
    }

    /// Requests are answered from now on.
    fn begin(&self, local: SocketAddr) -> Result<()> {
        let url = format!("http://{local}/");
        let serving = format!("Serving {} at {url} (Ctrl-C ends it)\n", self.root);
        if self.log.is_for_programs() {
            say(&serving);
        } else {
            crate::output::answer(serving.as_bytes())?;
        }
        self.log.begin();
        match &self.args.ready_file {
            Some(file) => write_ready(file, &url),
            None => Ok(()),
        }
    }

    fn ending(&self) {
        say("isapi-shim: ending; running requests finish (Ctrl-C again stops now)\n");
    }
}

/// Whether metrics can have what only the core knows.
fn core_tells(args: &ServeArgs) -> bool {
    args.host.extension.is_none() && built_in::TELLS
}

/// Takes the address, and says so.
async fn begin(
    args: &ServeArgs,
    output: &Output<'_>,
    started: SystemTime,
) -> Result<(TcpListener, Option<Counts>)> {
    let (listener, local) = bind(args.listen, "--listen").await?;
    output.warn_of_others(local);
    let counts = args.metrics.map(|_| Counts::own());
    if let (Some(MetricsAddr(address)), Some(counts)) = (args.metrics, counts) {
        let metrics = Metrics::new(
            u64::from(args.threads),
            started,
            vec![counts],
            None,
            core_tells(args),
        );
        metrics_server::listen(address, metrics).await?;
    }
    output.begin(local)?;
    Ok((listener, counts))
}

/// Where connections come from.
enum Connections {
    Own(TcpListener),
    Parent(workers::Connections),
}

impl Connections {
    async fn accept(&self) -> std::io::Result<(TcpStream, SocketAddr)> {
        match self {
            Self::Own(listener) => listener.accept().await,
            Self::Parent(connections) => connections.accept().await,
        }
    }
}

async fn listen(
    args: &ServeArgs,
    host: &Arc<Host>,
    link: Option<&'static Link>,
    started: SystemTime,
    held: Arc<Held>,
) -> Result<()> {
    let output = Output::new(args, host.site().root.display().to_string());
    let (connections, open) = match link {
        None => {
            let (listener, counts) = begin(args, &output, started).await?;
            (Connections::Own(listener), counts)
        }
        Some(link) => (
            Connections::Parent(link.begin().await?),
            Some(link.counts()),
        ),
    };
    // One thread for scripts is one; and a debugger's stop is no reason to change workers.
    let guard =
        (args.threads > 1 && args.debug.debugpy.is_none()).then(|| Guard::new(Arc::clone(&held)));
    if let Some(guard) = &guard {
        tokio::spawn(guard::watch(Arc::clone(guard)));
    }
    let counts = open.filter(|_| args.metrics.is_some());
    if let Some(counts) = counts.filter(|_| core_tells(args)) {
        counts.observe_core();
    }
    let shared = Arc::new(Shared {
        handle: Handle::current(),
        costs: Costs::new(args.host.extension.is_none() && built_in::FREE_THREADED),
        guard,
        held,
        header_timeout: Duration::from_secs(u64::from(args.header_timeout)),
        host: Arc::clone(host),
        log: output.log,
        counts,
        open,
        running: AtomicU32::new(0),
        on_pool: AtomicU32::new(0),
    });
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(async {
        match link {
            None => stop_signal().await,
            Some(link) => link.stop().await,
        }
    });
    loop {
        tokio::select! {
            accepted = connections.accept() => match accepted {
                Ok((stream, peer)) => connection(stream, peer, &shared, &graceful),
                // Out of descriptors, or the client was quicker than we were: both pass.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            () = &mut stop => break,
        }
    }
    drop(connections);
    if link.is_none() {
        output.ending();
    }
    let end = async {
        graceful.shutdown().await;
        // Scripts whose clients have gone have no connection any more.
        while shared.running.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = end => Ok(()),
        // A worker is stopped by its parent.
        () = stop_signal(), if link.is_none() => crate::process::end(INTERRUPTED),
    }
}

/// Whole or not at all: whoever waits for the file reads it at once.
fn write_ready(file: &Path, url: &str) -> Result<()> {
    let failed = |e: std::io::Error| {
        Error::new(
            codes::READY_FILE,
            format!("{} cannot be written: {e}", file.display()),
        )
        .fix("check that its folder exists and may be written to")
    };
    whole_file::write(file, format!("{url}\n").as_bytes()).map_err(failed)
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    shared: &Arc<Shared>,
    graceful: &GracefulShutdown,
) {
    // Answers are written whole; waiting to collect more would only delay them.
    let _ = stream.set_nodelay(true);
    // Not the address that was listened on, which may stand for all of this machine's.
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let ends = Ends {
        peer: peer.into(),
        local: local.into(),
    };
    let (stream, sending, found) = Watched::new(stream, Arc::clone(&shared.held));
    let wire = Wire::new(sending);
    let service = {
        let shared = Arc::clone(shared);
        let wire = Arc::clone(&wire);
        let served = AtomicU64::new(0);
        service_fn(move |request| {
            let seen = found.take(served.fetch_add(1, Ordering::Relaxed));
            let (shared, wire) = (Arc::clone(&shared), Arc::clone(&wire));
            exchange::answer(shared, wire, ends.clone(), request, seen)
        })
    };
    let connection = http1::Builder::new()
        // The time for a request's head is the wire's to measure: hyper would set a timer for
        // each request.
        .header_read_timeout(None)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    wire.attach(async {
        // Malformed requests are answered by hyper; clients that vanish are the scripts' to see.
        let _ = connection.await;
    });
    let counted = shared.open.map(Counts::connected);
    let head_timeout = shared.header_timeout;
    tokio::spawn(async move {
        wire.drive(head_timeout).await;
        drop(counted);
    });
}

/// Takes what a thread that panicked has left as it is.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something on a thread that is none of the runtime's: what a worker wakes is for itself to
/// do, and it may be about to sleep or to block.
fn from_another_thread(job: impl FnOnce() + Clone + Send + 'static) {
    if let Err(_no_thread) = std::thread::Builder::new().spawn(job.clone()) {
        tokio::task::spawn_blocking(job);
    }
}

async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = match signal(SignalKind::terminate()) {
            Ok(terminate) => terminate,
            Err(_) => return std::future::pending().await,
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
    }
}
