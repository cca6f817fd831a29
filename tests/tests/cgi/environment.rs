//! The variables of a CGI script.

use super::{PLAIN, plain};
use acceptance::http::send;
use acceptance::server::Server;
use acceptance::site::Site;

/// Prints the named variables, `-` for those that are not there.
fn variables(names: &str) -> String {
    format!("import os\nfor n in '{names}'.split():\n    print(n, os.environ.get(n, '-'), sep='=')")
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_variables_of_the_cgi_standard_are_there() {
    let names = "GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING REMOTE_ADDR \
                 SERVER_NAME SERVER_PORT SERVER_PROTOCOL SERVER_SOFTWARE HTTPS HTTP_X_A REQUEST_URI \
                 CONTENT_TYPE CONTENT_LENGTH AUTH_TYPE REMOTE_USER HTTP_PROXY HTTP_X_U HTTP_NONE";
    let done = plain(&variables(names)).run(
        "app.cgi",
        &[
            "-H",
            "X-A: 1",
            "-H",
            "x-a: 2",
            "-H",
            "Proxy: http://evil",
            "-H",
            "X_U: 3",
            "-q",
            "a=%20&b",
            "--path-info",
            "/x y/z",
        ],
    );
    assert_eq!(
        lines(&done.out),
        [
            "GATEWAY_INTERFACE=CGI/1.1",
            "REQUEST_METHOD=GET",
            "SCRIPT_NAME=/app.cgi",
            "PATH_INFO=/x y/z",
            "QUERY_STRING=a=%20&b",
            "REMOTE_ADDR=127.0.0.1",
            "SERVER_NAME=localhost",
            "SERVER_PORT=80",
            "SERVER_PROTOCOL=HTTP/1.1",
            "SERVER_SOFTWARE=Microsoft-IIS/10.0",
            "HTTPS=off",
            "HTTP_X_A=1, 2",
            "REQUEST_URI=/app.cgi/x%20y/z?a=%20&b",
            "CONTENT_TYPE=-",
            "CONTENT_LENGTH=-",
            "AUTH_TYPE=-",
            "REMOTE_USER=-",
            "HTTP_PROXY=-",
            "HTTP_X_U=-",
            "HTTP_NONE=-",
        ],
        "{}",
        done.err
    );
}

#[test]
fn a_body_has_a_type_and_a_length_and_a_user_a_name() {
    let names = "REQUEST_METHOD CONTENT_TYPE CONTENT_LENGTH HTTP_CONTENT_TYPE REMOTE_USER AUTH_TYPE HTTP_AUTHORIZATION";
    let options = [
        "-d",
        "a=1",
        "--server-var",
        "REMOTE_USER=ann",
        "--server-var",
        "AUTH_TYPE=Basic",
        "-H",
        "Authorization: Basic eDp5",
    ];
    let done = plain(&variables(names)).run("app.cgi", &options);
    assert_eq!(
        lines(&done.out),
        [
            "REQUEST_METHOD=POST",
            "CONTENT_TYPE=application/x-www-form-urlencoded",
            "CONTENT_LENGTH=3",
            "HTTP_CONTENT_TYPE=-",
            "REMOTE_USER=ann",
            "AUTH_TYPE=Basic",
            "HTTP_AUTHORIZATION=-",
        ]
    );
    let options = ["-d", "", "-H", "Authorization: Basic eDp5"];
    let done = plain(&variables("CONTENT_LENGTH HTTP_AUTHORIZATION")).run("app.cgi", &options);
    assert_eq!(
        lines(&done.out),
        ["CONTENT_LENGTH=0", "HTTP_AUTHORIZATION=Basic eDp5"]
    );
}

#[test]
fn files_are_named_by_the_systems_own_paths() {
    let site = plain(
        "import os, sys\ne = os.environ\n\
         print(e['SCRIPT_FILENAME'] == __file__, os.path.samefile(e['DOCUMENT_ROOT'], '.'))\n\
         print(os.path.samefile(e['APPL_PHYSICAL_PATH'], '.'))\n\
         print(e['PATH_TRANSLATED'] == (os.path.join(os.getcwd(), 'a', 'b') if e['PATH_INFO'] else __file__))",
    );
    for options in [&[][..], &["--path-info", "/a/b"]] {
        let done = site.run("app.cgi", options);
        assert_eq!(done.out, "True True\nTrue\nTrue\n", "{}", done.err);
    }
}

#[test]
fn the_path_is_the_same_where_the_handler_gives_the_extra_path_only() {
    let site = plain(&variables("SCRIPT_NAME PATH_INFO"));
    site.file(
        "web.config",
        r#"<configuration><system.webServer><handlers><add name="cgi" path="*.cgi" verb="*"
           modules="IsapiModule" scriptProcessor="C:\PyISAPIe.dll" allowPathInfo="true" />
           </handlers></system.webServer></configuration>"#,
    );
    let done = site.run("app.cgi", &["--path-info", "/app.cgi/x"]);
    assert_eq!(
        lines(&done.out),
        ["SCRIPT_NAME=/app.cgi", "PATH_INFO=/app.cgi/x"]
    );
    assert_eq!(
        lines(&site.run("app.cgi", &[]).out),
        ["SCRIPT_NAME=/app.cgi", "PATH_INFO="]
    );
}

#[test]
fn os_environ_is_the_real_one_and_the_c_environment_has_the_variables_too() {
    let site = plain(
        "import ctypes, os, subprocess, sys\n\
         print(type(os.environ).__name__, isinstance(os.environ, os._Environ))\n\
         if os.name == 'posix':\n    \
             getenv = ctypes.CDLL(None).getenv\n    getenv.restype = ctypes.c_char_p\n    \
             child = [sys.executable, '-c', 'import os; print(os.environ.get(\"REQUEST_METHOD\"), os.environ.get(\"HTTP_STALE\"))']\n    \
             print(getenv(b'REQUEST_METHOD').decode(), getenv(b'HTTP_STALE'))\n    \
             print(subprocess.run(child, stdout=subprocess.PIPE).stdout.decode(), end='')\n\
         else:\n    \
             def get(name):\n        \
                 value = ctypes.create_unicode_buffer(99)\n        \
                 return value.value if ctypes.windll.kernel32.GetEnvironmentVariableW(name, value, 99) else None\n    \
             for i in range(2):\n        print(get('REQUEST_METHOD'), get('HTTP_STALE'))",
    );
    let mut command = acceptance::shim(&["run", "-X", "PUT"]);
    command.arg(site.path("app.cgi")).env("HTTP_STALE", "1");
    let done = acceptance::finish(command);
    assert_eq!(
        lines(&done.out),
        ["_Environ True", "PUT None", "PUT None"],
        "{}",
        done.err
    );
}

#[test]
fn bytes_that_are_no_text_are_as_in_any_environment() {
    let site =
        plain("import os\nprint(ascii(os.environ['HTTP_X_A']), ascii(os.environ['PATH_INFO']))");
    let server = Server::start(site.root(), &[]);
    let request = b"GET /app.cgi/%c3%a9 HTTP/1.1\r\nHost: a\r\nX-A: \xc3\xa9\r\n\r\n";
    let text = send(&server.address, request).unwrap().text();
    assert_eq!(text, "'\\xe9' '/\\xe9'\n");
    let request = b"GET /app.cgi/x HTTP/1.1\r\nHost: a\r\nX-A: a\xe9\r\n\r\n";
    let text = send(&server.address, request).unwrap().text();
    let expected = if acceptance::target::WINDOWS {
        "a\\xe9"
    } else {
        "a\\udce9"
    };
    assert_eq!(text, format!("'{expected}' '/x'\n"));
}

#[test]
fn scripts_of_the_other_kind_see_no_cgi_variables() {
    let site = Site::with_request("import os\nWrite(os.environ.get('REQUEST_METHOD', 'none'))");
    site.file("a.cgi", format!("{PLAIN}print('x')"));
    let server = Server::start(site.root(), &[]);
    acceptance::http::get(&server.address, "/a.cgi");
    assert_eq!(
        acceptance::http::get(&server.address, "/app.py").text(),
        "none"
    );
}
