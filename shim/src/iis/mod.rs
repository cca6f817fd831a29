//! For administrators: what a site needs under IIS, and what is wrong with one. Works on any
//! system, on copies of the server's files.
//!
//! `iis config` prints (`config`). `iis check` reads (`documents`, `app_host`, `dll`) and
//! then asks rules, which are grouped by what they look at; each adds what it finds to the
//! report.

mod app_host;
mod check;
mod config;
mod dll;
mod documents;
mod file_rules;
mod filtering;
mod finding;
mod handler_rules;
mod paths;
mod python_rules;
mod server_rules;

use crate::cli::{CheckFormat, IisCommand};
use crate::codes::Exit;
use crate::error::Result;
pub use paths::PathMap;

/// Carries out a command.
///
/// # Errors
/// Options or files that cannot be used.
pub fn iis(command: &IisCommand) -> Result<Option<Exit>> {
    let (text, exit) = answer(command)?;
    crate::output::answer(text.as_bytes())?;
    Ok(exit)
}

/// What a command prints, and its exit code.
///
/// # Errors
/// Options or files that cannot be used.
pub fn answer(command: &IisCommand) -> Result<(String, Option<Exit>)> {
    Ok(match command {
        IisCommand::Config(args) => (config::config(args)?, None),
        IisCommand::Check(args) => {
            let report = check::check(args)?;
            let text = match args.format {
                CheckFormat::Text => report.text(),
                CheckFormat::Json => report.json(),
            };
            (text, report.has_errors().then_some(Exit::Failed))
        }
    })
}
