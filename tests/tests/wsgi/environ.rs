//! What applications find in the environ.

use super::App;
use acceptance::server::Server;
use acceptance::site::Site;

const SHOW: &str = "\
    start_response('200 OK', TEXT)\n\
    return [repr(environ.get(name, None)).encode() + b'\\n' for name in environ['QUERY_STRING'].split(',')]";

/// The values of variables, by the query; a plain dict is what PEP 3333 wants.
fn shown(app: &App, target: &str, headers: &str) -> Vec<String> {
    let request = format!("GET {target} HTTP/1.1\r\nHost: example:8080\r\n{headers}\r\n");
    let response = app.send(request).unwrap();
    response.text().lines().map(str::to_owned).collect()
}

#[test]
fn the_variables_of_the_connection_are_there_from_the_start() {
    let app = App::valid(SHOW);
    let names = "REQUEST_METHOD,SERVER_NAME,SERVER_PROTOCOL,REMOTE_ADDR,HTTPS,SERVER_SOFTWARE,\
                 GATEWAY_INTERFACE,wsgi.url_scheme,wsgi.version,wsgi.multithread,wsgi.multiprocess,\
                 wsgi.run_once,HTTP_HOST";
    let values = shown(&app, &format!("/?{names}"), "");
    assert_eq!(
        values,
        [
            "'GET'",
            "'example'",
            "'HTTP/1.1'",
            "'127.0.0.1'",
            "'off'",
            "'Microsoft-IIS/10.0'",
            "'CGI/1.1'",
            "'http'",
            "(1, 0)",
            "True",
            "False",
            "False",
            "'example:8080'"
        ]
    );
}

#[test]
fn who_is_not_logged_on_has_no_name() {
    let app = App::valid(SHOW);
    assert_eq!(shown(&app, "/?REMOTE_USER,AUTH_TYPE", ""), ["None", "None"]);
}

#[test]
fn paths_are_bytes_as_latin_1_text() {
    let app = App::valid(SHOW);
    let values = shown(
        &app,
        "/w%C3%B6rld/%E2%82%AC?PATH_INFO,SCRIPT_NAME,REQUEST_URI",
        "",
    );
    assert_eq!(
        values,
        [
            "'/wÃ¶rld/â\\x82¬'",
            "''",
            "'/w%C3%B6rld/%E2%82%AC?PATH_INFO,SCRIPT_NAME,REQUEST_URI'"
        ]
    );
}

#[test]
fn headers_with_underscores_shadow_nothing() {
    let app = App::valid(SHOW);
    let headers = "X-User: real\r\nX_User: forged\r\nX_Only: forged\r\nProxy: evil\r\n";
    let values = shown(&app, "/?HTTP_X_USER,HTTP_X_ONLY,HTTP_PROXY", headers);
    assert_eq!(values, ["'real'", "None", "None"]);
}

#[test]
fn repeated_headers_are_joined() {
    let app = App::valid(SHOW);
    let headers = "X-A: 1\r\nCookie: a=1\r\nx-a: 2\r\nCookie: b=2\r\n";
    let values = shown(&app, "/?HTTP_X_A,HTTP_COOKIE", headers);
    assert_eq!(values, ["'1, 2'", "'a=1; b=2'"]);
}

#[test]
fn the_content_headers_have_their_own_names_only() {
    let app = App::valid(
        "start_response('200 OK', TEXT)\n\
         return [repr([environ.get(n) for n in ('CONTENT_TYPE', 'CONTENT_LENGTH', 'HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH')]).encode()]",
    );
    assert_eq!(app.post(b"12345").text(), "['text/plain', '5', None, None]");
}

#[test]
fn what_goes_to_wsgi_errors_is_in_the_log_and_not_in_the_response() {
    let app = App::valid(
        "environ['wsgi.errors'].write('for the log\\n')\nenviron['wsgi.errors'].flush()\n\
         environ['wsgi.errors'].writelines(['a\\n', 'b\\n'])\n\
         start_response('200 OK', TEXT)\nreturn [b'x']",
    );
    assert_eq!(app.get("/").text(), "x");
    app.server
        .wait_for_err(|err| err.contains("for the log\na\nb\n"));
}

#[test]
fn what_is_printed_is_in_the_log_and_not_in_the_response() {
    let app = App::valid(
        "import sys\nprint('printed', flush=True)\nsys.stdout.buffer.write(b'bytes\\n')\n\
         start_response('200 OK', TEXT + [('Content-Length', '1')])\nprint('later')\nreturn [b'x']",
    );
    assert_eq!(app.get("/").text(), "x");
    app.server
        .wait_for_err(|err| err.contains("printed\nbytes\nlater\n"));
}

