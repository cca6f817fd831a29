//! The page for a request that failed, in the sections the original's page had.

use crate::codes::Code;
use crate::ecb::Connection;
use std::fmt::Write as _;

/// What is known about a failure.
#[derive(Clone, Debug)]
pub struct Page {
    /// One of the phrases of the original.
    pub reason: String,
    /// The traceback, or what to do.
    pub detail: String,
    /// Where Python looked, for an `ImportError`.
    pub search: Option<String>,
    /// The exception's type and text.
    pub exception: Option<(String, String)>,
}

/// A page for one client.
#[derive(Debug)]
pub struct Shown {
    /// A whole header text.
    pub content_type: &'static str,
    /// The body, in full.
    pub page: Vec<u8>,
    /// What is appended to a response that was begun.
    pub fragment: Vec<u8>,
}

impl Page {
    /// A failure outside scripts.
    pub fn plain(reason: &str, detail: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            detail: detail.to_owned(),
            search: None,
            exception: None,
        }
    }

    /// One line for the log, or as many as the detail has where there was no exception.
    pub fn summary(&self) -> String {
        match &self.exception {
            Some((kind, message)) => format!("{}: {kind}: {message}", self.reason),
            None => format!("{}: {}", self.reason, self.detail),
        }
    }

    /// The page as the client wants it; with the details where it may see them.
    pub fn render(&self, connection: &Connection, detailed: bool, code: Code) -> Shown {
        let fragment = self.fragment(detailed, code);
        if wants_json(connection) {
            return Shown {
                content_type: "Content-Type: application/json",
                page: self.json(detailed, code).into_bytes(),
                fragment: fragment.into_bytes(),
            };
        }
        Shown {
            content_type: "Content-Type: text/html; charset=utf-8",
            page: html(&fragment).into_bytes(),
            fragment: fragment.into_bytes(),
        }
    }

    fn fragment(&self, detailed: bool, code: Code) -> String {
        let mut text = String::new();
        let reason = format!("{} [{code}]", self.reason);
        let _ = write!(
            text,
            "<pre><font color=\"blue\">{}</font>\r\n",
            escape(&reason)
        );
        let detail = if detailed { &self.detail } else { NOT_SHOWN };
        let _ = write!(
            text,
            "<font color=\"red\">{}</font></pre>\r\n",
            escape(detail)
        );
        if let Some(search) = self.search.as_ref().filter(|_| detailed) {
            text.push_str("<font size=\"+2\"><b>Additional Information</b></font>\r\n");
            text.push_str("<hr size=\"1\" color=\"black\">\r\n");
            let _ = write!(
                text,
                "<pre><font color=\"blue\">{}</font></pre>\r\n",
                escape(search)
            );
        }
        text
    }

    fn json(&self, detailed: bool, code: Code) -> String {
        let mut fields = vec![("code", code.to_string()), ("reason", self.reason.clone())];
        if detailed {
            if let Some((kind, message)) = &self.exception {
                fields.push(("exception", kind.clone()));
                fields.push(("message", message.clone()));
            }
            fields.push(("detail", self.detail.clone()));
        } else {
            fields.push(("detail", NOT_SHOWN.to_owned()));
        }
        let fields: Vec<String> = fields
            .iter()
            .map(|(key, value)| format!("\"{key}\": {}", json_text(value)))
            .collect();
        format!("{{\"error\": {{{}}}}}\n", fields.join(", "))
    }
}

/// What remote clients see.
const NOT_SHOWN: &str = "The details are in the server's log; clients on the server itself see \
                         them here (Config.ErrorDetails).";

fn html(fragment: &str) -> String {
    format!(
        "<html><head><title>Internal Server Error</title></head>\r\n\
         <body style=\"font-family: sans-serif\">\r\n\
         <font size=\"+3\"><b>Internal Server Error</b></font>\r\n\
         <p>An error occurred processing this request.</p>\r\n\
         <hr size=\"1\" color=\"black\">\r\n\
         {fragment}</body></html>\r\n"
    )
}

