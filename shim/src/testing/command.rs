//! `isapi-shim test`: the runner, with the fake host as what answers.

use super::{HttpRequest, Options, Recorded, Respond, Summary, collect, run};
use crate::cli::TestArgs;
use crate::codes::{self, Exit};
use crate::debugging;
use crate::ecb_host::{Application, BytesBody, End, Head, Host, Sink};
use crate::error::{Error, Result};
use crate::process;
use crate::run::{new_host, offline_request};
use crate::site::{Site, SiteOptions, discover_root, real_path};
use isapi_base::ecb::win32::Win32Error;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Runs the command.
///
/// # Errors
/// Files cannot be used, or the host failed.
pub fn test(args: &TestArgs) -> Result<Option<Exit>> {
    let files = collect(&args.paths)?;
    // One process holds one interpreter, and that one site: as an application pool does.
    let mut sites: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        let full = real_path(&file).unwrap_or_else(|_| file.clone());
        sites.entry(discover_root(&full)).or_default().push(full);
    }
    let summary = match sites.first_key_value() {
        Some((root, files)) if sites.len() == 1 => one_site(root, files, args)?,
        _ => each_in_its_process(&sites, args)?,
    };
    if let Some(file) = &args.summary_file {
        let Summary {
            passed,
            failed,
            skipped,
            unusable,
            host_errors,
        } = summary;
        let line = format!("{passed} {failed} {skipped} {unusable} {host_errors}");
        std::fs::write(file, line).map_err(|e| parted(&e.to_string()))?;
    }
    Ok(match summary.exit_code() {
        0 => None,
        1 => Some(Exit::Failed),
        2 => Some(Exit::Usage),
        5 => Some(Exit::Nothing),
        _ => Some(Exit::Host),
    })
}

fn colour() -> bool {
    !matches!(
        anstream::AutoStream::choice(&std::io::stdout()),
        anstream::ColorChoice::Never
    )
}

fn one_site(root: &Path, files: &[PathBuf], args: &TestArgs) -> Result<Summary> {
    let options = Options {
        paths: args.paths.clone(),
        accept: args.accept,
        colour: colour(),
        filter: args.filter.clone(),
        base: std::env::current_dir()
            .and_then(|folder| real_path(&folder))
            .unwrap_or_default(),
        roots: Vec::new(),
    };
    let mut host: Option<Arc<Host>> = None;
    let mut make = |_file: &Path| -> Result<(Box<dyn Respond>, Vec<String>)> {
        let host = match &host {
            Some(host) => Arc::clone(host),
            None => {
                let site = SiteOptions {
                    home: args.host.home.clone(),
                    ..SiteOptions::default()
                };
                let new = new_host(
                    Site::open(root, &site)?,
                    &args.host,
                    Application::Home,
                    "threads",
                )?;
                Arc::clone(host.insert(new))
            }
        };
        let site = host.site();
        let roots = [&site.root, &site.home].map(|p| p.to_string_lossy().into_owned());
        Ok((Box::new(InProcess { host }), roots.to_vec()))
    };
    let mut out = anstream::stdout();
    let summary = run(files, &options, &mut make, &mut out);
    if let Some(host) = host {
        host.terminate();
    }
    summary
}

