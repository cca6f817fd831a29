//! Whatever is wrong gets an error with a code, an exit code, and no panic.

use acceptance::site::{IMPORT, Site};
use acceptance::target::{WINDOWS, shown};
use acceptance::{Finished, finish, shim};

fn run(arguments: &[&str]) -> Finished {
    let done = finish(shim(arguments));
    assert!(!done.err.contains("panicked"), "{}", done.err);
    done
}

#[track_caller]
fn expect(done: &Finished, code: i32, text: &str) {
    assert!(
        done.code == code && done.err.contains(text),
        "{} {}",
        done.code,
        done.err
    );
}

#[test]
fn files_that_are_no_scripts_are_told_apart() {
    let site = Site::new();
    let missing = site.path("nothing.py");
    expect(&run(&["run", missing.to_str().unwrap()]), 2, "ISH0101");
    expect(&run(&["run", site.root().to_str().unwrap()]), 2, "ISH0102");
}

#[test]
fn options_that_mean_nothing_are_usage_errors() {
    let site = Site::with_request("Write('x')");
    let script = site.path("app.py");
    let script = script.to_str().unwrap();
    expect(&run(&["run", "--nope", script]), 2, "--nope");
    expect(&run(&["run"]), 2, "<SCRIPT>");
    expect(&run(&["run", "--wsgi", ""]), 2, "--wsgi");
    expect(&run(&["serve", "--wsgi", ""]), 2, "--wsgi");
    expect(&run(&["run", "-H", "no colon", script]), 2, "ISH0103");
    expect(&run(&["run", "-H", "a: b\r\nc: d", script]), 2, "ISH0103");
    expect(&run(&["run", "--server-var", "NAME", script]), 2, "ISH0104");
    expect(&run(&["run", "-d", "@/no/such/file", script]), 2, "ISH0105");
    expect(
        &run(&["run", "--home", "/no/such/folder", script]),
        2,
        "ISH0106",
    );
    expect(&run(&["run", "-q", "a b", script]), 2, "ISH0107");
    expect(&run(&["run", "-X", "GE T", script]), 2, "ISH0108");
    expect(&run(&["serve", "--listen", "nowhere", "."]), 2, "--listen");
    expect(&run(&["serve", "/no/such/folder"]), 2, "ISH0201");
    expect(&run(&["serve", script]), 2, "ISH0202");
    expect(&run(&["test", "/no/such/file.http"]), 2, "ISH0601");
    expect(&run(&["test", site.root().to_str().unwrap()]), 5, "ISH0603");
}

#[test]
fn a_broken_web_config_is_shown_at_its_line() {
    let site = Site::with_request("Write('x')");
    site.file(
        "web.config",
        "<configuration>\n  <system.webServer>\n</configuration>\n",
    );
    let done = site.run("app.py", &[]);
    expect(&done, 2, "ISH0205");
    assert!(done.err.contains("web.config:"), "{}", done.err);
}

#[test]
fn a_port_in_use_is_told() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let site = Site::new();
    let done = run(&["serve", "--listen", &address, site.root().to_str().unwrap()]);
    expect(&done, 3, "ISH0209");
}

#[test]
fn a_virtual_environment_that_is_none_or_of_another_version_is_told_before_python_starts() {
    let site = Site::with_request("Write('x')");
    let old = Site::new();
    old.file("pyvenv.cfg", "home = /usr/bin\nversion = 2.7.18\n");
    for folder in [old.root(), &site.path("no-such-venv")] {
        let mut command = shim(&["run"]);
        command.arg(site.path("app.py")).env("VIRTUAL_ENV", folder);
        expect(
            &finish(command),
            3,
            if WINDOWS { "ISH0307" } else { "ISH0303" },
        );
    }
}

#[test]
fn a_python_without_its_library_is_a_host_error_not_a_crash() {
    let site = Site::with_request("Write('x')");
    let mut command = shim(&["run"]);
    command
        .arg(site.path("app.py"))
        .env("PYTHONHOME", "/no/such/python");
    let code = if WINDOWS { "ISH0307" } else { "ISH0302" };
    expect(&finish(command), 3, code);
}

