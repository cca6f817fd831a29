//! The request body: what is preloaded, what comes later and in which pieces, and how it ends.

use acceptance::other_host::{ERROR, Home, SUCCESS};
use acceptance::probe::{body, fnv};

/// The sum of what a script read, which may be long.
const SUM: &str = "def fnv(data):
    h = 0xcbf29ce484222325
    for b in data: h = (h ^ b) * 0x100000001b3 & 0xffffffffffffffff
    return '%d %016x' % (len(data), h)
";

fn reader(body: &str) -> Home {
    let home = Home::with_request(body);
    let script = std::fs::read_to_string(home.path("app.py")).expect("it was written");
    home.file("app.py", format!("{SUM}{script}"));
    home
}

fn sum(size: usize) -> String {
    format!("{size} {}", fnv(&body(size)))
}

#[test]
fn a_body_is_whole_however_the_host_hands_it_out() {
    let home = reader("Write(fnv(Read()))");
    let size = "60000";
    let mut host = home.host().script("app.py").words(&["--method", "POST"]);
    let mut expected = Vec::new();
    for unknown in [false, true] {
        for available in ["0", "1", "100", "49152", "59999", "60000"] {
            for most in ["7919", "60000"] {
                host = host.words(&["--body-size", size, "--available", available]);
                host = host.words(&["--read-most", most]);
                if unknown {
                    host = host.words(&["--unknown-length"]);
                }
                host = host.request();
                expected.push(format!("{unknown} {available} {most}"));
            }
        }
    }
    let ran = host.run();
    assert_eq!(ran.answers.len(), expected.len());
    for (answer, case) in ran.answers.iter().zip(expected) {
        assert_eq!(answer.text(), sum(60_000), "{case}");
    }
}

#[test]
fn one_byte_at_a_time_is_enough() {
    let home = reader("Write(fnv(Read()))");
    let words = ["--body-size", "700", "--available", "3", "--read-most", "1"];
    let known = home.get(&words);
    assert_eq!(known.text(), sum(700));
    let mut words = words.to_vec();
    words.push("--unknown-length");
    assert_eq!(home.get(&words).text(), sum(700));
}

#[test]
fn a_body_that_is_all_there_costs_no_call_of_the_host() {
    let home = reader("Write(fnv(Read()))");
    let answer = home.get(&["--body-size", "5000"]);
    assert_eq!(answer.text(), sum(5000));
    assert_eq!(answer.at("call ReadClient"), None);
}

#[test]
fn without_a_body_nothing_is_read() {
    let home = reader("Write(repr((Read(-1), Read(), Read(5), Read(-1))))");
    let answer = home.get(&[]);
    assert_eq!(answer.text(), "(0, b'', b'', 0)");
    assert_eq!(answer.at("call ReadClient"), None);
}

#[test]
fn repeated_reads_give_fresh_bytes_across_the_end_of_what_is_preloaded() {
    let home = reader(
        "parts = []
while True:
    part = Read(1000)
    if not part: break
    parts.append(part)
Write('%s %s' % (fnv(b''.join(parts)), [len(p) for p in parts] == [1000] * 5 + [321]))",
    );
    let words = [
        "--body-size",
        "5321",
        "--available",
        "1500",
        "--read-most",
        "99",
    ];
    assert_eq!(home.get(&words).text(), format!("{} True", sum(5321)));
}

#[test]
fn a_second_reader_sees_an_empty_body() {
    let home = reader("Write(repr((len(Read()), Read(), Read(-1))))");
    let words = ["--body-size", "2000", "--available", "10"];
    assert_eq!(home.get(&words).text(), "(2000, b'', 0)");
}

#[test]
fn minus_one_tells_what_is_left_and_reads_nothing() {
    let home = reader("Write(repr((Read(-1), len(Read(30)), Read(-1), len(Read()))))");
    let words = ["--body-size", "100", "--available", "10"];
    assert_eq!(home.get(&words).text(), "(100, 30, 70, 70)");
    let mut words = words.to_vec();
    words.push("--unknown-length");
    assert_eq!(home.get(&words).text(), "(-1, 30, -1, 70)");
}

