use crate::check::testing::{HTTP, each, found, found_as, none};

const REQUEST: &str = "from Http import *\ndef Request(): pass\n";

#[test]
fn a_script_without_a_usable_request_is_named() {
    each(
        "",
        &[
            ("from Http import *", "warning 0836 from Http import *"),
            (
                "from Http import *\ndef request(): pass",
                "warning 0836 from Http import *",
            ),
            ("from Http import *\ndef Request(a): pass", "error 0837 a"),
            (
                "from Http import *\ndef Request(a: int, b=1): pass",
                "error 0837 a: int",
            ),
            (
                "from Http import *\nasync def Request(): pass",
                "error 0838 Request",
            ),
            (
                "from Http import *\ndef Request():\n    yield 'a'",
                "error 0838 Request",
            ),
            (
                "from Http import *\ndef Request():\n    return True",
                "warning 0845 return True",
            ),
        ],
    );
}

#[test]
fn other_ways_to_have_a_request_are_fine() {
    none(
        "",
        &[
            "from Http import *\nRequest = lambda: None",
            "from Http import *\nclass Request: pass",
            "from Http import *\nfrom other import Request",
            "from Http import *\nfrom base import *",
            "from Http import *\ndef Request(a=1, *b, c=2, **d): pass",
            "from Http.WSGI import RunWSGI\ndef Request(): RunWSGI(app)",
            "from Http.Loader import Request",
            "import http\ndef f(): pass",
            "def Request(a): return True",
            "from Http import *\ndef Request():\n    def f():\n        return True\n    return False",
            "from Http import *\n@wrap\ndef Request(a): return True",
            "from Http import *\nif a:\n    def Request(): pass",
        ],
    );
}

#[test]
fn use_of_http_at_import_is_named() {
    each(
        REQUEST,
        &[
            ("Write('a')", "warning 0839 Write('a')"),
            ("a = Env.URL", "warning 0839 Env.URL"),
            ("if a: Header('A: 1')", "warning 0839 Header('A: 1')"),
            ("class A:\n    b = Read()", "warning 0839 Read()"),
        ],
    );
    none(
        REQUEST,
        &[
            "def f(): Write('a')",
            "f = lambda: Env.URL",
            "if __name__ == '__main__': Write('a')",
            "w = Write",
        ],
    );
    let handler = "from Http import *\nDEBUG = Env.REMOTE_ADDR\ndef Request(): return True\n";
    assert_eq!(
        found_as("site/Http/Isapi.py", handler),
        ["error 0839 Env.REMOTE_ADDR"]
    );
}

#[test]
fn threads_that_use_http_are_named() {
    let before = format!("{HTTP}import threading, _thread\ndef Request(): pass\n");
    each(
        &before,
        &[
            (
                "def f(): Write('a')\nthreading.Thread(target=f).start()",
                "warning 0840 Write('a')",
            ),
            (
                "def f(): return Env.URL\n_thread.start_new_thread(f, ())",
                "warning 0840 Env.URL",
            ),
            (
                "threading.Thread(target=lambda: Header('A: 1'))",
                "warning 0840 Header('A: 1')",
            ),
            (
                "def f(): print('a')\nthreading.Timer(5, f)",
                "note 0840 print('a')",
            ),
        ],
    );
    none(
        &before,
        &[
            "def f(): return 1\nthreading.Thread(target=f)",
            "def f(): print('a', file=b)\nthreading.Thread(target=f)",
            "threading.Thread(target=a.b)",
        ],
    );
    assert_eq!(
        found("import threading\ndef f(): print(1)\nthreading.Thread(target=f)\n"),
        [""; 0]
    );
}
