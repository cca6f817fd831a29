//! The core of `isapi-shim test`: has each request of the request files answered, compares the
//! answers with their snapshots, and reports.

use super::isolation::Isolation;
use super::judge;
pub use super::plan::{Case, Shard};
use super::plan::{Item, plan};
use super::report::Printer;
use super::report_files::unwritable;
use super::snapshot::Update;
pub use super::wire::Broken;
use crate::error::Result;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

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
    /// What was written to standard error meanwhile; shown below a failure.
    pub stderr: String,
    /// The calls across the control block, where they were kept.
    pub calls: Vec<String>,
    /// Folders to show as `[ROOT]`.
    pub roots: Vec<String>,
    /// How long it took, in microseconds.
    pub micros: u64,
}

/// An answer, or why there is none. An empty text: for the reason that was told before.
pub type Reply = std::result::Result<Recorded, Broken>;
/// Takes answers by the number that was asked with; may say that no more are wanted.
pub type On<'a> = &'a mut dyn FnMut(usize, Reply) -> ControlFlow<()>;

/// A request that is to be answered.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// For the answer.
    pub number: usize,
    /// Which.
    pub case: &'a Case,
}

/// Whatever answers requests: processes with a fake host, or a test's stand-in.
pub trait Source {
    /// Has requests answered; those of one file one after the other, as they are given. `alone`:
    /// each by an interpreter that has answered nothing before.
    fn answer(&mut self, wanted: &[Wanted<'_>], alone: bool, on: On<'_>);
}

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Write escape sequences into the report.
    pub colour: bool,
    /// Only requests whose `file::key @mark` contains this.
    pub filter: Option<String>,
    /// Only these.
    pub shard: Option<Shard>,
    /// The environment for variables.
    pub env: Option<String>,
    /// Nothing more after a failure.
    pub fail_fast: bool,
    /// What this host only approximates is a failure.
    pub strict: bool,
    /// Try each request with all faults.
    pub faults: bool,
    /// Compare with a second and with a lone answer.
    pub isolation: bool,
    /// Where `.snap.new` goes, with the paths that snapshots have from `base`; else beside them.
    pub pending_dir: Option<PathBuf>,
    /// A line on the terminal tells how far it is.
    pub progress: bool,
    /// Files below this folder are shown by their path from there. The files themselves are given
    /// absolute: the core changes the current folder, as PyISAPIe did.
    pub base: PathBuf,
    /// Folders to show as `[ROOT]`, besides those which the host names.
    pub roots: Vec<String>,
}

impl Options {
    /// A file as the user would name it.
    pub(super) fn shown(&self, file: &Path) -> String {
        let short = file.strip_prefix(&self.base).unwrap_or(file);
        short.display().to_string().replace('\\', "/")
    }
}

/// How a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As stored, or accepted.
    Passed,
    /// New, different, or refused by a check.
    Failed,
    /// A snapshot cannot be read or written, or what the host was given cannot be used.
    Unusable,
    /// The host failed.
    HostFailed,
    /// Not sent.
    Skipped,
}

/// What is reported about one request.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The request file, as shown.
    pub file: String,
    /// Its key.
    pub key: String,
    /// The line of the request line.
    pub line: usize,
    /// From `# @mark`.
    pub marks: Vec<String>,
    /// How it went.
    pub state: State,
    /// The report's first word.
    pub word: &'static str,
    /// Behind the name, in brackets.
    pub note: String,
    /// Below it, maybe with colours: a diff, or an error.
    pub detail: String,
    /// What was written to standard error.
    pub stderr: String,
    /// How long the answer took.
    pub micros: u64,
    /// `--accept` would make it pass.
    pub(super) differs: bool,
}

impl Entry {
    pub(super) fn new(case: &Case) -> Self {
        Self {
            file: case.shown.clone(),
            key: case.key.clone(),
            line: case.request.line,
            marks: case.request.marks.clone(),
            state: State::Passed,
            word: "ok",
            note: String::new(),
            detail: String::new(),
            stderr: String::new(),
            micros: 0,
            differs: false,
        }
    }

    /// Whether the run fails because of it.
    pub fn is_failure(&self) -> bool {
        !matches!(self.state, State::Passed | State::Skipped)
    }
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
    /// Requests that were not sent, because one before them failed.
    pub not_run: usize,
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

    fn count(&mut self, entry: &Entry) {
        match entry.state {
            State::Passed => self.passed += 1,
            State::Skipped => self.skipped += 1,
            State::Failed => self.failed += 1,
            State::Unusable => {
                self.failed += 1;
                self.unusable += 1;
            }
            State::HostFailed => {
                self.failed += 1;
                self.host_errors += usize::from(!entry.detail.is_empty());
            }
        }
    }
}

/// All that is known after a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of the files.
    pub entries: Vec<Entry>,
    /// Files that cannot be used, and why.
    pub unusable: Vec<(String, String)>,
    /// The counts.
    pub summary: Summary,
}

