//! The requests of one file that refer to one another: what was answered is kept, and what a
//! request refers to and was not sent yet is sent before it. So a request is the same whether all
//! of its file are sent, or `--filter`, `--shard` or pytest's `-k` leave it alone.

use super::http_file::{HttpFile, HttpRequest, Written};
use super::reference::Outcome;
use crate::error::Result;
use std::collections::BTreeSet;

/// Has a request answered; the text is its name.
pub type Ask<'a> = &'a mut dyn FnMut(&str, &HttpRequest) -> Outcome;

/// A request file, and what became of its requests.
#[derive(Debug)]
pub struct Dialogue {
    written: Written,
    requests: Vec<HttpRequest>,
    outcomes: Vec<Option<Outcome>>,
}

impl Dialogue {
    /// A file of which nothing was sent yet.
    ///
    /// # Errors
    /// As [`HttpFile::load`]; files named as bodies may have gone since.
    pub fn new(written: &Written) -> Result<Self> {
        let Written {
            path,
            text,
            environment,
        } = written;
        let requests = HttpFile::parse_in(path, text, environment)?.requests;
        Ok(Self {
            written: written.clone(),
            outcomes: vec![None; requests.len()],
            requests,
        })
    }

    /// Request `index` as it is to be sent.
    ///
    /// # Errors
    /// What it refers to is not there: the error points at the reference.
    pub fn request(&mut self, index: usize, ask: Ask<'_>) -> Result<HttpRequest> {
        for earlier in self.missing(index) {
            let request = &self.requests[earlier];
            let outcome = if request.skip.is_some() {
                Outcome::Without("is skipped".to_owned())
            } else {
                match self.resolved(earlier) {
                    Ok(request) => ask(request.name.as_deref().unwrap_or_default(), &request),
                    Err(why) => Outcome::Without(format!("could not be sent: {why}")),
                }
            };
            self.keep(earlier, outcome);
        }
        self.resolved(index)
    }

    /// Keeps what became of a request, for those that refer to it.
    pub fn keep(&mut self, index: usize, outcome: Outcome) {
        if let Some(place) = self.outcomes.get_mut(index) {
            *place = Some(outcome);
        }
    }

    /// Nothing was sent: another interpreter would know nothing of it.
    pub fn forget(&mut self) {
        self.outcomes.fill(None);
    }

    fn resolved(&self, index: usize) -> Result<HttpRequest> {
        match self.requests.get(index) {
            Some(request) if request.refers_to.is_empty() => Ok(request.clone()),
            _ => self.written.request(index, &self.outcomes),
        }
    }

