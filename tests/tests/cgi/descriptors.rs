//! Standard input and output by their descriptors.

use super::{plain, site, whole};
use acceptance::http::{get, send};
use acceptance::server::Server;

#[test]
fn the_body_is_read_by_its_descriptor_and_by_the_stream_alike() {
    let site = plain(
        "import os, sys\n\
         fd = sys.stdin.fileno()\n\
         print(os.read(fd, 3), sys.stdin.fileno() == fd, sys.stdin.buffer.readline(), sys.stdin.read(), \
         os.read(fd, 9))",
    );
    let done = site.run("app.cgi", &["-d", "one\ntwo\nend"]);
    assert_eq!(done.out, "b'one' True b'\\n' two\nend b''\n", "{done:?}");
}

#[test]
fn a_stream_around_the_descriptor_of_the_body_reads_it_whole() {
    let site = plain(
        "import os, sys\n\
         sys.stdin = os.fdopen(sys.stdin.fileno(), 'rb')\n\
         print(len(sys.stdin.read()))",
    );
    let server = Server::start(site.root(), &[]);
    for _ in 0..3 {
        let head = "POST /app.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
        let response = send(&server.address, format!("{head}{}", "x".repeat(200_000)));
        assert_eq!(response.unwrap().text(), "200000\n");
    }
}

#[test]
fn what_is_written_by_descriptor_comes_in_its_order() {
    let site = site(
        "import os, sys\n\
         fd = sys.stdout.fileno()\n\
         os.write(fd, b'Content-Type: text/plain; charset=utf-8\\n\\n')\n\
         print('one')\n\
         os.write(fd, b'two\\n')\n\
         sys.stdout.buffer.write(b'three\\n')\n\
         out = os.fdopen(fd, 'wb')\n\
         out.write(b'four\\n')\n",
    );
    let (head, body) = whole(&site, &[]);
    assert!(
        head.contains("Content-Type: text/plain; charset=utf-8"),
        "{head}"
    );
    assert_eq!(body, "one\ntwo\nthree\nfour\n");
}

#[test]
fn what_was_written_by_descriptor_before_the_output_was_closed_is_sent() {
    let site =
        plain("import os, sys\nos.write(sys.stdout.fileno(), b'sent')\nsys.stdout.close()\n");
    let done = site.run("app.cgi", &[]);
    assert_eq!((done.code, &done.out[..]), (0, "sent"), "{done:?}");
}

#[test]
fn a_child_process_writes_to_the_client_where_it_is_told_to() {
    let site = plain(
        "import os, subprocess, sys\n\
         print('before')\n\
         child = ['cmd', '/c', 'echo a child'] if os.name == 'nt' else ['echo', 'a child']\n\
         subprocess.run(child, stdin=sys.stdin, stdout=sys.stdout, check=True)\n\
         print('after')",
    );
    let done = site.run("app.cgi", &[]);
    let out = done.out.replace("\r\n", "\n");
    assert_eq!(out, "before\na child\nafter\n", "{done:?}");
}

// Wine has no program that copies its input.
#[cfg(not(feature = "windows"))]
#[test]
fn a_child_process_reads_the_body() {
    let site = plain(
        "import subprocess, sys\n\
         subprocess.run(['tr', 'a-z', 'A-Z'], stdin=sys.stdin, stdout=sys.stdout, check=True)",
    );
    let done = site.run("app.cgi", &["-d", "from the client"]);
    assert_eq!(done.out, "FROM THE CLIENT", "{done:?}");
}

#[test]
fn descriptors_are_closed_at_the_end_whatever_the_script_did_with_them() {
    let site = plain(
        "import os, sys\n\
         first, second = sys.stdin.fileno(), sys.stdout.fileno()\n\
         if os.environ['QUERY_STRING'] == 'close':\n    \
             os.close(first)\n    \
             os.close(second)\n    \
             # The numbers are another file's now, which stays open.\n    \
             import builtins\n    \
             builtins.KEPT = [os.open(__file__, os.O_RDONLY), os.open(__file__, os.O_RDONLY)]\n\
         if os.environ['QUERY_STRING'] == 'kept':\n    \
             print([os.read(fd, 5) for fd in KEPT])\n\
         print(first, second)",
    );
    let server = Server::start(site.root(), &[]);
    let number = || -> u32 {
        let text = get(&server.address, "/app.cgi").text();
        text.split(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a number")
    };
    let first = number();
    let last = (0..50).map(|_| number()).max();
    // Connections come and go, too; a hundred would be lost without an end.
    assert!(
        last.is_some_and(|last| last < first + 50),
        "{first} {last:?}"
    );
    get(&server.address, "/app.cgi?close");
    let kept = get(&server.address, "/app.cgi?kept").text();
    assert!(kept.starts_with("[b'print', b'print']"), "{kept}");
}

#[test]
fn other_threads_and_other_scripts_have_none() {
    let site = plain(
        "import sys, threading, io\n\
         def ask():\n    \
             global told\n    \
             try:\n        told = sys.stdout.fileno()\n    \
             except io.UnsupportedOperation as error:\n        told = repr(error)\n\
         thread = threading.Thread(target=ask)\nthread.start()\nthread.join()\nprint(told)",
    );
    assert_eq!(
        site.run("app.cgi", &[]).out,
        "UnsupportedOperation('fileno')\n"
    );
    site.request(
        "page.py",
        "import sys, io\ntry:\n    sys.stdin.fileno()\nexcept io.UnsupportedOperation:\n    Write('none')",
    );
    assert_eq!(site.run("page.py", &[]).out, "none");
}