/// Runs the requests of `files`, and reports to `out`: a line for each, the diff below a failure,
/// warnings, and at last `N passed, N failed, N skipped`. What fails is counted in the summary.
///
/// # Errors
/// Only if the report cannot be written.
pub fn run(
    files: &[PathBuf],
    options: &Options,
    update: Update,
    source: &mut dyn Source,
    out: &mut dyn Write,
) -> Result<Report> {
    let items = plan(files, options);
    let cases: Vec<&Case> = items
        .iter()
        .filter_map(|item| match item {
            Item::Case(case) => Some(case),
            _ => None,
        })
        .collect();
    let mut run = Run {
        items: &items,
        entries: vec![None; cases.len()],
        next: (0, 0),
        report: Report::default(),
        out: Printer::new(out, options.colour, options.progress.then_some(cases.len())),
        hint: hint(update, options),
    };
    let mut isolation = Isolation::new(options.isolation, &cases);
    let mut written = Ok(());
    let mut wanted: Vec<Wanted<'_>> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| Wanted { number, case })
        .collect();
    wanted.extend(isolation.again());
    // A file that cannot be used is a failure like any other.
    let unusable = items.iter().any(|item| matches!(item, Item::Unusable(..)));
    if !(options.fail_fast && unusable) {
        source.answer(&wanted, false, &mut |number, reply| {
            if number >= cases.len() {
                isolation.second(number - cases.len(), reply, options);
                return ControlFlow::Continue(());
            }
            let case = cases[number];
            let entry = match reply {
                Ok(answer) => {
                    let now = judge::render(case, &answer, options);
                    let entry = judge::judge(case, &answer, &now, update, options);
                    isolation.first(number, now);
                    entry
                }
                Err(why) => judge::broken(Entry::new(case), &why),
            };
            let stop = options.fail_fast && entry.is_failure();
            run.entries[number] = Some(entry);
            written = run.done(number, !options.isolation);
            if stop || written.is_err() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
    }
    written.map_err(unwritable)?;
    isolation.check(source, options, &mut run.entries);
    run.end().map_err(unwritable)?;
    Ok(run.report)
}

/// Brings what comes in any order into that of the files.
struct Run<'a> {
    items: &'a [Item],
    entries: Vec<Option<Entry>>,
    /// The item and the case that are to be told next.
    next: (usize, usize),
    report: Report,
    out: Printer<'a>,
    /// What can be done about differences.
    hint: &'static str,
}

impl Run<'_> {
    /// A case is done; with `tell` all that is known is told.
    fn done(&mut self, number: usize, tell: bool) -> std::io::Result<()> {
        if tell {
            self.tell(false)?;
        }
        let done = self.entries.iter().flatten().count();
        let name = self.entries[number].as_ref().map(|e| e.key.as_str());
        self.out.progress(done, name.unwrap_or_default())
    }

    /// Tells of items up to the first that is not known; `all`: of all that are.
    fn tell(&mut self, all: bool) -> std::io::Result<()> {
        while let Some(item) = self.items.get(self.next.0) {
            match item {
                Item::Warning(text) => self.out.warning(text)?,
                Item::Unusable(file, why) => {
                    self.report.summary.unusable += 1;
                    self.report.unusable.push((file.clone(), why.text.clone()));
                    self.out.block(&why.text)?;
                }
                Item::Skip(case) => {
                    let mut entry = Entry::new(case);
                    entry.state = State::Skipped;
                    entry.word = "skip";
                    entry.note = case.request.skip.clone().unwrap_or_default();
                    self.told(entry)?;
                }
                Item::Case(_) => {
                    match self.entries.get(self.next.1).cloned().flatten() {
                        Some(entry) => self.told(entry)?,
                        None if all => self.report.summary.not_run += 1,
                        None => return Ok(()),
                    }
                    self.next.1 += 1;
                }
            }
            self.next.0 += 1;
        }
        Ok(())
    }

    fn told(&mut self, entry: Entry) -> std::io::Result<()> {
        self.out.entry(&entry)?;
        self.report.summary.count(&entry);
        self.report.entries.push(entry);
        Ok(())
    }

    fn end(&mut self) -> std::io::Result<()> {
        self.tell(true)?;
        let differing = self.report.entries.iter().any(|entry| entry.differs);
        self.out
            .end(&self.report.summary, differing.then_some(self.hint))
    }
}

/// What can be done about differences.
fn hint(update: Update, options: &Options) -> &'static str {
    match (update, options.faults) {
        (Update::Nothing, _) => {
            "nothing was stored for a review here (CI, TF_BUILD or INSTA_UPDATE=no); it is at your desk"
        }
        (_, true) => {
            "`isapi-shim review` shows what is new or differs; `isapi-shim test --faults --accept` \
             stores all of it"
        }
        (_, false) => {
            "`isapi-shim review` shows what is new or differs; `isapi-shim test --accept` stores \
             all of it"
        }
    }
}
