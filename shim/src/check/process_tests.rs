use crate::check::testing::{each, none};

const BEFORE: &str = "from Http import *\nimport os, sys, cgi as c\ndef Request():\n    ";
const LATER: &str = "warning 0824 cgi as c";

#[test]
fn what_a_script_expects_of_a_process_is_named() {
    let before = BEFORE.replace(", cgi as c", "");
    each(
        &before,
        &[
            ("a = sys.argv[1]", "warning 0841 sys.argv[1]"),
            (
                "a = os.environ['REQUEST_METHOD']",
                "warning 0846 os.environ['REQUEST_METHOD']",
            ),
            (
                "a = os.environ.get('HTTP_HOST', '')",
                "warning 0846 os.environ.get('HTTP_HOST', '')",
            ),
            (
                "a = os.getenv('QUERY_STRING')",
                "warning 0846 os.getenv('QUERY_STRING')",
            ),
            ("sys.stdout = a", "warning 0849 sys.stdout = a"),
            ("os._exit(1)", "warning 0850 os._exit(1)"),
            ("sys.exit()", "note 0850 sys.exit()"),
            ("os.chdir(a)", "warning 0851 os.chdir(a)"),
        ],
    );
    let all = crate::check::testing::found(&format!("{BEFORE}a = c.FieldStorage()\n"));
    assert_eq!(all, [LATER, "warning 0846 c.FieldStorage()"]);
}

#[test]
fn what_is_known_to_be_there_is_fine() {
    none(
        &BEFORE.replace(", cgi as c", ""),
        &[
            "a = sys.argv[0], sys.argv[1:]",
            "a = len(sys.argv) > 1 and b",
            "if len(sys.argv) > 1: a = sys.argv[1]",
            "a = os.environ['PATH']",
            "os.environ['REQUEST_METHOD'] = Env.REQUEST_METHOD",
            "sys.stdout = saved_stdout",
            "a = sys.stdout",
        ],
    );
    none(
        "import os, sys\n",
        &[
            "a = sys.argv[1]",
            "os.chdir(a)",
            "a = os.environ['HTTP_HOST']",
        ],
    );
    let before = "from Http import *\nimport sys\ndef Request(): pass\n";
    none(before, &["if __name__ == '__main__': a = sys.argv[1]"]);
}
