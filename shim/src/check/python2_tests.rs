use crate::check::testing::{each, found, none};

#[test]
fn each_form_of_python_2_is_named() {
    each(
        "",
        &[
            ("print 'x'", "error 0809 print 'x'"),
            ("if a: print", "warning 0809 print"),
            ("print >>f, x,", "error 0809 print >>f, x,"),
            ("exec code in scope", "error 0810 exec code in scope"),
            (
                "exec 'a = %d' % 5 in d",
                "error 0810 exec 'a = %d' % 5 in d",
            ),
            ("try: a()\nexcept X, e: pass", "error 0811 except X, e"),
            ("raise X, 'text'", "error 0812 raise X, 'text'"),
            ("raise X, 'text', tb", "error 0812 raise X, 'text', tb"),
            ("raise 'text'", "error 0812 raise 'text'"),
            ("a = `b`", "error 0813 `b`"),
            ("a = b <> c", "error 0814 <>"),
            ("a = ur'b'", "error 0815 ur'b'"),
            ("a = 0755", "error 0816 0755"),
            ("a = 10L", "error 0817 10L"),
            ("a = 0xFFL", "error 0817 0xFFL"),
            ("def f(a, (b, c)): pass", "error 0818 (b, c)"),
            ("f = lambda (a, b): a", "error 0818 (a, b)"),
            ("def f():\n    from os import *", "error 0819 *"),
            ("async = 5", "error 0820 async"),
            ("f(async=True)", "error 0820 async"),
            ("def f(a, async): pass", "error 0820 async"),
            ("a = [b for b in 1, 2]", "error 0807 for b in 1, 2"),
            ("print('%s') % a", "error 0809 print('%s') % a"),
        ],
    );
}

#[test]
fn what_python_3_has_too_is_not_named() {
    none(
        "",
        &[
            "print('x')",
            "print()",
            "p = print",
            "exec('a')",
            "try: a()\nexcept (X, Y): pass",
            "try: a()\nexcept X as e: pass",
            "raise X('text') from e",
            "a = '`b`'  # `c` <> 0755",
            "a = r'b' + u'c'",
            "a = 00 + 0o755 + 0x10 + 09.5 + 0j + 1_000",
            "from os import *",
            "async def f(): await (g())",
            "async def f():\n    async with a: pass\n    return [b async for b in c]",
            "match = type = 5\nmatch(type)",
            "match a:\n    case [b, *c]: pass",
            "type A = int",
            "a = f'{b[\"c\"]!r:>{d}}'",
            "def f(a, /, b, *, c): pass",
            "try: a()\nexcept* X: pass",
            "if (a := b): pass",
        ],
    );
}

#[test]
fn the_form_of_python_3_is_told() {
    let cures = |text: &str| -> String {
        let (source, _, _) = crate::check::source::decode(text.as_bytes());
        let site = crate::check::Site::default();
        let file = crate::check::testing::file("a.py");
        let all = crate::check::check_source(&source, &file, &site);
        all.first()
            .map(|found| found.cure.clone())
            .unwrap_or_default()
    };
    for (two, three) in [
        ("print 'a', b", "print('a', b)"),
        ("print a,", "print(a, end=\" \")"),
        ("print >>f, a", "print(a, file=f)"),
        ("print >>f", "print(file=f)"),
        ("exec a in b, c", "exec(a, b, c)"),
        ("raise A, 'b', c", "raise A('b').with_traceback(c)"),
        ("raise A, None, c", "raise A().with_traceback(c)"),
        ("try: a()\nexcept (A, B), e: pass", "except (A, B) as e:"),
        ("a = `b + c`", "repr(b + c)"),
        ("a = 0755", "0o755"),
        ("a = ur'b'", "r'b'"),
    ] {
        assert_eq!(cures(&format!("{two}\n")), three, "{two}");
    }
}

#[test]
fn another_mistake_is_told_once_with_its_place() {
    let all = found("def f(:\n    pass\n\ndef g(:\n    pass\n");
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].starts_with("error 0807"), "{all:?}");
    for text in [
        "a = (1,\n",
        "a = 'b\n",
        "x = = 1\n",
        "a b\n",
        "if a\n    b()\n",
    ] {
        let all = found(text);
        assert!(
            all.iter().any(|found| found.starts_with("error 0807")),
            "{text}: {all:?}"
        );
    }
}
