//! One request of hyper's, answered by the host: on a thread of the pool, which may block, or
//! between two polls of the connection where that has been quick so far.

use super::Shared;
use super::access_log::Entry;
use super::body::{ClientBody, CollectedBody};
use super::client::{Client, Cut, ReplyBody};
use super::costs::{Answered, Past};
use super::guard::Guard;
use super::heads::Seen;
use super::metrics::Counted;
use super::wire::Wire;
use crate::codes;
use crate::ecb_host::{Body, Endpoint, NoBody, Request, Spelling, Version, report};
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{EXPECT, HeaderMap};
use hyper::http::request::Parts;
use isapi_base::ecb::constants::UPLOAD_READ_AHEAD;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Counts a request, until dropped; also by a panic.
struct Counting {
    shared: Arc<Shared>,
    counter: fn(&Shared) -> &AtomicU32,
}

impl Counting {
    fn new(shared: &Arc<Shared>, counter: fn(&Shared) -> &AtomicU32) -> Self {
        counter(shared).fetch_add(1, Ordering::AcqRel);
        Self {
            shared: Arc::clone(shared),
            counter,
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        (self.counter)(&self.shared).fetch_sub(1, Ordering::AcqRel);
    }
}

/// The addresses of a connection's two ends.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    pub(super) peer: Endpoint,
    pub(super) local: Endpoint,
}

/// One request, ready to be answered on any thread.
struct Exchange {
    shared: Arc<Shared>,
    wire: Arc<Wire>,
    request: Request,
    body: Box<dyn Body>,
    client: Client,
    past: Past,
    entry: Option<Entry>,
    counted: Option<Counted>,
    running: Counting,
}

/// An answer, and what it cost.
struct Measured {
    shared: Arc<Shared>,
    past: Past,
    time: Duration,
    /// So many requests at least were on the pool meanwhile.
    on_pool: u32,
}

/// Answers one request. `seen` is what hyper does not tell of its head.
pub(super) async fn answer(
    shared: Arc<Shared>,
    wire: Arc<Wire>,
    ends: Ends,
    incoming: hyper::Request<Incoming>,
    seen: Seen,
) -> Result<Response<ReplyBody>, Cut> {
    let since = Instant::now();
    let answering = wire.answering();
    let running = Counting::new(&shared, |shared| &shared.running);
    let counted = shared
        .counts
        .map(|counts| counts.arrived(incoming.method().as_str(), since));
    let (parts, body) = incoming.into_parts();
    let length = hyper::body::Body::size_hint(&body).exact();
    let past = shared.costs.past(parts.uri.path());
    let quick = past.is_quick() && !seen.ambiguous && can_collect(&parts, length);
    // A body that is still fetched belongs to a script which has answered and reads on. Its task may
    // be the next one of this thread, and no other thread can take it.
    let free = !wire.is_calling() && !wire.fetches().any();
    let quick = shared.guard.clone().filter(|_| quick && free);
    let received = shared.log.received();
    let request_received = received.clone();
    let body: Box<dyn Body> = if length == Some(0) {
        Box::new(NoBody)
    } else if quick.is_some() {
        Box::new(CollectedBody::read(body, received).await)
    } else {
        let handle = shared.handle.clone();
        Box::new(ClientBody::new(handle, body, wire.fetches(), received))
    };
    let mut request = take_apart(parts, length, &ends, seen.names);
    if seen.ambiguous {
        // Its value is of no use: the host refuses the request because it is there.
        let length = ("content-length".to_owned(), Vec::new());
        request.headers.push(length);
    }
    let (head, ready) = oneshot::channel();
    let exchange = Exchange {
        entry: shared.log.entry(&request, ends, since, request_received),
        client: Client::new(shared.handle.clone(), answering, request.version, head),
        wire: Arc::clone(&wire),
        shared,
        request,
        body,
        past,
        counted,
        running,
    };
    // Neither is awaited: the response begins before the script ends.
    match quick {
        Some(guard) => wire.leave_job(Box::new(|| exchange.answer_here(guard, true))),
        None => exchange.answer_on_pool(),
    }
    ready.await.map_err(|_| Cut)
}