#[test]
fn an_unread_body_is_the_hosts_business() {
    let home = reader("Write('did not look')");
    let answer = home.get(&["--body-size", "200000"]);
    assert_eq!(answer.text(), "did not look");
    assert_eq!(answer.at("call ReadClient"), None);
}

#[test]
fn no_bytes_before_the_announced_end_are_the_end() {
    // The original's last revision; earlier ones asked for ever.
    let home = reader("Write(repr((len(Read()), Read(), Read(10))))");
    for available in ["0", "40"] {
        let words = [
            "--body-size",
            "1000",
            "--available",
            available,
            "--read-end",
            "500",
        ];
        let answer = home.get(&words);
        assert_eq!(answer.text(), "(500, b'', b'')");
        let reads = answer
            .events
            .iter()
            .filter(|e| e.starts_with("call ReadClient"));
        assert_eq!(reads.count(), 2, "asked once more after the end");
    }
}

#[test]
fn a_client_that_goes_while_it_is_read_from_raises_with_its_code() {
    let home = reader(
        "try:
    Read()
except OSError as e:
    Write('%s %s' % (e.winerror, len(str(e)) > 5))",
    );
    for code in ["10054", "10053", "64", "995", "1229", "30"] {
        let words = [
            "--body-size",
            "1000",
            "--available",
            "10",
            "--read-fail",
            "500",
            code,
        ];
        assert_eq!(home.get(&words).text(), format!("{code} True"));
    }
}

#[test]
fn a_client_that_goes_while_it_is_read_from_is_no_error_of_the_script() {
    let home = reader("Read()");
    for code in ["10054", "10053", "64", "995", "1229"] {
        let words = [
            "--body-size",
            "1000",
            "--available",
            "10",
            "--read-fail",
            "500",
            code,
        ];
        let host = home.host().script("app.py").words(&words).request();
        // Whoever comes next is served as ever.
        let ran = host.words(&["--reset"]).script("app.py").request().run();
        let gone = &ran.answers[0];
        assert!(
            gone.writes.is_empty() && gone.problems().is_empty(),
            "{code}"
        );
        assert_eq!((gone.returned, gone.support(1016)), (ERROR, 0), "{code}");
        assert!(ran.err.contains("ISH0407"), "{}", ran.err);
        assert!(!ran.err.contains("Traceback"), "{}", ran.err);
        assert_eq!(ran.answers[1].status, "200 OK", "{code}");
    }
}

#[test]
fn a_client_that_goes_after_the_headers_went_out_gets_no_page_behind_them() {
    let home = reader("DisableBuffer()\nWrite('begun')\nRead()");
    let words = [
        "--protocol",
        "HTTP/1.0",
        "--body-size",
        "1000",
        "--available",
        "10",
    ];
    let host = home.host().script("app.py").words(&words);
    let ran = host.words(&["--read-fail", "500", "64"]).request().run();
    assert_eq!(ran.answers[0].raw(), b"begun");
    assert_eq!(ran.answers[0].returned, SUCCESS);
    assert!(!ran.err.contains("Traceback"), "{}", ran.err);
}

#[test]
fn a_read_that_fails_for_another_reason_is_an_error_of_the_request() {
    let home = reader("Read()");
    let words = [
        "--body-size",
        "1000",
        "--available",
        "10",
        "--read-fail",
        "500",
        "30",
    ];
    let answer = home.get(&words);
    assert_eq!((answer.returned, &*answer.log), (ERROR, "ISH0401"));
    assert!(answer.text().contains("WinError 30"));
}

#[test]
fn standard_input_is_the_body() {
    let home = reader("import sys\nWrite(fnv(sys.stdin.buffer.read()))");
    let words = [
        "--body-size",
        "3000",
        "--available",
        "100",
        "--read-most",
        "64",
    ];
    assert_eq!(home.get(&words).text(), sum(3000));
}
