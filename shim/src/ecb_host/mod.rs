//! A fake IIS: it builds a complete control block for every request, drives an extension through
//! it, and sends what comes back to a client of any kind.

mod block;
pub(crate) mod built_in;
mod callbacks;
mod child;
mod client;
mod completion;
mod dechunk;
mod elf;
mod extension;
mod front;
mod head;
mod latch;
mod load_error;
mod misuse;
mod own;
mod paths;
mod pending;
mod probe;
mod registry;
mod reply;
mod request;
mod said;
mod send;
mod support;
mod time_limit;
mod token;
mod trace;
mod variables;

use crate::codes::{self, Code};
use crate::site::Refusal;
use crate::site::Site;
use crate::site::UrlPath;
use crate::site::static_files;
use crate::site::{Decision, Route, Routes, StaticRoute};
use block::Block;
pub use client::{Body, BytesBody, End, Head, NoBody, Sink};
use completion::Completion;
pub use extension::Extension;
use isapi_base::ecb::constants::{HSE_STATUS_ERROR, UPLOAD_READ_AHEAD};
use isapi_base::ecb::win32::Win32Error;
use latch::{Ended, Latch};
use own::{broken_body, send_static};
pub use probe::{Fault, Probe};
use reply::Reply;
pub(crate) use reply::ends_chunked;
pub use request::{Endpoint, HeaderList, Request, Spelling, Version};
pub use said::{Said, listen};
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use time_limit::Clock;
pub use time_limit::{Overtime, TimeLimit};
pub use trace::Trace;

/// The name and version that IIS 10 gives; extensions parse the number.
const SERVER: &str = "Microsoft-IIS/10.0";

/// Where edits are not to be seen, the disk is asked about a script's file once in so long.
const LOOKS_LAST: Duration = Duration::from_secs(1);

/// How the host behaves.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// What answers in the place of the home's own handler.
    pub application: Application,
    /// `PYISAPIE_PROCESS_MODEL` of the core: `threads`, `processes`, `once`.
    pub process_model: &'static str,
    /// `PYISAPIE_RELOAD` of the core: `never`, `changed`, `always`.
    pub reload: &'static str,
    /// Who sees tracebacks and the reasons of refusals, `PYISAPIE_ERROR_DETAILS` of the core:
    /// `local`, `always`, `never`.
    pub error_details: &'static str,
    /// Whether calls are written to standard error.
    pub trace: Trace,
    /// A request is given up when an extension that returned *pending* is not heard of for so
    /// long; `None`: never.
    pub pending_timeout: Option<Duration>,
    /// How long a request may take at all; `None`: as long as it takes, as with IIS.
    pub time_limit: Option<TimeLimit>,
}

/// What answers requests that come to the extension.
#[derive(Clone, Debug, Default)]
pub enum Application {
    /// The home's `Http/Isapi.py`, or the built-in handler, which runs scripts.
    #[default]
    Home,
    /// `PYISAPIE_HANDLER` of the core: a file in the place of `Http/Isapi.py`.
    Handler(PathBuf),
    /// `PYISAPIE_CGI` of the core: every script is a CGI script.
    Cgi,
    /// `PYISAPIE_WSGI` and `PYISAPIE_MOUNT` of the core.
    Wsgi {
        /// `module:attribute`.
        application: String,
        /// The path at which it is mounted, if that is not the whole site.
        mount: Option<String>,
    },
}

/// One site with one extension.
#[derive(Debug)]
pub struct Host {
    site: Site,
    routes: Routes,
    extension: Extension,
    options: HostOptions,
    /// See [`Host::probe`].
    probe: Probe,
    /// Requests that were given up and have not ended.
    given_up: AtomicUsize,
    clock: Option<Arc<Clock>>,
}

/// How a request ended, for the access log and the exit code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The status that was sent; 0 where nothing was.
    pub status: u16,
    /// The sub-status of a refusal, as IIS logs it.
    pub substatus: u16,
    /// Body bytes that were sent.
    pub sent: u64,
    /// The extension's `HSE_STATUS`, where it was called.
    pub extension: Option<u32>,
    /// The static file handler answered, at once or after a pass-through.
    pub static_file: bool,
    /// The extension did not end the request (or a child of it), and was not waited for.
    pub given_up: bool,
    /// What the extension left in `lpszLogData`, and what it appended to the log.
    pub log: String,
}

impl Outcome {
    /// Whether the extension said that it failed: a script raised, or Python could not start.
    pub fn failed(&self) -> bool {
        // What is no HSE_STATUS is treated as one.
        self.extension
            .is_some_and(|status| status >= HSE_STATUS_ERROR)
    }
}

/// What was asked for, and by whom; all of a request but its body.
struct Asked {
    request: Request,
    url: UrlPath,
}

/// The request body.
struct Entity {
    /// What was read before the extension is called.
    preload: Vec<u8>,
    /// In bytes; `None`: chunked, and longer than the preload.
    total: Option<u64>,
    rest: Mutex<Incoming>,
}

