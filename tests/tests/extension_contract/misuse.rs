//! What extensions do wrong is said aloud, and the host lives: each case by `run`, and in a server
//! that goes on.

use acceptance::probe::{Server, Site, query, run};

/// What the extension is asked to do, and what is said of it.
struct Case {
    arguments: &'static [(&'static str, &'static str)],
    says: &'static [&'static str],
}

const fn case(
    arguments: &'static [(&'static str, &'static str)],
    says: &'static [&'static str],
) -> Case {
    Case { arguments, says }
}

const EX: (&str, &str) = ("request", "1016");
const WHOLE: (&str, &str) = ("headers", "Content-Length: 4\r\n\r\n");
const BODY: (&str, &str) = ("body", "text");

const CASES: &[Case] = &[
    case(
        &[("scenario", "bad-arguments")],
        &["ISH0505: GetServerVariable was given NULL for the name; refused"],
    ),
    case(
        &[("scenario", "bad-sizes")],
        &["ISH0505: WriteClient was given a size of 4294967295 bytes, which is a negative number"],
    ),
    case(
        &[("scenario", "bad-vectors")],
        &[
            "ISH0505: HSE_REQ_VECTOR_SEND was given NULL for its elements",
            "ISH0505: HSE_REQ_VECTOR_SEND was given an element of an unknown type",
        ],
    ),
    case(
        &[("scenario", "done-twice")],
        &["ISH0505: DONE_WITH_SESSION came twice"],
    ),
    case(
        &[("scenario", "after-done")],
        &["ISH0505: WriteClient was called for a request that is done"],
    ),
    case(
        &[("scenario", "return"), ("send", "1"), ("code", "99")],
        &["ISH0505: HttpExtensionProc returned 99"],
    ),
    case(
        &[("scenario", "twice")],
        &["ISH0505: the extension sent headers twice"],
    ),
    case(
        &[("scenario", "head"), EX, ("status", "200"), WHOLE, BODY],
        &["ISH0510: the status \"200\" has no reason"],
    ),
    case(
        &[("scenario", "head"), EX, ("status", "fine"), WHOLE, BODY],
        &["ISH0510: the status \"fine\" has no number; taken as 200"],
    ),
    case(
        &[
            ("scenario", "head"),
            EX,
            ("status", "200 OK"),
            ("headers", "Content-Length: 4"),
            BODY,
        ],
        &["ISH0510: the header text does not end with a blank line"],
    ),
    case(
        &[
            ("scenario", "head"),
            EX,
            ("status", "200 OK"),
            ("headers", "Content-Length: 4\r\n\r\ntext"),
        ],
        &["ISH0510: behind the blank line of the header text stands more (4 bytes)"],
    ),
    case(
        &[
            ("scenario", "head"),
            EX,
            ("status", "200 OK"),
            ("headers", "what\r\nContent-Length: 4\r\n\r\n"),
            BODY,
        ],
        &["ISH0510: the header line \"what\" has no colon; left out"],
    ),
    case(
        &[
            ("scenario", "head"),
            EX,
            ("status", "200 OK"),
            WHOLE,
            ("nul", "4294967000"),
            BODY,
        ],
        &["ISH0510: a status or header text of 21 characters was counted as 4294967021"],
    ),
    case(
        &[
            ("scenario", "head"),
            ("request", "3"),
            ("status", "200"),
            ("headers", "Content-Length: 4"),
            BODY,
        ],
        &["no reason", "does not end with a blank line"],
    ),
    case(
        &[
            ("scenario", "head"),
            EX,
            ("status", "200 OK"),
            ("headers", "Content-Length: 4\r\n\r\n"),
            ("body", "text and more"),
        ],
        &["ISH0507: the extension sent more than its Content-Length"],
    ),
];

#[test]
fn run_says_each_aloud() {
    for Case { arguments, says } in CASES {
        let ran = run(&Site::default(), &query(arguments), &[]);
        for text in *says {
            assert!(ran.err.contains(text), "{arguments:?}: {}", ran.err);
        }
        assert_eq!(ran.response().status, 200, "{arguments:?}: {}", ran.err);
        let is_error = arguments.contains(&("code", "99"));
        assert_eq!(ran.code, i32::from(is_error), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_server_says_each_aloud_and_goes_on() {
    let site = Site::default();
    let server = Server::start(&site);
    for Case { arguments, says } in CASES {
        let response = server.get(&format!("/page.x?{}", query(arguments)));
        assert_eq!(response.status, 200, "{arguments:?}");
        assert!(!response.cut, "{arguments:?}");
        for text in *says {
            server.said(text);
        }
        let next = server.get("/page.x?scenario=return&send=1");
        assert_eq!(next.text(), "sent", "{arguments:?}");
    }
    let (code, err) = server.stop();
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("TerminateExtension 2"), "{err}");
}

#[test]
fn sizes_that_no_buffer_has_are_error_87() {
    let ran = run(&Site::default(), "scenario=bad-sizes", &[]);
    let text = ran.text();
    assert_eq!(text.lines().count(), 13, "{text}");
    assert!(
        text.lines().all(|line| line.ends_with(": FALSE 87")),
        "{text}"
    );
    assert_eq!(ran.err.matches("ISH0505").count(), 13, "{}", ran.err);
}

#[test]
fn data_may_follow_the_headers_where_isapi_says_so() {
    let arguments = [
        ("scenario", "head"),
        ("request", "3"),
        ("status", "200 OK"),
        ("headers", "Content-Length: 4\r\n\r\ntext"),
    ];
    let ran = run(&Site::default(), &query(&arguments), &[]);
    assert_eq!(ran.text(), "text");
    assert!(!ran.err.contains("ISH"), "{}", ran.err);
}
