//! `sys.stdin` of a CGI script: the body of the request.

use super::{plain, site};
use acceptance::http::send;
use acceptance::server::Server;

/// Imports `cgi`, where this Python has it.
const IMPORT_CGI: &str = "import warnings; warnings.simplefilter('ignore')\nimport cgi\n";

/// Whether that failed, in which case the message must say what to do.
fn no_cgi_module(err: &str) -> bool {
    let missing = err.contains("No module named 'cgi'");
    let hint =
        "Python 3.13 and newer have no module cgi: install legacy-cgi (pip install legacy-cgi).";
    assert_eq!(missing, err.contains(hint), "{err}");
    missing
}

#[test]
fn a_form_is_read_by_field_storage() {
    let source = "form = cgi.FieldStorage()\nprint(form.getfirst('name'), form.getlist('n'))";
    let site = site(&format!(
        "{IMPORT_CGI}print('Content-Type: text/plain; charset=utf-8\\n')\n{source}"
    ));
    let done = site.run("app.cgi", &["-d", "name=M%C3%BCller&n=1&n=2"]);
    if !no_cgi_module(&done.err) {
        assert_eq!(done.out, "Müller ['1', '2']\n", "{}", done.err);
    }
}

#[test]
fn an_upload_of_5_mb_arrives_whole() {
    let source = "import hashlib\nform = cgi.FieldStorage()\nf = form['file']\ndata = f.file.read()\n\
                  print(f.filename, len(data), hashlib.sha256(data).hexdigest(), form['after'].value)";
    let site = site(&format!("{IMPORT_CGI}{}{source}", super::PLAIN));
    let data: Vec<u8> = (0..5_000_000_u32).map(|i| (i * 7 % 251) as u8).collect();
    let body = [
        &b"--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"[..],
        &data,
        b"\r\n--XX\r\nContent-Disposition: form-data; name=\"after\"\r\n\r\nyes\r\n--XX--\r\n",
    ]
    .concat();
    let server = Server::start(site.root(), &[]);
    let head = format!(
        "POST /app.cgi HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let response = send(&server.address, [head.as_bytes(), &body].concat());
    // Without the module nobody reads the body, and the client may be cut off while it sends.
    let Some(response) = response.ok().filter(|r| r.status == 200) else {
        server.wait_for_err(no_cgi_module);
        return;
    };
    let digest =
        plain("import hashlib, sys\nprint(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())");
    let file = digest.file("data", &data);
    let digest = digest
        .run("app.cgi", &["-d", &format!("@{}", file.display())])
        .out;
    assert_eq!(
        response.text(),
        format!("a.bin 5000000 {} yes\n", digest.trim())
    );
}

#[test]
fn the_body_is_read_in_every_way_a_stream_can_be_read() {
    let site = plain(
        "import sys\ni, b = sys.stdin, sys.stdin.buffer\n\
         print(b.read(2), b.read1(1), b.readline(), b.readline(1), b.readline(), b.readlines(3))\n\
         a = bytearray(3)\nprint(b.readinto(a), bytes(a))\n\
         print(repr(i.readline()), repr(i.read(3)), repr(i.readline(2)), next(i), list(i))\n\
         print(b.read(), b.read(5), b.readline(), b.readinto(a), repr(i.read()), repr(i.read(2)), list(b))",
    );
    let body = "abcd\nefg\nh\nijk\nl\u{fc}\nm\u{20ac}no\n\npq\nr\ns";
    let done = site.run("app.cgi", &["-d", body]);
    let expected = "b'ab' b'c' b'd\\n' b'e' b'fg\\n' [b'h\\n', b'ijk\\n']\n\
                    3 b'l\\xc3\\xbc'\n\
                    '\\n' 'm\u{20ac}n' 'o\\n' \n ['pq\\n', 'r\\n', 's']\n\
                    b'' b'' b'' 0 '' '' []\n";
    assert_eq!(done.out, expected, "{}", done.err);
}

#[test]
fn characters_are_counted_whole_and_odd_bytes_one_by_one() {
    let site = plain(
        "import sys\nwhile True:\n    t = sys.stdin.read(2)\n    if not t:\n        break\n    print(ascii(t))",
    );
    let file = site.file("data", b"a\xe2\x82\xacb\xff\xf0\x9f\x98\x80\xe2\x82");
    let done = site.run("app.cgi", &["-d", &format!("@{}", file.display())]);
    assert_eq!(
        done.out,
        "'a\\u20ac'\n'b\\udcff'\n'\\U0001f600\\udce2'\n'\\udc82'\n"
            .replace("\\udce2'\n'\\udc82", "\\udce2\\udc82"),
        "{}",
        done.err
    );
}

#[test]
fn a_closed_input_cannot_be_read_and_the_next_request_has_its_own() {
    let site = plain(
        "import sys\nif sys.stdin.read(1) == 'c':\n    sys.stdin.close()\n    print(sys.stdin.closed)\n    try:\n        sys.stdin.read()\n    except ValueError as e:\n        print(e)\nelse:\n    print(sys.stdin.read())",
    );
    let server = Server::start(site.root(), &[]);
    let post = |body: &str| {
        let length = body.len();
        let request =
            format!("POST /app.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}");
        send(&server.address, request).unwrap().text()
    };
    assert_eq!(post("close"), "True\nI/O operation on closed file.\n");
    assert_eq!(post("open"), "pen\n");
}

#[test]
fn a_body_of_unknown_length_has_no_content_length_and_can_be_read() {
    let site = plain(
        "import os, sys\nprint('CONTENT_LENGTH' in os.environ, len(sys.stdin.buffer.read()))",
    );
    let server = Server::start(site.root(), &[]);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let head = "POST /app.cgi HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let request = format!("{head}{chunk}{chunk}0\r\n\r\n");
    assert_eq!(
        send(&server.address, request).unwrap().text(),
        "False 131072\n"
    );
}
