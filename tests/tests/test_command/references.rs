//! Requests that refer to earlier ones of their file.

use super::test;
use acceptance::site::Site;

/// Whoever has logged in may look; the token is another one each time.
const LOGIN: &str = "\
import os, __main__
Header('Content-type: application/json')
token = os.urandom(8).hex()
__main__.__dict__.setdefault('tokens', set()).add(token)
Header('X-Token: ' + token)
Write('{\"token\": \"%s\"}' % token)";
const LOOK: &str = "\
import __main__
known = Env.HTTP_X_TOKEN in getattr(__main__, 'tokens', ())
Write('welcome' if known and Env.QUERY_STRING == Env.HTTP_X_TOKEN else 'go away')";
const FILE: &str = "\
@token = {{login.response.body.$.token}}

### Log in
# @name login
# @redact regex:[0-9a-f]{16}
GET /login.py

### Look
# @name look
# @fault small-buffers
GET /look.py?{{login.response.headers.x-token}}
X-Token: {{token}}

### Look again
# @name again
GET /look.py?{{look.request.headers.X-Token}}
X-Token: {{token}}
";

fn site() -> Site {
    let site = Site::new();
    site.request("login.py", LOGIN);
    site.request("look.py", LOOK);
    site.file("app.http", FILE);
    site
}

#[test]
fn values_of_earlier_responses_go_into_later_requests() {
    let site = site();
    let done = test(&site, &["--accept"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    for name in ["look", "again", "look@small-buffers"] {
        let path = site.path(&format!("snapshots/app__{name}.snap"));
        let stored = std::fs::read_to_string(path).unwrap();
        assert!(stored.ends_with("welcome\n"), "{stored}");
        assert!(stored.contains("{{login.response"), "as written: {stored}");
    }
    // Another token, and nothing of it is in a snapshot.
    assert_eq!(test(&site, &[]).code, 0);
}

#[test]
fn what_a_request_refers_to_is_sent_though_it_is_filtered_out() {
    let site = site();
    assert_eq!(test(&site, &["--accept"]).code, 0);
    let done = test(&site, &["--filter", "again"]);
    assert_eq!(done.code, 0, "{}", done.out);
    assert_eq!(
        done.out.lines().last(),
        Some("1 passed, 0 failed, 0 skipped")
    );
    for shard in ["1/3", "2/3", "3/3"] {
        let code = test(&site, &["--shard", shard]).code;
        assert!(code == 0 || code == 5, "{shard}: {code}");
    }
    let done = test(&site, &["--isolation-check", "--jobs", "2"]);
    assert_eq!(done.code, 0, "{}", done.out);
}

#[test]
fn a_value_that_is_not_there_fails_that_request_and_no_other() {
    let site = site();
    site.file(
        "app.http",
        FILE.replace("$.token", "$.tocken")
            + "\n### Other\n# @name other\nGET /look.py\n\n### Skipped\n# @name skipped\n# @skip why\n\
               GET /a\n\n### After\n# @name after\nGET /look.py?{{skipped.response.body.*}}\n",
    );
    let done = test(&site, &["--accept"]);
    assert_eq!(done.code, 1, "{}", done.out);
    assert!(
        done.out.contains("new  app.http::other (accepted)"),
        "{}",
        done.out
    );
    assert!(done.out.contains("ISH0629"), "{}", done.out);
    assert!(done.out.contains("app.http:1:10"), "{}", done.out);
    assert!(done.out.contains("it begins: {\"token\""), "{}", done.out);
    assert!(done.out.contains("ISH0628"), "{}", done.out);
    assert!(done.out.contains("it is skipped"), "{}", done.out);
}

#[test]
fn a_reference_that_leads_nowhere_makes_the_file_unusable() {
    let site = site();
    site.file("app.http", FILE.replace("{{login", "{{log-in"));
    let done = test(&site, &[]);
    assert_eq!(done.code, 2, "{}", done.out);
    assert!(done.out.contains("ISH0626"), "{}", done.out);
    assert!(done.out.contains("called `log-in`"), "{}", done.out);
}

#[test]
fn a_process_that_ends_during_what_is_referred_to_is_told_so() {
    let site = site();
    site.request("login.py", "import os\nos._exit(3)");
    let done = test(&site, &["--accept"]);
    assert_eq!(done.code, 1, "{}", done.out);
    let (one, needed) = (
        "during this one",
        "during `login`, which this one refers to",
    );
    assert_eq!(done.out.matches(one).count(), 1, "{}", done.out);
    assert_eq!(done.out.matches(needed).count(), 3, "{}", done.out);
}
