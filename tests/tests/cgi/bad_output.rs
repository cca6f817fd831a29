//! Output that is no CGI response, and how it is explained.

use super::{plain, site};
use acceptance::http::get;
use acceptance::server::Server;

#[test]
fn output_that_is_no_response_is_explained_with_its_first_lines() {
    for (source, told) in [
        ("pass", "the script wrote nothing"),
        (
            "print('<p>Hello</p>')",
            "the line &quot;&lt;p&gt;Hello&lt;/p&gt;&quot; is no header",
        ),
        (
            "print('\\nHello')",
            "it begins with an empty line, so it has no headers",
        ),
        (
            "print('Content-Type: text/html\\nno colon\\n\\nHello')",
            "the line &quot;no colon&quot; is no header",
        ),
        (
            "print('Content-Type: text/html')",
            "the empty line behind the headers is missing",
        ),
        (
            "print('X-A: b\\n\\nHello')",
            "it has neither a Content-Type nor a Location",
        ),
        (
            "print('Status: Not Found\\nContent-Type: a/b\\n\\n')",
            "&quot;Not Found&quot; is no status",
        ),
        (
            "print('Content-Type: a/b\\nContent-Length: x\\n\\n')",
            "Invalid content length",
        ),
        (
            "print('x' * 70000)",
            "no empty line came within 65536 bytes",
        ),
    ] {
        let done = site(source).run("app.cgi", &["-i"]);
        assert_eq!(done.code, 1, "{source}");
        assert!(done.out.starts_with("HTTP/1.1 500 "), "{}", done.out);
        assert!(
            done.out.contains("ISH0411") && done.out.contains(told),
            "{}",
            done.out
        );
        let example = "print(&quot;Content-Type: text/html; charset=utf-8&quot;)";
        assert!(done.out.contains(example), "{}", done.out);
        assert!(
            done.err
                .contains("app.cgi: the output is no CGI response: "),
            "{}",
            done.err
        );
        assert!(!done.err.contains("Traceback"), "{}", done.err);
    }
}

#[test]
fn a_script_may_go_on_writing_what_is_lost_anyway() {
    let done = site("import sys\nprint('oops')\nfor i in range(9):\n    print('x' * 100)\nsys.stderr.write('end\\n')").run("app.cgi", &[]);
    assert!(done.err.starts_with("end\n"), "{}", done.err);
    assert!(
        done.err
            .contains("The output begins with:\n\n    oops\n    xxx"),
        "{}",
        done.err
    );
}

#[test]
fn printed_bytes_are_reported_whatever_their_type() {
    for kind in ["image/png", "text/html", "application/pdf"] {
        let source = format!("print('Content-Type: {kind}\\n')\nprint(b'\\x89PNG')");
        let done = site(&source).run("app.cgi", &[]);
        assert_eq!(done.out, "b'\\x89PNG'\n");
        assert!(done.err.contains("PyISAPIe: ISH0413: "), "{}", done.err);
        assert!(
            done.err.contains("sys.stdout.buffer.write(data)"),
            "{}",
            done.err
        );
    }
    let done = plain("print('bare text')\nprint(b'later')").run("app.cgi", &[]);
    assert!(done.err.is_empty(), "{}", done.err);
}

#[test]
fn a_closed_output_ends_this_response_and_no_other() {
    let site = plain(
        "import sys\nprint('before')\nsys.stdout.close()\n\
         sys.stderr.write('closed: %s\\n' % sys.stdout.closed)\n\
         try:\n    print('after')\nexcept ValueError as e:\n    sys.stderr.write('%s\\n' % e)",
    );
    let server = Server::start(site.root(), &[]);
    for _ in 0..2 {
        let response = get(&server.address, "/app.cgi");
        assert_eq!((response.status, &response.text()[..]), (200, "before\n"));
    }
    let told = "closed: True\nI/O operation on closed file.\n";
    server.wait_for_err(|text| text.matches(told).count() == 2);
}

#[test]
fn closing_the_streams_of_the_other_kind_of_script_has_no_effect() {
    let site = acceptance::site::Site::with_request(
        "import io, sys\nsys.stdout.close()\nsys.stdin.close()\nio.TextIOWrapper(sys.stdout.buffer)\nprint(sys.stdout.closed, sys.stdin.read())",
    );
    assert_eq!(site.run("app.py", &["-d", "body"]).out, "False body\n");
}
