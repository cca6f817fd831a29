//! A process that answers requests for `test`: one interpreter, and that of one site.

use super::dialogue::Dialogue;
use super::reference::Outcome;
use super::send::send;
use super::wire::{ANSWERS, Answer, Answered, Broken, Bytes, Sent, Task, Work};
use crate::cli::HostArgs;
use crate::codes;
use crate::ecb_host::{Application, Host, Overtime};
use crate::error::{Error, Result};
use crate::run::new_host;
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
    let host = Site::open(&work.root, &site).and_then(|site| {
        new_host(
            site,
            args,
            Application::Home,
            "threads",
            Overtime::EndProcess,
        )
    });
    let host = match host {
        Ok(host) => host,
        Err(why) => {
            return out.put("host", &Err(Broken::new(&why, false)));
        }
    };
    let mut dialogues: Vec<Option<Dialogue>> = work.files.iter().map(|_| None).collect();
    for (number, task) in work.requests.iter().enumerate() {
        let sent = resolved(&host, &work, task, &mut dialogues, &out);
        out.mark(&format!("begin {number}"))?;
        let reply = sent.and_then(|sent| {
            let (answer, outcome) = answer(&host, &sent);
            // What a fault makes of it is nothing to refer to.
            if let (Some(place), None) = (task.place, &sent.fault)
                && let Some(dialogue) = dialogues.get_mut(place.file).and_then(Option::as_mut)
            {
                dialogue.keep(place.index, outcome);
            }
            answer
        });
        let reply = reply.map_err(|why| Broken::new(&why, false));
        out.put(&number.to_string(), &reply)?;
    }
    host.terminate();
    out.mark("end")
}

/// A request with the values of what it refers to. What must be sent for that, and was not, is sent.
fn resolved(
    host: &Arc<Host>,
    work: &Work,
    task: &Task,
    dialogues: &mut [Option<Dialogue>],
    out: &Answers<'_>,
) -> Result<Sent> {
    let Some(place) = task.place else {
        return Ok(task.sent.clone());
    };
    let dialogue = match &mut dialogues[place.file] {
        Some(dialogue) => dialogue,
        none => none.insert(Dialogue::new(&work.files[place.file])?),
    };
    if !place.refers {
        return Ok(task.sent.clone());
    }
    let request = dialogue.request(place.index, &mut |name, request| {
        // Where the parent has gone, the next mark tells.
        let _ = out.mark(&format!("needs {name}"));
        answer(host, &Sent::new(request, None, false)).1
    })?;
    Ok(task.sent.with_values(&request))
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
    fn put(&mut self, what: &str, answer: &Answered) -> Result<()> {
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

/// Answers one request by calling the host in this process; besides, what later ones may refer to.
fn answer(host: &Arc<Host>, request: &Sent) -> (Result<Answer>, Outcome) {
    let since = Instant::now();
    let done = send(host, request);
    let micros = since.elapsed().as_micros();
    let log = &done.outcome.log;
    let without = |why: Error| {
        let outcome = Outcome::Without(format!("has none: {why}"));
        (Err(why), outcome)
    };
    if done.outcome.given_up {
        // Its page is this host's and no response to compare.
        let text = "the extension returned PENDING and did not end the request";
        return without(
            Error::new(codes::PENDING_TIMEOUT, text)
                .fix("--pending-timeout waits longer, if it only needs time"),
        );
    }
    // As `run` does: the core's codes for Python and the process are the host's failures.
    if done.outcome.failed() && log.contains("ISH03") {
        let text = format!("there is no answer of a script: {}", log.trim());
        return without(Error::new(codes::TEST_PROCESS, text));
    }
    let outcome = done.exchange(request);
    let recorded = done.recorded;
    let headers = recorded.headers.into_iter();
    let site = host.site();
    let answer = Answer {
        status: recorded.status,
        reason: recorded.reason,
        headers: headers.map(|(name, value)| (name, Bytes(value))).collect(),
        body: Bytes(recorded.body),
        script_failed: recorded.script_failed,
        static_file: recorded.static_file,
        calls: recorded.calls,
        roots: [&site.root, &site.home]
            .map(|path| path.to_string_lossy().into_owned())
            .to_vec(),
        micros: u64::try_from(micros).unwrap_or(u64::MAX),
    };
    (Ok(answer), outcome)
}
