//! What a check finds, and how it is reported.

use super::source::Source;
use crate::codes::Code;
use crate::severity::{Severity, counted};
use serde::Serialize;
use std::fmt::Write;
use std::ops::Range;

/// What a rule says of a place in a text.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) code: Code,
    pub(super) severity: Severity,
    pub(super) span: Range<usize>,
    pub(super) what: String,
    symptom: String,
    pub(super) cure: String,
}

impl Found {
    /// `what` is one sentence without a full stop.
    pub(super) fn new(
        severity: Severity,
        code: Code,
        span: Range<usize>,
        what: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            span,
            what: what.into(),
            symptom: String::new(),
            cure: String::new(),
        }
    }

    pub(super) fn error(code: Code, span: Range<usize>, what: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, what)
    }

    pub(super) fn warning(code: Code, span: Range<usize>, what: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, what)
    }

    pub(super) fn note(code: Code, span: Range<usize>, what: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, span, what)
    }

    /// What happens.
    pub(super) fn then(mut self, symptom: impl Into<String>) -> Self {
        self.symptom = symptom.into();
        self
    }

    /// What to write instead.
    pub(super) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = cure.into();
        self
    }
}

/// One finding with its place, as it is reported.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    code: Code,
    pub(super) severity: Severity,
    what: String,
    file: String,
    line: usize,
    column: usize,
    end_column: usize,
    source: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    symptom: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cure: String,
}

/// How much of a line is shown: a file may be one line of a megabyte.
const SHOWN: usize = 160;

impl Finding {
    pub(super) fn new(file: &str, source: &Source, found: Found) -> Self {
        let (line, column) = source.place(found.span.start);
        let whole = source.line(line);
        let end = found.span.end.max(found.span.start);
        let (last, end_column) = source.place(end);
        let length = whole.chars().count();
        // A span of several lines is marked to the end of its first.
        let end_column = match last == line {
            true => end_column,
            false => length + 1,
        };
        Self {
            code: found.code,
            severity: found.severity,
            what: found.what,
            file: file.to_owned(),
            line,
            column,
            end_column: end_column.max(column + 1),
            source: whole.chars().take(SHOWN.max(column + SHOWN)).collect(),
            symptom: found.symptom,
            cure: found.cure,
        }
    }

    /// The line without its indentation, and a mark under the place.
    fn marked(&self) -> (String, String) {
        let chars: Vec<char> = self.source.chars().collect();
        let indentation = chars.iter().take_while(|c| c.is_whitespace()).count();
        let from = indentation.min(self.column - 1);
        // A place far to the right is shown with what stands just before it.
        let (from, more) = match self.column - 1 > from + SHOWN / 2 {
            true => (self.column - 1 - SHOWN / 4, "..."),
            false => (from, ""),
        };
        let shown = chars.iter().skip(from).take(SHOWN).map(|c| match c {
            '\t' => ' ',
            // A terminal would act on them.
            c if c.is_control() => '?',
            c => *c,
        });
        let line: String = more.chars().chain(shown).collect();
        let before = " ".repeat(more.len() + self.column - 1 - from);
        let room = line.chars().count().saturating_sub(before.len()).max(1);
        let length = (self.end_column - self.column).min(room);
        (line.trim_end().to_owned(), before + &"^".repeat(length))
    }
}

/// All that was looked at and found.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// How many files were looked at.
    pub(super) files: usize,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn count(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(of).count()
    }

    /// In the order of the files and lines: who edits goes through a file once.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let word = finding.severity.word();
            let (line, mark) = finding.marked();
            let _ = writeln!(text, "{word} {}: {}", finding.code, finding.what);
            let (file, row, column) = (&finding.file, finding.line, finding.column);
            let _ = writeln!(text, "  where:   {file}:{row}:{column}");
            if !line.is_empty() {
                let _ = writeln!(text, "           {line}\n           {mark}");
            }
            if !finding.symptom.is_empty() {
                let _ = writeln!(text, "  then:    {}", finding.symptom);
            }
            if !finding.cure.is_empty() {
                let _ = writeln!(text, "  cure:    {}", finding.cure);
            }
            text.push('\n');
        }
        let _ = writeln!(
            text,
            "{}: {}, {}, {}",
            counted(self.files, "file"),
            counted(self.count(Severity::Error), "error"),
            counted(self.count(Severity::Warning), "warning"),
            counted(self.count(Severity::Note), "note")
        );
        text
    }

    pub(super) fn json(&self) -> String {
        #[derive(Serialize)]
        struct Whole<'r> {
            files: usize,
            findings: &'r [Finding],
            errors: usize,
            warnings: usize,
            notes: usize,
        }
        let whole = Whole {
            files: self.files,
            findings: &self.findings,
            errors: self.count(Severity::Error),
            warnings: self.count(Severity::Warning),
            notes: self.count(Severity::Note),
        };
        let text = serde_json::to_string_pretty(&whole);
        text.map(|text| text + "\n").unwrap_or_default()
    }
}
