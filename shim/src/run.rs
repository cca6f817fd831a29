//! `isapi-shim run`: one request, without a socket.

use crate::cli::{HostArgs, RunArgs};
use crate::codes::{self, Exit};
use crate::debugging;
use crate::ecb_host::{
    Application, BytesBody, End, Extension, Head, HeaderList, Host, HostOptions, Outcome, Overtime,
    Request, Sink, Version,
};
use crate::error::{Error, Result};
use crate::headers;
use crate::output;
use crate::site::{Decision, Site, SiteOptions, UrlPath, discover_root, real_path};
use isapi_base::ecb::win32::Win32Error;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What must not stand in a request target as it is.
const TARGET: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// The addresses of a request that comes over no socket: a client on this machine.
pub const CLIENT: ([u8; 4], u16) = ([127, 0, 0, 1], 49_152);
/// See [`CLIENT`].
pub const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 80);

/// Runs the command.
///
/// # Errors
/// The script, a file or an option cannot be used; the host failed.
pub fn run(args: &RunArgs) -> Result<Option<Exit>> {
    let (site, target, application) = match (&args.script, &args.wsgi) {
        (Some(script), _) => {
            let script = script_file(script)?;
            let (site, target) = open_site(&discover_root(&script), &script, args)?;
            let application = if args.cgi {
                Application::Cgi
            } else {
                Application::Home
            };
            (site, target, application)
        }
        (None, wsgi) => {
            let (site, target) = wsgi_site(args)?;
            let application = Application::Wsgi {
                application: wsgi.clone().unwrap_or_default(),
                mount: args.mount.clone(),
            };
            (site, target, application)
        }
    };
    let body = args.data.as_deref().map(read_data).transpose()?;
    let request = request(args, target, body.as_ref().map(Vec::len))?;
    debugging::announce(&args.debug);
    let host = new_host(site, &args.host, application, "once", Overtime::EndProcess)?;
    let held = Arc::new(Mutex::new(Vec::new()));
    let cut = Arc::new(AtomicBool::new(false));
    let unwritten = Arc::new(Mutex::new(None));
    let sink = Output {
        include: args.include,
        hold: false,
        held: Arc::clone(&held),
        alive: true,
        cut: Arc::clone(&cut),
        unwritten: Arc::clone(&unwritten),
    };
    let outcome = host.handle(
        request,
        Box::new(BytesBody::new(body.unwrap_or_default())),
        Box::new(sink),
    );
    let mut written = Ok(());
    if !outcome.failed() {
        let held = held.lock().unwrap_or_else(PoisonError::into_inner);
        written = output::answer(&held);
    }
    host.terminate();
    if let Some(why) = unwritten
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    {
        written = output::written(Err(why));
    }
    written?;
    Ok(exit(&outcome, cut.load(Ordering::Acquire)))
}

fn exit(outcome: &Outcome, cut: bool) -> Option<Exit> {
    if outcome.given_up {
        return Some(Exit::Host);
    }
    if outcome.failed() {
        // The core's codes for Python and the process; everything else is the script's.
        return Some(if outcome.log.contains("ISH03") {
            Exit::Host
        } else {
            Exit::Failed
        });
    }
    (cut || outcome.extension.is_none()).then_some(Exit::Failed)
}

/// A host for a site, as the options want it. `process_model`: see
/// [`isapi_base::host_variables::PROCESS_MODEL`]. `overtime`: what `--timeout` does.
///
/// # Errors
/// The extension cannot be loaded.
pub fn new_host(
    site: Site,
    args: &HostArgs,
    application: Application,
    process_model: &'static str,
    overtime: Overtime,
) -> Result<Arc<Host>> {
    Extension::announce_home(&site.home);
    debugging::announce_coverage(args);
    let extension = match &args.extension {
        Some(path) => Extension::load(path),
        None => Extension::built_in(),
    };
    let extension = extension.map_err(debugging::explain)?;
    let options = HostOptions {
        application,
        process_model,
        reload: args.reload.as_str(),
        error_details: args.error_details.as_str(),
        trace: args.trace(),
        pending_timeout: args.pending_timeout(),
        time_limit: args.time_limit(overtime),
    };
    Ok(Host::new(site, extension, options))
}

