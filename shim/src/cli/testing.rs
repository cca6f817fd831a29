//! The options of `test` and of the commands that look after its snapshots.

use super::HostArgs;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// `isapi-shim test`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  isapi-shim test
  isapi-shim test site/hello.http
  isapi-shim test --accept site
  isapi-shim test --jobs 4 --shard 1/2 --report-junit report.xml site

Each request has one snapshot in `snapshots` beside its .http file. A response without a \
snapshot, or unlike it, is a failure; --accept makes it the snapshot, and `isapi-shim review` \
shows what waits for a decision.")]
pub struct TestArgs {
    /// .http files, or folders to look for them
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Take every response as its snapshot
    #[arg(long)]
    pub accept: bool,

    /// Only requests whose key (`file::name @mark`) contains TEXT
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// Take variables from this environment of http-client.env.json
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// Answer in N processes; the requests of one file stay in one
    #[arg(short, long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: u16,

    /// Only part I of N parts; which request is in which does not change when others come
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,

    /// Stop at the first failure
    #[arg(long)]
    pub fail_fast: bool,

    /// Fail where a script uses what this host only approximates, or a .http file has what only
    /// editors act on
    #[arg(long)]
    pub strict: bool,

    /// Scripts see this time, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub freeze_time: Option<String>,

    /// Answer each request again after the others in another order, and in a new process; fail
    /// where the responses differ
    #[arg(long)]
    pub isolation_check: bool,

    /// Also try each request while something goes wrong: the client goes, writing fails, buffers
    /// are too small, and so on; each has a snapshot of its own
    #[arg(long)]
    pub faults: bool,

    /// Run again what a saved file touches, until Ctrl-C
    #[arg(long, conflicts_with_all = ["report_junit", "report_json", "report_tap"])]
    pub watch: bool,

    /// Show at once what scripts write to standard error, not only below failures
    #[arg(long)]
    pub no_capture: bool,

    /// Write a report as JUnit XML to FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_junit: Option<PathBuf>,

    /// Write a report as JSON to FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_json: Option<PathBuf>,

    /// Write a report in the form of the Test Anything Protocol to FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_tap: Option<PathBuf>,

    /// Answer the requests in this folder, for a parent process
    #[arg(long, value_name = "DIR", hide = true)]
    pub worker: Option<PathBuf>,

    /// The host.
    #[command(flatten)]
    pub host: HostArgs,
}

/// Which pending snapshots.
#[derive(Clone, Debug, Args)]
pub struct PendingPaths {
    /// Snapshots, .http files, or folders to look for pending snapshots
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
}

/// `isapi-shim review`
#[derive(Debug, Args)]
#[command(after_help = "\
Keys: a accepts, r rejects, s skips; A, R and S do so for all that are left; q ends.

Where there is no terminal, --show prints what differs and decides nothing; `isapi-shim accept` \
and `isapi-shim reject` decide without questions.")]
pub struct ReviewArgs {
    /// Which.
    #[command(flatten)]
    pub which: PendingPaths,

    /// Print what differs, and ask nothing
    #[arg(long)]
    pub show: bool,

    /// Let cargo-insta do the review
    #[arg(long, conflicts_with = "show")]
    pub with_cargo_insta: bool,
}

/// `isapi-shim pending`
#[derive(Debug, Args)]
pub struct PendingArgs {
    /// Which.
    #[command(flatten)]
    pub which: PendingPaths,

    /// How they are listed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: PendingFormat,
}

/// How `pending` lists snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PendingFormat {
    /// One path a line.
    Text,
    /// One JSON object a line.
    Json,
}
