//! CGI scripts in the warm interpreter.

#[path = "cgi/bad_output.rs"]
mod bad_output;
#[path = "cgi/descriptors.rs"]
mod descriptors;
#[path = "cgi/environment.rs"]
mod environment;
#[path = "cgi/input.rs"]
mod input;
#[path = "cgi/output.rs"]
mod output;
#[path = "cgi/process.rs"]
mod process;
#[path = "cgi/together.rs"]
mod together;

use acceptance::http::get;
use acceptance::server::Server;
use acceptance::site::Site;

/// What most scripts begin with.
const PLAIN: &str = "print('Content-Type: text/plain\\n')\n";

/// A site with one CGI script `app.cgi`.
fn site(source: &str) -> Site {
    let site = Site::new();
    site.file("app.cgi", source);
    site
}

/// A site with one CGI script that has written its headers.
fn plain(source: &str) -> Site {
    site(&format!("{PLAIN}{source}"))
}

/// Headers and body of a run with `-i`.
fn whole(site: &Site, options: &[&str]) -> (String, String) {
    let done = site.run("app.cgi", &[&["-i"], options].concat());
    let (head, body) = done
        .out
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("{done:?}"));
    (head.to_owned(), body.to_owned())
}

#[test]
fn a_cgi_script_runs_unchanged() {
    let site = plain("print('Hello, World!')");
    let done = site.run("app.cgi", &[]);
    assert_eq!(
        (done.code, &done.out[..], &done.err[..]),
        (0, "Hello, World!\n", "")
    );
    let server = Server::start(site.root(), &[]);
    let response = get(&server.address, "/app.cgi");
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("text/plain"));
    assert_eq!(response.header("content-length"), Some("14"));
    assert_eq!(response.text(), "Hello, World!\n");
}

#[test]
fn any_file_is_run_as_a_cgi_script_where_that_is_asked_for() {
    let site = Site::new();
    for name in ["app.py", "app", "app.old"] {
        site.file(name, format!("{PLAIN}import sys\nprint(__name__)"));
        let done = site.run(name, &["--cgi"]);
        assert_eq!(
            (done.code, &done.out[..]),
            (0, "__main__\n"),
            "{}",
            done.err
        );
    }
}

#[test]
fn a_handler_of_the_sites_own_runs_cgi_scripts_by_their_path() {
    let site = Site::new();
    site.file(
        "Http/Isapi.py",
        "from Http import *\nfrom Http.CGI import RunCGI, CGIError\nimport os, pathlib\n\
         def Request():\n    try:\n        RunCGI(pathlib.Path('cgi-bin/tile'))\n    except CGIError as e:\n        \
         Header(Status=502)\n        Write('tile: %s' % str(e).splitlines()[0].split(': ', 1)[1])\n",
    );
    site.file(
        "cgi-bin/tile",
        format!("import os\nif os.environ['QUERY_STRING']:\n    print('oops')\nelse:\n    {PLAIN}    print(os.environ['SCRIPT_NAME'], os.environ['PATH_INFO'])"),
    );
    let server = Server::start(site.root(), &["--wildcard"]);
    assert_eq!(
        get(&server.address, "/maps/tile/1/2").text(),
        "/maps/tile /1/2\n"
    );
    let bad = get(&server.address, "/tile?bad");
    assert_eq!(bad.status, 502);
    assert_eq!(
        bad.text(),
        "tile: the output is no CGI response: the line \"oops\" is no header"
    );
}

#[test]
fn outside_a_request_there_is_nothing_to_answer() {
    let site = Site::with_request(
        "import threading\nfrom Http.CGI import RunCGI\n\
         def work():\n    try:\n        RunCGI('x.cgi')\n    except Exception as e:\n        told.append(str(e))\n\
         told = []\nt = threading.Thread(target=work)\nt.start()\nt.join()\nWrite(told[0])",
    );
    assert_eq!(
        site.run("app.py", &[]).out,
        "Not currently processing a request"
    );
}

#[test]
fn a_cgi_script_cannot_run_another_one() {
    let site = plain(
        "from Http.CGI import RunCGI\ntry:\n    RunCGI(__file__)\nexcept RuntimeError as e:\n    print(e)",
    );
    assert_eq!(
        site.run("app.cgi", &[]).out,
        "RunCGI() was called by a CGI script; one runs at a time\n"
    );
}

#[test]
fn an_edited_script_is_run_as_it_is_now() {
    let site = plain("print('old')");
    let server = Server::start(site.root(), &["--reload", "never"]);
    assert_eq!(get(&server.address, "/app.cgi").text(), "old\n");
    site.file("app.cgi", format!("{PLAIN}print('new one')"));
    assert_eq!(get(&server.address, "/app.cgi").text(), "new one\n");
}
