//! The checker as a whole: whatever it is given, it gives an answer.

use super::finding::{Finding, Report};
use super::testing::{found, found_as};
use super::{source, testing};
use proptest::prelude::*;

/// Pieces that scripts, good and bad ones, are made of.
const PIECES: &[&str] = &[
    "from Http import *",
    "def Request():",
    "    ",
    "\t",
    "\n",
    "\r",
    "print ",
    "exec ",
    "except ",
    "raise ",
    "Read()",
    "Write(",
    "Header(",
    "'",
    "\"",
    "\"\"\"",
    "`",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "=",
    "%",
    "+",
    "<>",
    "f'{",
    "lambda ",
    "import ",
    "from . import *",
    "if ",
    "class A",
    "async ",
    "await ",
    "0755",
    "10L",
    "ur'a'",
    "# coding: latin-1",
    "\u{feff}",
    "ä",
    "\0",
    "*",
    "@",
    "yield",
    "match a:",
    "case ",
    ";",
];

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (source, all, readable) = source::decode(&bytes);
        testing::told(&source, all.clone());
        let mut report = Report::default();
        report.findings.extend(all.into_iter().map(|f| Finding::new("a.py", &source, f)));
        if readable {
            let all = super::check_source(&source, &testing::file("a.py"), &super::Site::default());
            report.findings.extend(all.into_iter().map(|f| Finding::new("a.py", &source, f)));
        }
        report.text();
        report.json();
    }

    #[test]
    fn arbitrary_pieces_of_scripts_are_answered(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60),
        name in proptest::sample::select(&["a.py", "Http/Isapi.py", "x.cgi", ""][..]),
    ) {
        let text = pieces.concat();
        let (source, _, readable) = source::decode(text.as_bytes());
        if readable {
            let all = super::check_source(&source, &testing::file(name), &super::Site::default());
            let mut report = Report::default();
            for found in all {
                prop_assert!(found.span.start <= found.span.end && found.span.end <= source.text.len());
                report.findings.push(Finding::new(name, &source, found));
            }
            report.text();
        }
    }

    #[test]
    fn arbitrary_text_is_answered(text in "\\PC{0,200}") {
        found(&text);
    }
}

#[test]
fn deep_nesting_is_answered() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("f(", ")"),
        ("a.", "b"),
        ("-", "1"),
        ("a + ", "a"),
    ] {
        let text = format!("x = {}{}\n", open.repeat(2_000), close.repeat(2_000));
        found(&text);
    }
    let lines: Vec<String> = (0..500)
        .map(|depth| format!("{}if a:\n", " ".repeat(depth)))
        .collect();
    found(&lines.concat());
}

#[test]
fn a_script_as_it_should_be_has_no_finding() {
    let script = "# -*- coding: utf-8 -*-\nfrom Http import *\nimport json\n\n\ndef Request():\n    form = json.loads(Read())\n    Header(\"Content-Type: text/html; charset=utf-8\")\n    Write(\"<p>Grüße, %s</p>\" % form[\"name\"])\n";
    assert_eq!(found(script), [""; 0]);
    assert_eq!(found(""), [""; 0]);
    assert_eq!(found("\n# nothing\n"), [""; 0]);
}

#[test]
fn the_hello_world_of_2009_has_what_was_in_it() {
    let script = "from Http import *\n\ndef Request():\n\tHeader(\"Content-type: text/html\")\n\ttry:\n\t\tprint \"Hello, %s\" % unicode(Env.REMOTE_USER)\n\texcept Exception, e:\n\t\tprint e,\n";
    assert_eq!(
        found_as("hello.py", script),
        [
            "error 0809 print \"Hello, %s\" % unicode(Env.REMOTE_USER)",
            "warning 0826 unicode",
            "error 0811 except Exception, e",
            "error 0809 print e,",
        ]
    );
}
