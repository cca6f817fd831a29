//! One header as a script gives it: `Name: value`, checked.

/// Why a header text is refused. The texts are the original's where it had one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// No colon, or nothing before it.
    Format,
    /// CR, LF or NUL: the text would end the header and begin another.
    LineBreak,
    /// A `Content-Length` that is no number.
    LengthNotANumber,
    /// A length was set before.
    LengthTwice,
    /// More was written already.
    LengthTooSmall,
    /// A script frames its own chunks and names a length.
    LengthAndChunked,
}

impl HeaderError {
    /// The text of the `ValueError` that the script sees.
    pub fn message(self) -> &'static str {
        match self {
            Self::Format => "Header not in valid format",
            Self::LineBreak => "Header must not contain CR, LF or NUL",
            Self::LengthNotANumber => "Invalid content length",
            Self::LengthTooSmall => "Data length does not match specified content length",
            Self::LengthTwice => "Content length already set",
            Self::LengthAndChunked => {
                "Content-Length and Transfer-Encoding exclude each other: give only one"
            }
        }
    }
}

/// A header text taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// What stands before the first colon, as written.
    pub name: &'a [u8],
    /// What stands behind it, without blanks around it.
    pub value: &'a [u8],
}

/// Checks a header text and takes it apart.
///
/// # Errors
/// The text has no name, or would break out of its line.
pub fn parse(text: &[u8]) -> Result<Header<'_>, HeaderError> {
    if text.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
        return Err(HeaderError::LineBreak);
    }
    // Clients and servers disagree about the others; a tab is a blank.
    if text.iter().any(|b| b.is_ascii_control() && *b != b'\t') {
        return Err(HeaderError::Format);
    }
    let colon = text
        .iter()
        .position(|b| *b == b':')
        .ok_or(HeaderError::Format)?;
    let name = &text[..colon];
    if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
        return Err(HeaderError::Format);
    }
    Ok(Header {
        name,
        value: text[colon + 1..].trim_ascii(),
    })
}

/// RFC 9110, 5.6.2. A name with a blank in it would be read differently by every client.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_split_at_its_first_colon() {
        let header = parse(b"Location: http://a/").unwrap();
        assert_eq!(
            (header.name, header.value),
            (&b"Location"[..], &b"http://a/"[..])
        );
    }

    #[test]
    fn text_without_a_name_is_refused() {
        for text in [
            &b""[..],
            b"no colon",
            b": value",
            b"two words: x",
            b"A: b\x01c",
            b"tab\t: x",
        ] {
            assert_eq!(parse(text), Err(HeaderError::Format), "{text:?}");
        }
    }

    #[test]
    fn text_that_would_begin_another_header_is_refused() {
        for text in [
            &b"A: b\r\nC: d"[..],
            b"A: b\n",
            b"A: b\r",
            b"A: \0",
            b"A\n: b",
        ] {
            assert_eq!(parse(text), Err(HeaderError::LineBreak), "{text:?}");
        }
    }
}
