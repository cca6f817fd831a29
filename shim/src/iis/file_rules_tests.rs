use super::*;
use proptest::prelude::*;

#[test]
fn python_2_is_known_by_forms_that_python_3_does_not_have() {
    for (text, line) in [
        ("import os\nprint 'x'\n", 2),
        ("if x: print y\n", 1),
        ("print >>log, x\n", 1),
        ("try:\n  f()\nexcept Error, e:\n  pass\n", 3),
        ("raise ValueError, 'x'\n", 1),
        ("if d.has_key('x'):\n", 1),
        ("if a <> b:\n", 1),
    ] {
        assert_eq!(python2(text).map(|(line, _)| line), Some(line), "{text}");
    }
}

#[test]
fn python_3_and_prose_are_not_taken_for_python_2() {
    for text in [
        "print('x')\nprint (x)\nexec('x')\n",
        "\"\"\"Handlers print text.\n\nprint 'x' was Python 2\n\"\"\"\n",
        "# print 'x'\n",
        "except (A, B):\n  raise ValueError(a, b)\n",
        "'print \"x\"'\n",
        "def printer(x): return x\n",
    ] {
        assert_eq!(python2(text), None, "{text}");
    }
    let built_in = [
        include_str!("../../../Http/python/Http/Isapi.py"),
        include_str!("../../../Http/python/Http/Config.py"),
        include_str!("../../../Http/python/Http/__init__.py"),
    ];
    for text in built_in {
        assert_eq!(python2(text), None);
    }
}

#[test]
fn a_comment_is_no_return() {
    assert_eq!(
        line_of("# return True\n  return True # x\n", "return True"),
        Some(2)
    );
    assert_eq!(line_of("x = 1 # return True\n", "return True"), None);
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "[print'\"#é\\n ]{0,40}") {
        let _ = python2(&text);
    }
}
