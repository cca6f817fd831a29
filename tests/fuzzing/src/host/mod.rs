//! The fake IIS, driven by an extension that does anything that its pointers allow, in any order.

mod client;
mod extension;
mod support;

use crate::input::Input;
use crate::panics;
use client::{Client, Sent, Upload};
use extension::Run;
use isapi_shim::ecb_host::{
    Application, Body, Endpoint, Extension, Host, HostOptions, NoBody, Request, Trace, Version,
    listen,
};
use isapi_shim::site::{Site, SiteOptions};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longer than anything takes that ends.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request is given up here while its extension still works on it.
const IMPATIENT: Duration = Duration::from_millis(1);

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "x-y"];
const TARGETS: [&str; 12] = [
    "/hello.py",
    "/hello.py?a=b&%41",
    "/",
    "/text.txt",
    "/no.py/extra/path",
    "/folder",
    "/folder/",
    "*",
    "/%2e%2e/x",
    "/a%00.py",
    "/web.config",
    "/h%C3%A9.py",
];
const HEADERS: [&str; 12] = [
    "Host",
    "Content-Type",
    "content-length",
    "Transfer-Encoding",
    "X_Under",
    "X-Under",
    "Cookie",
    "If-Modified-Since",
    "Range",
    "If-None-Match",
    "Connection",
    "",
];

/// Three hosts: a patient one, one that gives requests up, and one that tells each call.
static HOSTS: LazyLock<[Arc<Host>; 3]> = LazyLock::new(|| {
    panics::watch();
    // What it says aloud would be most of what a run does.
    listen(|_, _| {});
    let host = |pending_timeout, trace, wildcard| {
        // SAFETY: these are the entry points of an extension.
        let extension = unsafe {
            Extension::linked(
                "the fuzzed extension",
                extension::version,
                extension::process,
                None,
                Some(extension::set_last_error),
            )
        };
        let options = HostOptions {
            application: Application::Handler(PathBuf::from("/nowhere/handler.py")),
            process_model: "threads",
            reload: "never",
            error_details: "local",
            trace,
            pending_timeout,
            time_limit: None,
        };
        let site = SiteOptions {
            wildcard,
            map: vec!["*.py".to_owned()],
            map_is_explicit: true,
            ..SiteOptions::default()
        };
        let site = Site::open(&crate::site(), &site).expect("the site of the fuzz targets");
        Host::new(site, extension.expect("it never refuses"), options)
    };
    [
        host(None, Trace::Off, true),
        host(Some(IMPATIENT), Trace::Off, false),
        host(None, Trace::Json, false),
    ]
});

/// One input at a time: the extension finds its input in one place.
static ONE: Mutex<()> = Mutex::new(());

/// Lets the host answer one request.
///
/// # Panics
/// The response is not well-formed, a callback failed without a reason, a thread panicked or does
/// not end.
pub fn run(data: &[u8]) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let input = Arc::new(Input::new(data));
    let host = &HOSTS[usize::from(input.byte()) % HOSTS.len()];
    let threads = threads();
    let request = request(&input);
    let sent = Arc::new(Mutex::new(Sent::of(&request)));
    let sink = Box::new(Client::new(Arc::clone(&sent), input.byte()));
    let body: Box<dyn Body> = match input.byte() % 4 {
        0 => Box::new(NoBody),
        how => Box::new(Upload::new(&input, how)),
    };
    let run = Run::begin(Arc::clone(&input));
    let outcome = host.handle(request, body, sink);
    run.after();
    run.end();
    if run.has_operations() {
        // Threads of the host's own, which nothing else tells the end of.
        let since = Instant::now();
        while self::threads() > threads {
            assert!(since.elapsed() < PATIENCE, "a thread of the host stays");
            std::thread::yield_now();
        }
    }
    sent.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .check(&outcome);
    panics::none();
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

fn request(input: &Input) -> Request {
    let text = |bytes: Vec<u8>| bytes.iter().copied().map(char::from).collect::<String>();
    let method = input.pick(&METHODS).to_owned();
    let target = match usize::from(input.byte()) {
        known if known < TARGETS.len() * 8 => TARGETS[known % TARGETS.len()].to_owned(),
        _ => text(input.bytes()),
    };
    let mut headers = vec![("host".to_owned(), b"localhost".to_vec())];
    for _ in 0..input.byte() % 4 {
        let name = match input.pick(&HEADERS) {
            "" => text(input.bytes()),
            name => name.to_owned(),
        };
        headers.push((name, input.bytes()));
    }
    let address = Endpoint::from(([127, 0, 0, 1], 80));
    let how = input.byte();
    Request {
        method,
        target,
        version: match how & 1 {
            0 => Version::Http11,
            _ => Version::Http10,
        },
        headers,
        spelling: None,
        keep_connection: how & 2 == 0,
        length: (how & 4 == 0).then(|| input.size(70_000) as u64),
        remote: address.clone(),
        local: address,
        server_vars: match how & 8 {
            0 => Vec::new(),
            _ => vec![(text(input.bytes()), text(input.bytes()))],
        },
    }
}