/// `SCRIPT_NAME` and `PATH_INFO` of an application that a script of the site runs.
const SCRIPT: &str = "\
from Http import *
from Http.WSGI import RunWSGI
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [f\"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}\".encode('latin-1')]
def Request():
    ARGS
";

fn mounted(files: &[(&str, &str)], options: &[&str], target: &str) -> String {
    let site = Site::new();
    for (name, call) in files {
        site.file(name, SCRIPT.replace("ARGS", call));
    }
    let server = Server::start(site.root(), options);
    acceptance::http::get(&server.address, target).text()
}

#[test]
fn a_script_is_the_applications_mount() {
    let script = [("dj.py", "RunWSGI(application)")];
    for (target, expected) in [
        ("/dj.py", "/dj.py|"),
        ("/dj.py/", "/dj.py|/"),
        ("/dj.py/hello/w%C3%B6rld?q=1", "/dj.py|/hello/wörld"),
        (
            "/DJ.py/x",
            if cfg!(feature = "windows") {
                "/DJ.py|/x"
            } else {
                ""
            },
        ),
    ] {
        if !expected.is_empty() {
            assert_eq!(mounted(&script, &[], target), expected, "{target}");
        }
    }
}

#[test]
fn a_handler_of_the_sites_own_serves_the_whole_site() {
    let handler = [("Http/Isapi.py", "RunWSGI(application)")];
    for (target, expected) in [
        ("/", "|/"),
        ("/a/b", "|/a/b"),
        ("/handler.py", "|/handler.py"),
    ] {
        assert_eq!(
            mounted(&handler, &["--wildcard"], target),
            expected,
            "{target}"
        );
    }
}

#[test]
fn a_base_is_cut_off_and_one_that_does_not_fit_is_none() {
    let handler = [("Http/Isapi.py", "RunWSGI(application, '/blog/')")];
    for (target, expected) in [
        ("/blog", "/blog|"),
        ("/Blog/a", "/Blog|/a"),
        ("/blogs/a", "|/blogs/a"),
        ("/other", "|/other"),
    ] {
        assert_eq!(
            mounted(&handler, &["--wildcard"], target),
            expected,
            "{target}"
        );
    }
}

#[test]
fn base_none_is_the_path_of_the_iis_application() {
    let site = Site::new();
    site.file(
        "Http/Isapi.py",
        SCRIPT.replace("ARGS", "RunWSGI(application, Base=None)"),
    );
    site.file(
        "page.py",
        SCRIPT.replace("ARGS", "RunWSGI(application, None)"),
    );
    let run = site.run(
        "page.py",
        &["--server-var", "APPL_MD_PATH=/LM/W3SVC/1/ROOT/page.py"],
    );
    assert_eq!(run.out, "/page.py|");
}

#[test]
fn paths_that_no_file_could_have_are_the_applications() {
    let app = App::valid(SHOW);
    for path in ["/wiki/Special:Version", "/end.", "/con", "/LONGNA~1"] {
        assert_eq!(
            shown(&app, &format!("{path}?PATH_INFO"), ""),
            [format!("'{path}'")]
        );
    }
}

#[test]
fn values_are_those_of_the_request_whatever_came_before() {
    let app = App::valid(SHOW);
    let names = "HTTP_X_A,HTTP_COOKIE,CONTENT_TYPE,HTTP_AUTHORIZATION,HTTP_X_B,HTTP_ACCEPT";
    let target = format!("/?{names}");
    let long = "y".repeat(300);
    for round in 0..3 {
        for (headers, values) in [
            (
                "X-A: 1\r\nCookie: a=1\r\nAccept: a\r\n",
                ["'1'", "'a=1'", "None", "None", "None", "'a'"],
            ),
            (
                "x-a:1\r\nX-B: \u{e9}\r\nACCEPT:a\r\n",
                ["'1'", "None", "None", "None", "'Ã©'", "'a'"],
            ),
            (
                "X-A: 1\r\nX-A: 1\r\nAccept: a\r\nAccept: a\r\n",
                ["'1, 1'", "None", "None", "None", "None", "'a, a'"],
            ),
            (
                "Cookie: a=1\r\nCookie: b=2\r\nAuthorization: Basic x\r\n",
                ["None", "'a=1; b=2'", "None", "'Basic x'", "None", "None"],
            ),
            (
                "Content-Type: text/x\r\nX-A: 2\r\nAccept: \u{e9}\r\n",
                ["'2'", "None", "'text/x'", "None", "None", "'Ã©'"],
            ),
            ("", ["None"; 6]),
        ] {
            assert_eq!(shown(&app, &target, headers), values, "{headers:?} {round}");
        }
        let values = shown(&app, &target, &format!("X-A: {long}\r\nAccept: {long}\r\n"));
        assert_eq!(values[0], format!("'{long}'"));
        assert_eq!(values[5], format!("'{long}'"));
    }
}

#[test]
fn header_lines_without_end_are_told_apart() {
    let app = App::valid(SHOW);
    for i in 0..1500 {
        let values = shown(
            &app,
            "/?HTTP_X_A,HTTP_X_B,HTTP_ACCEPT,HTTP_PRAGMA",
            &format!("X-A: {i}\r\nX-B: b\r\nAccept: {i}\r\nPragma: b\r\n"),
        );
        let (own, same) = (format!("'{i}'"), "'b'".to_owned());
        assert_eq!(values, [own.clone(), same.clone(), own, same]);
    }
}

#[test]
fn the_document_root_has_no_slash_at_its_end() {
    let app = App::valid(
        "start_response('200 OK', TEXT)\n\
         root, folder = environ['DOCUMENT_ROOT'], environ['APPL_PHYSICAL_PATH']\n\
         return [repr((root + os.sep == folder, os.path.isdir(root))).encode()]",
    );
    assert_eq!(app.get("/").text(), "(True, True)");
}
