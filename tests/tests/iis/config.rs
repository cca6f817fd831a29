//! `isapi-shim iis config`.

use super::*;

fn config(options: &[&str]) -> Finished {
    let mut command = shim(&["iis", "config", "--site", "Shop", "--pool", "Shop"]);
    command.args(options);
    finish(command)
}

#[test]
fn what_is_printed_for_a_site_passes_the_check() {
    for maps in [
        &[][..],
        &["--map", "*.py", "--wildcard"],
        &["--map", "*.py", "--map", "*.psp"],
    ] {
        let server = Server::new();
        server
            .files
            .file(ISAPI, "def Request():\n    return None\n");
        let mut options = vec![
            "--dll",
            r"C:\inetpub\PyISAPIe\PyISAPIe.dll",
            "--format",
            "web.config",
        ];
        options.extend(maps);
        let done = config(&options);
        assert_eq!(done.code, 0, "{}", done.err);
        server.files.file("c/inetpub/shop/web.config", &done.out);
        let checked = server.check(&[]);
        assert!(
            checked.out.contains("\n0 errors, 0 warnings"),
            "{}{}",
            checked.out,
            checked.err
        );
    }
}

#[test]
fn values_that_no_server_can_have_are_refused() {
    for (options, code) in [
        (&["--dll", "PyISAPIe.dll"][..], "ISH0701"),
        (&["--dll", "/srv/PyISAPIe.dll"], "ISH0701"),
        (&["--dll", r"C:\x\PyISAPIe.exe"], "ISH0701"),
        (&["--dll", r"C:\x\PyISAPIe.cp313-win_amd64.dll"], "ISH0701"),
        (&["--dll", r"C:\100%\PyISAPIe.dll"], "ISH0701"),
        (&["--dll", r"C:\Ann's\PyISAPIe.dll"], "ISH0701"),
        (&["--dll", r"C:\x\PyISAPIe.dll", "--app", "api"], "ISH0701"),
        (
            &["--dll", r"C:\x\PyISAPIe.dll", "--physical-path", "www"],
            "ISH0701",
        ),
        (&["--dll", r"C:\x\PyISAPIe.dll", "--map", "*"], "ISH0701"),
        (&["--dll", r"C:\x\PyISAPIe.dll", "--map", ".py"], "ISH0203"),
    ] {
        let done = config(options);
        assert_eq!(done.code, 2, "{options:?}: {}", done.out);
        assert!(done.err.contains(code), "{options:?}: {}", done.err);
    }
}

#[test]
fn texts_are_escaped_for_xml() {
    let done = config(&["--dll", r"C:\A & B\PyISAPIe.dll", "--format", "web.config"]);
    assert!(
        done.out
            .contains(r#"scriptProcessor="C:\A &amp; B\PyISAPIe.dll""#),
        "{}",
        done.out
    );
}

#[test]
fn the_guide_has_the_lines_that_are_printed() {
    let guide = acceptance::docs::read("docs/iis.md");
    let place = ["--physical-path", r"C:\inetpub\hello", "--port", "8080"];
    for format in ["appcmd", "web.config"] {
        let mut command = shim(&["iis", "config", "--site", "Hello", "--pool", "Hello"]);
        command.args(["--dll", r"C:\inetpub\PyISAPIe\PyISAPIe.dll"]);
        command.args(place).args(["--format", format]);
        let done = finish(command);
        assert_eq!(done.code, 0, "{}", done.err);
        for line in done.out.lines().filter(|line| !line.starts_with("rem ")) {
            assert!(
                guide.contains(&format!("\n{line}\n")),
                "docs/iis.md lacks: {line}"
            );
        }
    }
}
