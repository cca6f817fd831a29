use super::decode;
use crate::check::testing::told;

fn said(bytes: &[u8]) -> (String, Vec<String>) {
    let (source, all, _) = decode(bytes);
    let told = told(&source, all);
    (source.text, told)
}

#[test]
fn a_coding_line_in_the_first_two_lines_counts() {
    for start in [
        "# -*- coding: latin-1 -*-\n",
        "#!/usr/bin/python\n# vim: fileencoding=iso-8859-1\n",
    ] {
        let bytes = [start.as_bytes(), b"a = '\xE4'\n"].concat();
        assert_eq!(said(&bytes), (format!("{start}a = 'ä'\n"), Vec::new()));
    }
    let bytes = b"# coding: cp1252\na = '\x80'\n";
    assert_eq!(
        said(bytes),
        ("# coding: cp1252\na = '€'\n".into(), Vec::new())
    );
}

#[test]
fn a_coding_line_behind_code_does_not_count() {
    let (_, told) = said(b"import os\n# coding: latin-1\na = '\xE4'\n");
    assert_eq!(told.len(), 1);
}

#[test]
fn bytes_that_do_not_fit_are_an_error_with_a_place() {
    let (source, all, _) = decode(b"a = 1\nb = '\xE4'\n");
    assert_eq!(source.place(all[0].span.start), (2, 6));
    assert_eq!(all[0].code.number, 804);
    let (_, all, _) = decode(b"# coding: utf-8\nb = '\xE4'\n");
    assert_eq!(all.len(), 1);
    let (_, all, _) = decode(b"# coding: ascii\nb = '\xE4'\n");
    assert_eq!(all.len(), 1);
    let (_, all, _) = decode(b"\xEF\xBB\xBF# coding: latin-1\n");
    assert_eq!(all.len(), 1);
}

#[test]
fn marks_line_ends_and_no_bytes_at_all_are_fine() {
    assert_eq!(
        said(b"\xEF\xBB\xBFa = 1\r\n"),
        ("a = 1\r\n".into(), Vec::new())
    );
    assert_eq!(said(b"a\rb\r\n"), ("a\nb\r\n".into(), Vec::new()));
    assert_eq!(said(b""), (String::new(), Vec::new()));
    assert_eq!(said(b"# coding: utf-8-unix\n").1, [""; 0]);
}

#[test]
fn a_nul_byte_is_an_error() {
    assert_eq!(said(b"a = 1\n\0").1, ["error 0805 "]);
    assert_eq!(said(b"\xFF\xFEa\0").1, ["error 0805 "]);
}

#[test]
fn places_are_counted_in_characters() {
    let source = super::Source::new("ä = 1\n\tb\n".into());
    assert_eq!(source.place(0), (1, 1));
    assert_eq!(source.place(2), (1, 2));
    assert_eq!(source.place(1), (1, 1));
    assert_eq!(source.place(8), (2, 2));
    assert_eq!(source.place(99), (3, 1));
    assert_eq!(source.line(2), "\tb");
}
