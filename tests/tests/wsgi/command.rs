//! `serve --wsgi`, `run --wsgi`, and overrides in the site.

use acceptance::http::get;
use acceptance::server::Server;
use acceptance::site::Site;
use acceptance::{finish, shim};

const APP: &str = "\
def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [f\"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}|{environ['QUERY_STRING']}\".encode()]

application = app

def make():
    return app

class Holder:
    inner = staticmethod(app)

number = 5
";

fn site() -> Site {
    let site = Site::new();
    site.file("site_app.py", APP);
    site.file("static.txt", "a file");
    site
}

fn run(site: &Site, arguments: &[&str]) -> acceptance::Finished {
    let mut command = shim(&["run"]);
    command.args(arguments).current_dir(site.root());
    finish(command)
}

#[test]
fn an_application_is_named_as_for_other_servers() {
    let site = site();
    for name in [
        "site_app:app",
        "site_app",
        "site_app:make()",
        "site_app:Holder.inner",
    ] {
        let done = run(&site, &["--wsgi", name, "--url", "/a/b?c=d"]);
        assert_eq!(
            (done.code, &done.out[..]),
            (0, "|/a/b|c=d"),
            "{name}: {}",
            done.err
        );
    }
}

#[test]
fn a_mount_is_the_script_name() {
    let done = run(
        &site(),
        &[
            "--wsgi",
            "site_app:app",
            "--mount",
            "blog/",
            "--url",
            "/blog/a",
            "-q",
            "x",
        ],
    );
    assert_eq!(
        (done.code, &done.out[..]),
        (0, "/blog|/a|x"),
        "{}",
        done.err
    );
}

#[test]
fn what_lies_outside_of_the_mount_is_for_static_files() {
    let site = site();
    let server = Server::start(site.root(), &["--wsgi", "site_app:app", "--mount", "/blog"]);
    assert_eq!(get(&server.address, "/blog/x").text(), "/blog|/x|");
    assert_eq!(get(&server.address, "/static.txt").text(), "a file");
    assert_eq!(get(&server.address, "/nothing").status, 404);
    let whole = Server::start(site.root(), &["--wsgi", "site_app:app"]);
    assert_eq!(get(&whole.address, "/static.txt").text(), "|/static.txt|");
}

#[test]
fn an_application_that_cannot_be_loaded_is_named_with_the_reason() {
    let site = site();
    site.file("broken.py", "import nothing_of_that_name\n");
    for (name, why) in [
        ("missing:app", "No module named 'missing'"),
        ("broken:app", "No module named 'nothing_of_that_name'"),
        ("site_app:nothing", "has no attribute 'nothing'"),
        ("site_app:number", "5 is not callable"),
        ("os:path", "is not callable"),
        ("string", "the module has neither 'application' nor 'app'"),
    ] {
        let done = run(&site, &["-i", "--wsgi", name]);
        assert_eq!(done.code, 1, "{name}");
        assert!(done.err.contains(why), "{name}: {}", done.err);
        assert!(done.out.contains("[ISH0415]"), "{name}: {}", done.out);
    }
}

#[test]
fn a_mended_application_answers_without_a_restart() {
    let site = Site::new();
    let file = site.file("site_app.py", "import nothing_of_that_name\n");
    let server = Server::start(site.root(), &["--wsgi", "site_app:app"]);
    assert_eq!(get(&server.address, "/").status, 500);
    std::fs::write(file, APP).unwrap();
    assert_eq!(get(&server.address, "/a").text(), "|/a|");
}

#[test]
fn an_edit_is_seen_by_the_next_request() {
    let site = site();
    let server = Server::start(site.root(), &["--wsgi", "site_app:app"]);
    assert_eq!(get(&server.address, "/").status, 200);
    site.file("site_app.py", APP.replace("200 OK", "201 Made"));
    assert_eq!(get(&server.address, "/").line, "HTTP/1.1 201 Made");
}

#[test]
fn options_that_need_or_exclude_each_other_are_told() {
    let site = site();
    for arguments in [
        &["--mount", "/x", "a.py"][..],
        &["--wsgi", "a:b", "a.py"],
        &["--wsgi", "a:b", "--path-info", "/x"],
        &["--url", "/x", "a.py"],
        &[],
        &["--wsgi", "site_app:app", "--url", "/a b"],
    ] {
        assert_eq!(run(&site, arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_handler_of_the_site_excludes_prefixes_by_returning_true() {
    let site = site();
    site.file("media/logo.txt", "from the disk");
    site.file(
        "Http/Isapi.py",
        "from Http.WSGI import RunWSGI\nfrom Http import Env\nfrom site_app import app\n\n\
         Base = '/'\nExclude = ['/media']\n\n\
         def Request():\n    path = Env.PATH_INFO\n    \
         if any(path.startswith(prefix) for prefix in Exclude):\n        return True\n    \
         return RunWSGI(app, Base)\n",
    );
    let server = Server::start(site.root(), &["--wildcard"]);
    assert_eq!(
        get(&server.address, "/media/logo.txt").text(),
        "from the disk"
    );
    assert_eq!(get(&server.address, "/page").text(), "|/page|");
}

#[test]
fn a_file_of_an_old_installation_does_not_replace_it() {
    let site = site();
    site.file("Http/WSGI.py", "raise a, b, c\n");
    site.file(
        "page.py",
        "from Http.WSGI import RunWSGI\nfrom site_app import app\ndef Request(): RunWSGI(app)\n",
    );
    assert_eq!(site.run("page.py", &[]).out, "/page.py||");
}
