//! `isapi-shim run`: one script, one request, without a socket.

use acceptance::site::Site;
use acceptance::target::shown;
use acceptance::{finish, root, shim};
use std::io::Write;
use std::process::Stdio;

#[test]
fn a_two_line_script_prints_its_body_and_nothing_else() {
    let script = root().join("examples/site/hello.py");
    let done = finish({
        let mut command = shim(&["run"]);
        command.arg(script);
        command
    });
    assert_eq!(
        (done.code, &done.out[..], &done.err[..]),
        (0, "Hello, World!", "")
    );
}

#[test]
fn include_shows_the_status_line_and_the_headers() {
    let site = Site::with_request("Header('X-A: b', Status=404)\nWrite('gone')");
    let done = site.run("app.py", &["-i"]);
    assert!(
        done.out.starts_with("HTTP/1.1 404 Not Found\r\n"),
        "{}",
        done.out
    );
    assert!(done.out.contains("\r\nX-A: b\r\n") && done.out.ends_with("\r\n\r\ngone"));
}

#[test]
fn method_headers_query_and_extra_path_reach_the_script() {
    let site = Site::with_request(
        "Write('|'.join([Env.REQUEST_METHOD, Env.HTTP_X_A, Env.QUERY_STRING, Env.PATH_INFO]))",
    );
    site.file(
        "web.config",
        r#"<configuration><system.webServer><handlers><add name="py" path="*.py" verb="*"
           modules="IsapiModule" scriptProcessor="C:\PyISAPIe.dll" allowPathInfo="true" />
           </handlers></system.webServer></configuration>"#,
    );
    let options = [
        "-X",
        "PUT",
        "-H",
        "X-A: b: c",
        "-q",
        "a=1&b=%20",
        "--path-info",
        "/extra path",
    ];
    let done = site.run("app.py", &options);
    assert_eq!(done.out, "PUT|b: c|a=1&b=%20|/extra path", "{}", done.err);
}

