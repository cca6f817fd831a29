//! References to earlier requests of a file, as VS Code REST Client and Visual Studio have them:
//! `{{login.response.body.$.token}}`, `{{login.response.headers.X-Name}}`, and the same with
//! `request`.

use super::http_body::Encoding;
use super::http_build::is_token;
use super::json_path::JsonPath;
use crate::headers;
use std::borrow::Cow;

/// A request as it was sent, and its response.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// What was sent.
    pub request: Message,
    /// What came back.
    pub response: Message,
}

/// What a reference can name of a request or a response.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// In the order in which they were sent.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Without transfer coding.
    pub body: Vec<u8>,
}

/// What became of a request that others may refer to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was answered.
    Answered(Exchange),
    /// It has no response: the end of a sentence that says why.
    Without(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Request,
    Response,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'a> {
    Header(&'a str),
    /// All of the body.
    Body,
    Json(JsonPath, &'a str),
}

/// `NAME.response.body.$.token` and its like.
#[derive(Clone, Debug)]
pub(super) struct Reference<'a> {
    /// The request's name.
    pub(super) name: &'a str,
    side: Side,
    part: Part<'a>,
}

/// What is wrong, and what to do.
pub(super) type Wrong = (String, String);

/// Is this a reference, well formed or not? Other braces of a body are left alone.
pub(super) fn is_reference(text: &str) -> bool {
    split(text).is_some()
}

/// The name, the side, and what is wanted of it.
fn split(text: &str) -> Option<(&str, Side, &str)> {
    let sides = [(".response.", Side::Response), (".request.", Side::Request)];
    let places = sides.map(|(word, side)| text.find(word).map(|at| (at, at + word.len(), side)));
    let (end, behind, side) = places.into_iter().flatten().min_by_key(|place| place.0)?;
    let (name, rest) = (&text[..end], &text[behind..]);
    let named = name.starts_with(|c: char| c.is_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "_-. ".contains(c));
    let part = rest.split('.').next().unwrap_or_default();
    let known = matches!(part, "body" | "headers") && !rest.contains('\n');
    (named && known).then_some((name, side, rest))
}

impl<'a> Reference<'a> {
    /// Reads one; `None` where [`is_reference`] says no.
    pub(super) fn parse(text: &'a str) -> Option<Result<Self, Wrong>> {
        let (name, side, rest) = split(text)?;
        let part = match rest.split_once('.') {
            Some(("headers", header)) if is_token(header) && header != "*" => {
                Ok(Part::Header(header))
            }
            Some(("body", "*")) => Ok(Part::Body),
            Some(("body", path)) if path.starts_with('$') => json_part(path),
            Some(("body", path)) if path.starts_with('/') => Err((
                "XPath is not read here".to_owned(),
                "take the whole body with `body.*`, or let the script answer in JSON".to_owned(),
            )),
            _ => Err((
                format!("`{rest}` names no part of a request or response"),
                "write `body.*`, `body.$.path` or `headers.Name`".to_owned(),
            )),
        };
        Some(part.map(|part| Self { name, side, part }))
    }

    /// What it names in an exchange.
    pub(super) fn value(&self, exchange: &Exchange) -> Result<String, Wrong> {
        let (message, whose) = match self.side {
            Side::Request => (&exchange.request, "request"),
            Side::Response => (&exchange.response, "response"),
        };
        let name = self.name;
        match &self.part {
            Part::Header(header) => match headers::value(&message.headers, header) {
                // It goes out again as UTF-8: what is not, comes from Latin-1.
                Some(value) => Ok(match std::str::from_utf8(value) {
                    Ok(value) => value.to_owned(),
                    Err(_) => encoding_rs::mem::decode_latin1(value).into_owned(),
                }),
                None => Err((
                    format!("the {whose} of `{name}` has no header `{header}`"),
                    listed(
                        "it has",
                        message.headers.iter().map(|(name, _)| name.as_str()),
                    ),
                )),
            },
            Part::Body => Ok(self.text(message, whose)?.into_owned()),
            Part::Json(path, written) => {
                let text = self.text(message, whose)?;
                // A byte order mark is no JSON, and there all the same.
                let text = text.trim_start_matches('\u{feff}');
                if let Err(why) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
                    return Err((
                        format!("the body of the {whose} of `{name}` is no JSON: {why}"),
                        begins(text),
                    ));
                }
                let Some(place) = path.find(text).into_iter().next() else {
                    return Err((
                        format!("the body of the {whose} of `{name}` has no `{written}`"),
                        begins(text),
                    ));
                };
                Ok(inserted(&text[place]))
            }
        }
    }

    /// The body as text, in the charset that its type names.
    fn text<'m>(&self, message: &'m Message, whose: &str) -> Result<Cow<'m, str>, Wrong> {
        let kind = headers::value(&message.headers, "content-type").map(Vec::as_slice);
        let kind = String::from_utf8_lossy(kind.unwrap_or_default()).to_ascii_lowercase();
        let charset = kind.split_once("charset=").map_or("", |(_, rest)| {
            let rest = rest.split(';').next().unwrap_or_default();
            rest.trim_matches([' ', '"', '\''])
        });
        let encoding = Encoding::named(charset);
        let text = encoding.and_then(|encoding| encoding.decode(&message.body));
        text.ok_or_else(|| {
            (
                format!("the body of the {whose} of `{}` is no text", self.name),
                "let the script name its charset in `Content-Type`".to_owned(),
            )
        })
    }
}