fn script_file(given: &Path) -> Result<PathBuf> {
    let shown = given.display();
    let metadata = given.metadata().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            Error::new(codes::SCRIPT_MISSING, format!("there is no script {shown}"))
                .fix("check the path; it is taken from the current folder")
        }
        _ => unreadable(given, &e),
    })?;
    if metadata.is_dir() {
        return Err(
            Error::new(codes::SCRIPT_IS_DIRECTORY, format!("{shown} is a folder")).fix(format!(
                "name a script in it, or serve it: isapi-shim serve {shown}"
            )),
        );
    }
    std::fs::File::open(given).map_err(|e| unreadable(given, &e))?;
    real_path(given).map_err(|e| unreadable(given, &e))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(
        codes::SCRIPT_UNREADABLE,
        format!("{} cannot be read: {error}", path.display()),
    )
    .fix("check the permissions of the file and of the folders above it")
}

/// The site, and the request's target in it. A script that no handler of the site maps gets one
/// of its own: the user has asked for it by name.
fn open_site(root: &Path, script: &Path, args: &RunArgs) -> Result<(Site, String)> {
    let inside = script.strip_prefix(root).unwrap_or(script);
    let mut path = String::new();
    for part in inside {
        if cfg!(unix) && part.to_string_lossy().contains('\\') {
            let text = format!("no URL leads to {}: it has a backslash", script.display());
            return Err(Error::new(codes::BAD_URL, text).fix("IIS would take it for a slash"));
        }
        path.push('/');
        path.extend(utf8_percent_encode(&part.to_string_lossy(), TARGET));
    }
    let mut target = path.clone();
    if let Some(extra) = &args.path_info {
        let slash = if extra.starts_with('/') { "" } else { "/" };
        target = format!("{path}{slash}{}", utf8_percent_encode(extra, TARGET));
    }
    let target = with_query(target, args)?;
    let url = UrlPath::parse(&path).map_err(|refusal| {
        Error::new(
            codes::BAD_URL,
            format!("no URL leads to {}: {refusal}", script.display()),
        )
        .fix("IIS would refuse it too; rename the file or the folder")
    })?;
    let options = SiteOptions {
        home: args.host.home.clone(),
        ..SiteOptions::default()
    };
    let site = Site::open(root, &options)?;
    let method = method(args);
    if matches!(site.route(&method, &url), Decision::Extension(_)) {
        return Ok((site, target));
    }
    let own = match script.extension() {
        Some(extension) => format!("*.{}", extension.to_string_lossy()),
        None => path,
    };
    let options = SiteOptions {
        map: vec![own],
        map_is_explicit: true,
        ..options
    };
    let site = Site::open(root, &options)?;
    let why = match site.route(&method, &url) {
        Decision::Extension(_) => return Ok((site, target)),
        Decision::Refused(refusal) => refusal.to_string(),
        Decision::Static(_) => "it is a static file there".to_owned(),
    };
    let (root, script) = (root.display(), script.display());
    Err(Error::new(
        codes::SCRIPT_UNMAPPED,
        format!("no handler of the site {root} maps {script}: {why}"),
    )
    .fix("IIS would refuse it too: rename it, or move it to a folder that the site does not hide"))
}

/// The site of a WSGI application is the current folder, and all of it is the application's.
fn wsgi_site(args: &RunArgs) -> Result<(Site, String)> {
    let options = SiteOptions {
        home: args.host.home.clone(),
        wildcard: true,
        ..SiteOptions::default()
    };
    let site = Site::open(Path::new("."), &options)?;
    let url = args.url.as_deref().unwrap_or("/");
    let slash = if url.starts_with('/') { "" } else { "/" };
    let target = with_query(format!("{slash}{url}"), args)?;
    match UrlPath::parse(&target) {
        Ok(_) => Ok((site, target)),
        Err(refusal) => {
            let text = format!("the URL {url} cannot be used: {refusal}");
            Err(Error::new(codes::BAD_URL, text).fix("write it as a client sends it: /a/b?c=d"))
        }
    }
}

fn with_query(target: String, args: &RunArgs) -> Result<String> {
    let Some(query) = &args.query else {
        return Ok(target);
    };
    let query = query.strip_prefix('?').unwrap_or(query);
    if query.chars().any(|c| c.is_control() || c == ' ') {
        let text = "the query has a blank or a control character in it";
        return Err(Error::new(codes::BAD_URL, text).fix("encode it: %20 for a blank"));
    }
    let joint = if target.contains('?') { '&' } else { '?' };
    Ok(format!("{target}{joint}{query}"))
}

