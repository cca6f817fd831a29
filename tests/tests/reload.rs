//! Edits are seen: the script, its modules, the site's handler and configuration.

use acceptance::http::{Connection, get};
use acceptance::server::Server;
use acceptance::site::Site;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[test]
fn an_edited_script_answers_anew_at_once() {
    let site = Site::new();
    let server = Server::start(site.root(), &[]);
    // The same length each time: only the file's times differ.
    for i in 100..150 {
        site.request("app.py", &format!("Write('{i}')"));
        assert_eq!(get(&server.address, "/app.py").text(), i.to_string());
    }
}

#[test]
fn an_edited_module_is_seen_by_the_scripts_that_import_it() {
    let site = Site::new();
    site.request(
        "app.py",
        "import helper, pkg.inner\nWrite(helper.X + pkg.inner.Y)",
    );
    site.file("pkg/__init__.py", "");
    site.file("pkg/inner.py", "Y = 'y0'");
    site.file("helper.py", "X = 'x0'");
    let server = Server::start(site.root(), &[]);
    assert_eq!(get(&server.address, "/app.py").text(), "x0y0");
    for i in 1..20 {
        site.file("helper.py", format!("X = 'x{}'", i % 10));
        site.file("pkg/inner.py", format!("Y = 'y{}'", i % 10));
        assert_eq!(
            get(&server.address, "/app.py").text(),
            format!("x{0}y{0}", i % 10)
        );
    }
}

#[test]
fn a_broken_edit_is_shown_and_its_repair_seen() {
    let site = Site::with_request("Write('good')");
    let server = Server::start(site.root(), &[]);
    assert_eq!(get(&server.address, "/app.py").text(), "good");
    site.file("app.py", "def Request(:");
    let broken = get(&server.address, "/app.py");
    assert!(
        broken.status == 500 && broken.text().contains("SyntaxError"),
        "{}",
        broken.text()
    );
    site.request("app.py", "Write('mended')");
    assert_eq!(get(&server.address, "/app.py").text(), "mended");
}

#[test]
fn an_edited_handler_and_configuration_are_seen() {
    let site = Site::with_request("Write('script')");
    site.file("Http/Config.py", "DefaultHeaders = ('X-A: 1',)");
    let server = Server::start(site.root(), &[]);
    assert_eq!(get(&server.address, "/app.py").header("x-a"), Some("1"));
    site.file("Http/Config.py", "DefaultHeaders = ('X-A: 2',)");
    assert_eq!(get(&server.address, "/app.py").header("x-a"), Some("2"));
    site.file(
        "Http/Isapi.py",
        "from Http import *\ndef Request():\n    Write('handler')\n",
    );
    // The built-in handler was imported before; a file that is new takes its place when one of
    // the site's files changes.
    site.file("Http/Config.py", "DefaultHeaders = ('X-A: 3',)");
    assert_eq!(get(&server.address, "/app.py").text(), "handler");
}

#[test]
fn without_reload_edits_are_not_seen() {
    let site = Site::with_request("Write('old')");
    let server = Server::start(site.root(), &["--reload", "never"]);
    assert_eq!(get(&server.address, "/app.py").text(), "old");
    site.request("app.py", "Write('new')");
    assert_eq!(get(&server.address, "/app.py").text(), "old");
}

#[test]
fn always_runs_the_script_anew_at_every_request() {
    let site = Site::new();
    let source = "from Http import *\nCOUNT = []\ndef Request():\n    COUNT.append(1)\n    \
                  Write('%d' % len(COUNT))\n";
    site.file("app.py", source);
    let server = Server::start(site.root(), &["--reload", "always"]);
    let answers: Vec<String> = (0..3)
        .map(|_| get(&server.address, "/app.py").text())
        .collect();
    assert_eq!(answers, ["1", "1", "1"]);
}

#[test]
fn edits_under_load_never_show_half_a_module_nor_an_old_answer() {
    let site = Site::new();
    let write = |i: usize| {
        // Written aside and moved: an editor's save, which never shows half a file either.
        let source = format!(
            "from Http import *\nimport helper\nA = {i}\nB = 'b' * 1000\nC = {i}\ndef Request():\n    \
             assert A == C\n    Write('%d %d' % (A, helper.VALUE))\n"
        );
        let (script, module) = (
            site.file("app.tmp", source),
            site.file("helper.tmp", format!("VALUE = {i}\n")),
        );
        std::fs::rename(module, site.path("helper.py")).unwrap();
        std::fs::rename(script, site.path("app.py")).unwrap();
    };
    write(0);
    let server = Server::start(site.root(), &["--no-access-log"]);
    let (stop, newest) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = Connection::open(&server.address);
                while !stop.load(Ordering::SeqCst) {
                    let least = newest.load(Ordering::SeqCst);
                    let response = connection.get("/app.py");
                    assert_eq!(response.status, 200, "{}", response.text());
                    let text = response.text();
                    let (script, module) = text.split_once(' ').unwrap();
                    let (script, module): (usize, usize) =
                        (script.parse().unwrap(), module.parse().unwrap());
                    assert!(
                        script >= least && module >= least,
                        "{text} after {least} was seen"
                    );
                }
            });
        }
        for i in 1..=60 {
            write(i);
            // Seen by one client: from now on nobody may get an older one.
            let mut connection = Connection::open(&server.address);
            let seen = connection.get("/app.py").text();
            if seen != format!("{i} {i}") {
                stop.store(true, Ordering::SeqCst);
                panic!("{seen} instead of {i} {i}");
            }
            newest.store(i, Ordering::SeqCst);
        }
        stop.store(true, Ordering::SeqCst);
    });
}

#[test]
fn an_edited_wildcard_handler_is_seen_with_its_modules() {
    let site = Site::new();
    let handlers = Site::with_request("import helper\nWrite('1' + helper.X)");
    handlers.file("helper.py", "X = 'a'");
    let option = format!("--wildcard={}", handlers.path("app.py").display());
    let server = Server::start(site.root(), &[&option]);
    assert_eq!(get(&server.address, "/x").text(), "1a");
    handlers.file("helper.py", "X = 'b'");
    assert_eq!(get(&server.address, "/x").text(), "1b");
    handlers.request("app.py", "import helper\nWrite('2' + helper.X)");
    assert_eq!(get(&server.address, "/x").text(), "2b");
}

#[test]
fn always_also_sees_edited_modules() {
    let site = Site::with_request("import helper\nWrite(helper.X)");
    site.file("helper.py", "X = 'a'");
    let server = Server::start(site.root(), &["--reload", "always"]);
    assert_eq!(get(&server.address, "/app.py").text(), "a");
    site.file("helper.py", "X = 'b'");
    assert_eq!(get(&server.address, "/app.py").text(), "b");
}