fn json_part(path: &str) -> Result<Part<'_>, Wrong> {
    let wrong = |why| {
        (
            why,
            "`$.name`, `$[0]`, `$['a name']` and `$..name` are read".to_owned(),
        )
    };
    let parsed = JsonPath::parse_whole(path).map_err(wrong)?;
    Ok(Part::Json(parsed, path))
}

/// A value of JSON as it goes into a text: a string without its quotes, all else as it is written.
fn inserted(value: &str) -> String {
    match serde_json::from_str::<String>(value) {
        Ok(text) => text,
        Err(_) => value.to_owned(),
    }
}

fn listed<'n>(before: &str, names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.filter(|n| *n != super::CUT_OFF).collect();
    if names.is_empty() {
        return format!("{before} none");
    }
    format!("{before}: {}", names.join(", "))
}

/// What a body begins with, so that an error page is known as one.
fn begins(text: &str) -> String {
    const SHOWN: usize = 200;
    let text = text.trim();
    if text.is_empty() {
        return "it is empty".to_owned();
    }
    let start: String = text.chars().take(SHOWN).collect();
    let more = if start.len() < text.len() { "..." } else { "" };
    format!("it begins: {start}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange() -> Exchange {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        Exchange {
            request: Message {
                headers: vec![header("X-Asked", "yes")],
                body: b"name=Ann".to_vec(),
            },
            response: Message {
                headers: vec![
                    header("Content-Type", "application/json; charset=utf-8"),
                    header("Set-Cookie", "a=1"),
                    header("set-cookie", "b=2"),
                ],
                body: r#"{"token": "a\"b\u00e9", "n": 1.50, "no": null, "of": {"x": [1, 2]}}"#
                    .into(),
            },
        }
    }

    fn value(text: &str) -> Result<String, Wrong> {
        Reference::parse(text).expect(text)?.value(&exchange())
    }

    #[test]
    fn parts_of_an_exchange_are_found() {
        for (text, wanted) in [
            ("login.response.body.$.token", "a\"bé"),
            ("login.response.body.$.n", "1.50"),
            ("login.response.body.$.no", "null"),
            ("login.response.body.$.of", r#"{"x": [1, 2]}"#),
            ("login.response.body.$.of['x'][1]", "2"),
            ("login.response.body.$..x", "[1, 2]"),
            ("login.response.headers.SET-COOKIE", "a=1"),
            ("log-in.2.request.headers.X-Asked", "yes"),
            ("login.request.body.*", "name=Ann"),
        ] {
            assert_eq!(value(text).as_deref(), Ok(wanted), "{text}");
        }
        let whole = String::from_utf8(exchange().response.body).expect("text");
        assert_eq!(value("login.response.body.*"), Ok(whole.clone()));
        assert_eq!(value("login.response.body.$"), Ok(whole));
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let (what, fix) = value("a.response.headers.X-Gone").expect_err("gone");
        assert_eq!(what, "the response of `a` has no header `X-Gone`");
        assert_eq!(fix, "it has: Content-Type, Set-Cookie, set-cookie");
        let (what, fix) = value("a.response.body.$.gone").expect_err("gone");
        assert_eq!(what, "the body of the response of `a` has no `$.gone`");
        assert!(fix.starts_with(r#"it begins: {"token""#), "{fix}");
        let (what, _) = value("a.request.body.$.name").expect_err("no JSON");
        assert!(what.contains("is no JSON"), "{what}");
    }

    #[test]
    fn malformed_references_are_refused_and_other_braces_are_none() {
        for text in [
            "a.response.body",
            "a.response.headers",
            "a.response.headers.*",
            "a.response.headers.no header",
            "a.response.body.token",
            "a.response.body.$.",
            "a.response.body.//token",
        ] {
            assert!(Reference::parse(text).expect(text).is_err(), "{text}");
        }
        for text in [
            "a.response",
            "a.response.status",
            "a.bodyguard.body",
            "response.body.*",
            "a|b.response.body.*",
            "a.response.body.$\n",
        ] {
            assert!(Reference::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_body_is_read_in_its_charset() {
        let mut exchange = exchange();
        exchange.response.body = b"\xe9".to_vec();
        let reference = Reference::parse("a.response.body.*")
            .expect("one")
            .expect("good");
        assert!(reference.value(&exchange).is_err());
        exchange.response.headers[0].1 = b"text/plain; Charset=\"ISO-8859-1\"".to_vec();
        assert_eq!(reference.value(&exchange).as_deref(), Ok("é"));
    }
}
