//! The core of `isapi-shim test`: has each request of the request files answered, compares the
//! answers with their snapshots, and reports.

use super::http_file::{HttpFile, HttpRequest};
use super::redact::{Redaction, Redactor};
use super::settle::settle;
use super::snapshot::{self, Update, Verdict};
use super::snapshot_store::folder_for;
use crate::codes::{self, Exit};
use crate::error::{Error, Result};
use anstyle::{AnsiColor, Style};
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Whatever answers requests: the fake host, or a test's stand-in.
pub trait Respond {
    /// Answers one request. A script that raises is an answer (its error page), not an error.
    ///
    /// # Errors
    /// The host failed, so that there is no answer.
    fn respond(&mut self, request: &HttpRequest) -> Result<Recorded>;
}

/// An answer, before redaction.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The status code.
    pub status: u16,
    /// The words behind it, or nothing.
    pub reason: String,
    /// In the order in which they were sent.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Without transfer coding.
    pub body: Vec<u8>,
    /// The script raised. Only for the report: the answer is compared like any other.
    pub script_failed: bool,
    /// A file answered: its `Last-Modified` and `ETag` differ from one checkout to the next.
    pub static_file: bool,
    /// What went to the log meanwhile; shown below a failure.
    pub stderr: String,
}

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files and folders for [`collect`](super::collect()); none means the current folder.
    pub paths: Vec<PathBuf>,
    /// Store what is new or differs, instead of failing.
    pub accept: bool,
    /// Write escape sequences into the report.
    pub colour: bool,
    /// Only requests whose `file::key` contains this.
    pub filter: Option<String>,
    /// Files below this folder are shown by their path from there. The files themselves are given
    /// absolute: the core changes the current folder, as PyISAPIe did.
    pub base: PathBuf,
    /// Folders to show as `[ROOT]`, besides those which the host names for a file.
    pub roots: Vec<String>,
}

/// How a run went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Requests whose response is as stored, or was accepted.
    pub passed: usize,
    /// Requests whose response is new, differs, or never came.
    pub failed: usize,
    /// Requests with `# @skip`.
    pub skipped: usize,
    /// Files that could not be parsed, snapshots that could not be read or written, and errors of
    /// the host whose code means "usage".
    pub unusable: usize,
    /// Other errors of the host; the requests count as failed, too.
    pub host_errors: usize,
}

impl Summary {
    /// The exit code of the process: 2 for a file that cannot be used, else 3 for a host that
    /// failed, else 1 for a failed comparison, else 5 if there was no request at all, else 0.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self { unusable: 1.., .. } => 2,
            Self {
                host_errors: 1.., ..
            } => 3,
            Self { failed: 1.., .. } => 1,
            Self {
                passed: 0,
                skipped: 0,
                ..
            } => 5,
            _ => 0,
        }
    }
}

/// Makes what answers the requests of one `.http` file, and names the folders to redact in them.
pub type Make<'a> = dyn FnMut(&Path) -> Result<(Box<dyn Respond>, Vec<String>)> + 'a;

/// Runs the requests of `files`, and reports to `out`: a line for each, the diff below a failure,
/// warnings, and at last `N passed, N failed, N skipped`. What fails is counted in the summary.
///
/// # Errors
/// Only if the report cannot be written.
pub fn run(
    files: &[PathBuf],
    options: &Options,
    make: &mut Make<'_>,
    out: &mut dyn Write,
) -> Result<Summary> {
    let update = Update::choose(options.accept, |name| std::env::var(name).ok());
    run_with(files, options, update, make, out)
}

/// [`run`] with the environment's word already heard.
pub(super) fn run_with(
    files: &[PathBuf],
    options: &Options,
    update: Update,
    make: &mut Make<'_>,
    out: &mut dyn Write,
) -> Result<Summary> {
    let mut run = Run {
        options,
        update,
        out,
        summary: Summary::default(),
        differing: 0,
    };
    for file in files {
        run.file(file, make).map_err(unwritable)?;
    }
    run.end().map_err(unwritable)?;
    Ok(run.summary)
}

fn unwritable(why: std::io::Error) -> Error {
    Error::new(
        codes::REPORT_UNWRITABLE,
        format!("the report cannot be written: {why}"),
    )
}

struct Run<'a> {
    options: &'a Options,
    update: Update,
    out: &'a mut dyn Write,
    summary: Summary,
    /// Requests that `--accept` would make pass.
    differing: usize,
}