fn read_data(data: &str) -> Result<Vec<u8>> {
    let Some(file) = data.strip_prefix('@') else {
        return Ok(data.as_bytes().to_vec());
    };
    let result = if file == "-" {
        let mut all = Vec::new();
        std::io::stdin().lock().read_to_end(&mut all).map(|_| all)
    } else {
        std::fs::read(file)
    };
    result.map_err(|e| {
        Error::new(
            codes::DATA_UNREADABLE,
            format!("the request data {file} cannot be read: {e}"),
        )
        .fix("text that begins with @ is a file's name; @- is standard input")
    })
}

/// As curl chooses it.
fn method(args: &RunArgs) -> String {
    match &args.method {
        Some(method) => method.clone(),
        None if args.data.is_some() => "POST".to_owned(),
        None => "GET".to_owned(),
    }
}

fn request(args: &RunArgs, target: String, length: Option<usize>) -> Result<Request> {
    let method = method(args);
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-') {
        return Err(Error::new(
            codes::BAD_METHOD,
            format!("{method:?} is no request method"),
        )
        .fix("for example GET, POST or HEAD"));
    }
    let mut headers: HeaderList = args
        .headers
        .iter()
        .map(|h| (h.name.clone(), h.value.clone().into_bytes()))
        .collect();
    if length.is_some() {
        // As curl does it.
        add_missing(
            &mut headers,
            "Content-Type",
            "application/x-www-form-urlencoded",
        );
    }
    let vars = args
        .server_vars
        .iter()
        .map(|v| (v.name.clone(), v.value.clone()))
        .collect();
    Ok(offline_request(method, target, headers, length, vars))
}

/// A request that comes over no socket; headers that every client sends are added.
pub fn offline_request(
    method: String,
    target: String,
    mut headers: HeaderList,
    length: Option<usize>,
    server_vars: Vec<(String, String)>,
) -> Request {
    add_missing(&mut headers, "Host", "localhost");
    add_missing(
        &mut headers,
        "User-Agent",
        concat!("isapi-shim/", env!("CARGO_PKG_VERSION")),
    );
    add_missing(&mut headers, "Accept", "*/*");
    if let Some(length) = length {
        add_missing(&mut headers, "Content-Length", &length.to_string());
    }
    let close = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case(b"close")
    });
    Request {
        method,
        target,
        version: Version::Http11,
        headers,
        spelling: None,
        keep_connection: !close,
        length: Some(length.unwrap_or(0) as u64),
        remote: CLIENT.into(),
        local: SERVER.into(),
        server_vars,
    }
}

fn add_missing(headers: &mut HeaderList, name: &str, value: &str) {
    if headers::value(headers, name).is_none() {
        headers.push((name.to_owned(), value.as_bytes().to_vec()));
    }
}

/// Standard output as a client.
struct Output {
    include: bool,
    /// What was sent may be an error page, and is held back until that is known.
    hold: bool,
    held: Arc<Mutex<Vec<u8>>>,
    /// Standard output still takes data.
    alive: bool,
    /// The response ended before what it announced.
    cut: Arc<AtomicBool>,
    /// Why standard output took no more.
    unwritten: Arc<Mutex<Option<std::io::Error>>>,
}

impl Output {
    fn put(&mut self, data: &[u8]) -> std::result::Result<(), Win32Error> {
        let mut out = std::io::stdout().lock();
        // At once, so that a script that streams is seen streaming.
        let result = out.write_all(data).and_then(|()| out.flush());
        self.alive = result.is_ok();
        result.map_err(|why| {
            *self
                .unwritten
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(why);
            Win32Error::WSAECONNRESET
        })
    }
}

impl Sink for Output {
    fn head(&mut self, head: Head) -> std::result::Result<(), Win32Error> {
        if self.include {
            return self.put(&head.to_bytes());
        }
        self.hold = head.status == 500;
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> std::result::Result<(), Win32Error> {
        if self.hold {
            self.held
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend_from_slice(data);
            return Ok(());
        }
        self.put(data)
    }

    fn end(&mut self, end: End) {
        // With `serve` the client's connection would be cut here.
        self.cut
            .store(end == End::Aborted && self.alive, Ordering::Release);
    }

    fn is_connected(&self) -> bool {
        self.alive
    }
}