    /// What must be sent before request `index`, in the order of the file: a request refers only to
    /// those above it.
    fn missing(&self, index: usize) -> BTreeSet<usize> {
        let mut missing = BTreeSet::new();
        let mut look = vec![index];
        while let Some(at) = look.pop() {
            let refers_to = self.requests.get(at).map(|r| &r.refers_to[..]);
            for earlier in refers_to.unwrap_or_default() {
                if self.outcomes[*earlier].is_none() && missing.insert(*earlier) {
                    look.push(*earlier);
                }
            }
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{Exchange, Message};
    use super::*;
    use crate::codes;
    use std::path::Path;

    const FILE: &str = "\
@token = {{login.response.body.$.token}}

### Log in
# @name login
POST /login

user=Ann

### Make one
# @name made
# @server-var AUTH_USER={{login.response.headers.X-User}}
POST /make
Authorization: Bearer {{token}}

{\"of\": \"{{ login.request.body.* }}\"}

### Follow
# @name follow
GET {{made.response.headers.Location}}&x=1 HTTP/1.1

### Left out
# @name left-out
# @skip not now
GET /a

### After it
GET /b?{{left-out.response.body.*}}
";

    fn dialogue(text: &str) -> Dialogue {
        let file = HttpFile::parse(Path::new("x.http"), text).expect("good");
        Dialogue::new(file.written.as_deref().expect("it has references")).expect("good")
    }

    fn answer(headers: &[(&str, &str)], body: &str, request: &HttpRequest) -> Outcome {
        let header = |(n, v): &(&str, &str)| ((*n).to_owned(), v.as_bytes().to_vec());
        Outcome::Answered(Exchange {
            request: Message {
                headers: Vec::new(),
                body: request.body.clone(),
            },
            response: Message {
                headers: headers.iter().map(header).collect(),
                body: body.into(),
            },
        })
    }

    /// Answers, and keeps the names of what it was asked.
    fn site(asked: &mut Vec<String>) -> impl FnMut(&str, &HttpRequest) -> Outcome {
        |name, request| {
            asked.push(name.to_owned());
            let headers = [
                ("X-User", r"CONTOSO\ann"),
                ("Location", "http://a.example/it?n=1"),
            ];
            answer(&headers, r#"{"token": "t-1"}"#, request)
        }
    }

    #[test]
    fn values_of_earlier_responses_are_put_in() {
        let (mut asked, mut dialogue) = (Vec::new(), dialogue(FILE));
        let made = dialogue.request(1, &mut site(&mut asked)).expect("there");
        assert_eq!(made.headers[0].1, "Bearer t-1");
        assert_eq!(made.server_vars[0].1, r"CONTOSO\ann");
        assert_eq!(made.body, br#"{"of": "user=Ann"}"#);
        let follow = dialogue.request(2, &mut site(&mut asked)).expect("there");
        assert_eq!(follow.target, "/it?n=1&x=1");
        assert_eq!(follow.headers[0], ("Host".into(), "a.example".into()));
        assert_eq!(asked, ["login", "made"], "each of them once");
    }

    #[test]
    fn what_is_needed_is_sent_before_in_its_order() {
        let (mut asked, mut dialogue) = (Vec::new(), dialogue(FILE));
        let follow = dialogue.request(2, &mut site(&mut asked));
        assert_eq!(follow.expect("there").target, "/it?n=1&x=1");
        assert_eq!(asked, ["login", "made"]);
        dialogue.forget();
        dialogue.request(1, &mut site(&mut asked)).expect("there");
        assert_eq!(asked, ["login", "made", "login"]);
    }

    #[test]
    fn before_anything_is_sent_references_stay_as_they_are_written() {
        let file = HttpFile::parse(Path::new("x.http"), FILE).expect("good");
        let [login, made, follow, ..] = &file.requests[..] else {
            panic!("five requests");
        };
        assert!(login.refers_to.is_empty());
        assert_eq!(
            (&made.refers_to[..], &follow.refers_to[..]),
            (&[0][..], &[1][..])
        );
        assert_eq!(made.headers[0].1, "Bearer {{login.response.body.$.token}}");
        assert_eq!(follow.target, "{{made.response.headers.Location}}&x=1");
        assert!(
            HttpFile::parse(Path::new("x.http"), "GET /a\n")
                .expect("good")
                .written
                .is_none()
        );
    }

    #[test]
    fn a_request_without_a_response_is_told_with_the_reason() {
        let mut dialogue = dialogue(FILE);
        let mut nothing = |_: &str, _: &HttpRequest| Outcome::Without("was struck".to_owned());
        let why = dialogue.request(4, &mut nothing).expect_err("skipped");
        assert_eq!(why.code(), codes::NO_RESPONSE);
        assert!(
            why.to_string()
                .ends_with("`left-out` has no response: it is skipped"),
            "{why}"
        );
        let why = dialogue.request(2, &mut nothing).expect_err("struck");
        let text = why.to_string();
        assert!(
            text.contains("`made` has no response: it could not be sent"),
            "{text}"
        );
        assert!(
            text.contains("`login` has no response: it was struck"),
            "{text}"
        );
        let shown = why.render(false);
        assert!(shown.contains("x.http:19:5"), "{shown}");
    }

    #[test]
    fn a_value_that_is_not_there_is_shown_where_it_is_wanted() {
        let mut dialogue = dialogue(FILE);
        let mut page = |_: &str, request: &HttpRequest| answer(&[], "<h1>No</h1>", request);
        let why = dialogue.request(1, &mut page).expect_err("no JSON");
        assert_eq!(why.code(), codes::NOT_IN_RESPONSE);
        let mut empty = |_: &str, request: &HttpRequest| answer(&[], "{}", request);
        dialogue.forget();
        let why = dialogue.request(1, &mut empty).expect_err("no header");
        assert!(why.to_string().contains("no header `X-User`"), "{why}");
    }

    #[test]
    fn a_value_with_a_line_break_is_no_header() {
        let text = "# @name a\nGET /a\n###\nGET /b\nX: {{a.response.body.$.x}}\n";
        let mut lines =
            |_: &str, request: &HttpRequest| answer(&[], r#"{"x": "1\r\nSet-Cookie: 2"}"#, request);
        let why = dialogue(text)
            .request(1, &mut lines)
            .expect_err("two headers");
        assert_eq!(why.code(), codes::BAD_REQUEST_HEADER);
    }

    #[test]
    fn braces_in_a_value_are_not_looked_into() {
        let text = "@x = 1\n# @name a\nGET /a\n###\nPOST /b\n\n{{a.response.body.*}}\n";
        let mut braces = |_: &str, request: &HttpRequest| answer(&[], "{{x}}", request);
        let sent = dialogue(text).request(1, &mut braces).expect("good");
        assert_eq!(sent.body, b"{{x}}");
    }

    #[test]
    fn a_reference_leads_to_a_request_above_that_has_the_name() {
        for (text, says) in [
            (
                "GET /a?{{b.response.body.*}}\n",
                "no request of this file is called `b`",
            ),
            (
                "# @name b\nGET /a?{{b.response.body.*}}\n",
                "refers to itself",
            ),
            (
                "GET /a?{{b.response.body.*}}\n###\n# @name b\nGET /b\n",
                "`b` comes later",
            ),
            (
                "# @name B\nGET /a\n###\nGET /b?{{b.response.body.*}}\n",
                "no request of this file",
            ),
        ] {
            let why = HttpFile::parse(Path::new("x.http"), text).expect_err(text);
            assert_eq!(why.code(), codes::NO_SUCH_REQUEST, "{text}");
            assert!(why.to_string().contains(says), "{why}");
            let (offset, length) = why.span().expect("a place");
            assert_eq!(
                &text[offset..offset + length],
                text[offset..].lines().next().unwrap()
            );
        }
        for text in [
            "# @name a\nGET /a\n###\nGET /b?{{a.response.body}}\n",
            "# @name a\nGET /a\n###\n# @mark {{a.response.body.*}}\nGET /b\n",
        ] {
            let why = HttpFile::parse(Path::new("x.http"), text).expect_err(text);
            assert_eq!(why.code(), codes::BAD_REFERENCE, "{text}");
        }
    }
}
