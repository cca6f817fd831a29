//! Clients that go away while they are written to, and hosts that take less than they are given.

use acceptance::other_host::{Home, SUCCESS};

/// What Windows says when a client has gone.
const GONE: &[&str] = &["10054", "10053", "64", "995", "1229"];

#[test]
fn a_short_write_is_written_on() {
    let home = Home::with_request("Write('hello, ' * 1000)");
    let answer = home.get(&["--write-most", "999"]);
    assert_eq!(answer.text(), "hello, ".repeat(1000));
    assert!(answer.writes.len() > 7);
    let home = Home::with_request("DisableBuffer()\nfor i in range(3): Write('hello, ' * 10)");
    let answer = home.get(&["--write-most", "3"]);
    assert_eq!(answer.text(), "hello, ".repeat(30));
}

#[test]
fn a_write_that_takes_nothing_does_not_go_on_for_ever() {
    let home = Home::with_request("Write('hello')");
    let answer = home.get(&["--write-most", "0"]);
    assert!(answer.writes.is_empty());
    let calls = answer
        .events
        .iter()
        .filter(|e| e.starts_with("call WriteClient"));
    assert_eq!(calls.count(), 1);
}

#[test]
fn a_client_that_goes_while_it_is_written_to_raises_with_its_code() {
    let home = Home::with_request(
        "DisableBuffer()
Write('first')
try:
    Write('second')
except OSError as e:
    open('seen', 'w').write('%s' % e.winerror)",
    );
    for code in GONE.iter().chain(&["29", "1234"]) {
        let host = home.host().script("app.py");
        let ran = host
            .words(&["--protocol", "HTTP/1.0", "--write-fail", "8", code])
            .request()
            .run();
        assert_eq!(ran.answers[0].raw(), b"firstsec", "{code}");
        assert_eq!(ran.answers[0].problems(), [""; 0]);
        let seen = std::fs::read_to_string(home.path("seen")).expect("it was raised");
        assert_eq!(seen, *code);
    }
}

#[test]
fn a_client_that_has_gone_is_no_error_of_the_script_and_gets_no_page() {
    let home = Home::with_request("DisableBuffer()\nfor i in range(10): Write('0123456789')");
    for code in GONE {
        for after in ["0", "1", "15"] {
            let words = ["--protocol", "HTTP/1.0", "--write-fail", after, code];
            let host = home.host().script("app.py").words(&words).request();
            let ran = host.words(&["--reset"]).script("app.py").request().run();
            let gone = &ran.answers[0];
            assert_eq!(gone.raw().len().to_string(), *after, "{code}");
            let mut last = gone
                .events
                .iter()
                .filter(|e| e.starts_with("call WriteClient"));
            assert!(
                last.next_back().is_some_and(|e| e.contains("FALSE")),
                "{code}"
            );
            assert_eq!(
                (gone.returned, gone.problems().len()),
                (SUCCESS, 0),
                "{code}"
            );
            assert!(!ran.err.contains("Traceback"), "{}", ran.err);
            assert_eq!(ran.answers[1].text(), "0123456789".repeat(10));
        }
    }
}

#[test]
fn a_client_that_goes_before_the_buffer_is_sent_is_no_error_either() {
    let home = Home::with_request("Write('all at once')");
    for code in GONE {
        let answer = home.get(&["--write-fail", "4", code]);
        assert_eq!(answer.raw(), b"all ", "{code}");
        assert_eq!(answer.problems(), [""; 0]);
        assert_ne!(answer.returned, 4, "{code}");
    }
}

#[test]
fn a_client_that_goes_before_the_headers_is_no_error_either() {
    let home = Home::with_request("Write('never seen')");
    for code in GONE {
        let answer = home.get(&["--refuse", "1016", code]);
        assert!(answer.writes.is_empty(), "{code}");
        assert_eq!(answer.support(1016), 1, "{code}: asked once");
        assert_ne!(answer.returned, 4, "{code}");
    }
}