/// The request body on its way to the extension.
struct Incoming {
    body: Box<dyn Body>,
    read: u64,
    limit: u64,
}

/// A request that is being answered. What a child request does not have of its own it shares.
#[derive(Clone)]
struct Exchange {
    host: Arc<Host>,
    asked: Arc<Asked>,
    entity: Arc<Entity>,
    reply: Arc<Mutex<Reply>>,
    /// How many requests this one is the child of.
    depth: usize,
}

/// One call of the extension: what its callbacks work on.
struct Conn {
    id: usize,
    exchange: Arc<Exchange>,
    route: Arc<Route>,
    latch: Latch,
    completion: Mutex<Option<Completion>>,
    child: Mutex<Option<child::ChildStatus>>,
    block: Mutex<Option<Arc<Block>>>,
    log: Mutex<String>,
}

impl Conn {
    fn take_log(&self) -> String {
        std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_block(&self) -> Option<Arc<Block>> {
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        block.take()
    }
}

impl std::ops::Deref for Conn {
    type Target = Exchange;

    fn deref(&self) -> &Exchange {
        &self.exchange
    }
}

impl Host {
    /// A host for one site.
    pub fn new(site: Site, extension: Extension, options: HostOptions) -> Arc<Self> {
        // Who does not want to see edits does not want to see scripts come and go at once.
        let looks_last = match options.reload {
            "never" => LOOKS_LAST,
            _ => Duration::ZERO,
        };
        Arc::new(Self {
            site,
            routes: Routes::new(looks_last),
            extension,
            clock: options.time_limit.map(Clock::start),
            options,
            probe: Probe::default(),
            given_up: AtomicUsize::new(0),
        })
    }

    /// The site.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// For tests, which send one request at a time: its calls, and what goes wrong in it.
    pub fn probe(&self) -> &Probe {
        &self.probe
    }

    /// The `Server` header's value.
    pub fn server_software(&self) -> &'static str {
        SERVER
    }

    /// Answers one request. Blocks until it is done; call it from many threads at once.
    pub fn handle(
        self: &Arc<Self>,
        request: Request,
        body: Box<dyn Body>,
        sink: Box<dyn Sink>,
    ) -> Outcome {
        let mut reply = Reply::new(sink, &request, SERVER);
        let refuse = |mut reply: Reply, refusal: &Refusal| {
            self.send_refusal(&mut reply, &request, refusal);
            reply.end();
            Outcome {
                status: reply.status(),
                substatus: refusal.substatus,
                sent: reply.sent(),
                ..Outcome::default()
            }
        };
        if let Some(refusal) = front::malformed(&request) {
            return refuse(reply, &refusal);
        }
        if let Some(answer) = front::about_the_server(&request) {
            let _client_gone = send_static(&mut reply, &answer);
            reply.end();
            return Outcome {
                status: reply.status(),
                ..Outcome::default()
            };
        }
        let url = match UrlPath::parse(&request.target) {
            Ok(url) => url,
            Err(refusal) => return refuse(reply, &refusal),
        };
        if let Err(refusal) = self.site.check_length(request.length.unwrap_or(0)) {
            return refuse(reply, &refusal);
        }
        let decision = self.site.route_again(&self.routes, &request.method, &url);
        let decision = match decision {
            Decision::Refused(refusal) => return refuse(reply, &refusal),
            decision => decision,
        };
        let mut incoming = Incoming {
            body,
            read: 0,
            limit: self.site.max_content_length,
        };
        let ahead = incoming.read_ahead(request.length, &self.probe);
        // A chunked body has told its length only now.
        if let Err(refusal) = self.site.check_length(incoming.read) {
            return refuse(reply, &refusal);
        }
        let (preload, total) = match ahead {
            Ok(ahead) => ahead,
            Err(Win32Error::INVALID_DATA) => return refuse(reply, &broken_body()),
            Err(_) => {
                // The client went away; IIS calls nobody then.
                reply.end();
                return Outcome::default();
            }
        };
        let exchange = Arc::new(Exchange {
            host: Arc::clone(self),
            asked: Arc::new(Asked { request, url }),
            entity: Arc::new(Entity {
                preload,
                total,
                rest: Mutex::new(incoming),
            }),
            reply: Arc::new(Mutex::new(reply)),
            depth: 0,
        });
        let mut outcome = exchange.answer(decision);
        let mut reply = exchange.reply();
        reply.end();
        outcome.status = reply.status();
        outcome.sent = reply.sent();
        outcome
    }
}