impl Run<'_> {
    /// A file as the user would name it.
    fn shown(&self, file: &Path) -> String {
        let short = file.strip_prefix(&self.options.base).unwrap_or(file);
        short.display().to_string().replace('\\', "/")
    }

    fn file(&mut self, path: &Path, make: &mut Make<'_>) -> std::io::Result<()> {
        let file = match HttpFile::load(path) {
            Ok(file) => file,
            Err(why) => {
                self.summary.unusable += 1;
                return write!(self.out, "{}", why.render(self.options.colour));
            }
        };
        for warning in &file.warnings {
            writeln!(self.out, "warning: {warning}")?;
        }
        let shown = self.shown(path);
        let mut host = None;
        for (index, request) in file.requests.iter().enumerate() {
            let key = file.key(index);
            let id = format!("{shown}::{key}");
            if self
                .options
                .filter
                .as_ref()
                .is_some_and(|filter| !id.contains(filter))
            {
                continue;
            }
            if let Some(reason) = &request.skip {
                self.summary.skipped += 1;
                self.line("skip", AnsiColor::Yellow, &id, reason)?;
                continue;
            }
            // Only now: a file of which nothing is wanted needs no host.
            if host.is_none() {
                match make(path) {
                    Ok(made) => host = Some(Some(made)),
                    Err(why) => {
                        host = Some(None);
                        self.host_failed(&id, &why)?;
                        continue;
                    }
                }
            }
            let Some(Some((host, roots))) = &mut host else {
                self.summary.failed += 1;
                self.line("FAIL", AnsiColor::Red, &id, "no host, see above")?;
                continue;
            };
            let roots = [&self.options.roots[..], &roots[..]].concat();
            match host.respond(request) {
                Ok(answer) => {
                    let mut redactions = request.redactions.clone();
                    if answer.static_file {
                        redactions.extend(Redaction::of_static_files());
                    }
                    let redactor = Redactor::new(&redactions, &roots);
                    self.judge(path, &key, &id, request, &answer, &redactor)?;
                }
                Err(why) => self.host_failed(&id, &why)?,
            }
        }
        if self.options.filter.is_none() {
            self.unreferenced(path, &file)?;
        }
        Ok(())
    }

    fn judge(
        &mut self,
        path: &Path,
        key: &str,
        id: &str,
        request: &HttpRequest,
        answer: &Recorded,
        redactor: &Redactor,
    ) -> std::io::Result<()> {
        let source = path.file_name().unwrap_or_default().to_string_lossy();
        let now = snapshot::render(answer, request, &source, redactor);
        let at = snapshot::path_for(path, key);
        let settled = match settle(&at, &now, self.update, self.options.colour) {
            Ok(settled) => settled,
            Err(why) => return self.unusable(id, &why),
        };
        let raised = if answer.script_failed {
            "the script raised"
        } else {
            ""
        };
        let accepted = settled.accepted;
        match &settled.verdict {
            Verdict::New if accepted => {
                self.line("new", AnsiColor::Green, id, join("accepted", raised))?
            }
            Verdict::Differs { .. } if accepted => {
                self.line("ok", AnsiColor::Green, id, join("updated", raised))?;
            }
            Verdict::Match | Verdict::Stale => self.line("ok", AnsiColor::Green, id, "")?,
            Verdict::New => self.line("new", AnsiColor::Red, id, raised)?,
            Verdict::Differs { .. } => self.line("FAIL", AnsiColor::Red, id, raised)?,
        }
        if settled.passed() {
            self.summary.passed += 1;
            return Ok(());
        }
        self.summary.failed += 1;
        self.differing += 1;
        if let Verdict::Differs { diff } = &settled.verdict {
            self.indented(diff)?;
        }
        if !answer.stderr.is_empty() {
            writeln!(self.out, "    ----- stderr -----")?;
            self.indented(&answer.stderr)?;
        }
        Ok(())
    }

    /// The host's own error says whether the host, or what it was given, is to blame.
    fn host_failed(&mut self, id: &str, why: &Error) -> std::io::Result<()> {
        match why.exit() {
            Exit::Usage => self.summary.unusable += 1,
            Exit::Failed => {}
            Exit::Host | Exit::Nothing => self.summary.host_errors += 1,
        }
        self.failure(id, why)
    }

    fn unusable(&mut self, id: &str, why: &Error) -> std::io::Result<()> {
        self.summary.unusable += 1;
        self.failure(id, why)
    }

    fn failure(&mut self, id: &str, why: &Error) -> std::io::Result<()> {
        self.summary.failed += 1;
        self.line("FAIL", AnsiColor::Red, id, "")?;
        self.indented(&why.render(self.options.colour))
    }

    /// Warns of snapshots that no request of the file has.
    fn unreferenced(&mut self, path: &Path, file: &HttpFile) -> std::io::Result<()> {
        let used: HashSet<String> = (0..file.requests.len())
            .map(|i| file.key(i).to_lowercase())
            .collect();
        let prefix = format!(
            "{}__",
            path.file_stem().unwrap_or_default().to_string_lossy()
        );
        let folder = folder_for(path);
        // No folder, no snapshots.
        let Ok(entries) = std::fs::read_dir(&folder) else {
            return Ok(());
        };
        let mut names: Vec<String> = entries
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        for name in names {
            let key = name
                .strip_prefix(&prefix)
                .and_then(|rest| rest.strip_suffix(".snap"));
            // A key has no `__`: such a snapshot is that of a file with a longer name.
            let stray =
                key.filter(|key| !key.contains("__") && !used.contains(&key.to_lowercase()));
            if stray.is_some() {
                let shown = self.shown(&folder.join(&name));
                writeln!(self.out, "warning: {shown}: no request has this snapshot")?;
            }
        }
        Ok(())
    }

    fn line(
        &mut self,
        word: &str,
        colour: AnsiColor,
        id: &str,
        note: impl AsRef<str>,
    ) -> std::io::Result<()> {
        let style = if self.options.colour {
            colour.on_default()
        } else {
            Style::new()
        };
        let note = match note.as_ref() {
            "" => String::new(),
            note => format!(" ({note})"),
        };
        writeln!(self.out, "{style}{word:<4}{style:#} {id}{note}")
    }

    fn indented(&mut self, text: &str) -> std::io::Result<()> {
        text.lines()
            .try_for_each(|line| writeln!(self.out, "    {line}"))
    }

    fn end(&mut self) -> std::io::Result<()> {
        let Summary {
            passed,
            failed,
            skipped,
            ..
        } = self.summary;
        if self.differing > 0 {
            writeln!(
                self.out,
                "run again with --accept to store what is right now as the snapshot"
            )?;
        }
        writeln!(
            self.out,
            "{passed} passed, {failed} failed, {skipped} skipped"
        )?;
        self.out.flush()
    }
}

fn join(first: &str, second: &str) -> String {
    if second.is_empty() {
        first.to_owned()
    } else {
        format!("{first}; {second}")
    }
}
