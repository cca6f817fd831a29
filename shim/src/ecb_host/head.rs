//! The status text and header string that an extension sends, taken apart as leniently as IIS
//! does it.

use super::client::Head;
use super::report;
use crate::codes;
use crate::headers::HeaderBlock;
use memchr::{memchr, memchr_iter};
use std::borrow::Cow;

/// Room for the headers of most responses, with those that the host adds.
const USUAL_HEADERS: usize = 8;

/// Room for the names and values of the headers that the host adds, in bytes.
const OWN_HEADERS: usize = 96;

/// A head, and the body bytes that stood behind its blank line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parsed<'a> {
    pub(super) head: Head,
    pub(super) body: &'a [u8],
}

/// Takes apart what `SEND_RESPONSE_HEADER` and its like are given. `status` as in `200 OK`, a bare
/// `200`, or with `HTTP/1.1 ` before it; `None`: 200. `headers` up to its blank line, which may be
/// missing. Both are cut at the first NUL: some extensions count it in.
pub(super) fn parse<'a>(status: Option<&[u8]>, headers: &'a [u8]) -> Parsed<'a> {
    take_apart(status, headers).0
}

/// See [`parse`]; and whether there may be faults, which most heads do not have.
fn take_apart<'a>(status: Option<&[u8]>, headers: &'a [u8]) -> (Parsed<'a>, bool) {
    let status = until_nul(status.unwrap_or(b"200 OK"));
    // Bytes behind the blank line are body and may hold NULs; headers may not.
    let (block, body) = split_block(headers);
    let mut doubtful = status != b"200 OK" || block.len() == headers.len();
    let mut left = until_nul(block);
    let mut list = HeaderBlock::with_capacity(USUAL_HEADERS, left.len() + OWN_HEADERS);
    while !left.is_empty() {
        let end = memchr(b'\n', left).unwrap_or(left.len());
        let line = left[..end].trim_ascii_end();
        left = left.get(end + 1..).unwrap_or_default();
        // A line without a colon is nothing a client could read.
        let Some(colon) = memchr(b':', line) else {
            doubtful = true;
            continue;
        };
        let name = line[..colon].trim_ascii();
        if !name.is_empty() {
            list.push(name, line[colon + 1..].trim_ascii());
        }
    }
    let (status, reason) = status_line(status);
    let head = Head {
        status,
        reason,
        headers: list,
    };
    (Parsed { head, body }, doubtful)
}

/// As [`parse`], and says aloud what is put up with. `body_is_meant`: data may follow the headers.
pub(super) fn parse_aloud<'a>(
    status: Option<&[u8]>,
    headers: &'a [u8],
    body_is_meant: bool,
) -> Parsed<'a> {
    let (parsed, doubtful) = take_apart(status, headers);
    if doubtful || !(parsed.body.is_empty() || body_is_meant) {
        for fault in faults(status, headers, body_is_meant) {
            report(codes::HEAD_FORM, &fault);
        }
    }
    parsed
}

/// Says aloud that a string ends before its count.
pub(super) fn report_count(counted: u32, length: usize) {
    let text = format!("a status or header text of {length} characters was counted as {counted}");
    report(codes::HEAD_FORM, &text);
}

/// Where a head is not as ISAPI demands it, though it is understood.
fn faults(status: Option<&[u8]>, headers: &[u8], body_is_meant: bool) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(status) = status.map(until_nul)
        && status != b"200 OK"
    {
        let text = String::from_utf8_lossy(status);
        match split_status(&text) {
            (None, _) => faults.push(format!("the status {text:?} has no number; taken as 200")),
            (Some(_), "") => faults.push(format!("the status {text:?} has no reason")),
            _ => {}
        }
    }
    let (block, body) = split_block(headers);
    if !headers.is_empty() && block.len() == headers.len() {
        faults.push("the header text does not end with a blank line".to_owned());
    }
    if !body.is_empty() && !body_is_meant {
        let size = body.len();
        faults.push(format!(
            "behind the blank line of the header text stands more ({size} bytes); sent as body"
        ));
    }
    let no_header = |line: &&[u8]| !line.trim_ascii().is_empty() && !line.contains(&b':');
    for line in until_nul(block).split(|b| *b == b'\n').filter(no_header) {
        let line = String::from_utf8_lossy(line.trim_ascii());
        faults.push(format!("the header line {line:?} has no colon; left out"));
    }
    faults
}

/// A whole response head written through `WriteClient`, if that is what the data begins with.
pub(super) fn parse_raw(data: &[u8]) -> Option<Parsed<'_>> {
    let rest = data.strip_prefix(b"HTTP/")?;
    let line_end = rest.iter().position(|b| *b == b'\n')?;
    let line = &data[..line_end + 5];
    Some(parse(Some(line.trim_ascii()), &data[line_end + 6..]))
}

fn until_nul(text: &[u8]) -> &[u8] {
    &text[..memchr(0, text).unwrap_or(text.len())]
}

