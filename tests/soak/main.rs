//! `just soak`: many requests of all kinds, against the real server, with everything counted.

#[path = "mod.rs"]
mod soak;

use soak::Kind;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str =
    "soak [--requests N] [--seconds S] [--clients C] [--threads T] [--edits MS] [--only KIND] [--seed X]
  --requests N   so many requests at most [default: 100000]
  --seconds S    so long at most [default: 3600]
  --clients C    tasks that send, each with a connection of its own [default: 16]
  --threads T    of the server [default: 8]
  --edits MS     time between two edits of a script [default: 100]
  --only KIND    hello, raises, upload, big, cgi, wsgi, edited, pipelined or aborted
  --seed X       of what is sent when [default: 1]";

fn main() -> ExitCode {
    let Some(plan) = plan(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let report = soak::run(&plan);
    println!("{report}");
    if report.failures().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn plan(mut words: impl Iterator<Item = String>) -> Option<soak::Plan> {
    let mut plan = soak::Plan::default();
    while let Some(word) = words.next() {
        if word == "--only" {
            plan.only = Some(kind(&words.next()?)?);
            continue;
        }
        let value: u64 = words.next()?.replace('_', "").parse().ok()?;
        match &*word {
            "--requests" => plan.requests = value,
            "--seconds" => plan.time = Duration::from_secs(value),
            "--clients" => plan.clients = value.clamp(1, 1000),
            "--threads" => plan.threads = value.clamp(1, 500),
            "--edits" => plan.edits = Duration::from_millis(value),
            "--seed" => plan.seed = value,
            _ => return None,
        }
    }
    Some(plan)
}

fn kind(word: &str) -> Option<Kind> {
    let kind = match word {
        "hello" => Kind::Hello,
        "raises" => Kind::Raises,
        "upload" => Kind::Upload,
        "big" => Kind::Big,
        "cgi" => Kind::Cgi,
        "wsgi" => Kind::Wsgi,
        "edited" => Kind::Edited,
        "pipelined" => Kind::Pipelined,
        "aborted" => Kind::Aborted,
        _ => return None,
    };
    Some(kind)
}
