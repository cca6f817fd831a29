//! `isapi-shim check`: reads scripts without running them.

use acceptance::site::Site;
use acceptance::{Finished, finish, shim};

fn check(site: &Site, options: &[&str]) -> Finished {
    let mut command = shim(&["check"]);
    command.args(options).arg(site.root());
    finish(command)
}

#[test]
fn a_site_without_faults_ends_with_0() {
    let site = Site::new();
    site.request("app.py", "Write('x')");
    let done = check(&site, &[]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert_eq!(done.out, "1 file: 0 errors, 0 warnings, 0 notes\n");
}

#[test]
fn an_error_ends_with_1_and_a_warning_does_so_when_asked() {
    let site = Site::new();
    site.request("app.py", "return True");
    assert_eq!(check(&site, &[]).code, 0);
    assert_eq!(check(&site, &["--strict"]).code, 1);
    site.file("old.py", "print 'x'\n");
    let done = check(&site, &[]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("cure:    print('x')\n"), "{}", done.out);
    assert!(done.out.ends_with("2 files: 1 error, 1 warning, 0 notes\n"));
}

#[test]
fn nothing_is_run_and_no_python_is_needed() {
    let site = Site::new();
    let proof = site.path("proof.txt");
    let script = format!("open({:?}, 'w').write('x')\n", proof.display().to_string());
    site.file("app.py", script);
    let mut command = shim(&["check"]);
    command.env("PYTHONHOME", "/nowhere").arg(site.root());
    assert_eq!(finish(command).code, 0);
    assert!(!proof.exists());
}

#[test]
fn paths_that_cannot_be_used_end_with_2_and_folders_without_scripts_with_5() {
    let site = Site::new();
    let missing = site.path("nothing.py");
    let done = finish(shim(&["check", &missing.display().to_string()]));
    assert_eq!(done.code, 2);
    assert!(done.err.contains("ISH0801"), "{}", done.err);
    site.file("readme.txt", "print 'x'\n");
    let done = check(&site, &[]);
    assert_eq!(done.code, 5);
    assert!(done.err.contains("ISH0803"), "{}", done.err);
    assert_eq!(finish(shim(&["check"])).code, 2);
}

#[test]
fn what_others_have_written_is_left_out() {
    let site = Site::new();
    site.request("app.py", "Write('x')");
    for name in [
        ".git/hook.py",
        "__pycache__/app.py",
        "lib/site-packages/x.py",
        "env/lib/x.py",
    ] {
        site.file(name, "print 'x'\n");
    }
    site.file("env/pyvenv.cfg", "");
    site.file("x.py/inner.pyw", "print('x')\n");
    site.file("old.cgi", "#!/usr/bin/python\nprint('x')\n");
    let done = check(&site, &[]);
    assert_eq!(done.out, "3 files: 0 errors, 0 warnings, 0 notes\n");
}

#[test]
fn files_come_in_the_order_of_their_names_and_each_once() {
    let site = Site::new();
    for name in ["b.py", "a.py", "c/d.py"] {
        site.file(name, "a = 10L\n");
    }
    let mut command = shim(&["check"]);
    command.arg(site.root()).arg(site.path("a.py"));
    let done = finish(command);
    let order: Vec<usize> = ["a.py", "b.py", "d.py"]
        .iter()
        .map(|name| done.out.find(name).expect("it is named"))
        .collect();
    assert!(order.is_sorted(), "{}", done.out);
    assert!(
        done.out
            .ends_with("3 files: 3 errors, 0 warnings, 0 notes\n")
    );
}

#[test]
fn bytes_that_python_3_refuses_are_told() {
    let site = Site::new();
    site.file("a.py", &b"a = '\xE4'\n"[..]);
    site.file("b.py", &b"# -*- coding: latin-1 -*-\na = '\xE4'\n"[..]);
    site.file("c.py", &b"a = 1\0\n"[..]);
    site.file("d.py", "");
    site.file("e.py", &b"\xEF\xBB\xBFa = 1\r\n"[..]);
    let done = check(&site, &[]);
    assert!(done.out.contains("ISH0804"), "{}", done.out);
    assert!(done.out.contains("ISH0805"), "{}", done.out);
    assert!(
        done.out
            .ends_with("5 files: 2 errors, 0 warnings, 0 notes\n"),
        "{}",
        done.out
    );
}

#[test]
fn modules_and_handlers_of_the_site_are_known() {
    let site = Site::new();
    // A module of the site's own, a package, and a handler that decides about `True`.
    site.file("commands.py", "");
    site.file("shop/__init__.py", "");
    site.file("shop/errors.py", "");
    site.file("shop/pages.py", "from errors import X\n");
    site.file("helper.py", "from Http import *\ndef say(): Write('x')\n");
    site.file(
        "Http/Isapi.py",
        "from Http import *\ndef Request(): return True\n",
    );
    site.request("app.py", "import commands, helper\nreturn True");
    let done = check(&site, &[]);
    assert!(done.out.contains("ISH0821"), "{}", done.out);
    assert!(
        done.out.contains("cure:    from .errors import ..."),
        "{}",
        done.out
    );
    assert!(
        done.out
            .ends_with("7 files: 1 error, 0 warnings, 0 notes\n"),
        "{}",
        done.out
    );
}

#[cfg(unix)]
// Wine shows links of Linux as something that Windows does not have.
#[cfg(not(feature = "windows"))]
#[test]
fn links_that_lead_in_a_circle_and_files_that_cannot_be_read_are_answered() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let site = Site::new();
    site.request("app.py", "Write('x')");
    symlink(site.root(), site.path("circle")).expect("a link");
    symlink(site.path("circle.py"), site.path("circle.py")).expect("a link");
    assert_eq!(check(&site, &[]).code, 0);
    let secret = site.file("secret.py", "a = 1\n");
    let nobody = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&secret, nobody).expect("it is ours");
    // The superuser reads everything.
    if std::fs::read(&secret).is_err() {
        let done = check(&site, &[]);
        assert_eq!(done.code, 2);
        assert!(done.err.contains("ISH0802"), "{}", done.err);
    }
}

#[test]
fn what_the_checker_says_of_the_example_is_what_python_says() {
    // The error page of the core names the same line.
    let site = Site::new();
    site.file(
        "old.py",
        "from Http import *\n\ndef Request():\n    print \"x\"\n",
    );
    let checked = check(&site, &[]);
    assert!(checked.out.contains("old.py:4:5"), "{}", checked.out);
    let run = site.run("old.py", &["-i"]);
    assert!(run.out.contains("Line 4 is Python 2"), "{}", run.out);
}
