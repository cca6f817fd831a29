//! A soak: clients of all kinds send as many requests as they are told, while a script is edited.
//! Each request carries a token that its answer must have, and the server is looked at all the
//! time.

mod chance;
mod client;
mod edit;
mod report;
mod site;
mod watch;
mod work;

use acceptance::server::Server;
use chance::Chance;
use edit::Versions;
use report::Tally;
pub use report::{Kind, Report};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use watch::Watch;

/// How much is done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// So many requests at most.
    pub requests: u64,
    /// So long at most.
    pub time: Duration,
    /// Tasks that send, each with a connection of its own.
    pub clients: u64,
    /// `--threads` of the server.
    pub threads: u64,
    /// Requests of one kind only, where a mistake is looked for.
    pub only: Option<Kind>,
    /// Time between two edits of a script.
    pub edits: Duration,
    /// Of what is sent when.
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            requests: 100_000,
            time: Duration::from_secs(3600),
            clients: 16,
            threads: 8,
            only: None,
            edits: Duration::from_millis(100),
            seed: 1,
        }
    }
}

/// What the tasks share.
struct Shared {
    plan: Plan,
    address: String,
    /// Requests that were given out.
    given: AtomicU64,
    deadline: Instant,
    versions: Versions,
}

impl Shared {
    /// Takes `count` requests from what is to be done; false: nothing is left.
    fn take(&self, count: u64) -> bool {
        Instant::now() < self.deadline
            && self.given.fetch_add(count, Ordering::Relaxed) < self.plan.requests
    }
}

/// Runs a plan to its end.
///
/// # Panics
/// The server does not start.
pub fn run(plan: &Plan) -> Report {
    let site = site::make();
    let threads = plan.threads.to_string();
    let options = [
        "--no-access-log",
        "--reload=changed",
        "--error-details=always",
        "--threads",
        &threads,
    ];
    // A traceback for each request that fails would fill the disk.
    let server = Server::start_with(site.root(), &options, |command| {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    });
    let began = Instant::now();
    let shared = Arc::new(Shared {
        plan: plan.clone(),
        address: server.address.clone(),
        given: AtomicU64::new(0),
        deadline: began + plan.time,
        versions: Versions::new(site.path("edited.py")),
    });
    let mut watch = Watch::new(server.id(), plan);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the runtime starts");
    let tally = runtime.block_on(all(&shared, &mut watch));
    drop(runtime);
    let took = began.elapsed();
    watch.settle();
    Report::new(plan, tally, watch.seen(), took, shared.versions.count())
}

/// All tasks, until the requests are used up.
async fn all(shared: &Arc<Shared>, watch: &mut Watch) -> Tally {
    let editor = tokio::spawn(edit::edit(Arc::clone(shared)));
    let clients: Vec<_> = (0..shared.plan.clients)
        .map(|number| {
            let chance = Chance::new(shared.plan.seed, number);
            tokio::spawn(work::work(Arc::clone(shared), number, chance))
        })
        .collect();
    while clients.iter().any(|client| !client.is_finished()) {
        watch.look(shared.given.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut tally = Tally::default();
    for client in clients {
        tally.add(client.await.expect("a client ends well"));
    }
    // Between two edits, which do not wait for anything.
    editor.abort();
    let _ended = editor.await;
    tally
}
