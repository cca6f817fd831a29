//! The one error type of this crate: a code, what happened, where, and what to do.
//!
//! The text is for people and may change with any release; the code and the exit code do not.

use crate::codes::{Code, Exit};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use std::fmt;

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure with its code. Opaque, so that its insides may change.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    what: String,
    fix: Option<String>,
    source_file: Option<NamedSource<String>>,
    span: Option<(usize, usize)>,
}

impl Error {
    /// A failure of kind `code`; `what` happened, as one sentence without a full stop.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            what: what.into(),
            fix: None,
            source_file: None,
            span: None,
        }))
    }

    /// Adds what the reader can do about it.
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.0.fix = Some(fix.into());
        self
    }

    /// Points at `length` bytes at byte `offset` of a text file; the line is shown with a mark.
    pub fn at(mut self, file: &str, text: &str, offset: usize, length: usize) -> Self {
        let offset = offset.min(text.len());
        self.0.source_file = Some(NamedSource::new(file, text.to_owned()));
        self.0.span = Some((offset, length.min(text.len() - offset)));
        self
    }

    /// Where it points: offset and length in bytes.
    pub fn span(&self) -> Option<(usize, usize)> {
        self.0.span
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// How a process that ends with this error exits.
    pub fn exit(&self) -> Exit {
        self.0.code.exit
    }

    /// The text for a terminal (`colour`) or a log.
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::none()
        };
        let handler = GraphicalReportHandler::new_themed(theme).with_links(false);
        let mut text = String::new();
        match handler.render_report(&mut text, self.0.as_ref()) {
            Ok(()) => text,
            // A report that cannot be drawn (a span out of its file) must still be told.
            Err(_) => format!("{}: {}\n", self.0.code, self.0.what),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.what)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Inner {}

impl miette::Diagnostic for Inner {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.fix
            .as_ref()
            .map(|f| Box::new(f) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source_file.as_ref().map(|s| s as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (offset, length) = self.span?;
        let label = LabeledSpan::new(Some("here".into()), offset, length);
        Some(Box::new(std::iter::once(label)))
    }
}
