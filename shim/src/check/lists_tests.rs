use crate::check::testing::{each, found, none};

#[test]
fn functions_that_compare_are_named() {
    each(
        "",
        &[
            (
                "a.sort(lambda x, y: x - y)",
                "error 0829 lambda x, y: x - y",
            ),
            ("a = sorted(b, cmp=c)", "error 0829 c"),
            (
                "from b import by_cmp\na.sort(by_cmp)",
                "warning 0829 by_cmp",
            ),
            ("def f(a, compare): a.sort(compare)", "warning 0829 compare"),
        ],
    );
}

#[test]
fn what_functions_give_is_no_list() {
    each(
        "",
        &[
            ("a = map(f, b)[0]", "error 0830 map(f, b)"),
            ("a = len(filter(f, b))", "error 0830 filter(f, b)"),
            ("map(f, b).sort()", "error 0830 map(f, b)"),
            ("a = [1] + zip(b, c)", "error 0830 zip(b, c)"),
        ],
    );
}

#[test]
fn what_methods_of_a_dict_give_is_no_list() {
    each(
        "",
        &[
            ("a = d.keys()[0]", "warning 0830 d.keys()"),
            ("a = d.items()[1:]", "warning 0830 d.items()"),
            ("self.d.values().sort()", "warning 0830 self.d.values()"),
            ("a = d.keys() + b", "warning 0830 d.keys()"),
        ],
    );
}

#[test]
fn a_name_has_what_it_was_given_in_the_same_block() {
    each(
        "",
        &[
            ("k = d.keys()\nk.sort()", "warning 0830 k"),
            ("j = k = d.keys()\nk.sort()", "warning 0830 k"),
            ("k = d.keys()\nx = 1\nreturn f(k[0])", "warning 0830 k"),
            (
                "k = d.keys()\nx = len(k) + 1\nf(k=1)\nk.sort()",
                "warning 0830 k",
            ),
            (
                "def f(d):\n    k = map(g, d)\n    k.reverse()",
                "error 0830 k",
            ),
        ],
    );
    none(
        "",
        &[
            "k = d.keys()\nk = list(k)\nk.sort()",
            "k = d.keys()\nk, x = [1], 2\nk.sort()",
            "k = d.keys()\nif py3: k = list(k)\nk.sort()",
            "k = d.keys()\nfor x in k: pass\ndel k\nk[0]",
            "k = zip(a, b)\nx = [k[0] for k in rows]",
            "k = d.keys()\nx = lambda k: k.sort()",
            "k = map(f, b)\nx = k[0] if sys.version_info[0] == 2 else list(k)[0]",
            "k = d.keys()\nfrom m import a, k\nk.sort()",
            "k = d.keys()\nimport m as k\nk.sort()",
            "k = d.keys()\ndef f(k): k.sort()",
            "k = d.keys()\nx = (k := [2])\nk.sort()",
            "try:\n    k = d.keys()\n    k.sort()\nexcept AttributeError: pass",
        ],
    );
    // Each place once.
    assert_eq!(
        found("k = d.keys()\nx = map(f, k)[0]\nd.keys().sort()\n"),
        ["error 0830 map(f, k)", "warning 0830 d.keys()"]
    );
}

#[test]
fn what_may_be_a_list_is_not_named() {
    none(
        "",
        &[
            "a.sort(key=b)\nsorted(a, key=lambda x: -x)\nnumpy.sort(a)\na.sort(0)",
            "import numpy\nnumpy.sort(lambda a, b: 1)",
            "a = list(map(f, b))[0]",
            "a = len(d.keys()) + len(d)\nfor b in d.items(): pass\nb in d.keys()",
            "a = config.items('section')[0]",
            "class D:\n    def keys(self): return []\nD().keys()[0]",
            "def zip(a, b): return []\na = zip(b, c)[0]",
        ],
    );
}
