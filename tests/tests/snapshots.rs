//! Whole texts that users see, in `snapshots/` of the project: help, responses, error pages.

use acceptance::iis::Server;
use acceptance::pe::{X64, X86};
use acceptance::site::Site;
use acceptance::target::{WINDOWS, without};
use acceptance::{finish, root, shim};

/// Compares with the snapshot of that name; what differs between machines and Pythons is taken
/// out before.
fn check(name: &str, text: &str, site: Option<&Site>) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    if WINDOWS {
        settings.add_filter(r"isapi-shim\.exe", "isapi-shim");
    }
    let text = site.map_or_else(
        || text.to_owned(),
        |site| without(site.root(), "[ROOT]", text),
    );
    settings.add_filter(r"PyISAPIe-\d[^\r\n]*", "PyISAPIe-[VERSION]");
    settings.add_filter(r"Date: [^\r\n]*", "Date: [DATE]");
    settings.add_filter(r"\n +[\^~]+\n", "\n");
    settings.add_filter(r"isapi-shim \d+\.\d+\.\d+", "isapi-shim [VERSION]");
    settings.add_filter("\r\n", "\n");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn help_of_every_command() {
    for command in [
        "",
        "run",
        "serve",
        "test",
        "review",
        "accept",
        "reject",
        "pending",
        "check",
        "iis",
        "iis config",
        "iis check",
        "completions",
    ] {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        let name = [&["help"], &arguments[..]].concat().join("-");
        arguments.push("--help");
        let done = finish(shim(&arguments));
        assert_eq!(done.code, 0);
        check(&name, &done.out, None);
    }
}

#[test]
fn a_whole_response() {
    let site = Site::with_request(
        "Header(['Content-Type: text/plain', 'Set-Cookie: a=1', 'Set-Cookie: b=2'], Status=201)\n\
         Write('created')",
    );
    check("response", &site.run("app.py", &["-i"]).out, Some(&site));
}

#[test]
fn the_error_page_of_a_script_that_raised() {
    let site = Site::with_request("raise ValueError('a <b>bold</b> \"claim\"')");
    check("error-page", &site.run("app.py", &["-i"]).out, Some(&site));
    let json = site.run("app.py", &["-i", "-H", "Accept: application/json"]);
    check("error-page-json", &json.out, Some(&site));
}

#[test]
fn the_recursion_page() {
    let site = Site::with_request("return True");
    check(
        "recursion-page",
        &site.run("app.py", &["-i"]).out,
        Some(&site),
    );
}

#[test]
fn errors_of_the_command_line() {
    let site = Site::new();
    let done = site.run("nothing.py", &[]);
    check("error-no-script", &done.err, Some(&site));
    site.request("app.py", "Write('x')");
    site.file("web.config", "<configuration>\n  <system.webServer>\n    <handlers>\n      <add name=\"py\" path=\"*.py\" verb=\"*\" modules=\"IsapiModule\" resourceType=\"Fil\" />\n    </handlers>\n  </system.webServer>\n</configuration>\n");
    check(
        "error-web-config",
        &site.run("app.py", &[]).err,
        Some(&site),
    );
}

#[test]
fn what_iis_config_prints() {
    let plain = [
        "iis",
        "config",
        "--site",
        "Shop",
        "--pool",
        "Shop",
        "--dll",
        r"C:\inetpub\PyISAPIe\PyISAPIe.dll",
    ];
    let both = ["--map", "*.py", "--map", "/api/*", "--wildcard"];
    let new = ["--physical-path", r"D:\www\shop", "--port", "8080"];
    let app = [
        "--app",
        "/api",
        "--physical-path",
        r"D:\www\api",
        "--bits",
        "32",
    ];
    for (name, options) in [
        ("iis-config", &[][..]),
        (
            "iis-config-web-config",
            &[&both[..], &["--format", "web.config"]].concat(),
        ),
        (
            "iis-config-appcmd-site",
            &[&new[..], &["--format", "appcmd"]].concat(),
        ),
        (
            "iis-config-appcmd-app",
            &[&app[..], &["--format", "appcmd"]].concat(),
        ),
    ] {
        let done = finish(shim(&[&plain[..], options].concat()));
        assert_eq!((done.code, done.err.as_str()), (0, ""));
        check(name, &done.out, None);
    }
}

#[test]
fn the_report_of_iis_check() {
    let server = Server::new();
    server.web("<handlers>", "<handlers accessPolicy=\"Read\">");
    server.web("verb=\"*\"", "verb=\"GET,HEAD,POST\"");
    server.host(
        "<add name=\"Shop\"",
        "<add name=\"Shop\" enable32BitAppOnWin64=\"true\"",
    );
    server.dll("c/inetpub/shop/PyISAPIe.dll", X64, &[], &[]);
    server.dll("c/Python313/python313.dll", X86, &[], &[]);
    let done = server.check(&[]);
    assert_eq!(done.code, 1);
    check("iis-check", &done.out, Some(&server.files));
    let json = server.check(&["--format", "json"]);
    check("iis-check-json", &json.out, Some(&server.files));
}

#[test]
fn the_report_of_check() {
    let site = Site::new();
    site.file(
        "hello.py",
        "from Http import *\nimport urllib2, imp\nROOT = \"C:\\temp\"\n\ndef Request():\n\tHeader(\"Status: 404\")\n\ttry:\n\t\tprint \"Hello, %s\" % Read()\n\texcept IOError, e:\n\t\tpass\n\treturn True\n",
    );
    let report = |options: &[&str]| {
        let mut command = shim(&["check"]);
        command.args(options).arg(site.root());
        let done = finish(command);
        assert_eq!((done.code, done.err.as_str()), (1, ""));
        done.out
    };
    // As text: the marks would be taken out, with those of Python's tracebacks.
    check("check", &report(&[]).replace('^', "-"), Some(&site));
    check("check-json", &report(&["--format", "json"]), Some(&site));
}