/// Several sites: each in a process of its own, one after the other, with one closing line.
fn each_in_its_process(
    sites: &BTreeMap<PathBuf, Vec<PathBuf>>,
    args: &TestArgs,
) -> Result<Summary> {
    let mut total = Summary::default();
    let coverage = debugging::CoverageRun::of(&args.host).map_err(|e| parted(&e.to_string()))?;
    for (root, files) in sites {
        let _ = writeln!(anstream::stdout(), "site {}", root.display());
        let report = tempfile::NamedTempFile::new().map_err(|e| parted(&e.to_string()))?;
        let mut command = process::program().map_err(|e| parted(&e.to_string()))?;
        command.arg("test").arg("--summary-file").arg(report.path());
        if let Some(coverage) = &coverage {
            coverage.pass_on(&mut command);
        }
        command.args(["--reload", args.host.reload.as_str()]);
        command.args(["--error-details", args.host.error_details.as_str()]);
        let seconds = args.host.pending_timeout.to_string();
        command.args(["--pending-timeout", &seconds]);
        if args.accept {
            command.arg("--accept");
        }
        for (name, value) in [
            ("--home", args.host.home.as_ref().map(|v| v.as_os_str())),
            (
                "--extension",
                args.host.extension.as_ref().map(|v| v.as_os_str()),
            ),
            ("--filter", args.filter.as_ref().map(std::ffi::OsStr::new)),
        ] {
            if let Some(value) = value {
                command.arg(name).arg(value);
            }
        }
        match args.host.trace() {
            crate::ecb_host::Trace::Off => {}
            crate::ecb_host::Trace::Text => drop(command.arg("--trace")),
            crate::ecb_host::Trace::Json => drop(command.arg("--trace=json")),
        }
        command.arg("--").args(files);
        let status = command.status().map_err(|e| parted(&e.to_string()))?;
        let counts = std::fs::read_to_string(report.path()).unwrap_or_default();
        let counts: Vec<usize> = counts.split(' ').filter_map(|n| n.parse().ok()).collect();
        let [passed, failed, skipped, unusable, host_errors] = counts[..] else {
            // It ended before it could say: its own error is on standard error.
            let text = format!("the tests of {} ended with {status}", root.display());
            return Err(parted(&text));
        };
        total.passed += passed;
        total.failed += failed;
        total.skipped += skipped;
        total.unusable += unusable;
        total.host_errors += host_errors;
    }
    let Summary {
        passed,
        failed,
        skipped,
        ..
    } = total;
    let line = format!("{passed} passed, {failed} failed, {skipped} skipped");
    let _ = writeln!(
        anstream::stdout(),
        "{} sites together:\n{line}",
        sites.len()
    );
    Ok(total)
}

fn parted(why: &str) -> Error {
    Error::new(
        codes::TEST_PROCESS,
        format!("the tests of a site could not be run: {why}"),
    )
    .fix("run them alone: isapi-shim test FILE")
}

/// Answers by calling the host in this process.
struct InProcess {
    host: Arc<Host>,
}

impl Respond for InProcess {
    fn respond(&mut self, request: &HttpRequest) -> Result<Recorded> {
        let headers = request
            .headers
            .iter()
            .map(|(n, v)| (n.clone(), v.clone().into_bytes()))
            .collect();
        let length = (!request.body.is_empty()).then_some(request.body.len());
        let sent = offline_request(
            request.method.clone(),
            request.target.clone(),
            headers,
            length,
            request.server_vars.clone(),
        );
        let recorder = Recorder::default();
        let (body, sink) = (BytesBody::new(request.body.clone()), recorder.clone());
        let outcome = self.host.handle(sent, Box::new(body), Box::new(sink));
        if outcome.given_up {
            // Its page is this host's and no response to compare.
            let text = "the extension returned PENDING and did not end the request";
            return Err(Error::new(codes::PENDING_TIMEOUT, text)
                .fix("--pending-timeout waits longer, if it only needs time"));
        }
        let mut recorded = recorder.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = std::mem::take(&mut *recorded);
        let head = recorded.head.unwrap_or_else(|| Head {
            status: 0,
            reason: "(the connection was closed without a response)".to_owned(),
            headers: Vec::new(),
        });
        let mut headers = head.headers;
        if recorded.cut && head.status != 0 {
            // In the snapshot, so that nobody takes a part for the whole.
            let text = b"the connection was closed in the middle of the body".to_vec();
            headers.push(("(cut off)".to_owned(), text));
        }
        Ok(Recorded {
            status: head.status,
            reason: head.reason,
            headers,
            body: recorded.body,
            script_failed: outcome.failed(),
            static_file: outcome.static_file,
            stderr: String::new(),
        })
    }
}

#[derive(Default)]
struct Response {
    head: Option<Head>,
    body: Vec<u8>,
    /// It ended before what it announced.
    cut: bool,
}

/// A client that keeps everything.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Response>>);

impl Sink for Recorder {
    fn head(&mut self, head: Head) -> std::result::Result<(), Win32Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).head = Some(head);
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> std::result::Result<(), Win32Error> {
        let mut response = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        response.body.extend_from_slice(data);
        Ok(())
    }

    fn end(&mut self, end: End) {
        let mut response = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        response.cut = end == End::Aborted;
    }

    fn is_connected(&self) -> bool {
        true
    }
}
