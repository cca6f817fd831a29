//! What a script takes for its own, and that it is put back.

use super::{PLAIN, plain, site};
use acceptance::http::{Connection, get};
use acceptance::server::Server;
use acceptance::site::Site;
use acceptance::target::shown;

/// What belongs to the process, as a script of the other kind sees it.
const WITNESS: &str = "\
import os, sys
main = sys.modules['__main__']
Write(repr([
    sys.argv, os.getcwd(), sys.path, sorted(os.environ.items()), id(main), id(os.environ),
    sys.excepthook is sys.__excepthook__, [id(s) for s in (sys.stdin, sys.stdout, sys.stderr)],
]))";

#[test]
fn the_script_is_main_with_its_own_argv_folder_and_path() {
    let site = Site::new();
    site.file(
        "bin/app.cgi",
        format!(
            "{PLAIN}import os, sys, __main__, beside\n\
             print(sys.argv == [__file__], os.path.basename(sys.argv[0]), __name__, len(sys.argv))\n\
             print(os.path.samefile(os.getcwd(), os.path.dirname(__file__)), sys.path[0] == os.path.dirname(__file__))\n\
             print(__main__.__dict__ is globals(), __builtins__ is sys.modules['builtins'], beside.X)\n\
             print(open('data.txt').read())"
        ),
    );
    site.file("bin/beside.py", "X = 'beside'");
    site.file("bin/data.txt", "data");
    let done = site.run("bin/app.cgi", &["--home", site.root().to_str().unwrap()]);
    assert_eq!(
        done.out, "True app.cgi __main__ 1\nTrue True\nTrue True beside\ndata\n",
        "{}",
        done.err
    );
}

#[test]
fn dataclasses_and_pickles_find_main() {
    let site = plain(
        "import dataclasses, pickle\n\
         @dataclasses.dataclass\nclass Point:\n    x: int\n    y: 'int'\n\
         print(pickle.loads(pickle.dumps(Point(1, 2))))",
    );
    let server = Server::start(site.root(), &[]);
    for _ in 0..2 {
        assert_eq!(get(&server.address, "/app.cgi").text(), "Point(x=1, y=2)\n");
    }
}

#[test]
fn what_other_scripts_leave_in_circles_is_collected_in_the_end() {
    let site = plain("print('x')");
    // Each object lives through one CGI script, and belongs to the old ones then.
    site.file(
        "keeps.py",
        "from Http import *\nimport weakref\n\nclass Node: pass\n\nalive = weakref.WeakSet()\n\n\
         def Request():\n    global last\n    last = Node()\n    last.itself = last\n    \
         alive.add(last)\n    Write(str(len(alive)))\n",
    );
    let server = Server::start(site.root(), &["--no-access-log"]);
    let mut connection = Connection::open(&server.address);
    let mut most = 0;
    for _ in 0..1200 {
        most = most.max(
            connection
                .get("/keeps.py")
                .text()
                .parse()
                .expect("a number"),
        );
        assert_eq!(connection.get("/app.cgi").text(), "x\n");
    }
    assert!(most < 600, "{most} objects were alive");
}

#[test]
fn whatever_a_script_does_to_the_process_is_undone() {
    let site = Site::with_request(WITNESS);
    let wreck = "import os, sys\n\
         os.makedirs('sub', exist_ok=True)\nos.chdir('sub')\n\
         sys.argv = ['x']\nsys.path[:] = ['nowhere']\nsys.path = []\n\
         del os.environ['PATH']\nos.environ['MINE'] = '1'\nos.environ['KEPT'] = 'other'\nos.environ['REQUEST_METHOD'] = 'X'\n\
         sys.excepthook = lambda *a: None\ndel sys.modules['__main__']\n";
    for (name, end) in [
        ("plain.cgi", ""),
        ("raised.cgi", "raise ValueError('no')"),
        ("exited.cgi", "sys.exit(3)"),
        (
            "replaced.cgi",
            "import io\nos.environ = {}\nsys.stdin = sys.stderr = None\nsys.stdout = io.StringIO()",
        ),
        (
            "deleted.cgi",
            "del sys.argv, sys.path, sys.stdin, sys.stdout, os.environ",
        ),
        (
            "closed.cgi",
            "sys.stdin.close()\nsys.stdout.close()\nsys.stderr.close()",
        ),
    ] {
        site.file(name, format!("{PLAIN}{wreck}{end}"));
    }
    let server = Server::start_with(site.root(), &[], |command| {
        command.env("KEPT", "mine").env("HTTP_ACCEPT", "stale");
    });
    let before = get(&server.address, "/app.py").text();
    assert!(before.contains("('HTTP_ACCEPT', 'stale')"), "{before}");
    for name in ["plain", "raised", "exited", "replaced", "deleted", "closed"] {
        let response = get(&server.address, &format!("/{name}.cgi"));
        assert_eq!(response.status, 200, "{name}: {}", server.err());
        assert_eq!(get(&server.address, "/app.py").text(), before, "{name}");
    }
}

