//! The one error type of this crate: a code, what happened, where, and what to do.
//!
//! The text is for people and may change with any release; the code and the exit code do not.

use crate::codes::{Code, Exit};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use std::fmt;

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A mark is not drawn into longer lines, in bytes: nobody finds anything in them, and the report
/// could not draw one behind column 65535.
const LONGEST_SHOWN: usize = 4096;

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
    /// File, line and column, where the line is too long to be shown.
    place: Option<String>,
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
            place: None,
        }))
    }

    /// Adds what the reader can do about it.
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.0.fix = Some(fix.into());
        self
    }

    /// Points at `length` bytes at byte `offset` of a text file; the line is shown with a mark, or
    /// named where it is too long for that.
    pub fn at(mut self, file: &str, text: &str, offset: usize, length: usize) -> Self {
        let offset = offset.min(text.len());
        let length = length.min(text.len() - offset);
        self.0.span = Some((offset, length));
        let before = &text.as_bytes()[..offset];
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let behind = &text.as_bytes()[offset + length..];
        let end = memchr::memchr(b'\n', behind).unwrap_or(behind.len());
        if offset + length + end - start <= LONGEST_SHOWN {
            self.0.source_file = Some(NamedSource::new(file, text.to_owned()));
            return self;
        }
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        self.0.place = Some(format!("{file}:{line}:{column}"));
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
        f.write_str(&self.what)?;
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
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
        let (offset, length) = self.span.filter(|_| self.source_file.is_some())?;
        let label = LabeledSpan::new(Some("here".into()), offset, length);
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    fn shown(text: &str, offset: usize, length: usize) -> String {
        let error = Error::new(codes::UNKNOWN_VARIABLE, "what");
        error.at("a.http", text, offset, length).render(false)
    }

    #[test]
    fn a_place_is_shown_with_its_line() {
        let text = shown("one\ntwo three\n", 8, 5);
        assert!(
            text.contains("a.http:2:5") && text.contains("two three"),
            "{text}"
        );
    }

    #[test]
    fn a_place_in_a_line_that_nobody_reads_is_named() {
        let long = format!("one\n{}two", "\u{e9}".repeat(70_000));
        for (length, text) in [(3, &long), (140_000, &long), (1, &format!("{long}\nx"))] {
            let offset = if length == 140_000 { 4 } else { 140_004 };
            let text = shown(text, offset, length);
            let column = if length == 140_000 { 1 } else { 70_001 };
            let place = format!("what (a.http:2:{column})");
            assert!(text.contains(&place) && text.len() < 200, "{text}");
        }
    }
}
