use crate::check::testing::{each, none};

const REQUEST: &str = "from Http import *\ndef Request():\n    ";

#[test]
fn headers_that_are_refused_or_do_nothing_are_named() {
    each(
        REQUEST,
        &[
            ("Header('Status: 404')", "warning 0847 'Status: 404'"),
            (
                "Header('HTTP/1.1 404 Not Found')",
                "warning 0847 'HTTP/1.1 404 Not Found'",
            ),
            (r"Header('A: 1\r\nB: 2')", r"error 0848 'A: 1\r\nB: 2'"),
            (r"Header('A: %s\n' % a)", r"error 0848 'A: %s\n'"),
            (
                r"Header(['A: 1', 'B: ' + b + '\r\n'])",
                r"error 0848 '\r\n'",
            ),
            ("Header(Status='404')", "error 0848 '404'"),
            ("Header('A: 1', Close=False)", "error 0848 False"),
            ("Header(status=404)", "error 0848 status"),
        ],
    );
}

#[test]
fn headers_as_they_should_be_are_fine() {
    none(
        REQUEST,
        &[
            "Header('Content-Type: text/html', Status=404, Length=5, Close=True)",
            "Header(['A: 1', 'B: %s' % b], Status=n)",
            "Header('A: ' + b.replace('\\n', ''))",
            "Header(r'A: \\n')",
            "Header('X-Status: 404')",
            "Header(*a)",
            "Header(**a)",
            "try: Header('A: 1\\n')\n    except ValueError: pass",
            "self.Header('Status: 404', status=1)",
        ],
    );
}
