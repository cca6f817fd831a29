//! A small XML tree that remembers where everything stood, so that errors can point at it.

use crate::codes;
use crate::error::{Error, Result};
use quick_xml::XmlVersion;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};
use std::ops::Range;

/// Deeper files are refused: no web.config is, and dropping the tree uses the stack.
const DEPTH: usize = 64;

/// The text of a configuration file with the name to call it by.
pub(crate) struct Source<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
}

impl Source<'_> {
    /// An error that points at `span` (bytes of the text).
    pub(crate) fn error(
        &self,
        code: codes::Code,
        what: impl Into<String>,
        span: &Range<usize>,
    ) -> Error {
        // A span may end inside a character when it comes from a parser's error.
        let start = floor(self.text, span.start);
        let end = floor(self.text, span.end.max(start));
        Error::new(code, what).at(self.file, self.text, start, end - start)
    }

    /// An error about the value of `attribute`.
    pub(crate) fn bad_value(
        &self,
        attribute: &Attribute,
        what: &str,
        fix: impl Into<String>,
    ) -> Error {
        let what = format!("{}=\"{}\" {what}", attribute.name, attribute.value);
        self.error(codes::CONFIG_VALUE, what, &attribute.span)
            .fix(fix)
    }

    /// The attribute, which must be there and not be empty.
    pub(crate) fn required<'e>(&self, element: &'e Element, name: &str) -> Result<&'e Attribute> {
        let found = element
            .attribute(name)
            .filter(|a| !a.value.trim().is_empty());
        found.ok_or_else(|| {
            let what = format!("<{}> has no {name}", element.name);
            let fix = format!("IIS refuses this with 500.19; add {name}=\"…\"");
            self.error(codes::CONFIG_MISSING, what, &element.span)
                .fix(fix)
        })
    }

    /// Refuses attributes that are not in `names`, as IIS does. Locks and the transformation
    /// marks of `web.Release.config` may stand anywhere.
    pub(crate) fn only(&self, element: &Element, names: &[&str]) -> Result<()> {
        let known = |n: &str| names.contains(&n) || n.starts_with("lock") || n.contains(':');
        match element.attributes.iter().find(|a| !known(&a.name)) {
            None => Ok(()),
            Some(unknown) => Err(self
                .error(
                    codes::CONFIG_VALUE,
                    format!("<{}> has no attribute {}", element.name, unknown.name),
                    &unknown.span,
                )
                .fix(format!("IIS knows, in this spelling: {}", names.join(", ")))),
        }
    }

    /// The error for an element that a collection cannot hold; `known` are those it can.
    pub(crate) fn unknown(&self, element: &Element, known: &str) -> Error {
        let what = format!("<{}> cannot stand here", element.name);
        self.error(codes::CONFIG_VALUE, what, &element.span)
            .fix(format!(
                "IIS refuses this with 500.19; it knows, in this spelling: {known}"
            ))
    }

    /// One of the words in `choices`, without regard to case.
    pub(crate) fn choice<T: Copy>(
        &self,
        attribute: &Attribute,
        choices: &[(&str, T)],
    ) -> Result<T> {
        self.word(attribute, &attribute.value, choices)
    }

    /// As [`choice`](Self::choice), for one `word` of a list.
    pub(crate) fn word<T: Copy>(
        &self,
        at: &Attribute,
        word: &str,
        choices: &[(&str, T)],
    ) -> Result<T> {
        let found = choices
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word.trim()));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.bad_value(
                at,
                "is not a value IIS knows",
                format!("write one of: {}", names.join(", ")),
            )
        })
    }

    /// A truth value; `default` when the attribute is missing.
    pub(crate) fn boolean(&self, element: &Element, name: &str, default: bool) -> Result<bool> {
        let choices = [("true", true), ("false", false)];
        element
            .attribute(name)
            .map_or(Ok(default), |a| self.choice(a, &choices))
    }

    /// A whole number of 32 bits without sign; `default` when the attribute is missing.
    pub(crate) fn number(&self, element: &Element, name: &str, default: u32) -> Result<u32> {
        element.attribute(name).map_or(Ok(default), |a| {
            let fix = format!("write a whole number from 0 to {}", u32::MAX);
            a.value
                .trim()
                .parse()
                .map_err(|_| self.bad_value(a, "is not such a number", fix))
        })
    }
}

fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0)
}

/// An attribute; `span` is its raw value, between the quotes.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) span: Range<usize>,
}

/// An element; `span` is its start tag. Text between elements is left out: web.config has none.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name == name)
    }

    pub(crate) fn children<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |c| c.name == name)
    }
}

/// The bytes of a file as text: by byte order mark, as UTF-8, or as its XML declaration says.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return (!broken).then(|| text.into_owned());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let declared = head
        .split_once("encoding=")?
        .1
        .split(['"', '\''])
        .nth(1)?
        .to_owned();
    let encoding = encoding_rs::Encoding::for_label(declared.as_bytes())?;
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    (!broken).then(|| text.into_owned())
}

