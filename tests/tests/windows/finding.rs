//! Which Python is used.

use acceptance::finish;
use acceptance::installation::{
    Installation, NO_PYTHON, make_environment, python_home, python_version,
};
use acceptance::site::Site;
use acceptance::target::shown;

/// What tells which Python runs, and where its packages come from.
const IDENTITY: &str = "import sys\nWrite('%d.%d|%s|%s' % (sys.version_info[:2] + (sys.base_prefix, \
                        sys.executable)))";

fn identity(program: &str) -> String {
    format!("{}|{}|{program}", python_version(), python_home())
}

#[test]
fn pythonhome_names_the_python_and_so_the_core() {
    let (site, installation) = (Site::with_request(IDENTITY), Installation::new());
    let done = installation.run(&site.path("app.py"));
    let expected = identity(&format!(r"{}\python.exe", python_home()));
    assert!(done.out.ends_with(&expected), "{}{}", done.out, done.err);
    // The command itself looks in the same way.
    let done = site.run("app.py", &[]);
    assert_eq!(done.out, expected, "{}", done.err);
}

#[test]
fn the_settings_file_names_a_python() {
    let (site, installation) = (Site::with_request(IDENTITY), Installation::new());
    installation.file("PyISAPIe.toml", format!("python = '{}'\n", python_home()));
    let mut command = installation.command(&site.path("app.py"));
    command.env(NO_PYTHON.0, NO_PYTHON.1);
    let done = finish(command);
    let expected = identity(&format!(r"{}\python.exe", python_home()));
    assert!(done.out.ends_with(&expected), "{}{}", done.out, done.err);
}

#[test]
fn a_virtual_environment_is_found_beside_the_dll_in_the_home_or_by_its_variable() {
    let body = format!("import only_here\nWrite(only_here.X + ' ')\n{IDENTITY}");
    for place in [
        "dll",
        "dll/venv",
        "dll/.venv",
        "home",
        "home/venv",
        "variable",
    ] {
        let (site, installation) = (Site::with_request(&body), Installation::new());
        let folder = match place.split_once('/').unwrap_or((place, "")) {
            ("dll", below) => installation.path(below),
            ("home", below) => site.path(below),
            _ => site.path("elsewhere"),
        };
        make_environment(&folder);
        let mut command = installation.command(&site.path("app.py"));
        command.env(NO_PYTHON.0, NO_PYTHON.1);
        if place == "variable" {
            command.env("VIRTUAL_ENV", shown(&folder));
        }
        let done = finish(command);
        let folder = shown(&folder);
        let program = format!(r"{}\Scripts\python.exe", folder.trim_end_matches('\\'));
        let expected = format!("from here {}", identity(&program));
        assert!(
            done.out.ends_with(&expected),
            "{place}: {}{}",
            done.out,
            done.err
        );
    }
}

#[test]
fn the_case_of_module_names_counts_whatever_the_environment_says() {
    let site = Site::with_request("import http, Http\nWrite(str(http is Http))");
    let mut command = acceptance::shim(&["run"]);
    command.arg(site.path("app.py")).env("PYTHONCASEOK", "1");
    let done = finish(command);
    assert_eq!(done.out, "False", "{}", done.err);
}

#[test]
fn the_translated_path_has_the_prefix_that_iis_gives_it() {
    let site = Site::with_request("Write(Env.SCRIPT_TRANSLATED)");
    let expected = format!(r"\\?\{}", shown(&site.path("app.py")));
    assert_eq!(site.run("app.py", &[]).out, expected);
}
