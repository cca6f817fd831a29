//! The report on standard output, and the line on a terminal that tells how far it is.

use super::runner::{Entry, State, Summary};
use anstyle::{AnsiColor, Style};
use console::Term;
use std::io::{Result, Write};

/// Writes for people.
pub(super) struct Printer<'a> {
    out: &'a mut dyn Write,
    colour: bool,
    /// The terminal, and how many requests there are.
    progress: Option<(Term, usize)>,
    shown: bool,
}

impl<'a> Printer<'a> {
    /// `progress`: how many requests there are, where a terminal is to tell of each.
    pub(super) fn new(out: &'a mut dyn Write, colour: bool, progress: Option<usize>) -> Self {
        Self {
            out,
            colour,
            progress: progress.map(|all| (Term::stderr(), all)),
            shown: false,
        }
    }

    /// Shows how far it is, in a line that goes away again.
    pub(super) fn progress(&mut self, done: usize, name: &str) -> Result<()> {
        let Some((term, all)) = &self.progress else {
            return Ok(());
        };
        self.out.flush()?;
        let width = usize::from(term.size().1).saturating_sub(1);
        let line = format!("{done}/{all} {name}");
        let line = console::truncate_str(&line, width, "…");
        if self.shown {
            term.clear_line()?;
        }
        self.shown = true;
        // Behind it no line break: the next one takes its place.
        term.write_str(&line)
    }

    fn clear(&mut self) -> Result<()> {
        match &self.progress {
            Some((term, _)) if std::mem::take(&mut self.shown) => term.clear_line(),
            _ => Ok(()),
        }
    }

    pub(super) fn warning(&mut self, text: &str) -> Result<()> {
        self.clear()?;
        writeln!(self.out, "warning: {text}")
    }

    pub(super) fn block(&mut self, text: &str) -> Result<()> {
        self.clear()?;
        write!(self.out, "{text}")
    }

    /// A line, and below a failure what there is to say about it.
    pub(super) fn entry(&mut self, entry: &Entry) -> Result<()> {
        self.clear()?;
        let colour = match entry.state {
            State::Passed => AnsiColor::Green,
            State::Skipped => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        };
        let style = if self.colour {
            colour.on_default()
        } else {
            Style::new()
        };
        let note = match entry.note.as_str() {
            "" => String::new(),
            note => format!(" ({note})"),
        };
        let Entry {
            word, file, key, ..
        } = entry;
        writeln!(self.out, "{style}{word:<4}{style:#} {file}::{key}{note}")?;
        if !entry.is_failure() {
            return Ok(());
        }
        self.indented(&entry.detail)?;
        if !entry.stderr.trim().is_empty() {
            writeln!(self.out, "    ----- stderr -----")?;
            self.indented(&entry.stderr)?;
        }
        Ok(())
    }

    fn indented(&mut self, text: &str) -> Result<()> {
        text.lines()
            .try_for_each(|line| writeln!(self.out, "    {line}"))
    }

    /// The closing lines. `hint`: what can be done about what differs.
    pub(super) fn end(&mut self, summary: &Summary, hint: Option<&str>) -> Result<()> {
        self.clear()?;
        if let Some(hint) = hint {
            writeln!(self.out, "{hint}")?;
        }
        if summary.not_run > 0 {
            writeln!(self.out, "stopped: {} not sent", summary.not_run)?;
        }
        let Summary {
            passed,
            failed,
            skipped,
            ..
        } = summary;
        writeln!(
            self.out,
            "{passed} passed, {failed} failed, {skipped} skipped"
        )?;
        self.out.flush()
    }
}
