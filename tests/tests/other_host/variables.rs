//! `Env` and the server variables: sizes, unknown names, odd bytes, paths.

use acceptance::other_host::{ERROR, Home, target};
use acceptance::target::WINDOWS;

fn teller(expression: &str) -> Home {
    Home::with_request(&format!("Write({expression})"))
}

#[test]
fn unknown_and_empty_variables_are_empty_text() {
    let home = teller("repr((Env.NO_SUCH, Env.REMOTE_USER, getattr(Env, 'HTTP_X_Y', 'default')))");
    assert_eq!(home.get(&[]).text(), "('', '', '')");
}

#[test]
fn no_data_counts_as_unknown() {
    let home = teller("repr(Env.CERT_ISSUER)");
    let answer = home.get(&["--no-variable", "CERT_ISSUER", "232"]);
    assert_eq!(answer.text(), "''");
}

#[test]
fn any_other_error_of_the_host_raises_with_its_code() {
    let home = Home::with_request("try: Env.BAD\nexcept OSError as e: Write(str(e.winerror))");
    assert_eq!(home.get(&["--no-variable", "BAD", "87"]).text(), "87");
}

#[test]
fn a_value_is_whole_at_every_size_around_a_buffers_end() {
    let home = teller("'%d %s' % (len(Env.X_LONG), set(Env.X_LONG))");
    let small = [
        1, 63, 64, 127, 128, 255, 256, 257, 510, 511, 512, 513, 1022, 1023, 1024, 1025, 2047, 2048,
    ];
    // A command line of Windows has 32767 characters at most.
    let longest: usize = if WINDOWS { 30_000 } else { 65_535 };
    for sizes in [&small[..], &[4095, 4096, 8191, 8192], &[16_384], &[longest]] {
        let mut host = home.host().script("app.py");
        for size in sizes {
            let variable = format!("X_LONG={}", "v".repeat(*size));
            host = host.words(&["--variable", &variable, "--request"]);
        }
        let ran = host.run();
        for (answer, size) in ran.answers.iter().zip(sizes) {
            assert_eq!(answer.text(), format!("{size} {{'v'}}"));
        }
        assert_eq!(ran.answers.len(), sizes.len());
    }
}

#[test]
fn a_value_that_grows_between_two_calls_is_asked_for_again() {
    let home = teller("Env.QUERY_STRING + Env.SCRIPT_NAME + Env.SERVER_NAME");
    let answer = home.get(&["--growing", "--query", "a=1"]);
    assert_eq!(answer.text(), "a=1/app.pylocalhost");
}

#[test]
fn odd_bytes_are_one_character_each() {
    let home = teller("repr([hex(ord(c)) for c in Env.QUERY_STRING])");
    let answer = home.get(&["--variable-bytes", "QUERY_STRING=a%ff%80"]);
    assert_eq!(answer.text(), "['0x61', '0xff', '0x80']");
}

#[test]
fn paths_beyond_the_code_page_are_whole() {
    // The wide form has them; the other one is what the code page leaves of them.
    let home = teller("ascii((Env.PATH_INFO, Env.SCRIPT_NAME))");
    let answer = home.get(&[
        "--variable",
        "PATH_INFO=/Grüße/日本",
        "--variable",
        "SCRIPT_NAME=/ш",
    ]);
    assert_eq!(answer.text(), r"('/Gr\xfc\xdfe/\u65e5\u672c', '/\u0448')");
}

#[test]
fn a_script_whose_name_is_beyond_the_code_page_runs() {
    let home = Home::new();
    home.request("größe日本.py", "Write('ran')");
    let answer = home.host().script("größe日本.py").request().answer();
    assert_eq!(answer.text(), "ran");
}

#[test]
fn a_host_without_wide_variables_will_do() {
    // IIS before version 6.
    let home = teller("Env.SCRIPT_NAME");
    let words = ["--no-variable", "UNICODE_SCRIPT_NAME", "1413"];
    assert_eq!(home.get(&words).text(), "/app.py");
}

#[test]
fn request_headers_are_reached_by_both_of_their_names() {
    let home = teller(
        "repr((Env.HTTP_X_ONE, getattr(Env, 'HEADER_X-One'), Env.HTTP_X_Two, Env.HEADER_X_Two, \
         Env.HTTP_ACCEPT))",
    );
    let words = [
        "--header",
        "X-One: 1",
        "--header",
        "X_Two: 2",
        "--header",
        "Accept: a/b",
        "--header",
        "accept: c/d",
    ];
    assert_eq!(home.get(&words).text(), "('1', '1', '', '2', 'a/b,c/d')");
}

