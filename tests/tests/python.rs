//! The Python that runs is the one that was asked for.

use acceptance::site::Site;
#[cfg(not(feature = "windows"))]
use acceptance::{finish, shim};
#[cfg(not(feature = "windows"))]
use std::{path::PathBuf, process::Command};

#[cfg(not(feature = "windows"))]
/// What the core was built for, as pyo3 chooses it: `PYO3_PYTHON`, or `python` or `python3` on
/// the PATH.
fn asked_for() -> PathBuf {
    let runs = |name: &str| Command::new(name).arg("--version").output().is_ok();
    let found = || {
        if runs("python") {
            "python".into()
        } else {
            "python3".into()
        }
    };
    std::env::var_os("PYO3_PYTHON").map_or_else(found, PathBuf::from)
}

#[cfg(not(feature = "windows"))]
/// What tells one installation from another, however its program is called.
const IDENTITY: &str =
    "'%s|%s|%s' % (sys.version, sys.base_prefix, os.path.realpath(sys.executable))";

#[cfg(not(feature = "windows"))]
fn python(arguments: &[&str]) -> String {
    let mut command = Command::new(asked_for());
    command.args(arguments).env_remove("VIRTUAL_ENV");
    let output = command.output().expect("the Python of the build runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

/// On Windows the Python is found, not built in: see `windows.rs`.
#[cfg(not(feature = "windows"))]
#[test]
fn the_python_that_runs_is_the_one_that_was_asked_for() {
    let site = Site::with_request(&format!("import os, sys\nWrite({IDENTITY})"));
    let expected = python(&["-c", &format!("import os, sys; print({IDENTITY})")]);
    assert_eq!(site.run("app.py", &[]).out, expected);
}

#[cfg(not(feature = "windows"))]
#[test]
fn the_packages_of_an_active_virtual_environment_are_importable() {
    let site = Site::with_request("import only_here\nimport sys\nWrite(only_here.X + sys.prefix)");
    let venv = site.path("venv");
    python(&["-m", "venv", "--without-pip", venv.to_str().unwrap()]);
    let packages = python(&[
        "-c",
        "import sysconfig\nprint(sysconfig.get_path('purelib', 'posix_prefix', {'base': 'BASE'}))",
    ]);
    let packages = packages.replace("BASE", venv.to_str().unwrap());
    std::fs::create_dir_all(&packages).unwrap();
    std::fs::write(format!("{packages}/only_here.py"), "X = 'from '").unwrap();
    let mut command = shim(&["run"]);
    command.arg(site.path("app.py")).env("VIRTUAL_ENV", &venv);
    let done = finish(command);
    assert_eq!(done.out, format!("from {}", venv.display()), "{}", done.err);
}

#[test]
fn a_python_without_a_gil_keeps_to_that() {
    // Modules that are not made for it bring the GIL back, with a warning.
    let site = Site::with_request(
        "import sys, sysconfig, Http.WSGI, Http.CGI, Http.Config\n\
         built = sysconfig.get_config_var('Py_GIL_DISABLED') == 1\n\
         has_gil = getattr(sys, '_is_gil_enabled', lambda: True)()\n\
         Write('%s' % (has_gil is not built))",
    );
    let finished = site.run("app.py", &[]);
    assert_eq!((&*finished.out, &*finished.err), ("True", ""));
}

#[test]
fn scripts_find_a_whole_process_around_them() {
    let site = Site::with_request(
        "import sys, __main__, threading\n\
         Write('%r %r %r %r' % (sys.argv, __interp__, sys.stdout.isatty(), sys.flags.optimize))\n\
         Write(' %s' % (threading.main_thread() is not None))",
    );
    assert_eq!(site.run("app.py", &[]).out, "[''] '__main__' False 0 True");
}

#[test]
fn streams_are_real_text_streams() {
    let site = Site::with_request(
        "import sys, warnings\n\
         print('printed', 1, 2, sep='-')\n\
         sys.stdout.writelines(['a', 'b\\n'])\n\
         sys.stdout.buffer.write(b'bytes\\n')\n\
         sys.stdout.flush()\n\
         print(sys.stdout.encoding, sys.stdin.readline(), sys.stdin.read())\n\
         sys.stderr.write('logged\\n')\n\
         warnings.warn('warned')",
    );
    let done = site.run("app.py", &["-d", "line 1\nline 2"]);
    assert_eq!(
        done.out, "printed-1-2\nab\nbytes\nutf-8 line 1\n line 2\n",
        "{}",
        done.err
    );
    assert!(done.err.starts_with("logged\n") && done.err.contains("UserWarning: warned"));
}

#[test]
fn output_of_other_threads_goes_to_the_log() {
    let site = Site::with_request(
        "import threading\n\
         def work():\n    print('from a thread')\n    try:\n        Write('x')\n    \
         except Exception as e:\n        print(type(e).__name__, e)\n\
         t = threading.Thread(target=work)\nt.start()\nt.join()\nWrite('done')",
    );
    let done = site.run("app.py", &[]);
    assert_eq!(done.out, "done");
    assert_eq!(
        done.err,
        "from a thread\nException Not currently processing a request\n"
    );
}

#[test]
fn star_import_gives_exactly_the_originals_names() {
    let site = Site::new();
    site.file(
        "app.py",
        "before = set(globals())\nfrom Http import *\nafter = set(globals())\n\
         def Request():\n    Write(' '.join(sorted(after - before - {'before'})))\n",
    );
    assert_eq!(
        site.run("app.py", &[]).out,
        "Config DisableBuffer Env Header Read Write"
    );
}

#[test]
fn modules_that_python_dropped_are_still_importable() {
    let site = Site::with_request(
        "import imp\nfrom md5 import md5\nm = imp.load_source('part', Env.SCRIPT_TRANSLATED[4:].replace('app', 'part'))\n\
         Write(m.X + md5('a').hexdigest())",
    );
    site.file("part.py", "X = 'loaded '");
    let done = site.run("app.py", &[]);
    assert_eq!(
        done.out, "loaded 0cc175b9c0f1b6a831c399e269772661",
        "{}",
        done.err
    );
}

#[test]
fn script_translated_can_be_opened_cut_and_compared() {
    let site = Site::with_request(
        "import os\nT = Env.SCRIPT_TRANSLATED\n\
         Write('%s %s' % (os.path.samefile(T, T[4:]), open(T).read() == open(T.replace('\\\\\\\\?\\\\', '')).read()))",
    );
    assert_eq!(site.run("app.py", &[]).out, "True True");
}