impl Incoming {
    /// What IIS reads before it calls the extension. A chunked body that ends within it is
    /// presented with its length, as IIS does.
    fn read_ahead(
        &mut self,
        length: Option<u64>,
        probe: &Probe,
    ) -> Result<(Vec<u8>, Option<u64>), Win32Error> {
        let wanted = length.map_or(UPLOAD_READ_AHEAD, |l| {
            usize::try_from(l)
                .unwrap_or(usize::MAX)
                .min(UPLOAD_READ_AHEAD)
        });
        let wanted = probe.preload(wanted);
        let mut preload = vec![0; wanted];
        let mut filled = 0;
        while filled < wanted {
            match self.read(&mut preload[filled..])? {
                0 => break,
                size => filled += size,
            }
        }
        preload.truncate(filled);
        let total = match length {
            None if filled < wanted => Some(filled as u64),
            known => known,
        };
        Ok((preload, total))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Win32Error> {
        let size = self.body.read(buffer)?;
        self.read += size as u64;
        // Request filtering counts chunked bodies as they come.
        if self.read > self.limit {
            Err(Win32Error::OPERATION_ABORTED)
        } else {
            Ok(size)
        }
    }
}

impl Exchange {
    fn request(&self) -> &Request {
        &self.asked.request
    }

    fn url(&self) -> &UrlPath {
        &self.asked.url
    }

    fn reply(&self) -> MutexGuard<'_, Reply> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers by whoever was decided on; the reply is not ended.
    fn answer(self: &Arc<Self>, decision: Decision) -> Outcome {
        match decision {
            Decision::Extension(route) => self.call_extension(route),
            Decision::Static(route) => self.send_file(&route),
            Decision::Refused(refusal) => self.refuse(&refusal),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Outcome {
        self.host
            .send_refusal(&mut self.reply(), self.request(), refusal);
        Outcome {
            substatus: refusal.substatus,
            ..Outcome::default()
        }
    }

    fn send_file(&self, route: &StaticRoute) -> Outcome {
        let header = |name: &str| {
            self.request()
                .header(name)
                .and_then(|value| std::str::from_utf8(value).ok())
        };
        let (site, method) = (&self.host.site, &self.request().method);
        match static_files::answer(site, route, method, self.url().query(), header) {
            Ok(answer) => {
                let _client_gone = send_static(&mut self.reply(), &answer);
                Outcome {
                    static_file: true,
                    ..Outcome::default()
                }
            }
            Err(refusal) => self.refuse(&refusal),
        }
    }

    fn call_extension(self: &Arc<Self>, route: Arc<Route>) -> Outcome {
        let conn = registry::add(|id| Conn {
            id,
            exchange: Arc::clone(self),
            route,
            latch: Latch::default(),
            completion: Mutex::new(None),
            child: Mutex::new(None),
            block: Mutex::new(None),
            log: Mutex::new(String::new()),
        });
        let block = Arc::new(Block::new(&conn));
        *conn.block.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&block));
        // A child request takes its parent's time.
        let clock = self.host.clock.as_ref().filter(|_| self.depth == 0);
        let _timed = clock.map(|clock| clock.time(&conn));
        let returned = callbacks::process(&conn, &block);
        let limit = self.host.options.pending_timeout;
        let status = match conn.latch.returned(returned, limit) {
            Ended::With(status) => status,
            Ended::GivenUp => return conn.give_up(),
            Ended::TimedOut { last } => return conn.timed_out(last),
        };
        registry::remove(conn.id);
        conn.take_block();
        let (http_status, log_data) = block.left_behind();
        block.poison();
        self.check_status(status, http_status);
        let child = *conn.child.lock().unwrap_or_else(PoisonError::into_inner);
        // A child that failed is the request's failure, though its parent ends it well.
        let status = if child.is_some_and(|c| c.failed) {
            HSE_STATUS_ERROR
        } else {
            status
        };
        Outcome {
            extension: Some(status),
            substatus: child.map_or(0, |c| c.substatus),
            static_file: child.is_some_and(|c| c.static_file),
            given_up: child.is_some_and(|c| c.given_up),
            log: log_data + &conn.take_log(),
            ..Outcome::default()
        }
    }

    /// What IIS does where the extension sent nothing.
    fn check_status(&self, status: u32, http_status: u32) {
        if status > HSE_STATUS_ERROR {
            let text = format!("HttpExtensionProc returned {status}, which is no HSE_STATUS");
            report(codes::EXTENSION_CONTRACT, &text);
        }
        let mut reply = self.reply();
        if reply.is_begun() {
            return;
        }
        if status >= HSE_STATUS_ERROR {
            drop(reply);
            self.refuse(&Refusal::new(
                500,
                0,
                "the extension failed and sent no response",
            ));
            return;
        }
        // Not documented for IIS: an empty answer with the status the extension set.
        let line = format!("{http_status}");
        let _client_gone = reply.begin(
            head::parse(Some(line.as_bytes()), b"Content-Length: 0"),
            None,
        );
    }
}

/// Says aloud what an extension did wrong or what this host does not have.
pub(crate) fn report(code: Code, text: &str) {
    said::line(Said::Report, &format!("isapi-shim: {code}: {text}"));
}
