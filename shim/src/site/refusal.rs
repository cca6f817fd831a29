//! A request the site itself answers with an error, and the page for it.

/// A request that gets no further than the site: status, sub-status and why.
///
/// The numbers are those of IIS's log and detailed error pages (`404.3` is status 404 with
/// sub-status 3), so that what an administrator finds about them on the web applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status code, 400 to 599.
    pub status: u16,
    /// IIS sub-status, 0 when there is none.
    pub substatus: u16,
    /// What was refused about this very request, one sentence without a full stop. It may name
    /// paths and handlers: for local clients and the log only.
    pub reason: String,
    /// The value of the `Allow` header that a 405 must carry; `None` for all others.
    pub allow: Option<String>,
}

impl Refusal {
    /// A refusal without an `Allow` header.
    pub fn new(status: u16, substatus: u16, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            status,
            substatus,
            reason,
            allow: None,
        }
    }

    /// A 405 that names the methods that would do, joined by `, `.
    pub fn method(reason: impl Into<String>, allow: impl Into<String>) -> Self {
        Self {
            allow: Some(allow.into()),
            ..Self::new(405, 0, reason)
        }
    }

    /// The reason phrase of the status line.
    pub fn phrase(&self) -> &'static str {
        match self.status {
            400 => "Bad Request",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            416 => "Range Not Satisfiable",
            _ if self.status < 500 => "Request Refused",
            _ => "Server Error",
        }
    }

    /// The HTML page, UTF-8. `detailed` pages tell sub-status, cause and cure and are for local
    /// clients, as IIS has it; the others tell the status only.
    pub fn page(&self, detailed: bool) -> String {
        let phrase = self.phrase();
        if !detailed {
            let title = format!("{} - {phrase}", self.status);
            return document(&title, &format!("<h2>{title}</h2>\n"));
        }
        let title = format!("{}.{} - {phrase}", self.status, self.substatus);
        let (meaning, cure) = explain(self.status, self.substatus);
        let body = format!(
            "<h2>{title}</h2>\n<p>{}.</p>\n<dl>\n<dt>What it means</dt><dd>{}</dd>\n\
             <dt>What to do</dt><dd>{}</dd>\n</dl>\n",
            escape(&self.reason),
            escape(meaning),
            escape(cure)
        );
        document(&title, &body)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}.{} {}: {}",
            self.status,
            self.substatus,
            self.phrase(),
            self.reason
        )
    }
}

/// Text as HTML text or as an attribute value in quotes of either kind.
pub(super) fn escape(text: &str) -> String {
    isapi_base::page::escape(text).replace('\'', "&#39;")
}

/// A whole HTML page around `body`, which is HTML already, as is `title`.
pub(super) fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\
         </head>\n<body>\n{body}</body>\n</html>\n"
    )
}

/// What a status means in this host, and what to do about it.
fn explain(status: u16, substatus: u16) -> (&'static str, &'static str) {
    match (status, substatus) {
        (400, _) => (
            "The request is refused before any handler sees it, as http.sys refuses it in IIS.",
            "Look at how the client builds it. In the URL: percent signs, control characters and \
             dots. In the headers: one Host, and either a Content-Length or chunks.",
        ),
        (403, 1) => (
            "A handler matches, but the site's access policy does not grant what it requires.",
            "Add the missing flag (Script or Execute) to handlers@accessPolicy in web.config.",
        ),
        (403, 2) => (
            "The site's access policy grants no Read, which the handler requires.",
            "Add Read to handlers@accessPolicy in web.config.",
        ),
        (403, 3) => (
            "The site's access policy grants no Write, which the handler requires.",
            "Add Write to handlers@accessPolicy in web.config.",
        ),
        (403, 14) => (
            "The URL is a folder without a default document, and folders are not listed.",
            "Put a default document (index.html, index.py) there, ask for a file, or map a \
             wildcard handler that answers for folders.",
        ),
        (404, 0) => (
            "There is nothing at this place in the site.",
            "Check the spelling and the case, and the site's root folder. If the handler is to \
             answer for URLs without a file, give it resourceType=\"Unspecified\".",
        ),
        (404, 3) => (
            "No handler maps the URL, so the static file handler got it, and it knows no content \
             type for this extension. IIS does not send such files.",
            "If it is a script, map its extension (--map, or handlers/add in web.config). If it is \
             a file to be sent, add its type as staticContent/mimeMap.",
        ),
        (404, 4) => (
            "No handler maps the URL.",
            "Add a handler for it; web.config removed the static file handler of the server.",
        ),
        (404, 7) => (
            "IIS never sends files with this extension: they hold code or settings.",
            "Rename the file, or serve its contents through a script.",
        ),
        (404, 8) => (
            "The URL passes through a segment that IIS hides.",
            "Move the file out of that folder, or remove the segment in web.config \
             (security/requestFiltering/hiddenSegments).",
        ),
        (404, 11) => (
            "The path changes when it is decoded a second time. IIS refuses it, for what is \
             checked must be what is used.",
            "Encode the path once, and a plus sign not at all in the path. \
             requestFiltering@allowDoubleEscaping=\"true\" lets the harmless ones through.",
        ),
        (404, 13) => (
            "The request body is longer than the site allows.",
            "Raise requestFiltering/requestLimits@maxAllowedContentLength (bytes) in web.config.",
        ),
        (404, 14) => (
            "The URL is longer than the site allows.",
            "Raise requestFiltering/requestLimits@maxUrl (bytes) in web.config.",
        ),
        (404, 15) => (
            "The query string is longer than the site allows.",
            "Raise requestFiltering/requestLimits@maxQueryString (bytes) in web.config.",
        ),
        (405, _) => (
            "A handler knows the URL, but not with this method.",
            "Use one of the methods in the Allow header, or widen the handler's verb list.",
        ),
        _ => ("The request was refused.", "See the log of this host."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detailed_page_tells_the_sub_status_the_cause_and_the_cure() {
        let page = Refusal::new(404, 3, "\".xyz\" has no content type").page(true);
        assert!(page.contains("<h2>404.3 - Not Found</h2>"), "{page}");
        assert!(page.contains("&quot;.xyz&quot; has no content type."));
        assert!(page.contains("staticContent/mimeMap"));
    }

    #[test]
    fn page_for_strangers_tells_neither_sub_status_nor_reason() {
        let page = Refusal::new(404, 8, "/secret is hidden").page(false);
        assert!(page.contains("<h2>404 - Not Found</h2>"), "{page}");
        assert!(!page.contains("secret") && !page.contains("404.8"));
    }

    #[test]
    fn reason_is_escaped() {
        let page = Refusal::new(400, 0, "<script>'&").page(true);
        assert!(page.contains("&lt;script&gt;&#39;&amp;"), "{page}");
    }
}