#[test]
fn scripts_of_two_folders_have_modules_of_their_own() {
    let site =
        Site::with_request("try:\n    import config\nexcept ImportError:\n    Write('none')");
    for folder in ["a", "b"] {
        let source = "import config, count\ncount.N += 1\nprint(config.X, count.N)";
        site.file(&format!("{folder}/app.cgi"), format!("{PLAIN}{source}"));
        site.file(&format!("{folder}/config.py"), format!("X = '{folder}'"));
        site.file(&format!("{folder}/count.py"), "N = 0");
    }
    let server = Server::start(site.root(), &["--reload", "never"]);
    for round in 1..3 {
        for folder in ["a", "b"] {
            let text = get(&server.address, &format!("/{folder}/app.cgi")).text();
            // They stay loaded from one request to the next.
            assert_eq!(text, format!("{folder} {round}\n"));
        }
        assert_eq!(get(&server.address, "/app.py").text(), "none");
    }
}

#[test]
fn an_edited_module_beside_a_script_is_loaded_again() {
    let site = Site::new();
    site.file(
        "a/app.cgi",
        format!("{PLAIN}import config\nprint(config.X)"),
    );
    site.file("a/config.py", "X = 1");
    let server = Server::start(site.root(), &[]);
    for number in [1, 22, 3] {
        site.file("a/config.py", format!("X = {number}"));
        let text = get(&server.address, "/a/app.cgi").text();
        assert_eq!(text, format!("{number}\n"));
    }
}

#[test]
fn an_exception_before_the_response_was_sent_gives_the_error_page_with_the_scripts_traceback() {
    let site = plain("print('half')\ndef f():\n    raise ValueError('no good')\nf()");
    let done = site.run("app.cgi", &["-i"]);
    assert_eq!(done.code, 1);
    assert!(done.out.starts_with("HTTP/1.1 500 "), "{}", done.out);
    assert!(done.out.contains("ISH0401") && !done.out.contains("half"));
    let file = shown(&site.path("app.cgi"));
    let expected = format!(
        "Traceback (most recent call last):\n  File \"{file}\", line 5, in <module>\n    f()\n"
    );
    assert!(done.err.starts_with(&expected), "{}", done.err);
    assert!(done.err.ends_with("ValueError: no good\n"));
}

#[test]
fn an_exception_after_something_was_sent_cuts_the_response_off() {
    let site = plain("import sys\nprint('half')\nsys.stdout.flush()\nraise ValueError('late')");
    let server = Server::start(site.root(), &[]);
    let mut connection = acceptance::http::Connection::open(&server.address);
    let request = "GET /app.cgi HTTP/1.1\r\nHost: a\r\n\r\n";
    connection.send(request).unwrap();
    assert!(
        connection.response(false).is_err(),
        "it must not look whole"
    );
    server.wait_for_err(|text| text.contains("ValueError: late"));
    assert_eq!(server.err().matches("Traceback").count(), 1);
}

#[test]
fn syntax_errors_and_files_that_are_no_python_are_told() {
    let site = Site::new();
    for (source, told) in [
        (
            &b"print 'Content-Type: text/html'\n"[..],
            "In Python 3 write: print(",
        ),
        (b"def f(:\n", "SyntaxError: invalid syntax"),
        (
            b"#!/usr/bin/perl -w\nuse CGI;\n",
            "it begins with #!/usr/bin/perl -w",
        ),
        (b"MZ\0\0binary", "it has NUL bytes in it"),
    ] {
        site.file("app.cgi", source);
        let done = site.run("app.cgi", &[]);
        assert_eq!(done.code, 1);
        assert!(done.err.contains(told), "{}", done.err);
        assert!(!done.err.contains("CGI.py"), "{}", done.err);
    }
}