#[test]
fn scripts_that_cannot_be_loaded_say_why_with_their_own_traceback() {
    for (source, text) in [
        ("", "has no function Request()"),
        ("Request = 5", "Attribute 'Request' not callable"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("def Request(:", "SyntaxError"),
        ("\0", "null bytes"),
        ("# coding: no-such-codec\n", "no-such-codec"),
    ] {
        let site = Site::new();
        site.file("app.py", source);
        let done = site.run("app.py", &[]);
        expect(&done, 1, text);
        assert!(
            done.err
                .contains(&format!("[Loading '{}']", shown(&site.path("app.py"))))
        );
    }
}

#[test]
fn python_2_is_recognised_and_the_python_3_form_named() {
    let site = Site::new();
    site.file(
        "app.py",
        format!("{IMPORT}\ndef Request():\n    print \"Hello\"\n"),
    );
    let done = site.run("app.py", &[]);
    expect(&done, 1, "Line 4 is Python 2: print \"Hello\"");
    expect(&done, 1, "In Python 3 write: print(\"Hello\")");
}

#[test]
fn exits_of_a_script_end_the_request_not_the_process() {
    for call in ["sys.exit('x')", "sys.exit(3)", "raise SystemExit"] {
        let site = Site::with_request(&format!("import sys\nWrite('before')\n{call}"));
        let done = site.run("app.py", &[]);
        assert_eq!((done.code, &done.out[..]), (0, "before"), "{call}");
    }
}

#[test]
fn headers_that_would_split_the_response_are_refused() {
    for text in ["A: b\\r\\nC: d", "A: b\\nC: d", "A: \\0"] {
        let site = Site::with_request(&format!("Header('{text}')\nWrite('x')"));
        expect(
            &site.run("app.py", &[]),
            1,
            "ValueError: Header must not contain CR, LF or NUL",
        );
    }
}

#[test]
fn a_length_beside_own_chunks_is_refused() {
    let body = "Header('Transfer-Encoding: chunked')\nHeader(Length=5)\nWrite('x')";
    let site = Site::with_request(body);
    expect(&site.run("app.py", &[]), 1, "exclude each other");
}

#[test]
fn long_headers_pass_whole() {
    let site =
        Site::with_request("Header('X-Long: ' + 'y' * 65536)\nWrite(str(len(Env.HTTP_X_IN)))");
    // A command line of Windows has 32767 characters at most.
    let length = if WINDOWS { 30_000 } else { 65_536 };
    let long = format!("X-In: {}", "z".repeat(length));
    let done = site.run("app.py", &["-i", "-H", &long]);
    assert!(
        done.out
            .contains(&format!("X-Long: {}\r\n", "y".repeat(65_536)))
    );
    let end = format!("\r\n\r\n{length}");
    assert!(done.out.ends_with(&end), "{}", done.err);
}

#[test]
fn a_body_shorter_than_announced_is_a_failure_and_what_came_is_kept() {
    let site = Site::with_request("Header(Length=10)\nWrite('short')");
    let done = site.run("app.py", &["-i"]);
    expect(
        &done,
        1,
        "ISH0404: the script announced 10 bytes and wrote 5",
    );
    assert!(done.out.ends_with("short"));
}

#[test]
fn a_broken_config_is_told_with_the_originals_message() {
    for (line, text) in [
        ("BufferSize = 0", "Config parameter 'BufferSize' is invalid"),
        ("KeepAlive = 1", "Config parameter 'KeepAlive' is invalid"),
        (
            "DefaultHeaders = 5",
            "Parameter must be a list, tuple, or string",
        ),
        ("DefaultHeaders = (5,)", "Sequence items must be strings"),
        ("StaticHeaders = 'none'", "Header not in valid format"),
        (
            "InterpreterMap = 5",
            "Config parameter 'InterpreterMap' is invalid",
        ),
        ("Reload = 'often'", "Config parameter 'Reload' is invalid"),
        ("raise SystemExit('out')", "SystemExit"),
    ] {
        let site = Site::with_request("Write('x')");
        site.file("Http/Config.py", line);
        expect(&site.run("app.py", &[]), 1, text);
    }
}

#[test]
fn a_handler_without_a_callable_request_is_told() {
    for source in ["", "Request = None", "import no_such_module"] {
        let site = Site::with_request("Write('x')");
        site.file("Http/Isapi.py", source);
        let done = site.run("app.py", &["-i"]);
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(
            done.out.contains("Could not initialize interpreter"),
            "{}",
            done.out
        );
    }
}

#[test]
fn ending_the_process_from_a_script_is_documented() {
    let text = std::fs::read_to_string(acceptance::root().join("docs/script-author.md")).unwrap();
    for call in ["os.abort", "os._exit"] {
        assert!(text.contains(call), "{call}");
    }
}

/// A command whose standard output or standard error takes nothing, as on a full disk.
#[cfg(all(target_os = "linux", not(feature = "windows")))]
fn on_a_full_disk(arguments: &[&str], out: bool, err: bool) -> (Option<i32>, String) {
    let full = || std::fs::File::create("/dev/full").expect("this system has /dev/full");
    let mut command = shim(arguments);
    command.stdin(std::process::Stdio::null());
    command.stdout(match out {
        true => std::process::Stdio::from(full()),
        false => std::process::Stdio::null(),
    });
    command.stderr(match err {
        true => std::process::Stdio::from(full()),
        false => std::process::Stdio::piped(),
    });
    let done = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    (done.status.code(), said)
}

#[cfg(all(target_os = "linux", not(feature = "windows")))]
#[test]
fn an_answer_that_cannot_be_written_is_a_host_error() {
    let site = Site::with_request("Write('x')");
    let root = site.root().to_str().unwrap().to_owned();
    let script = site.path("app.py").to_str().unwrap().to_owned();
    let fails = site.request("fails.py", "raise ValueError");
    let dll = r"C:\inetpub\PyISAPIe\PyISAPIe.dll";
    for arguments in [
        &["run", &script][..],
        &["run", "-i", &script],
        &["run", "-i", fails.to_str().unwrap()],
        &["check", &root],
        &["iis", "config", "--site", "a", "--pool", "a", "--dll", dll],
        &["completions", "bash"],
        &["serve", "--listen", "127.0.0.1:0", &root],
        &["serve", "--workers", "2", "--listen", "127.0.0.1:0", &root],
    ] {
        let (code, said) = on_a_full_disk(arguments, true, false);
        assert_eq!(code, Some(3), "{arguments:?} {said}");
        assert!(said.contains("ISH0112"), "{arguments:?} {said}");
    }
}

#[cfg(all(target_os = "linux", not(feature = "windows")))]
#[test]
fn what_nobody_hears_changes_no_exit_code() {
    let site = Site::with_request("Write('x')");
    let script = site.path("app.py").to_str().unwrap().to_owned();
    for (arguments, code) in [
        (&["run", &script][..], 0),
        (&["run", "/no/such/file.py"], 2),
        (&["test", "/no/such/file.http"], 2),
        (&["serve", "/no/such/folder"], 2),
    ] {
        let (ended, _) = on_a_full_disk(arguments, false, true);
        assert_eq!(ended, Some(code), "{arguments:?}");
    }
}

#[cfg(all(target_os = "linux", not(feature = "windows")))]
#[test]
fn a_server_that_nobody_hears_answers_and_ends() {
    use acceptance::server::{Server, send_signal};
    let site = Site::with_request("Write('x')");
    let options = ["--metrics", "0", "--log-format", "json"];
    for workers in ["1", "2"] {
        let options = [&options[..], &["--workers", workers]].concat();
        let server = Server::start_with(site.root(), &options, |command| {
            let full = std::fs::File::create("/dev/full").unwrap();
            command.stderr(full);
        });
        assert_eq!(
            acceptance::http::get(&server.address, "/app.py").text(),
            "x"
        );
        send_signal("TERM", server.id());
        assert_eq!(server.ended(), Some(0), "{workers}");
    }
}

#[test]
fn a_place_in_an_endless_line_is_named_and_not_drawn() {
    let site = Site::with_request("Write('x')");
    let long = "x".repeat(70_000);
    let file = site.file(
        "app.http",
        format!("POST /app.py\n\n{{\"a\": \"{long}\", \"b\": \"{{{{nosuch}}}}\"}}\n"),
    );
    let done = run(&["test", file.to_str().unwrap()]);
    let said = format!("{}{}", done.out, done.err);
    assert_eq!(done.code, 2, "{said}");
    assert!(
        said.contains("app.http:3:700") && said.len() < 1000,
        "{said}"
    );
}

#[test]
fn a_response_deeper_than_a_stack_is_searched() {
    let site = Site::with_request(
        "Header('Content-Type: application/json')\nWrite('[' * 100_000 + ']' * 100_000)",
    );
    site.file(
        "app.http",
        "# @name deep\n# @redact json:$..id\nGET /app.py\n",
    );
    let done = run(&["test", site.root().to_str().unwrap()]);
    assert_eq!(done.code, 1, "{}", done.err);
}

#[test]
fn a_web_config_that_is_no_file_is_not_taken_for_none() {
    let site = Site::with_request("Write('x')");
    std::fs::create_dir(site.path("web.config")).unwrap();
    let script = site.path("app.py");
    expect(&run(&["run", script.to_str().unwrap()]), 2, "ISH0204");
    let root = site.root().to_str().unwrap();
    expect(&run(&["serve", root]), 2, "ISH0204");
}
