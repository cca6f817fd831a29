//! Configuration files: any bytes as `web.config`, and behind a mark as `applicationHost.config`.

use crate::panics;
use clap::Parser;
use isapi_shim::cli::{Cli, Command};
use isapi_shim::error::Error;
use isapi_shim::iis;
use isapi_shim::site::{Decision, Site, SiteOptions, StaticBody, UrlPath, static_files};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

/// What separates the two files: no character that XML has.
const MARK: u8 = 0x1E;

const TARGETS: [&str; 9] = [
    "/",
    "/hello.py",
    "/hello.py/more?x=%41",
    "/text.txt",
    "/folder/",
    "/folder/../bin/x",
    "/none.aspx",
    "/a+b",
    "/%2541",
];

/// A site in memory, if the system has files there.
struct Place {
    folder: tempfile::TempDir,
    root: PathBuf,
    host: PathBuf,
}

static PLACE: LazyLock<Mutex<Place>> = LazyLock::new(|| {
    panics::watch();
    let memory = PathBuf::from("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    let folder = folder.expect("a temporary folder can be made");
    let base = folder.path().canonicalize().expect("it was just made");
    let root = base.join("site");
    std::fs::create_dir_all(root.join("folder")).expect("writable");
    for (name, text) in [
        ("hello.py", "print('x')\n"),
        ("text.txt", "text"),
        ("folder/index.html", "<p>"),
    ] {
        std::fs::write(root.join(name), text).expect("writable");
    }
    std::fs::write(base.join("outside.txt"), "outside").expect("writable");
    Mutex::new(Place {
        folder,
        root,
        host: base.join("applicationHost.config"),
    })
});

/// Reads the files as `serve` does, routes requests by them, and checks them as `iis check` does.
///
/// # Panics
/// An error cannot be shown, or a request is led out of the site.
pub fn run(data: &[u8]) {
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut parts = data.splitn(2, |b| *b == MARK);
    let web = parts.next().unwrap_or_default();
    std::fs::write(place.root.join("web.config"), web).expect("writable");
    match Site::open(&place.root, &SiteOptions::default()) {
        Err(error) => shown(&error),
        Ok(site) => TARGETS.iter().for_each(|target| route(&site, target)),
    }
    let root = place.root.display().to_string();
    let mut words = vec!["isapi-shim".to_owned(), "iis".into(), "check".into(), root];
    if let Some(host) = parts.next() {
        std::fs::write(&place.host, host).expect("writable");
        words.push("--application-host".into());
        words.push(place.host.display().to_string());
        // So that the sites of the file have their folders here.
        words.push("--map-path".into());
        words.push(format!("C:\\={}", place.folder.path().display()));
        if data.len() % 2 == 1 {
            words.push("--format=json".into());
        }
    }
    let cli = Cli::try_parse_from(words).expect("these are options");
    let Command::Iis { command } = &cli.command else {
        unreachable!("it is this command");
    };
    match iis::answer(command) {
        Ok((text, _)) => assert!(!text.is_empty(), "a report says something"),
        Err(error) => shown(&error),
    }
    panics::none();
}

fn shown(error: &Error) {
    assert!(!error.render(false).is_empty());
}

fn route(site: &Site, target: &str) {
    let Ok(url) = UrlPath::parse(target) else {
        return;
    };
    match site.route("GET", &url) {
        Decision::Refused(refusal) => assert!((400..600).contains(&refusal.status)),
        Decision::Extension(route) => {
            assert!(route.script_translated.starts_with(&site.root));
        }
        Decision::Static(route) => {
            let answer = static_files::answer(site, &route, "GET", url.query(), |_| None);
            let answer = match answer {
                Ok(answer) => answer,
                Err(refusal) => return assert!((300..600).contains(&refusal.status)),
            };
            if let StaticBody::File { path, .. } = answer.body {
                assert!(path.starts_with(&site.root), "{}", path.display());
            }
        }
    }
}