#[test]
fn an_exit_code_after_the_response_is_told_in_the_log_only() {
    for (end, told) in [
        ("sys.exit()", ""),
        ("sys.exit(0)", ""),
        ("sys.exit(3)", "app.cgi: exit code 3\n"),
        ("sys.exit('no tiles')", "no tiles\nPyISAPIe: ISH0412: "),
    ] {
        let done = plain(&format!("import sys\nprint('fine')\n{end}")).run("app.cgi", &[]);
        assert_eq!((done.code, &done.out[..]), (0, "fine\n"));
        assert!(done.err.contains(told), "{}", done.err);
        assert_eq!(done.err.contains("ISH0412"), !told.is_empty());
    }
}

#[test]
fn an_exit_code_without_a_response_is_named_on_the_page() {
    let done = site("import sys\nsys.exit(3)").run("app.cgi", &["-i"]);
    assert_eq!(done.code, 1);
    for part in [
        "ISH0411",
        "the script wrote nothing",
        "ended with exit code 3",
    ] {
        assert!(done.out.contains(part), "{}", done.out);
    }
}

#[test]
fn a_hook_for_exceptions_writes_its_page_as_cgitb_does() {
    let hook = "import sys\ndef hook(kind, error, where):\n    print('<!--: spam\\nContent-Type: text/html\\n\\n<p>%s: %s line %d' % (kind.__name__, error, where.tb_lineno))\nsys.excepthook = hook\n";
    let before = site(&format!("{hook}raise KeyError('x')")).run("app.cgi", &[]);
    assert_eq!(before.out, "<p>KeyError: 'x' line 5\n", "{}", before.err);
    assert_eq!(before.code, 0);
    assert!(before.err.contains("ISH0412") && before.err.contains("KeyError: 'x'"));
    let after = plain(&format!("{hook}print('half')\nraise KeyError('x')")).run("app.cgi", &[]);
    assert!(after.out.starts_with("half\n<!--: spam\n"), "{}", after.out);
    let broken = "import sys\nsys.excepthook = lambda *a: 1 / 0\nraise KeyError('x')";
    let broken = site(broken).run("app.cgi", &[]);
    assert_eq!((broken.code, &broken.out[..]), (1, ""));
    for part in [
        "Error in sys.excepthook:\n",
        "ZeroDivisionError",
        "KeyError: 'x'\n",
    ] {
        assert!(broken.err.contains(part), "{}", broken.err);
    }
}

#[test]
fn cgitb_and_its_absence_are_both_told() {
    let source =
        "import warnings; warnings.simplefilter('ignore')\nimport cgitb\ncgitb.enable()\n1 / 0";
    let done = site(source).run("app.cgi", &["-i"]);
    if done.err.contains("No module named 'cgitb'") {
        let hint = "no module cgitb: install legacy-cgi (pip install legacy-cgi)";
        assert!(
            done.err.contains(hint) && done.out.contains(hint),
            "{}",
            done.err
        );
        return;
    }
    assert!(done.out.starts_with("HTTP/1.1 200 OK\r\n"), "{}", done.out);
    assert!(done.out.contains("Content-Type: text/html\r\n"));
    assert!(done.out.contains("ZeroDivisionError"));
}

#[test]
fn output_of_threads_of_a_script_goes_to_the_log() {
    let site = plain(
        "import threading\n\
         t = threading.Thread(target=lambda: print('aside'))\nt.start()\nt.join()\nprint('done')",
    );
    let done = site.run("app.cgi", &[]);
    assert_eq!((&done.out[..], &done.err[..]), ("done\n", "aside\n"));
}

#[test]
fn what_only_a_scripts_variables_hold_is_closed_at_its_end() {
    let site = plain(
        "import os\nclass Held:\n    def __del__(self):\n        os.write(2, b'closed ')\n\
         def f():\n    return held\nheld = Held()",
    );
    let done = site.run("app.cgi", &["--reload", "never"]);
    assert_eq!(done.err, "closed ");
}
