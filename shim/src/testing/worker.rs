//! A process that answers requests for `test`: one interpreter, and that of one site.

use super::recorder::Recorder;
use super::wire::{ANSWERS, Answer, Broken, Bytes, Sent, Work, Written};
use crate::cli::HostArgs;
use crate::codes;
use crate::ecb_host::{Application, BytesBody, Fault, Host};
use crate::error::{Error, Result};
use crate::run::{new_host, offline_request};
use crate::site::{Site, SiteOptions};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Answers what lies in `folder`.
///
/// # Errors
/// The parent's files cannot be used. Everything else is an answer.
pub(super) fn work(folder: &Path, args: &HostArgs) -> Result<()> {
    let work = Work::read(folder)?;
    let answers = folder.join(ANSWERS);
    let open = File::options().append(true).create(true).open(&answers);
    let mut out = Answers {
        word: &work.word,
        process: std::process::id(),
        file: open.map_err(|why| lost(&answers, &why))?,
        path: &answers,
    };
    let site = SiteOptions {
        home: args.home.clone(),
        ..SiteOptions::default()
    };
    let host = Site::open(&work.root, &site)
        .and_then(|site| new_host(site, args, Application::Home, "threads"));
    let host = match host {
        Ok(host) => host,
        Err(why) => {
            return out.put("host", &Err(Broken::new(&why, false)));
        }
    };
    for (number, request) in work.requests.iter().enumerate() {
        out.mark(&format!("begin {number}"))?;
        let answer = answer(&host, request).map_err(|why| Broken::new(&why, false));
        out.put(&number.to_string(), &answer)?;
    }
    host.terminate();
    out.mark("end")
}

struct Answers<'a> {
    word: &'a str,
    /// This process.
    process: u32,
    file: File,
    path: &'a Path,
}

impl Answers<'_> {
    /// Adds an answer to the file, and says so between what the script wrote.
    fn put(&mut self, what: &str, answer: &Written) -> Result<()> {
        self.only_once();
        let mut line = serde_json::to_vec(answer).unwrap_or_default();
        line.push(b'\n');
        let written = self.file.write_all(&line);
        written.map_err(|why| lost(self.path, &why))?;
        self.mark(what)
    }

    /// A script that forks, and goes on in both processes, must not answer twice.
    fn only_once(&self) {
        if std::process::id() != self.process {
            std::process::exit(0);
        }
    }

    /// In one piece and short, so that no thread of a script comes between.
    ///
    /// # Errors
    /// The parent has gone: nobody wants the other answers.
    fn mark(&self, what: &str) -> Result<()> {
        self.only_once();
        let line = format!("\n{} {what}\n", self.word);
        let written = std::io::stderr().lock().write_all(line.as_bytes());
        written.map_err(|why| lost(self.path, &why))
    }
}

fn lost(path: &Path, why: &std::io::Error) -> Error {
    let what = format!("{} cannot be written: {why}", path.display());
    Error::new(codes::TEST_PROCESS, what)
}

/// Answers one request by calling the host in this process.
fn answer(host: &Arc<Host>, request: &Sent) -> Result<Answer> {
    let fault = request.fault.as_deref().and_then(|f| f.parse().ok());
    let headers = request
        .headers
        .iter()
        .map(|(n, v)| (n.clone(), v.clone().into_bytes()))
        .collect();
    let body = &request.body.0;
    let mut sent = offline_request(
        request.method.clone(),
        request.target.clone(),
        headers,
        (!body.is_empty()).then_some(body.len()),
        request.server_vars.clone(),
    );
    if fault == Some(Fault::UnknownLength) {
        sent.length = None;
        sent.headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        sent.headers
            .push(("Transfer-Encoding".to_owned(), b"chunked".to_vec()));
    }
    let goes = match fault {
        Some(Fault::ClientGone(after)) => Some(after),
        _ => request.client_gone,
    };
    let recorder = Recorder::new(goes);
    host.probe().begin(request.keep_calls, fault);
    let since = Instant::now();
    let body = BytesBody::new(body.clone());
    let outcome = host.handle(sent, Box::new(body), Box::new(recorder.clone()));
    let micros = since.elapsed().as_micros();
    if outcome.given_up {
        // Its page is this host's and no response to compare.
        let text = "the extension returned PENDING and did not end the request";
        return Err(Error::new(codes::PENDING_TIMEOUT, text)
            .fix("--pending-timeout waits longer, if it only needs time"));
    }
    // As `run` does: the core's codes for Python and the process are the host's failures.
    if outcome.failed() && outcome.log.contains("ISH03") {
        let text = format!("there is no answer of a script: {}", outcome.log.trim());
        return Err(Error::new(codes::TEST_PROCESS, text));
    }
    let (recorded, _) = recorder.take();
    let headers = recorded.headers.into_iter();
    let site = host.site();
    Ok(Answer {
        status: recorded.status,
        reason: recorded.reason,
        headers: headers.map(|(name, value)| (name, Bytes(value))).collect(),
        body: Bytes(recorded.body),
        script_failed: outcome.failed(),
        static_file: outcome.static_file,
        calls: host.probe().calls(),
        roots: [&site.root, &site.home]
            .map(|path| path.to_string_lossy().into_owned())
            .to_vec(),
        micros: u64::try_from(micros).unwrap_or(u64::MAX),
    })
}