/// Reads the whole document and gives its root element.
pub(crate) fn parse(source: &Source) -> Result<Element> {
    let mut reader = quick_xml::Reader::from_str(source.text);
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    loop {
        let start = position(reader.buffer_position());
        let event = reader.read_event().map_err(|e| {
            let at = position(reader.error_position());
            malformed(source, &e.to_string(), &(at..at + 1))
        })?;
        let span = start..position(reader.buffer_position());
        let finished = match event {
            Event::Start(tag) => {
                if open.len() == DEPTH {
                    return Err(malformed(source, "elements are nested too deep", &span));
                }
                open.push(element(source, &tag, span)?);
                None
            }
            Event::Empty(tag) => Some(element(source, &tag, span)?),
            // The reader has compared the names already.
            Event::End(_) => open.pop(),
            Event::Text(text) if text.trim().is_empty() => None,
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) if open.is_empty() => {
                return Err(malformed(
                    source,
                    "text stands outside the root element",
                    &span,
                ));
            }
            Event::Eof => break,
            _ => None,
        };
        let Some(finished) = finished else { continue };
        match open.last_mut() {
            Some(parent) => parent.children.push(finished),
            None if root.is_none() => root = Some(finished),
            None => {
                return Err(malformed(
                    source,
                    "there is a second root element",
                    &finished.span,
                ));
            }
        }
    }
    if let Some(unclosed) = open.last() {
        let what = format!("<{}> is never closed", unclosed.name);
        return Err(malformed(source, &what, &unclosed.span));
    }
    root.ok_or_else(|| malformed(source, "there is no element in it", &(0..0)))
}

fn position(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn malformed(source: &Source, what: &str, span: &Range<usize>) -> Error {
    source
        .error(
            codes::CONFIG_XML,
            format!("{} is not well-formed: {what}", source.file),
            span,
        )
        .fix("IIS refuses such a file with 500.19; correct the XML at the mark")
}

fn element(source: &Source, tag: &BytesStart, span: Range<usize>) -> Result<Element> {
    let name = tag.name();
    // The tag's content begins with its name, right behind the `<`.
    let content = span.start + 1;
    let offset_of =
        |part: &str| content + (part.as_ptr() as usize).wrapping_sub(name.0.as_ptr() as usize);
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|e| {
            let at = content + attribute_error_position(&e);
            let what = e.to_string();
            // The mark tells the position better than "position 8: ".
            let what = what
                .split_once(": ")
                .map_or(what.as_str(), |(_, what)| what);
            malformed(source, what, &(at..at + 1))
        })?;
        let start = offset_of(&attribute.value);
        let span = start..start + attribute.value.len();
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|e| malformed(source, &e.to_string(), &span))?;
        attributes.push(Attribute {
            name: attribute.key.0.to_owned(),
            value: value.into_owned(),
            span,
        });
    }
    Ok(Element {
        name: name.0.to_owned(),
        span,
        attributes,
        children: Vec::new(),
    })
}

fn attribute_error_position(error: &AttrError) -> usize {
    match error {
        AttrError::ExpectedEq(at)
        | AttrError::ExpectedValue(at)
        | AttrError::UnquotedValue(at)
        | AttrError::ExpectedQuote(at, _)
        | AttrError::Duplicated(at, _) => *at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Element> {
        parse(&Source {
            file: "web.config",
            text,
        })
    }

    #[test]
    fn attribute_spans_point_at_the_raw_value() {
        let text = "<?xml version=\"1.0\"?>\n<a>\n  <b x = 'é' y=\"1 &amp; 2\"/></a>";
        let root = read(text).unwrap();
        let y = root.children[0].attribute("y").unwrap();
        assert_eq!(y.value, "1 & 2");
        assert_eq!(&text[y.span.clone()], "1 &amp; 2");
        assert_eq!(
            &text[root.children[0].span.clone()],
            "<b x = 'é' y=\"1 &amp; 2\"/>"
        );
    }

    #[test]
    fn broken_documents_are_errors_of_their_code() {
        for text in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a b/>",
            "<a b=c/>",
            "<a b='1' b='2'/>",
            "<a b='&nope;'/>",
            "<a",
            "<a/>text",
            "</a>",
            "<a b='1'>",
            "<a b='",
        ] {
            let error = read(text).expect_err(text);
            assert_eq!(error.code(), codes::CONFIG_XML, "{text}");
            assert!(!error.render(false).is_empty());
        }
        assert!(read(&"<a>".repeat(DEPTH + 1)).is_err());
    }

    #[test]
    fn marks_and_declared_encodings_are_honoured() {
        let utf16: Vec<u8> = [0xfeff]
            .into_iter()
            .chain("<a b='é'/>".encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(decode(&utf16).as_deref(), Some("<a b='é'/>"));
        assert_eq!(decode(b"\xef\xbb\xbf<a/>").as_deref(), Some("<a/>"));
        let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a b='\xe9'/>";
        assert!(decode(latin).unwrap().ends_with("<a b='é'/>"));
        assert_eq!(decode(b"<a b='\xe9'/>"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "[<>/a='\"&;! é\\-\\[\\]?]{0,40}") {
            if let Err(error) = read(&text) {
                prop_assert!(!error.render(false).is_empty());
            }
        }
    }
}
