//! Lists of headers: names in their own spelling, and values, in order.

/// The first value of a header; names are compared without case (RFC 9110, 5.1).
pub fn value<'a, V>(headers: &'a [(String, V)], name: &str) -> Option<&'a V> {
    headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}
