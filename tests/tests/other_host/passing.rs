//! `return True`: the request is handed to the next handler, and ended when that one is done.

use acceptance::other_host::{Answer, ERROR, Home, PENDING};

fn passing() -> Home {
    let home = Home::new();
    home.file(
        "Http/Isapi.py",
        "from Http import *\ndef Request():\n    if Env.URL == '/pass': return True\n    Write('own')\n",
    );
    home
}

fn passed(home: &Home, words: &[&str]) -> Answer {
    home.host()
        .wildcard("/pass")
        .words(words)
        .request()
        .answer()
}

#[test]
fn the_same_request_is_passed_on_unchanged_and_nothing_is_sent() {
    let home = passing();
    for when in ["before", "after", "whenever"] {
        let answer = passed(&home, &["--complete", when, "--child-status", "404"]);
        assert_eq!(answer.problems(), [""; 0], "{:#?}", answer.events);
        assert!(
            answer
                .at("execute url=NULL method=NULL headers=NULL user=NULL entity=NULL flags=4")
                .is_some(),
            "{:#?}",
            answer.events
        );
        // Asked for the completion first, for the child's status in it, and then ended.
        let order = ["call ServerSupportFunction 1005", "execute", "completion"];
        let order = order.map(|event| answer.at(event).expect(event));
        assert!(order.is_sorted());
        assert_eq!((answer.support(1027), answer.support(4)), (1, 1));
        assert_eq!(answer.returned, PENDING, "{when}");
        // The child's status, for the host's log.
        assert_eq!(answer.http, 404, "{when}");
        assert_eq!((answer.status.as_str(), answer.keep), ("", None));
    }
}

#[test]
fn a_request_that_is_done_before_the_call_returns_is_left_alone() {
    // The control block is poisoned then; the host looks at it again at its end.
    let home = passing();
    let mut host = home
        .host()
        .wildcard("/pass")
        .words(&["--complete", "before"]);
    for _ in 0..20 {
        host = host.words(&["--request"]);
    }
    let ran = host.wildcard("/own").request().run();
    assert_eq!(ran.answers.len(), 21);
    assert_eq!(ran.answers[20].text(), "own");
}

#[test]
fn headers_and_text_that_were_prepared_are_dropped() {
    let home = Home::with_request("Header('X-A: 1', Status=404)\nWrite('text')\nreturn True");
    let answer = home.get(&[]);
    assert_eq!(answer.returned, PENDING);
    assert_eq!((answer.support(1016), answer.writes.len()), (0, 0));
}

#[test]
fn only_the_object_true_passes_on() {
    for value in ["1", "'yes'", "[1]", "None", "False"] {
        let home = Home::with_request(&format!("Write('own')\nreturn {value}"));
        let answer = home.get(&[]);
        assert_eq!(answer.text(), "own", "{value}");
        assert_eq!(answer.support(1025), 0);
    }
}

#[test]
fn a_response_that_was_begun_is_not_passed_on() {
    let home = Home::with_request("DisableBuffer()\nWrite('begun ')\nreturn True");
    let answer = home.get(&["--protocol", "HTTP/1.0"]);
    assert_eq!((answer.returned, answer.support(1025)), (ERROR, 0));
    assert!(answer.text().starts_with("begun "));
    assert_eq!(answer.log, "ISH0403");
}

#[test]
fn a_host_that_refuses_is_told_in_the_page_with_its_error() {
    let home = passing();
    for (request, reason) in [
        ("1025", "HSE_REQ_EXEC_UNICODE_URL Failed"),
        ("1005", "Could not request passthrough I/O completion"),
    ] {
        let answer = passed(&home, &["--refuse", request, "50"]);
        assert_eq!((answer.returned, answer.http), (ERROR, 500));
        let page = answer.text();
        assert!(page.contains(reason) && page.contains("50"), "{page}");
        assert!(page.contains("ISH0403"), "{page}");
        assert_eq!(answer.support(4), 0, "it was never pending");
    }
}

#[test]
fn a_script_map_that_passes_on_gets_the_recursion_page() {
    let home = Home::with_request("return True");
    let host = home.host().script("app.py").words(&["--recurse"]);
    for when in ["before", "after"] {
        let ran = home
            .host()
            .script("app.py")
            .words(&["--recurse", "--complete", when]);
        let ran = ran.request().run();
        let [parent, child] = &ran.answers[..] else {
            panic!("{ran:#?}")
        };
        assert_eq!((parent.returned, child.returned), (PENDING, ERROR));
        let page = child.text();
        assert!(page.contains("Possible recursion detected!"), "{page}");
        assert!(page.contains(
            "You probably did a passthrough with PyISAPIe configured as an application map instead"
        ));
        assert_eq!(
            (child.log.as_str(), child.http, parent.http),
            ("ISH0402", 500, 500)
        );
        assert_eq!(parent.problems(), [""; 0]);
    }
    // The thread is not marked for ever.
    home.request("next.py", "Write('next')");
    let ran = host
        .request()
        .words(&["--reset"])
        .script("next.py")
        .request()
        .run();
    assert_eq!(ran.answers[2].text(), "next");
}

#[test]
fn many_requests_are_passed_on_at_once() {
    let home = passing();
    let mut host = home.host().wildcard("/pass").words(&["--version"]);
    for at in 0..45 {
        let when = ["before", "after", "whenever"][at % 3];
        host = host.words(&["--complete", when, "--start"]);
    }
    let ran = host.words(&["--finish"]).run();
    assert_eq!(ran.answers.len(), 45);
    for answer in &ran.answers {
        assert_eq!((answer.returned, answer.support(4)), (PENDING, 1));
        assert_eq!(answer.problems(), [""; 0]);
    }
}

#[test]
fn a_body_is_left_to_the_next_handler() {
    let home = passing();
    let answer = passed(&home, &["--body-size", "100000"]);
    assert_eq!(answer.at("call ReadClient"), None);
    assert_eq!(answer.problems(), [""; 0]);
}
