//! The fake IIS: it drives an ISAPI extension through the same control block as IIS does.
#![deny(unsafe_code)]

pub mod check;
pub mod cli;
pub mod codes;
pub mod debugging;
pub mod ecb_host;
pub mod error;
pub mod headers;
pub mod iis;
mod kept;
mod output;
pub mod process;
pub mod run;
pub mod serve;
mod severity;
#[cfg(unix)]
mod shared;
pub mod site;
pub mod testing;
mod whole_file;

use clap::Parser;
use cli::{Cli, Command};
use codes::Exit;
use std::ffi::OsString;

/// The whole command: parses the arguments, acts, reports, and gives the exit code.
pub fn command(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    let words: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; everything else is one of usage.
            let failed = error.use_stderr();
            let _ = error.print();
            return if failed { Exit::Usage as u8 } else { 0 };
        }
    };
    match act(&cli.command, &words) {
        Ok(None) => 0,
        Ok(Some(exit)) => exit as u8,
        Err(error) => {
            let colour = anstream::AutoStream::choice(&std::io::stderr());
            let colour = !matches!(colour, anstream::ColorChoice::Never);
            output::say(&error.render(colour));
            error.exit() as u8
        }
    }
}

/// `words`: the command line.
fn act(command: &Command, words: &[OsString]) -> error::Result<Option<Exit>> {
    match command {
        Command::Run(args) => run::run(args),
        Command::Serve(args) => serve::serve(args, words),
        Command::Test(args) => testing::command::test(args),
        Command::Review(args) => testing::review::review(args),
        Command::Accept(which) => testing::review::accept(which),
        Command::Reject(which) => testing::review::reject(which),
        Command::Pending(args) => testing::review::pending(args),
        Command::Check(args) => check::check(args),
        Command::Iis { command } => iis::iis(command),
        Command::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut command, "isapi-shim", &mut script);
            output::answer(&script).map(|()| None)
        }
    }
}
