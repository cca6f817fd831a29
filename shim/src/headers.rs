//! Lists of headers: names in their own spelling, and values, in order.

use bytes::Bytes;
use std::ops::Range;

/// The first value of a header; names are compared without case (RFC 9110, 5.1).
pub fn value<'a, V>(headers: &'a [(String, V)], name: &str) -> Option<&'a V> {
    headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// Headers in one piece of memory: a response has a handful of them, and two allocations for each
/// would cost more than all else that is done with them.
#[derive(Clone, Default)]
pub struct HeaderBlock {
    /// Names and values, without anything between them.
    text: Vec<u8>,
    fields: Vec<Field>,
}

/// Where a header's name begins, its value begins, and its value ends.
#[derive(Clone, Copy)]
struct Field {
    name: usize,
    value: usize,
    end: usize,
}

impl Field {
    fn name(self) -> Range<usize> {
        self.name..self.value
    }

    fn value(self) -> Range<usize> {
        self.value..self.end
    }
}

impl HeaderBlock {
    /// No headers, with room for so many, whose names and values have so many bytes.
    pub fn with_capacity(headers: usize, bytes: usize) -> Self {
        Self {
            text: Vec::with_capacity(bytes),
            fields: Vec::with_capacity(headers),
        }
    }

    /// Adds a header behind the others.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(name);
        let middle = self.text.len();
        self.text.extend_from_slice(value);
        self.fields.push(Field {
            name: start,
            value: middle,
            end: self.text.len(),
        });
    }

    /// Takes all headers of a name away. Whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        let (text, before) = (&self.text, self.fields.len());
        self.fields
            .retain(|field| !text[field.name()].eq_ignore_ascii_case(name.as_bytes()));
        self.fields.len() < before
    }

    /// The first value of a header; names are compared without case (RFC 9110, 5.1).
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> + Clone {
        let text = &self.text;
        self.fields
            .iter()
            .map(|field| (&text[field.name()], &text[field.value()]))
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Each name, and its value as a part of memory that the values share.
    pub fn each_shared(self, mut f: impl FnMut(&[u8], Bytes)) {
        let text = Bytes::from(self.text);
        for field in self.fields {
            f(&text[field.name()], text.slice(field.value()));
        }
    }

    /// As a list. What is not UTF-8 in a name becomes U+FFFD.
    pub fn to_list(&self) -> Vec<(String, Vec<u8>)> {
        self.iter()
            .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.to_vec()))
            .collect()
    }
}

impl PartialEq for HeaderBlock {
    /// By what they hold, and not by what was taken away.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for HeaderBlock {}

impl std::fmt::Debug for HeaderBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fields = self
            .iter()
            .map(|(name, value)| (name.escape_ascii(), value.escape_ascii()))
            .map(|(name, value)| format!("{name}: {value}"));
        f.debug_list().entries(fields).finish()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for HeaderBlock {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut block = Self::default();
        for (name, value) in headers {
            block.push(name.as_ref(), value.as_ref());
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> HeaderBlock {
        [("ETag", "a"), ("X-b", ""), ("etag", "c")]
            .into_iter()
            .collect()
    }

    #[test]
    fn names_are_found_in_any_case_and_the_first_one_counts() {
        assert_eq!(block().value("ETAG"), Some(&b"a"[..]));
        assert_eq!(block().value("x-B"), Some(&b""[..]));
        assert_eq!(block().value("X-"), None);
    }

    #[test]
    fn what_is_removed_leaves_the_others_in_their_order_and_spelling() {
        let mut block = block();
        assert!(block.remove("EtAg") && !block.remove("etag"));
        block.push(b"Date", b"now");
        let left: HeaderBlock = [("X-b", ""), ("Date", "now")].into_iter().collect();
        assert_eq!((block.len(), &block), (2, &left));
        assert_eq!(format!("{block:?}"), r#"["X-b: ", "Date: now"]"#);
        assert_ne!(block, HeaderBlock::default());
    }

    #[test]
    fn values_that_are_shared_are_those_that_were_pushed() {
        let mut shared = Vec::new();
        block().each_shared(|name, value| shared.push((name.to_vec(), value)));
        let shared: HeaderBlock = shared.into_iter().collect();
        assert_eq!(shared, block());
    }

    #[test]
    fn a_list_has_the_names_as_text() {
        let mut block = block();
        block.push(b"\xff", b"\xff");
        let list = block.to_list();
        assert_eq!(list[0], ("ETag".into(), b"a".to_vec()));
        assert_eq!(list[3], ("\u{fffd}".into(), b"\xff".to_vec()));
    }
}