/// Text as HTML text or as an attribute value in double quotes: a message may hold text from the URL
/// or a form.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether the client is on this machine: by the loopback address, or by the server's own.
pub fn is_local(connection: &Connection) -> bool {
    let ask = |name| {
        let mut value = Vec::new();
        let known = connection
            .server_variable(name, &mut value)
            .unwrap_or(false);
        known.then(|| String::from_utf8_lossy(&value).into_owned())
    };
    let Some(remote) = ask(c"REMOTE_ADDR").filter(|r| !r.is_empty()) else {
        return false;
    };
    let loopback = remote
        .parse::<std::net::IpAddr>()
        .is_ok_and(|a| a.to_canonical().is_loopback());
    loopback || ask(c"LOCAL_ADDR").is_some_and(|local| local == remote)
}

/// Whether the client accepts JSON and not HTML.
fn wants_json(connection: &Connection) -> bool {
    let mut accept = Vec::new();
    if !connection
        .server_variable(c"HTTP_ACCEPT", &mut accept)
        .unwrap_or(false)
    {
        return false;
    }
    let accept = String::from_utf8_lossy(&accept).to_ascii_lowercase();
    prefers_json(&accept)
}

/// Whether an `Accept` in lower case takes JSON and not HTML. Many clients of JSON accept anything
/// besides (`application/json, text/plain, */*`): who names JSON has to name HTML, too.
fn prefers_json(accept: &str) -> bool {
    match (
        accepts(accept, "application", "json"),
        accepts(accept, "text", "html"),
    ) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(json), Some(html)) => html == ANYTHING && json > ANYTHING,
    }
}

/// The closeness of the range `*/*`.
const ANYTHING: u8 = 0;

/// How closely an `Accept` names a media type that it takes. The closest range decides, unless its
/// weight is 0 (RFC 9110, 12.5.1). For `json` a range such as `application/problem+json` is as good
/// as the type itself.
fn accepts(accept: &str, kind: &str, subtype: &str) -> Option<u8> {
    let closeness = |range: &str| {
        let (its_kind, its_subtype) = range.split_once('/')?;
        match (its_kind == kind, its_subtype == subtype) {
            (true, true) => Some(2),
            (true, false)
                if its_subtype
                    .rsplit_once('+')
                    .is_some_and(|(_, s)| s == subtype) =>
            {
                Some(2)
            }
            (true, false) if its_subtype == "*" => Some(1),
            (false, false) if range == "*/*" => Some(ANYTHING),
            _ => None,
        }
    };
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let closeness = closeness(parts.next()?)?;
        let weight = parts.find_map(|parameter| parameter.strip_prefix("q="));
        let refused = weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0));
        Some((closeness, !refused))
    });
    // Of two that are as close one that takes it is enough.
    ranges
        .max()
        .and_then(|(closeness, taken)| taken.then_some(closeness))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_request_cannot_become_markup() {
        let page = Page::plain("<script>", "a & \"b\" </pre>");
        let fragment = page.fragment(true, crate::codes::SCRIPT_RAISED);
        assert!(!fragment.contains("<script>") && fragment.matches("</pre>").count() == 1);
    }

    #[test]
    fn remote_clients_see_the_code_but_no_details() {
        let page = Page::plain("Request handler failed", "secret");
        let code = crate::codes::SCRIPT_RAISED;
        assert!(!page.fragment(false, code).contains("secret"));
        assert!(page.fragment(false, code).contains("ISH0401"));
        assert!(!page.json(false, code).contains("secret"));
    }

    #[test]
    fn json_is_for_who_accepts_it_and_not_html() {
        for (accept, json) in [
            ("application/json", true),
            ("application/problem+json", true),
            ("application/*", true),
            ("application/json, text/html;q=0", true),
            ("application/json, text/html; q=0.000", true),
            ("application/json, text/html;q=0.1", false),
            ("text/*, application/json", false),
            ("application/json, text/plain, */*", true),
            ("application/*, */*", true),
            ("*/*", false),
            ("application/json;q=0, */*;q=0.5", false),
            ("application/json;q=0, application/*", false),
            ("text/html;q=0, */*", true),
            ("text/plain", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(prefers_json(accept), json, "{accept}");
        }
    }

    #[test]
    fn json_text_is_escaped() {
        assert_eq!(json_text("a\"\\\n\u{1}é"), "\"a\\\"\\\\\\n\\u0001é\"");
    }
}
