//! `check`: reads the Python files of a site, without running them and without a Python, and names
//! what Python 3 or this implementation of `Http` will not do as it was meant.
//!
//! A file is decoded (`source`), parsed, and gone through twice: once for what it imports and
//! defines (`facts`), once for the rules (`walk`). Each rule looks at one node, and at what stands
//! around it. A wrong finding costs trust: where a rule cannot be sure, it says nothing.

mod bytes;
mod collect;
mod facts;
mod finding;
mod header;
mod indent;
mod lists;
mod modules;
mod names;
mod output;
mod process;
mod python2;
mod request;
mod source;
mod strings;
mod walk;

use crate::cli::{CheckFormat, CheckScriptsArgs};
use crate::codes::{self, Exit};
use crate::error::{Error, Result};
use crate::severity::Severity;
use collect::{File, Site};
use finding::{Finding, Found, Report};
use std::io::Read as _;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Larger files are data.
const LARGEST: u64 = 8 * 1024 * 1024;
/// More findings in one file help nobody.
const MOST: usize = 1000;
/// What a file may take, so that a strange one does not hold up the others.
const LONGEST: Duration = Duration::from_secs(20);

/// Carries out the command.
///
/// # Errors
/// Paths that cannot be read, and folders without a Python file.
pub fn check(args: &CheckScriptsArgs) -> Result<Option<Exit>> {
    let site = collect::collect(&args.paths)?;
    let mut report = Report::default();
    for file in &site.files {
        check_file(file, &site, &mut report)?;
    }
    let text = match args.format {
        CheckFormat::Text => report.text(),
        CheckFormat::Json => report.json(),
    };
    crate::output::answer(text.as_bytes())?;
    let bad =
        report.count(Severity::Error) > 0 || args.strict && report.count(Severity::Warning) > 0;
    Ok(bad.then_some(Exit::Failed))
}

fn check_file(file: &File, site: &Site, report: &mut Report) -> Result<()> {
    let unreadable = |error: std::io::Error| {
        let what = format!("{} cannot be read: {error}", file.shown);
        Error::new(codes::CHECK_UNREADABLE, what).fix("check the permissions of the file")
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(&file.path).map_err(unreadable)?;
    let mut limited = opened.take(LARGEST + 1);
    limited.read_to_end(&mut bytes).map_err(unreadable)?;
    report.files += 1;
    if bytes.len() as u64 > LARGEST {
        let source = source::Source::new(String::new());
        let what = "the file is larger than 8 MiB and was not looked at";
        let found = Found::note(codes::PY_NOT_CHECKED, 0..0, what)
            .cure("if it holds data, keep them in a file that is no script");
        report
            .findings
            .push(Finding::new(&file.shown, &source, found));
        return Ok(());
    }
    let (source, mut all, readable) = source::decode(&bytes);
    if readable {
        all.extend(check_source(&source, file, site));
    }
    all.sort_by_key(|found| (found.span.start, found.code.number, found.span.end));
    all.dedup_by(|a, b| a.code == b.code && a.span == b.span);
    if all.len() > MOST {
        let what = format!(
            "{} more findings in this file are left out",
            all.len() - MOST
        );
        // Errors decide about the exit code, so they are kept first.
        let last = all[all.len() - 1].span.clone();
        all.sort_by_key(|found| found.severity as u8);
        all.truncate(MOST);
        all.sort_by_key(|found| (found.span.start, found.code.number));
        all.push(Found::note(codes::PY_NOT_CHECKED, last, what));
    }
    let findings = all
        .into_iter()
        .map(|f| Finding::new(&file.shown, &source, f));
    report.findings.extend(findings);
    Ok(())
}

/// Parses a text and asks the rules.
fn check_source(source: &source::Source, file: &File, site: &Site) -> Vec<Found> {
    let not_checked = || {
        let what = "the file could not be parsed in 20 seconds and was not looked at";
        vec![Found::note(codes::PY_NOT_CHECKED, 0..0, what)]
    };
    let mut parser = tree_sitter::Parser::new();
    if parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .is_err()
    {
        return not_checked();
    }
    let end = Instant::now() + LONGEST;
    let mut in_time = |_: &tree_sitter::ParseState| match Instant::now() < end {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    };
    let options = tree_sitter::ParseOptions::new().progress_callback(&mut in_time);
    let text = source.text.as_bytes();
    let mut piece = |at: usize, _| text.get(at..).unwrap_or_default();
    let Some(tree) = parser.parse_with_options(&mut piece, None, Some(options)) else {
        return not_checked();
    };
    let facts = facts::Facts::of(&tree, source, file, site);
    let mut all = walk::rules(&tree, source, &facts);
    all.extend(indent::rules(&tree, source));
    all.extend(request::file_rules(source, &facts));
    all
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
