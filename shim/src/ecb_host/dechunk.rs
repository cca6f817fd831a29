//! Takes off the chunk framing that an extension puts on its body.
//!
//! IIS never chunks for an ISAPI extension, so extensions do it themselves. This host's HTTP
//! library frames chunks itself, and `run` and snapshots show bodies; so the framing is taken off,
//! one chunk of the client's for each one of the extension's.

#[derive(Debug, PartialEq, Eq)]
enum State {
    Size(Vec<u8>),
    Data(u64),
    DataEnd(u8),
    Trailer { line_is_empty: bool },
    End,
}

/// Framing that no client could read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadChunk;

/// The decoder of one body.
#[derive(Debug)]
pub(super) struct Dechunk(State);

impl Dechunk {
    pub(super) fn new() -> Self {
        Self(State::Size(Vec::new()))
    }

    /// Whether the last chunk and its blank line were seen.
    pub(super) fn is_complete(&self) -> bool {
        self.0 == State::End
    }

    /// Gives each piece of payload in `data` to `take`.
    pub(super) fn feed<E: From<BadChunk>>(
        &mut self,
        mut data: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some((&byte, rest)) = data.split_first() {
            match &mut self.0 {
                State::Data(left) => {
                    let size = data.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= size as u64;
                    if *left == 0 {
                        self.0 = State::DataEnd(b'\r');
                    }
                    take(&data[..size])?;
                    data = &data[size..];
                    continue;
                }
                State::Size(line) if byte != b'\n' => {
                    // A size and an extension are short; anything longer is body without framing.
                    if line.len() >= 256 {
                        return Err(BadChunk.into());
                    }
                    line.push(byte);
                }
                State::Size(line) => match parse_size(line).ok_or(BadChunk)? {
                    0 => {
                        self.0 = State::Trailer {
                            line_is_empty: true,
                        }
                    }
                    size => self.0 = State::Data(size),
                },
                State::DataEnd(expected) if byte != *expected => return Err(BadChunk.into()),
                State::DataEnd(b'\r') => self.0 = State::DataEnd(b'\n'),
                State::DataEnd(_) => self.0 = State::Size(Vec::new()),
                State::Trailer { line_is_empty } => match byte {
                    b'\n' if *line_is_empty => self.0 = State::End,
                    b'\n' => *line_is_empty = true,
                    b'\r' => {}
                    _ => *line_is_empty = false,
                },
                State::End => return Err(BadChunk.into()),
            }
            data = rest;
        }
        Ok(())
    }
}

/// The hexadecimal size before an extension (`;`), padded or not: the original pads with blanks.
fn parse_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|b| *b == b';').next()?.trim_ascii();
    let size = std::str::from_utf8(size).ok()?;
    let digits = !size.is_empty() && size.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| u64::from_str_radix(size, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool), BadChunk> {
        let (mut decoder, mut out) = (Dechunk::new(), Vec::new());
        for piece in pieces {
            decoder.feed(piece, |data| {
                out.extend_from_slice(data);
                Ok::<(), BadChunk>(())
            })?;
        }
        Ok((out, decoder.is_complete()))
    }

    #[test]
    fn padded_sizes_extensions_and_trailers_are_read() {
        let body = b"5;    \r\nHello\r\n1;a=b\r\n!\r\n0\r\nX: y\r\n\r\n";
        assert_eq!(decode(&[body]), Ok((b"Hello!".to_vec(), true)));
    }

    #[test]
    fn a_body_without_its_last_chunk_is_not_complete() {
        assert_eq!(decode(&[b"5\r\nHello\r\n"]), Ok((b"Hello".to_vec(), false)));
    }

    #[test]
    fn what_is_no_framing_is_told() {
        for body in [
            &b"Hello\r\n"[..],
            b"5\r\nHello!\r\n",
            b"\r\n",
            b"0\r\n\r\nmore",
        ] {
            assert_eq!(decode(&[body]), Err(BadChunk), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn any_cutting_of_the_stream_gives_the_same_body(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 0..8),
            cut in 1usize..20,
        ) {
            let mut framed = Vec::new();
            for chunk in &chunks {
                framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                framed.extend_from_slice(chunk);
                framed.extend_from_slice(b"\r\n");
            }
            framed.extend_from_slice(b"0\r\n\r\n");
            let pieces: Vec<&[u8]> = framed.chunks(cut).collect();
            prop_assert_eq!(decode(&pieces), Ok((chunks.concat(), true)));
        }
    }
}