/// Whether the body is one that IIS would read before it calls the extension, and that the client
/// sends unasked.
fn can_collect(parts: &Parts, length: Option<u64>) -> bool {
    let short = length.is_some_and(|length| length <= UPLOAD_READ_AHEAD as u64);
    short && !parts.headers.contains_key(EXPECT)
}

impl Exchange {
    /// Between two polls of the connection, if that can be now. Whether it was, and was quick.
    fn answer_here(mut self, guard: Arc<Guard>, may_wait: bool) -> bool {
        let wire = Arc::clone(&self.wire);
        let Some(calling) = guard.call(&wire) else {
            if !may_wait {
                self.answer_on_pool();
                return false;
            }
            let again = Arc::clone(&guard);
            let on_pool = self.shared.on_pool.load(Ordering::Relaxed);
            tokio::spawn(async move {
                guard.back(on_pool).await;
                wire.leave_job_and_wake(Box::new(|| self.answer_here(again, false)));
            });
            return false;
        };
        self.client.drives(wire);
        let measured = self.measured();
        let held_up = calling.end();
        let costs = &measured.shared.costs;
        let answered = costs.here(measured.time, measured.on_pool, held_up);
        costs.note(measured.past, answered);
        !held_up && answered == Answered::Here { slow: false }
    }

    fn answer_on_pool(self) {
        tokio::task::spawn_blocking(|| {
            let on_pool = Counting::new(&self.shared, |shared| &shared.on_pool);
            let measured = self.measured();
            drop(on_pool);
            let costs = &measured.shared.costs;
            // It was one of them.
            let others = measured.on_pool - 1;
            let answered = costs.on_pool(measured.time, others);
            costs.note(measured.past, answered);
        });
    }

    fn measured(self) -> Measured {
        let begun = Instant::now();
        let before = self.shared.on_pool.load(Ordering::Relaxed);
        let (shared, past) = self.answer();
        let after = shared.on_pool.load(Ordering::Relaxed);
        Measured {
            time: begun.elapsed(),
            on_pool: before.min(after),
            shared,
            past,
        }
    }

    /// Leaves to be noted what it cost.
    fn answer(mut self) -> (Arc<Shared>, Past) {
        if let Some(counted) = &mut self.counted {
            counted.begun();
        }
        let shared = self.shared;
        let outcome = shared
            .host
            .handle(self.request, self.body, Box::new(self.client));
        if crate::process::has_forked() {
            // A script has forked, and this is the child: it has the sockets and none of the
            // threads that serve them, and would keep them open for ever.
            report(
                codes::FORKED,
                "a script forked, and its child came back; ended",
            );
            std::process::abort();
        }
        if let Some(counted) = self.counted {
            counted.ended(&outcome);
        }
        drop(self.running);
        if let Some(entry) = self.entry {
            shared.log.write(&entry, &outcome);
        }
        (shared, self.past)
    }
}

fn take_apart(parts: Parts, length: Option<u64>, ends: &Ends, names: Vec<u8>) -> Request {
    let http11 = parts.version == hyper::Version::HTTP_11;
    let headers: Vec<(String, Vec<u8>)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    let target = match parts.uri.path_and_query() {
        Some(path) => path.as_str().to_owned(),
        None => parts.uri.to_string(),
    };
    Request {
        method: parts.method.as_str().to_owned(),
        target,
        version: if http11 {
            Version::Http11
        } else {
            Version::Http10
        },
        keep_connection: keeps(&parts.headers, http11),
        spelling: Some(Spelling(names)),
        headers,
        length,
        remote: ends.peer.clone(),
        local: ends.local.clone(),
        server_vars: Vec::new(),
    }
}

/// RFC 9112, 9.3.
fn keeps(headers: &HeaderMap, http11: bool) -> bool {
    let has = |wanted: &str| {
        headers
            .get_all(hyper::header::CONNECTION)
            .iter()
            .any(|value| {
                let tokens = value.to_str().unwrap_or_default();
                tokens
                    .split(',')
                    .any(|token| token.trim().eq_ignore_ascii_case(wanted))
            })
    };
    !has("close") && (http11 || has("keep-alive"))
}
