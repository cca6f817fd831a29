//! Debuggers, coverage and breakpoints, with stand-ins for `debugpy` and `coverage`. The real ones
//! are tried with the wheel: `shim/wheel/tests/test_debugging.py`.
#![cfg(not(feature = "windows"))]

use acceptance::server::Server;
use acceptance::site::Site;
use acceptance::target::has_built_in_core;
use acceptance::{Finished, finish, http, shim};
use std::process::Command;

/// As much of coverage.py as the core uses: it writes the lines of scripts that ran.
const COVERAGE: &str = r#"
import os, sys, threading

class Coverage:
    def __init__(self, **options):
        self.lines = set()
        self.file = os.path.abspath("lines.txt")

    def get_option(self, name):
        return False

    def trace(self, frame, event, value):
        if event == "line" and frame.f_code.co_filename.endswith("app.py"):
            self.lines.add(frame.f_lineno)
        return self.trace

    def start(self):
        threading.settrace(self.trace)
        sys.settrace(self.trace)

    def stop(self):
        sys.settrace(None)

    def save(self):
        with open(self.file, "w") as file:
            file.write(" ".join(map(str, sorted(self.lines))))
"#;

/// As much of debugpy as the core uses: it tells what it was asked.
const DEBUGPY: &str = r#"
import threading

told = []

def listen(address):
    told.append(f"listen {address[0]} {address[1]}")
    return address

def wait_for_client():
    told.append("wait")

def debug_this_thread():
    told.append("thread")

def breakpoint():
    told.append("breakpoint")
"#;

/// A site whose script has a file beside it for each of the modules.
fn site(body: &str) -> Site {
    let site = Site::with_request(body);
    site.file("modules/coverage.py", COVERAGE);
    site.file("modules/debugpy.py", DEBUGPY);
    site
}

fn with_modules<'a>(command: &'a mut Command, site: &Site) -> &'a mut Command {
    command.env("PYTHONPATH", site.path("modules"));
    command.current_dir(site.root())
}

fn run(site: &Site, arguments: &[&str]) -> Finished {
    // The stand-ins lie in the site and are younger than a file system's clock is fine: they would
    // be loaded once more.
    let mut command = shim(&[&["run", "--reload", "never"], arguments].concat());
    with_modules(&mut command, site);
    finish(command)
}

#[test]
fn coverage_is_measured_from_the_first_line_of_a_script_on() {
    let site = site("if Env.QUERY_STRING:\n    Write('never')\nWrite('x')");
    let finished = run(&site, &["--coverage", "app.py"]);
    assert_eq!(
        (finished.code, &*finished.out),
        (0, "x"),
        "{}",
        finished.err
    );
    let lines = std::fs::read_to_string(site.path("lines.txt")).expect("written at the end");
    assert_eq!(lines, "1 3 4 6");
}

#[test]
fn coverage_has_the_threads_of_a_server() {
    let site = site("Write('x')");
    let server = Server::start_with(site.root(), &["--coverage"], |command| {
        with_modules(command, &site);
    });
    assert_eq!(http::get(&server.address, "/app.py").body, b"x");
    server.signal();
    assert_eq!(server.ended(), Some(0));
    let lines = std::fs::read_to_string(site.path("lines.txt")).expect("written at the end");
    assert_eq!(lines, "1 3 4");
}

#[test]
fn the_debugger_is_told_of_each_thread_once() {
    let site = site("import debugpy\nbreakpoint()\nWrite(', '.join(debugpy.told))");
    let options = ["--debugpy", "[::1]:5678", "--wait-for-client"];
    let finished = run(&site, &[&options[..], &["app.py"]].concat());
    let told = "listen ::1 5678, wait, thread, breakpoint";
    assert_eq!(
        (finished.code, &*finished.out),
        (0, told),
        "{}",
        finished.err
    );
    assert!(
        finished.err.contains("a debugger can attach at ::1:5678"),
        "{}",
        finished.err
    );
}

#[test]
fn programs_that_a_script_starts_are_not_debugged() {
    let site = site("import os\nWrite(repr([n for n in os.environ if n.startswith('PYISAPIE')]))");
    let finished = run(&site, &["--debugpy", "5678", "--coverage", "app.py"]);
    assert_eq!(finished.out, "[]", "{}", finished.err);
}

#[test]
fn a_missing_module_is_an_error_before_the_first_request() {
    let site = site("Write('x')");
    for (module, option) in [("debugpy", "--debugpy=5678"), ("coverage", "--coverage")] {
        let name = format!("modules/{module}.py");
        site.file(&name, "raise ModuleNotFoundError('no such module')");
        let finished = run(&site, &[option, "app.py"]);
        assert_eq!((finished.code, &*finished.out), (3, ""));
        for text in ["ISH0315", &format!("pip install {module}")] {
            assert!(finished.err.contains(text), "{text}: {}", finished.err);
        }
        // A library is loaded all the same, as IIS needs it, and tells each request.
        let refused = has_built_in_core();
        assert_eq!(
            finished.err.contains("ISH0111"),
            refused,
            "{}",
            finished.err
        );
    }
}

#[test]
fn pythonbreakpoint_is_honoured() {
    let site = site("breakpoint()\nWrite('on')");
    site.file("mine.py", "def stop(): print('stopped, ', end='')");
    for (value, expected) in [("0", "on"), ("mine.stop", "stopped, on")] {
        let mut command = shim(&["run", "app.py"]);
        command
            .current_dir(site.root())
            .env("PYTHONBREAKPOINT", value);
        assert_eq!(finish(command).out, expected);
    }
}
