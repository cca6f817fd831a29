//! How many requests a second an ISAPI extension answers in the fake host, without sockets, and
//! how much memory the process takes meanwhile.
//!
//!     extension_rate EXTENSION|built-in SITE /path THREADS REQUESTS
//!
//! One line a tenth of the way, then the whole: requests a second, errors, resident memory. On
//! Windows this is how two extensions are compared; `isapi-dll/windows/bench` does it.

use isapi_base::ecb::win32::Win32Error;
use isapi_shim::ecb_host::{
    End, Extension, Head, Host, HostOptions, NoBody, Request, Sink, Trace, Version,
};
use isapi_shim::run::{CLIENT, SERVER};
use isapi_shim::site::{Site, SiteOptions};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counts what is right: a 200 that is whole and has a body.
struct Counter<'a> {
    right: &'a AtomicU64,
    status: u16,
    bytes: usize,
}

impl Sink for Counter<'static> {
    fn head(&mut self, head: Head) -> Result<(), Win32Error> {
        self.status = head.status;
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        self.bytes += data.len();
        Ok(())
    }

    fn end(&mut self, end: End) {
        if end == End::Complete && self.status == 200 && self.bytes > 0 {
            self.right.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_connected(&self) -> bool {
        true
    }
}

static RIGHT: AtomicU64 = AtomicU64::new(0);

fn request(target: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        target: target.to_owned(),
        version: Version::Http11,
        headers: vec![("Host".to_owned(), b"localhost".to_vec())],
        spelling: None,
        keep_connection: true,
        length: Some(0),
        remote: SocketAddr::from(CLIENT),
        local: SocketAddr::from(SERVER),
        server_vars: Vec::new(),
    }
}

fn run(host: &Arc<Host>, target: &str, threads: u64, requests: u64) {
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..requests / threads {
                    let sink = Counter {
                        right: &RIGHT,
                        status: 0,
                        bytes: 0,
                    };
                    host.handle(request(target), Box::new(NoBody), Box::new(sink));
                }
            });
        }
    });
}

fn resident_mib() -> f64 {
    memory_stats::memory_stats().map_or(0.0, |m| m.physical_mem as f64 / f64::from(1 << 20))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [extension, site, target, threads, requests] = &arguments[..] else {
        return Err("usage: extension_rate EXTENSION|built-in SITE /path THREADS REQUESTS".into());
    };
    let (threads, requests) = (threads.parse::<u64>()?, requests.parse::<u64>()?);
    let options = SiteOptions {
        map: vec!["*".to_owned()],
        map_is_explicit: true,
        ..SiteOptions::default()
    };
    let site = Site::open(Path::new(site), &options)?;
    Extension::announce_home(&site.home);
    let extension = match extension.as_str() {
        "built-in" => Extension::built_in()?,
        path => Extension::load(Path::new(path))?,
    };
    let options = HostOptions {
        handler: None,
        reload: "never",
        error_details: "local",
        trace: Trace::Off,
    };
    let host = Host::new(site, extension, options);
    // What is loaded at first use is not what is measured.
    run(&host, target, threads, threads * 200);
    RIGHT.store(0, Ordering::Relaxed);
    let begun = Instant::now();
    for tenth in 1..=10 {
        run(&host, target, threads, requests / 10);
        println!(
            "{} requests, {:.1} MiB resident",
            requests / 10 * tenth,
            resident_mib()
        );
    }
    let seconds = begun.elapsed().as_secs_f64();
    let done = requests / 10 / threads * threads * 10;
    let right = RIGHT.load(Ordering::Relaxed);
    println!(
        "{} threads, {done} requests, {} errors, {:.0} requests/s, {:.1} MiB resident",
        threads,
        done - right,
        done as f64 / seconds,
        resident_mib()
    );
    Ok(())
}
