use crate::check::testing::{each, none};

#[test]
fn backslashes_that_break_a_file_are_errors() {
    each(
        "",
        &[
            (r#"a = "C:\Users\ann""#, r"error 0844 \U"),
            (r#"a = "\x1""#, r"error 0844 \x"),
            (r#"a = "\u12""#, r"error 0844 \u"),
            (r#"a = "\Name""#, r"error 0844 \N"),
            (r#"a = "\UFFFFFFFF""#, r"error 0844 \U"),
            (r#"a = b"\x1""#, r"error 0844 \x"),
            (r#"a = f"\Users{b}""#, r"error 0844 \U"),
        ],
    );
}

#[test]
fn paths_with_escape_sequences_are_warnings() {
    each(
        "",
        &[
            (r#"a = "C:\temp""#, r"warning 0843 \t"),
            (r#"a = "D:\\www\new""#, r"warning 0843 \n"),
            (r#"a = "\\\\server\\share\reports""#, r"warning 0843 \r"),
        ],
    );
}

#[test]
fn other_backslashes_are_notes() {
    each(
        "",
        &[
            (r#"a = "C:\inetpub\wwwroot""#, r"note 0842 \i"),
            (r#"a = '[\S]+'"#, r"note 0842 \S"),
            (r#"a = b"\u1234""#, r"note 0842 \u"),
        ],
    );
}

#[test]
fn texts_that_mean_what_they_say_are_fine() {
    none(
        "",
        &[
            r#"a = r"C:\Users\temp""#,
            r#"a = "C:\\Users\\temp""#,
            r#"a = "C:/temp""#,
            r#"a = "x:\n""#,
            r#"a = "x: \tb""#,
            r#"a = "\x41\u0041\U00000041\N{BULLET}\101\0\\""#,
            r#"a = f"\N{BULLET}{b}""#,
            "a = \"b\\\nc\"",
            r#"a = """C:\tb""""#,
            r#"a = b"\xff\x00""#,
        ],
    );
}
