use crate::check::testing::{found, none};

#[test]
fn mixed_tabs_and_blanks_are_told_as_python_3_tells_them() {
    assert_eq!(
        found("if a:\n        b()\n\tc()\n"),
        ["error 0808 \t"],
        "eight blanks and a tab"
    );
    assert_eq!(
        found("if a:\n\tif b:\n        \tc()\n        d()\n"),
        ["error 0808         "]
    );
}

#[test]
fn indentation_that_fits_nothing_is_told() {
    assert_eq!(found("a = 1\n    b = 2\n"), ["error 0807     "]);
    assert_eq!(found("if a:\n        b()\n    c()\n"), ["error 0807     "]);
    assert_eq!(found("if a:\nb()\n"), ["error 0807 "]);
    assert_eq!(found("def f():\n    # nothing\n"), ["error 0807 "]);
}

#[test]
fn indentation_that_is_consistent_is_fine() {
    none(
        "",
        &[
            "if a:\n\tb()\n\tif c:\n\t\td()\nelse:\n\te()",
            "if a:\n    b()\nif c:\n\td()",
            "if a: b()\nelif c: d()\nelse: e()",
            "def f(a,\n\tb):\n    c = [\n\t1,\n  ]\n    return c",
            "@a\n@b\ndef f():\n    pass",
            "class A:\n\n    '''text'''\n\n    def f(self): pass",
            "try:\n    a()\nexcept B:\n    c()\nelse:\n    d()\nfinally:\n    e()",
            "match a:\n    case 1:\n        b()\n    case _:\n        c()",
            "if a:\n    b(); c()\n    # d\n# e\n    f()",
            "while a: pass",
            "\x0cdef f():\n    pass",
            "if a:\n    '''b\nc'''\n    d()",
            "with a as b, \\\n  c:\n    d()",
        ],
    );
}