#[test]
fn all_raw_and_all_http_come_as_the_host_gives_them() {
    let home = teller("repr((Env.ALL_RAW, Env.ALL_HTTP))");
    let words = ["--header", "Host: t", "--header", "X-a: b c"];
    let expected = r"('Host: t\r\nX-a: b c\r\n', 'HTTP_HOST:t\nHTTP_X_A:b c\n')";
    assert_eq!(home.get(&words).text(), expected);
}

#[test]
fn a_path_behind_the_script_is_part_of_path_info() {
    let home = Home::new();
    home.request(
        "app.py",
        "Write(' '.join((Env.SCRIPT_NAME, Env.URL, Env.PATH_INFO, Env.REQUEST_METHOD)))",
    );
    let host = home.host().script_with_path("app.py", "/more/a b");
    let answer = host.words(&["--method", "PUT"]).request().answer();
    assert_eq!(answer.text(), "/app.py /app.py /app.py/more/a b PUT");
}

#[test]
fn a_wildcard_handler_sees_every_url_whether_a_file_is_there_or_not() {
    let home = Home::new();
    home.file(
        "Http/Isapi.py",
        "from Http import *\ndef Request(): Write('%s %s' % (Env.URL, Env.PATH_INFO))\n",
    );
    let host = home.host().wildcard("/shop/list").request();
    let ran = host.wildcard("/").request().run();
    assert_eq!(ran.answers[0].text(), "/shop/list /shop/list");
    assert_eq!(ran.answers[1].text(), "/ /");
}

#[test]
fn script_translated_keeps_what_the_host_put_before_it() {
    let home = teller("Env.SCRIPT_TRANSLATED");
    let file = target().path(&home.path("app.py"));
    let prefix = if target().is_windows() { r"\\?\" } else { "" };
    assert_eq!(home.get(&[]).text(), format!("{prefix}{file}"));
}

#[test]
fn a_protocol_that_the_host_does_not_tell_is_an_explained_page() {
    let home = teller("'x'");
    for words in [
        ["--no-variable", "SERVER_PROTOCOL", "1413"],
        // More than 14 characters, which the original gave up at.
        ["--reset", "--protocol", "HTTP/1.1.1.1.1.1"],
    ] {
        let host = home.host().words(&words).script("app.py");
        let answer = host.request().answer();
        assert_eq!((answer.returned, answer.http), (ERROR, 500));
        assert!(
            answer
                .text()
                .contains("Could not determine protocol version")
        );
    }
    let answer = home.get(&["--refuse", "1008", "87"]);
    assert!(
        answer
            .text()
            .contains("Could not determine keepalive status")
    );
}

#[test]
fn a_host_that_cannot_flush_will_do() {
    // IIS 6 does not know the request.
    let answer = teller("'x'").get(&["--refuse", "1043", "87"]);
    assert_eq!(answer.text(), "x");
    assert_eq!(answer.support(1043), 1);
}

#[test]
fn a_host_that_does_not_say_where_the_script_is_gets_a_page_that_names_it() {
    let answer = teller("'x'").get(&["--no-variable", "SCRIPT_TRANSLATED", "1413"]);
    assert_eq!((answer.returned, answer.http), (ERROR, 500));
    let page = answer.text();
    assert!(page.contains("ImportError: [Loading '']"), "{page}");
}

#[test]
fn remote_clients_see_the_code_and_no_traceback() {
    let home = Home::with_request("raise ValueError('secret')");
    let words = [
        "--variable",
        "REMOTE_ADDR=192.0.2.7",
        "--variable",
        "LOCAL_ADDR=192.0.2.1",
    ];
    let page = home.get(&words).text();
    assert!(
        page.contains("ISH0401") && !page.contains("secret"),
        "{page}"
    );
    // The server's own address is local, too.
    let words = [
        "--variable",
        "REMOTE_ADDR=192.0.2.1",
        "--variable",
        "LOCAL_ADDR=192.0.2.1",
    ];
    assert!(home.get(&words).text().contains("secret"));
}