/// The header lines, and what stands behind the blank line.
fn split_block(text: &[u8]) -> (&[u8], &[u8]) {
    if let Some(rest) = text.strip_prefix(b"\r\n") {
        return (&[], rest);
    }
    for at in memchr_iter(b'\n', text) {
        match &text[at + 1..] {
            [b'\n', body @ ..] => return (&text[..at], body),
            [b'\r', b'\n', body @ ..] if at > 0 && text[at - 1] == b'\r' => {
                return (&text[..at - 1], body);
            }
            _ => {}
        }
    }
    (text, &[])
}

fn status_line(text: &[u8]) -> (u16, Cow<'static, str>) {
    if text == b"200 OK" {
        return (200, "OK".into());
    }
    let text: String = text.iter().copied().map(char::from).collect();
    let (status, reason) = split_status(&text);
    let reason: String = reason.chars().filter(|c| !c.is_control()).collect();
    (status.unwrap_or(200), reason.into())
}

/// The number, if there is one, and the reason.
fn split_status(text: &str) -> (Option<u16>, &str) {
    let text = text.trim();
    let text = match text.strip_prefix("HTTP/") {
        Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest),
        None => text,
    };
    let (code, reason) = text.split_once(' ').unwrap_or((text, ""));
    let code = code.parse().ok().filter(|c| (100..1000).contains(c));
    (code, reason.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn first_header(parsed: &Parsed<'_>) -> (String, Vec<u8>) {
        parsed.head.headers.to_list().swap_remove(0)
    }

    #[test]
    fn every_form_of_status_seen_in_the_wild_is_understood() {
        for (text, status, reason) in [
            (&b"200 OK"[..], 200, "OK"),
            (b"404 Undescribed", 404, "Undescribed"),
            (b"200", 200, ""),
            (b"HTTP/1.1 302 Found", 302, "Found"),
            (b"404 Not Found\0", 404, "Not Found"),
            (b"nonsense", 200, ""),
        ] {
            let parsed = parse(Some(text), b"");
            assert_eq!(
                (parsed.head.status, &parsed.head.reason[..]),
                (status, reason)
            );
        }
        assert_eq!(parse(None, b"").head.reason, "OK");
    }

    #[test]
    fn a_missing_blank_line_and_a_counted_nul_do_no_harm() {
        for text in [
            &b"A: b\r\n\r\n"[..],
            b"A: b\r\n",
            b"A: b",
            b"A : b\r\n\r\n\0",
        ] {
            let parsed = parse(None, text);
            assert_eq!(first_header(&parsed), ("A".into(), b"b".into()), "{text:?}");
        }
    }

    #[test]
    fn text_behind_the_blank_line_is_body() {
        let parsed = parse(None, b"A: b\r\n\r\nHello\0!");
        assert_eq!(
            (parsed.head.headers.len(), parsed.body),
            (1, &b"Hello\0!"[..])
        );
    }

    #[test]
    fn a_head_as_isapi_demands_it_has_no_fault() {
        for headers in [
            &b""[..],
            b"\r\n",
            b"A: b\r\n\r\n",
            b"A : b\r\nC:\r\n\r\n",
            b"A: b\n\n",
        ] {
            for status in [None, Some(&b"200 OK"[..]), Some(b"HTTP/1.1 302 Found\0")] {
                assert_eq!(
                    faults(status, headers, false),
                    [""; 0],
                    "{status:?} {headers:?}"
                );
            }
        }
        assert_eq!(faults(None, b"A: b\r\n\r\nbody", true), [""; 0]);
    }

    #[test]
    fn what_is_put_up_with_is_a_fault() {
        for (status, headers, word) in [
            (&b"200"[..], &b""[..], "no reason"),
            (b"200 ", b"", "no reason"),
            (b"HTTP/1.1 200", b"", "no reason"),
            (b"OK", b"", "no number"),
            (b"", b"", "no number"),
            (b"200 OK", b"A: b", "blank line"),
            (b"200 OK", b"A: b\r\n", "blank line"),
            (b"200 OK", b"A: b\r\n\r\nbody", "(4 bytes)"),
            (b"200 OK", b"A: b\r\nnonsense\r\n\r\n", "no colon"),
        ] {
            let all = faults(Some(status), headers, false);
            assert!(all.len() == 1 && all[0].contains(word), "{word}: {all:?}");
        }
    }

    #[test]
    fn a_head_written_as_data_is_recognised() {
        let parsed = parse_raw(b"HTTP/1.1 201 Made\r\nA: b\r\n\r\nbody").unwrap();
        assert_eq!((parsed.head.status, &parsed.head.reason[..]), (201, "Made"));
        assert_eq!(
            (first_header(&parsed).0, parsed.body),
            ("A".into(), &b"body"[..])
        );
        assert!(parse_raw(b"Hello").is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_fail(
            status in proptest::collection::vec(any::<u8>(), 0..40),
            headers in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let (parsed, doubtful) = take_apart(Some(&status), &headers);
            prop_assert!((100..1000).contains(&parsed.head.status));
            parse_raw(&headers);
            let faults = faults(Some(&status), &headers, false);
            let told = doubtful || !parsed.body.is_empty();
            prop_assert!(faults.is_empty() || told, "{:?}", faults);
        }
    }
}
