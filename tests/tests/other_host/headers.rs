//! `Header`: the original's rules, its messages, and what reaches the host.

use acceptance::other_host::Home;

#[test]
fn default_headers_stand_for_header_text_only_and_static_ones_come_first() {
    let home = Home::new();
    home.file(
        "Http/Config.py",
        "DefaultHeaders = ('Content-Type: text/x-default', 'X-D: 1')\nStaticHeaders = ('X-S: 1',)\n",
    );
    let names = |body: &str| {
        home.request("app.py", body);
        let headers = home.get(&[]).headers;
        let names: Vec<_> = headers.into_iter().map(|(name, _)| name).collect();
        names.join(" ")
    };
    assert_eq!(names("pass"), "X-S Content-Type X-D Content-Length");
    assert_eq!(
        names("Header(Status=404)"),
        "X-S Content-Type X-D Content-Length"
    );
    assert_eq!(
        names("Header(Close=True)"),
        "X-S Content-Type X-D Content-Length"
    );
    // The first header text replaces all of them.
    assert_eq!(names("Header('X-A: 1')"), "X-S X-A Content-Length");
}

#[test]
fn headers_are_appended_in_order_and_never_merged() {
    let home = Home::with_request(
        "Header('Set-Cookie: a=1')\nHeader(['Set-Cookie: b=2', 'X-B: two'])\nHeader(('X-C:3',))",
    );
    home.file("Http/Config.py", "StaticHeaders = None\n");
    home.request(
        "app.py",
        "Header('Set-Cookie: a=1')\nHeader(['Set-Cookie: b=2', 'X-B: two'])\nHeader(('X-C: 3',))",
    );
    let headers = home.get(&[]).headers;
    let text: Vec<_> = headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    assert_eq!(
        text,
        [
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
            "X-B: two",
            "X-C: 3",
            "Content-Length: 0"
        ]
    );
}

#[test]
fn a_status_reaches_status_line_and_log() {
    for (status, line) in [
        (201, "201 Created"),
        (303, "303 See Other"),
        (404, "404 Not Found"),
        (416, "416 "),
        (503, "503 Service Unavailable"),
        // Not in the original's table, and common today.
        (429, "429 Too Many Requests"),
    ] {
        let answer = Home::with_request(&format!("Header(Status={status})")).get(&[]);
        assert!(answer.status.starts_with(line), "{}", answer.status);
        assert_eq!(answer.http, status);
    }
}

#[test]
fn wrong_arguments_raise_with_the_words_of_the_original() {
    let home = Home::with_request(
        "said = []
for call in Env.QUERY_STRING.split(';'):
    try:
        eval(call)
        said.append('nothing')
    except Exception as e:
        said.append('%s: %s' % (type(e).__name__, e))
Write('\\n'.join(said))",
    );
    let list = "ValueError: Header parameter must be a list, tuple, or string";
    let cases = [
        ("Header(Status=99)", "ValueError: Invalid status code"),
        ("Header(Status=600)", "ValueError: Invalid status code"),
        ("Header(Length=-5)", "nothing"),
        (
            "Header(Close=False)",
            "ValueError: Close parameter must be True when specified",
        ),
        (
            "Header(Close=1)",
            "ValueError: Close parameter must be True when specified",
        ),
        ("Header(5)", list),
        ("Header(None)", list),
        (
            "Header(['X-A:1',5])",
            "ValueError: Sequence items must be strings",
        ),
        (
            "Header('no_colon')",
            "ValueError: Header not in valid format",
        ),
        ("Header(':x')", "ValueError: Header not in valid format"),
        ("Write('')", "nothing"),
        ("Header('X-B:1',200,1000,True)", "nothing"),
        (
            "Header(Length=1000)",
            "ValueError: Content length already set",
        ),
    ];
    let calls: Vec<_> = cases.iter().map(|(call, _)| *call).collect();
    let answer = home.get(&["--query", &calls.join(";")]);
    let text = String::from_utf8(answer.raw()).expect("UTF-8");
    for (line, (call, expected)) in text.lines().zip(cases) {
        assert_eq!(line, expected, "{call}");
    }
    assert_eq!(text.lines().count(), cases.len());
}

#[test]
fn a_header_after_the_headers_went_out_raises() {
    let home = Home::with_request(
        "Header(Close=True)\nDisableBuffer()\nWrite('a ')\n\
         try: Header('X-A: 1')\nexcept Exception as e: Write(str(e))",
    );
    assert_eq!(home.get(&[]).text(), "a Headers already sent");
}

#[test]
fn text_in_the_buffer_does_not_count_as_sent() {
    let answer = Home::with_request("Write('a')\nHeader('X-A: 1', Status=404)").get(&[]);
    assert_eq!(answer.status, "404 Not Found");
    assert_eq!(
        (answer.header("X-A"), answer.text().as_str()),
        (Some("1"), "a")
    );
}

#[test]
fn a_script_cannot_split_headers() {
    let home = Home::with_request(
        "for bad in '\\r', '\\n', '\\0':
    try: Header('X-A: 1%s X-B: 2' % bad)
    except ValueError: Write('refused ')",
    );
    assert_eq!(home.get(&[]).text(), "refused refused refused ");
}

#[test]
fn what_was_written_before_the_first_real_send_is_told_by_env() {
    let home = Home::with_request(
        "Header(Close=True)\nWrite('%s %s, ' % (Env.HeadersSent, Env.DataSent))\n\
         DisableBuffer()\nWrite('x')\nWrite('%s %s %s' % (Env.HeadersSent, Env.DataSent, Env.KeepAlive))",
    );
    assert_eq!(home.get(&[]).text(), "False False, xTrue True False");
}
