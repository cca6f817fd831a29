//! The options of `isapi-shim check`.

use super::CheckFormat;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// `isapi-shim check`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  isapi-shim check hello.py
  isapi-shim check site
  isapi-shim check --strict --format json site > report.json

Nothing is run, nothing is changed, and no Python is needed. In a folder all .py, .pyw and .cgi \
files are looked at, but not those in .git, __pycache__, site-packages and virtual \
environments. The exit code is 1 if there is an error among the findings, and 5 if there were no \
files.")]
pub struct CheckScriptsArgs {
    /// Scripts, or folders with scripts
    #[arg(value_name = "SCRIPT|DIR", required = true, value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Warnings make the exit code 1 too
    #[arg(long)]
    pub strict: bool,

    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: CheckFormat,
}
