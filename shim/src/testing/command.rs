//! `isapi-shim test`: the runner, with processes as what answers.

use super::frozen_time::Frozen;
use super::pool::{self, Pool};
use super::runner::{Options, Report, Shard, run};
use super::snapshot::Update;
use super::{collect, report_files, watch, worker};
use crate::cli::TestArgs;
use crate::codes::Exit;
use crate::debugging::CoverageRun;
use crate::ecb_host::Trace;
use crate::error::Result;
use crate::site::real_path;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Runs the command.
///
/// # Errors
/// Files or options cannot be used, or the report cannot be written.
pub fn test(args: &TestArgs) -> Result<Option<Exit>> {
    if let Some(folder) = &args.worker {
        return worker::work(folder, &args.host).map(|()| None);
    }
    let session = Session::new(args)?;
    if args.watch {
        return watch::watch(&session, args);
    }
    let report = session.run(&session.files()?)?;
    for (file, text) in [
        (&args.report_junit, report_files::junit as fn(&Report) -> _),
        (&args.report_json, report_files::json),
        (&args.report_tap, report_files::tap),
    ] {
        if let Some(file) = file {
            report_files::write(file, &text(&report))?;
        }
    }
    Ok(exit(&report))
}

fn exit(report: &Report) -> Option<Exit> {
    match report.summary.exit_code() {
        0 => None,
        1 => Some(Exit::Failed),
        2 => Some(Exit::Usage),
        5 => Some(Exit::Nothing),
        _ => Some(Exit::Host),
    }
}

/// Everything that stays the same from run to run.
pub(super) struct Session<'a> {
    args: &'a TestArgs,
    options: Options,
    update: Update,
    /// Also holds the folder with the module.
    frozen: Option<Frozen>,
}

impl<'a> Session<'a> {
    fn new(args: &'a TestArgs) -> Result<Self> {
        let update = Update::choose(args.accept, |name| std::env::var(name).ok())?;
        let base = std::env::current_dir()
            .and_then(|folder| real_path(&folder))
            .unwrap_or_default();
        let pending_dir = std::env::var_os("INSTA_PENDING_DIR").filter(|dir| !dir.is_empty());
        let options = Options {
            colour: colour(),
            filter: args.filter.clone(),
            shard: args.shard.as_deref().map(Shard::parse).transpose()?,
            env: args.env.clone(),
            fail_fast: args.fail_fast,
            strict: args.strict,
            faults: args.faults,
            isolation: args.isolation_check,
            pending_dir: pending_dir.map(|dir| base.join(dir)),
            // What scripts write would be torn apart by it.
            progress: console::Term::stderr().is_term() && !echo(args),
            base,
            roots: Vec::new(),
        };
        Ok(Self {
            args,
            options,
            update,
            frozen: args.freeze_time.as_deref().map(Frozen::new).transpose()?,
        })
    }

    /// The request files, by their real paths.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        let files = collect(&self.args.paths)?;
        Ok(files
            .into_iter()
            .map(|file| real_path(&file).unwrap_or(file))
            .collect())
    }

    /// Runs files once.
    pub(super) fn run(&self, files: &[PathBuf]) -> Result<Report> {
        let args = self.args;
        let frozen = self.frozen.iter().flat_map(Frozen::environment);
        let environment: Vec<(OsString, OsString)> = frozen.collect();
        // Its folder goes away with it.
        let coverage = CoverageRun::of(&args.host).map_err(|e| pool::parted(&e.to_string()))?;
        let mut options = pool::options(&args.host);
        options.extend(coverage.iter().flat_map(CoverageRun::options));
        let mut pool = Pool {
            jobs: usize::from(args.jobs),
            options,
            environment,
            keep_calls: args.strict,
            echo: echo(args),
            colour: self.options.colour,
        };
        let mut out = anstream::stdout();
        run(files, &self.options, self.update, &mut pool, &mut out)
    }

    /// A file as the user would name it.
    pub(super) fn shown(&self, file: &Path) -> String {
        self.options.shown(file)
    }
}

fn echo(args: &TestArgs) -> bool {
    args.no_capture || args.host.trace() != Trace::Off
}

fn colour() -> bool {
    !matches!(
        anstream::AutoStream::choice(&std::io::stdout()),
        anstream::ColorChoice::Never
    )
}
