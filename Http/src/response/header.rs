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
    // All of it, and not up to the first: the processor takes many bytes at a time then. Of the
    // control characters a tab is a blank, and about the others clients and servers disagree.
    let controls = text
        .iter()
        .fold(false, |any, b| any | (b.is_ascii_control() & (*b != b'\t')));
    if controls {
        let breaks = text.iter().any(|b| matches!(b, b'\r' | b'\n' | 0));
        return Err(if breaks {
            HeaderError::LineBreak
        } else {
            HeaderError::Format
        });
    }
    let end = text.iter().position(|b| !TOKEN[usize::from(*b)]);
    match end {
        Some(colon) if colon > 0 && text[colon] == b':' => Ok(Header {
            name: &text[..colon],
            value: text[colon + 1..].trim_ascii(),
        }),
        _ => Err(HeaderError::Format),
    }
}

/// The bytes of which names are made (RFC 9110, 5.6.2). A name with a blank in it would be read
/// differently by every client.
const TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut byte = 0;
    while byte < token.len() {
        token[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < others.len() {
        token[others[at] as usize] = true;
        at += 1;
    }
    token
};

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
