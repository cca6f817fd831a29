//! What the tests of the rules share.

use super::collect::{File, Site};
use super::source::Source;
use std::path::{Path, PathBuf};

/// The start of a script that uses `Http`.
pub(super) const HTTP: &str = "from Http import *\n";

/// What is said of a text: severity, code, and the first line of the marked place.
pub(super) fn found(text: &str) -> Vec<String> {
    found_as("site/page.py", text)
}

/// As [`found`], for a file of that name. Neither the file nor its folder is there.
pub(super) fn found_as(path: &str, text: &str) -> Vec<String> {
    let file = file(path);
    let (source, mut all, readable) = super::source::decode(text.as_bytes());
    if readable {
        all.extend(super::check_source(&source, &file, &Site::default()));
    }
    told(&source, all)
}

/// A file that is not there.
pub(super) fn file(path: &str) -> File {
    let path = PathBuf::from(path);
    File {
        shown: path.display().to_string(),
        root: path.parent().unwrap_or(Path::new("")).to_owned(),
        path,
    }
}

/// The findings in their order.
pub(super) fn told(source: &Source, mut all: Vec<super::Found>) -> Vec<String> {
    all.sort_by_key(|found| (found.span.start, found.code.number));
    let line = |found: &super::Found| {
        let marked = source.text.get(found.span.clone()).unwrap_or("?");
        let first = marked.lines().next().unwrap_or_default();
        let severity = format!("{:?}", found.severity).to_lowercase();
        format!("{severity} {:04} {first}", found.code.number)
    };
    all.iter().map(line).collect()
}

/// Each text has exactly this finding.
pub(super) fn each(before: &str, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let whole = format!("{before}{text}\n");
        assert_eq!(found(&whole), [*expected], "{whole}");
    }
}

/// The texts have none.
pub(super) fn none(before: &str, texts: &[&str]) {
    for text in texts {
        let whole = format!("{before}{text}\n");
        assert_eq!(found(&whole), [""; 0], "{whole}");
    }
}
