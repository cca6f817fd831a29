use crate::check::testing::{HTTP, each, found, none};

fn request(body: &str) -> String {
    let lines: Vec<String> = body.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "{HTTP}import hashlib, io, json, urllib.parse\ndef Request():\n{}",
        lines.concat()
    )
}

fn each_in_request(cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        assert_eq!(found(&request(body)), [*expected], "{body}");
    }
}

#[test]
fn bytes_that_are_used_as_text_are_named() {
    each_in_request(&[
        ("a = Read() + '&'", "error 0831 Read() + '&'"),
        ("a = '%s' % Read()", "warning 0831 '%s' % Read()"),
        (
            "a = '%s %s' % (b, Read())",
            "warning 0831 '%s %s' % (b, Read())",
        ),
        ("a = Read().split('&')", "error 0831 Read().split('&')"),
        (
            "a = Read(10).encode('utf-8')",
            "error 0831 Read(10).encode('utf-8')",
        ),
        ("if Read() == 'x': pass", "warning 0831 Read() == 'x'"),
        ("if 'x' in Read(): pass", "error 0831 'x' in Read()"),
        ("a = f'{Read()}'", "warning 0831 Read()"),
        ("a = str(Read())", "warning 0831 str(Read())"),
        ("a = io.StringIO(Read())", "error 0831 io.StringIO(Read())"),
        (
            "a = urllib.parse.parse_qs(Read())",
            "warning 0831 urllib.parse.parse_qs(Read())",
        ),
        (
            "data = Read()\na = data.split('&')",
            "error 0831 data.split('&')",
        ),
    ]);
}

#[test]
fn bytes_that_are_used_as_bytes_are_fine() {
    for body in [
        "a = Read().decode('utf-8') + '&'",
        "a = json.loads(Read())",
        "a = Read().split(b'&')",
        "a = '%d' % Read(-1)",
        "a = '%s %d' % (b, Read(-1))",
        "data = Read()\ndata = data.decode('utf-8')\na = data.split('&')",
        "data = Read()\nif b: data = 'x'\na = data.split('&')",
        "if Read() == b'x': pass",
        "Write(Read())",
        "a = f'{Read()!r}'",
        "a = str(Read(), 'utf-8')",
    ] {
        assert_eq!(found(&request(body)), [""; 0], "{body}");
    }
    none(
        "",
        &[
            "def Read(): return ''\na = Read() + '&'",
            "a = b.Read().split('&')",
        ],
    );
}

#[test]
fn text_where_bytes_are_wanted_is_named() {
    each_in_request(&[
        ("a = hashlib.md5('x')", "error 0832 'x'"),
        ("a = hashlib.sha1('%s' % b)", "error 0832 '%s' % b"),
        (
            "a = hashlib.md5(Env.REMOTE_USER)",
            "error 0832 Env.REMOTE_USER",
        ),
        ("a = hashlib.md5(str(b))", "error 0832 str(b)"),
    ]);
    each(
        "import base64\n",
        &[("a = base64.b64encode('x')", "error 0832 'x'")],
    );
    for body in [
        "a = hashlib.md5(b'x')",
        "a = hashlib.md5(b)",
        "a = hashlib.md5('x'.encode())",
    ] {
        assert_eq!(found(&request(body)), [""; 0], "{body}");
    }
}

#[test]
fn binary_files_that_are_opened_as_text_are_named() {
    each_in_request(&[
        (
            "Write(open('logo.png').read())",
            "warning 0833 open('logo.png')",
        ),
        ("a = open('a.PDF', 'r')", "warning 0833 open('a.PDF', 'r')"),
        (
            "Header('Content-Type: image/png')\nWrite(open(path).read())",
            "warning 0833 open(path)",
        ),
    ]);
    for body in [
        "Write(open('logo.png', 'rb').read())",
        "Write(open('logo.txt').read())",
        "open('a.pdf', 'wb').write(b)",
        "open('a.pdf', mode)",
        "Header('Content-Type: text/html')\nWrite(open(path).read())",
        "Header('Content-Type: image/svg+xml')\nWrite(open(path).read())",
        "Header('Content-Type: image/png')\nWrite(open(path, 'rb').read())",
    ] {
        assert_eq!(found(&request(body)), [""; 0], "{body}");
    }
}

#[test]
fn what_write_refuses_is_named() {
    each_in_request(&[
        ("Write(5)", "error 0834 5"),
        ("Write(None)", "error 0834 None"),
        ("Write(len(a))", "error 0834 len(a)"),
        ("Write(['a'])", "error 0834 ['a']"),
        ("Write(Read(-1))", "error 0834 Read(-1)"),
        ("Write('a', 'b')", "error 0834 Write('a', 'b')"),
        ("Write()", "error 0834 Write()"),
        ("a = lambda: Write(5)", "warning 0834 5"),
    ]);
    for body in [
        "Write(str(5))",
        "Write(a)",
        "Write(*a)",
        "try:\n    Write(5)\nexcept TypeError: pass",
    ] {
        assert_eq!(found(&request(body)), [""; 0], "{body}");
    }
}

#[test]
fn a_length_in_characters_is_named_where_it_goes_wrong() {
    each_in_request(&[(
        "a = 'Grüße'\nHeader(Length=len(a))\nWrite(a[:2])\nWrite(a[2:])",
        "warning 0835 len(a)",
    )]);
    for body in [
        "a = 'Grüße'\nHeader(Length=len(a))\nWrite(a)",
        "a = b()\nHeader(Length=len(a))\nWrite(a)\nWrite('')",
    ] {
        assert_eq!(found(&request(body)), [""; 0], "{body}");
    }
}
