//! What a check finds, and how it is reported.

use crate::codes::Code;
use crate::severity::{Severity, counted};
use serde::Serialize;
use std::fmt::Write;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct At {
    pub(super) file: String,
    /// Counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<usize>,
}

impl At {
    /// A file as a whole.
    pub(super) fn file(path: &std::path::Path) -> Self {
        Self {
            file: path.display().to_string(),
            line: None,
        }
    }
}

/// One mistake.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) code: Code,
    pub(super) severity: Severity,
    /// One sentence without a full stop.
    pub(super) what: String,
    #[serde(flatten)]
    at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symptom: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

impl Finding {
    fn new(severity: Severity, code: Code, what: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            what: what.into(),
            at: None,
            symptom: None,
            cure: None,
        }
    }

    pub(super) fn error(code: Code, what: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, what)
    }

    pub(super) fn warning(code: Code, what: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, what)
    }

    pub(super) fn note(code: Code, what: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, what)
    }

    /// Where it stands.
    pub(super) fn at(mut self, at: impl Into<Option<At>>) -> Self {
        self.at = at.into();
        self
    }

    /// What a client or an administrator sees of it under IIS.
    pub(super) fn symptom(mut self, symptom: impl Into<String>) -> Self {
        self.symptom = Some(symptom.into());
        self
    }

    /// What to do.
    pub(super) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }
}

/// All that a check looked at and found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// What was looked at, so that a reader knows what "nothing wrong" is about.
    pub(super) checked: Vec<String>,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(super) fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    fn count(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(of).count()
    }

    /// The worst first; those of one severity in the order of the rules.
    fn sorted(&self) -> Vec<&Finding> {
        let mut sorted: Vec<&Finding> = self.findings.iter().collect();
        sorted.sort_by_key(|finding| finding.severity);
        sorted
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.checked {
            let _ = writeln!(text, "looked at {line}");
        }
        for finding in self.sorted() {
            let word = finding.severity.word();
            // A text of the loader may have several lines.
            let what = finding.what.replace('\n', "\n    ");
            let _ = writeln!(text, "\n{word} {}: {what}", finding.code);
            if let Some(At { file, line }) = &finding.at {
                let line = line.map_or(String::new(), |line| format!(", line {line}"));
                let _ = writeln!(text, "  where:   {file}{line}");
            }
            if let Some(symptom) = &finding.symptom {
                let _ = writeln!(text, "  in IIS:  {symptom}");
            }
            if let Some(cure) = &finding.cure {
                let _ = writeln!(text, "  cure:    {cure}");
            }
        }
        let counted = |severity: Severity| counted(self.count(severity), severity.word());
        let _ = writeln!(
            text,
            "\n{}, {}, {}",
            counted(Severity::Error),
            counted(Severity::Warning),
            counted(Severity::Note)
        );
        text
    }

    pub(super) fn json(&self) -> String {
        #[derive(Serialize)]
        struct Whole<'r> {
            checked: &'r [String],
            findings: Vec<&'r Finding>,
            errors: usize,
            warnings: usize,
            notes: usize,
        }
        let whole = Whole {
            checked: &self.checked,
            findings: self.sorted(),
            errors: self.count(Severity::Error),
            warnings: self.count(Severity::Warning),
            notes: self.count(Severity::Note),
        };
        let text = serde_json::to_string_pretty(&whole);
        text.map(|text| text + "\n").unwrap_or_default()
    }
}