#[test]
fn data_comes_from_text_a_file_or_standard_input() {
    let site = Site::with_request(
        "Write(Env.REQUEST_METHOD + ' ' + Env.CONTENT_TYPE + ' ')\nWrite(Read())",
    );
    let form = "POST application/x-www-form-urlencoded ";
    assert_eq!(site.run("app.py", &["-d", "a=1"]).out, format!("{form}a=1"));
    let file = site.file("data.bin", b"\x00\xffbytes");
    let done = site.run("app.py", &["-d", &format!("@{}", file.display())]);
    assert_eq!(done.bytes, [form.as_bytes(), b"\x00\xffbytes"].concat());
    let mut command = shim(&["run", "-d", "@-"]);
    command
        .arg(site.path("app.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"piped").unwrap();
    assert_eq!(
        child.wait_with_output().unwrap().stdout,
        format!("{form}piped").as_bytes()
    );
}

#[test]
fn a_server_variable_given_wins_over_the_computed_one() {
    let site = Site::with_request("Write(Env.AUTH_USER + ' ' + Env.SERVER_PORT)");
    let options = [
        "--server-var",
        "auth_user=CONTOSO\\ann",
        "--server-var",
        "SERVER_PORT=443",
    ];
    assert_eq!(site.run("app.py", &options).out, "CONTOSO\\ann 443");
}

#[test]
fn a_script_that_raises_exits_1_with_its_own_traceback_and_no_page() {
    let site = Site::with_request("raise ValueError('no <b>good</b>')");
    let done = site.run("app.py", &[]);
    assert_eq!((done.code, &done.out[..]), (1, ""));
    assert!(
        done.err.starts_with("Traceback (most recent call last):\n"),
        "{}",
        done.err
    );
    assert!(
        done.err.ends_with("ValueError: no <b>good</b>\n"),
        "{}",
        done.err
    );
    let page = site.run("app.py", &["-i"]);
    assert_eq!(page.code, 1);
    assert!(
        page.out.contains("no &lt;b&gt;good&lt;/b&gt;"),
        "text cannot become markup"
    );
}

#[test]
fn a_script_that_answers_500_itself_has_not_failed() {
    let site = Site::with_request("Header(Status=500)\nWrite('sorry')");
    let done = site.run("app.py", &[]);
    assert_eq!((done.code, &done.out[..]), (0, "sorry"));
}

#[test]
fn output_before_the_exception_is_shown_as_the_client_got_it() {
    let site = Site::with_request("DisableBuffer()\nWrite('first ')\nraise KeyError('late')");
    let done = site.run("app.py", &[]);
    assert_eq!(done.code, 1);
    assert!(done.out.starts_with("first <pre>"), "{}", done.out);
}

#[test]
fn trace_tells_each_call_with_its_result() {
    let site = Site::with_request("Write(Env.NO_SUCH + 'x')");
    let done = site.run("app.py", &["--trace"]);
    let refused = "GetServerVariable NO_SUCH size=512 -> FALSE error=1413 (invalid index)";
    assert!(done.err.contains(refused), "{}", done.err);
    assert!(
        done.err.contains("WriteClient size=1 -> TRUE done=1 \"x\""),
        "{}",
        done.err
    );
}

#[test]
fn a_json_trace_is_one_object_a_line() {
    let site = Site::with_request("Write('\"x\\n\"')");
    let done = site.run("app.py", &["--trace=json"]);
    let lines: Vec<&str> = done.err.lines().collect();
    assert!(
        lines
            .iter()
            .all(|l| l.starts_with("{\"request\":1,\"call\":") && l.ends_with('}'))
    );
    assert!(
        lines
            .last()
            .unwrap()
            .contains("HSE_STATUS_SUCCESS_AND_KEEP_CONN"),
        "{}",
        done.err
    );
}

#[test]
fn the_home_is_the_current_folder_and_the_first_one_for_imports() {
    let site = Site::with_request(
        "import os, sys, helper\nWrite(repr([os.getcwd() == sys.path[0], helper.X]))",
    );
    let home = Site::new();
    home.file("helper.py", "X = 'from home'");
    let done = site.run("app.py", &["--home", home.root().to_str().unwrap()]);
    assert_eq!(done.out, "[True, 'from home']", "{}", done.err);
}

#[test]
fn the_site_is_the_nearest_folder_above_with_a_web_config_or_an_http_folder() {
    let site = Site::new();
    site.file("Http/Config.py", "DefaultHeaders = ('X-Site: here',)");
    site.request("a/b/app.py", "Write(Env.URL)");
    let done = site.run("a/b/app.py", &["-i"]);
    assert!(
        done.out.contains("X-Site: here") && done.out.ends_with("/a/b/app.py"),
        "{}",
        done.out
    );
}

#[test]
fn any_file_can_be_run_as_a_script() {
    let site = Site::new();
    site.request("script", "Write('no extension')");
    site.request("old.cgi-ish", "Write('odd extension')");
    assert_eq!(site.run("script", &[]).out, "no extension");
    assert_eq!(site.run("old.cgi-ish", &[]).out, "odd extension");
}

#[test]
fn a_reader_that_stops_early_is_no_failure() {
    let site = Site::with_request("for i in range(20000):\n    Write('line %d\\n' % i)");
    let mut command = shim(&["run"]);
    command
        .arg(site.path("app.py"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn exit_functions_run_at_the_end() {
    let site = Site::with_request(
        "import atexit, sys\natexit.register(lambda: sys.stderr.write('bye\\n'))\nWrite('hi')",
    );
    let done = site.run("app.py", &[]);
    assert_eq!((&done.out[..], &done.err[..]), ("hi", "bye\n"));
}

#[test]
fn the_charset_of_the_default_headers_ends_with_them() {
    let site = Site::with_request(
        "if Env.QUERY_STRING:\n    Header('Content-Type: application/json')\nWrite('\\xe9')",
    );
    site.file(
        "Http/Config.py",
        "DefaultHeaders = 'Content-Type: text/html; charset=latin-1'",
    );
    assert_eq!(site.run("app.py", &[]).bytes, b"\xe9");
    assert_eq!(
        site.run("app.py", &["-q", "own"]).bytes,
        "\u{e9}".as_bytes()
    );
}

#[test]
fn the_loader_is_an_attribute_of_the_package() {
    let site = Site::with_request(
        "import Http.Loader\nWrite(Http.Loader.load(Env.SCRIPT_TRANSLATED).__file__)",
    );
    assert_eq!(site.run("app.py", &[]).out, shown(&site.path("app.py")));
}

#[test]
fn threads_that_a_script_has_started_end_before_the_process() {
    let site = Site::with_request(
        "import sys, threading, time\n\
         def work():\n    time.sleep(0.2)\n    sys.stderr.write('worked\\n')\n\
         threading.Thread(target=work).start()\n\
         from concurrent.futures import ThreadPoolExecutor\n\
         pool = ThreadPoolExecutor(1)\npool.submit(lambda: sys.stderr.write('pooled\\n'))\nWrite('hi')",
    );
    let done = site.run("app.py", &[]);
    assert_eq!((done.code, &done.out[..]), (0, "hi"));
    assert!(
        done.err.contains("worked\n") && done.err.contains("pooled\n"),
        "{}",
        done.err
    );
}
