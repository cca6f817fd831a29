//! The rules of the response, each by its name, and then any sequence of calls at all.

use super::*;
use proptest::prelude::*;

/// Collects what a client would get.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) status: u16,
    pub(super) reason: Option<String>,
    pub(super) block: String,
    keep: bool,
    pub(super) body: Vec<u8>,
    writes: usize,
    /// Fails from this write on.
    gone_after: Option<usize>,
}

impl Client for Recorder {
    fn head(
        &mut self,
        status: u16,
        reason: Option<&[u8]>,
        block: Vec<u8>,
        keep: bool,
    ) -> Result<(), Win32Error> {
        self.reason = reason.map(|r| String::from_utf8(r.to_vec()).unwrap());
        assert_eq!(self.block, "", "the headers go out once");
        (self.status, self.keep) = (status, keep);
        self.block = String::from_utf8(block).unwrap();
        Ok(())
    }

    fn body(&mut self, data: &[u8]) -> Result<(), Win32Error> {
        assert!(!self.block.is_empty(), "the headers go first");
        assert!(!data.is_empty());
        if self.gone_after.is_some_and(|n| self.writes >= n) {
            return Err(Win32Error::WSAECONNRESET);
        }
        self.writes += 1;
        self.body.extend_from_slice(data);
        Ok(())
    }

    fn file(&mut self, part: FilePart) -> Result<(), Win32Error> {
        assert!(!self.block.is_empty(), "the headers go first");
        self.body
            .resize(self.body.len() + part.length as usize, b'f');
        Ok(())
    }
}

impl Recorder {
    fn length(&self) -> Option<u64> {
        self.block
            .lines()
            .find_map(|l| l.strip_prefix("Content-Length: ")?.parse().ok())
    }

    fn chunked(&self) -> bool {
        self.block.contains("Transfer-Encoding: chunked\r\n")
    }

    /// The body with the chunk framing taken off, as a client reads it.
    fn decoded(&self) -> Vec<u8> {
        if !self.chunked() {
            return self.body.clone();
        }
        let (mut rest, mut out) = (&self.body[..], Vec::new());
        loop {
            let end = rest
                .windows(2)
                .position(|w| w == b"\r\n")
                .expect("a size line");
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16);
            let size = size.unwrap();
            rest = &rest[end + 2..];
            out.extend_from_slice(&rest[..size]);
            assert_eq!(&rest[size..size + 2], b"\r\n");
            rest = &rest[size + 2..];
            if size == 0 {
                assert!(rest.is_empty(), "nothing follows the last chunk");
                return out;
            }
        }
    }
}

pub(super) fn output(buffer_size: Option<usize>) -> Arc<Output> {
    Arc::new(Output {
        buffer_size,
        keep_alive: true,
        default_headers: b"Content-Type: text/html\r\n".to_vec(),
        static_headers: b"X-Static: 1\r\n".to_vec(),
    })
}

pub(super) const HTTP11: Protocol = Protocol {
    http11: true,
    keep_connection: true,
    head: false,
};
const HTTP10: Protocol = Protocol {
    http11: false,
    keep_connection: true,
    head: false,
};

fn exchange(
    output: &Arc<Output>,
    protocol: Protocol,
    script: impl FnOnce(&mut Response, &mut Recorder),
) -> (Recorder, Finished) {
    let mut client = Recorder::default();
    let mut response = Response::new(Arc::clone(output), protocol);
    script(&mut response, &mut client);
    let finished = response.finish(&mut client).unwrap();
    (client, finished)
}

#[test]
fn a_small_response_gets_its_length_and_keeps_the_connection() {
    let (client, _) = exchange(&output(Some(100)), HTTP11, |r, c| {
        r.write(b"Hello", None, c).unwrap();
    });
    assert_eq!(
        client.block,
        "X-Static: 1\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n"
    );
    assert!(client.keep);
}

#[test]
fn no_output_at_all_is_a_length_of_zero() {
    let (client, _) = exchange(&output(Some(100)), HTTP11, |_, _| {});
    assert_eq!((client.length(), client.body.len()), (Some(0), 0));
}

#[test]
fn the_first_header_text_replaces_the_defaults_but_a_status_does_not() {
    let (client, _) = exchange(&output(Some(100)), HTTP11, |r, _| r.set_status(404));
    assert!(client.block.contains("text/html") && client.status == 404);
    let (client, _) = exchange(&output(Some(100)), HTTP11, |r, _| {
        r.add_header(b"X-A: 1").unwrap();
    });
    assert_eq!(
        client.block,
        "X-Static: 1\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn a_buffer_that_is_just_full_waits_for_the_next_write() {
    let out = output(Some(4));
    let mut client = Recorder::default();
    let mut response = Response::new(Arc::clone(&out), HTTP11);
    response.write(b"abcd", None, &mut client).unwrap();
    assert!(!response.headers_sent());
    response.write(b"e", None, &mut client).unwrap();
    assert_eq!(client.body, b"4\r\nabcd\r\n");
    response.finish(&mut client).unwrap();
    assert_eq!(client.body, b"4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n");
}

#[test]
fn large_output_to_http10_closes_the_connection_instead_of_chunking() {
    let (client, _) = exchange(&output(Some(4)), HTTP10, |r, c| {
        r.write(b"abcdef", None, c).unwrap();
    });
    assert!(!client.chunked() && !client.keep && client.length().is_none());
    assert_eq!(client.body, b"abcdef");
}

#[test]
fn close_stops_chunking_and_keeps_the_buffer() {
    let (client, _) = exchange(&output(Some(4)), HTTP11, |r, c| {
        r.set_close();
        r.write(b"abcdef", None, c).unwrap();
    });
    assert!(!client.chunked() && !client.keep);
}

#[test]
fn an_announced_length_takes_any_number_of_writes() {
    let (client, finished) = exchange(&output(Some(100)), HTTP11, |r, c| {
        r.set_length(6).unwrap();
        r.write(b"abc", None, c).unwrap();
        r.write(b"def", None, c).unwrap();
        assert_eq!(r.write(b"g", None, c), Err(WriteError::LengthSent));
    });
    assert_eq!(
        (client.length(), &client.body[..]),
        (Some(6), &b"abcdef"[..])
    );
    assert!(client.keep && finished == Finished::default());
}

#[test]
fn a_write_beyond_the_announced_length_sends_nothing() {
    let (client, finished) = exchange(&output(None), HTTP11, |r, c| {
        r.set_length(3).unwrap();
        assert_eq!(r.write(b"abcd", None, c), Err(WriteError::LengthExceeded));
    });
    assert_eq!((client.length(), client.body.len()), (Some(0), 0));
    assert_eq!(finished.short, Some((3, 0)));
}

#[test]
fn a_length_in_characters_becomes_one_in_bytes() {
    let text = "gr\u{fc}n";
    let (client, _) = exchange(&output(Some(100)), HTTP11, |r, c| {
        r.set_length(4).unwrap();
        r.write(text.as_bytes(), Some(4), c).unwrap();
    });
    assert_eq!(client.length(), Some(5));
}

#[test]
fn a_body_shorter_than_announced_closes_the_connection() {
    let (_, finished) = exchange(&output(None), HTTP11, |r, c| {
        r.set_length(10).unwrap();
        r.write(b"abc", None, c).unwrap();
    });
    assert_eq!((finished.short, finished.must_close), (Some((10, 3)), true));
}

#[test]
fn a_head_answer_keeps_the_length_it_announces() {
    let head = Protocol {
        head: true,
        ..HTTP11
    };
    let (client, finished) = exchange(&output(None), head, |r, _| r.set_length(10).unwrap());
    assert_eq!((client.length(), finished.short), (Some(10), None));
}

#[test]
fn a_head_answer_has_the_head_of_the_get_answer_and_no_body() {
    let head = Protocol {
        head: true,
        ..HTTP11
    };
    for size in [Some(4), Some(100), None] {
        let (client, _) = exchange(&output(size), head, |r, c| {
            r.write(b"abcdef", None, c).unwrap();
        });
        let (get, _) = exchange(&output(size), HTTP11, |r, c| {
            r.write(b"abcdef", None, c).unwrap();
        });
        assert_eq!((client.block, client.body.len()), (get.block, 0));
    }
}

#[test]
fn statuses_without_a_body_get_neither_length_nor_body() {
    for status in [204, 304] {
        let (client, finished) = exchange(&output(Some(100)), HTTP11, |r, c| {
            r.set_status(status);
            r.write(b"text", None, c).unwrap();
        });
        assert_eq!(
            (client.length(), client.chunked(), client.body.len()),
            (None, false, 0)
        );
        assert!(client.keep && finished.suppressed == 4);
    }
}

#[test]
fn text_in_the_buffer_is_no_body_of_a_status_set_later() {
    for status in [204, 304] {
        let (client, finished) = exchange(&output(Some(100)), HTTP11, |r, c| {
            r.write(b"debug", None, c).unwrap();
            r.set_status(status);
        });
        assert_eq!((client.length(), client.body.len()), (None, 0));
        assert_eq!(finished.suppressed, 5);
    }
    let (client, finished) = exchange(&output(Some(100)), HTTP11, |r, c| {
        r.set_status(204);
        r.write(b"kept", None, c).unwrap();
        r.set_status(200);
    });
    assert_eq!((&client.body[..], finished.suppressed), (&b"kept"[..], 0));
}

#[test]
fn no_content_names_no_length() {
    let (client, finished) = exchange(&output(None), HTTP11, |r, _| {
        r.set_status(204);
        r.set_length(5).unwrap();
    });
    assert_eq!((client.length(), finished.short), (None, None));
}

#[test]
fn a_length_below_what_is_written_is_refused() {
    let (client, _) = exchange(&output(Some(100)), HTTP11, |r, c| {
        r.write(b"abcdef", None, c).unwrap();
        assert_eq!(r.set_length(2), Err(HeaderError::LengthTooSmall));
    });
    assert_eq!((client.length(), client.body.len()), (Some(6), 6));
}

#[test]
fn a_length_given_as_header_text_is_obeyed_and_sent_once() {
    let (client, _) = exchange(&output(Some(100)), HTTP11, |r, c| {
        r.add_header(b"content-length: 3").unwrap();
        assert_eq!(r.set_length(3), Err(HeaderError::LengthTwice));
        r.write(b"abc", None, c).unwrap();
    });
    assert_eq!(
        client
            .block
            .to_lowercase()
            .matches("content-length")
            .count(),
        1
    );
}

#[test]
fn a_length_and_own_chunks_exclude_each_other() {
    let out = output(None);
    let mut response = Response::new(Arc::clone(&out), HTTP11);
    response.set_length(3).unwrap();
    let chunked = response.add_header(b"Transfer-Encoding: chunked");
    assert_eq!(chunked, Err(HeaderError::LengthAndChunked));
    let mut response = Response::new(Arc::clone(&out), HTTP11);
    response.add_header(b"Transfer-Encoding: chunked").unwrap();
    assert_eq!(response.set_length(3), Err(HeaderError::LengthAndChunked));
}

#[test]
fn text_buffered_before_the_buffer_is_switched_off_is_not_lost() {
    for by_length in [false, true] {
        let (client, _) = exchange(&output(Some(100)), HTTP11, |r, c| {
            r.write(b"abc", None, c).unwrap();
            assert!(if by_length {
                r.set_length(6).is_ok()
            } else {
                r.disable_buffer()
            });
            r.write(b"def", None, c).unwrap();
        });
        assert_eq!(client.decoded(), b"abcdef");
    }
}

#[test]
fn an_error_page_replaces_everything_that_was_not_sent() {
    let out = output(Some(100));
    let mut client = Recorder::default();
    let mut response = Response::new(Arc::clone(&out), HTTP11);
    response.add_header(b"X-Old: 1").unwrap();
    response.write(b"old", None, &mut client).unwrap();
    response
        .error_page(b"Content-Type: text/html", b"page", b"part", &mut client)
        .unwrap();
    assert_eq!(
        client.block,
        "X-Static: 1\r\nContent-Type: text/html\r\n\r\n"
    );
    assert_eq!(
        (client.status, client.keep, &client.body[..]),
        (500, false, &b"page"[..])
    );
}

#[test]
fn an_error_after_output_is_appended_within_the_framing() {
    let out = output(None);
    let mut client = Recorder::default();
    let mut response = Response::new(Arc::clone(&out), HTTP11);
    response.write(b"sent", None, &mut client).unwrap();
    response
        .error_page(b"Content-Type: text/html", b"page", b"part", &mut client)
        .unwrap();
    assert_eq!(
        (client.status, client.decoded()),
        (200, b"sentpart".to_vec())
    );
}

#[test]
fn an_error_inside_an_announced_length_closes_the_connection() {
    let out = output(None);
    let mut client = Recorder::default();
    let mut response = Response::new(Arc::clone(&out), HTTP11);
    response.set_length(100).unwrap();
    response.write(b"sent", None, &mut client).unwrap();
    let done = response.error_page(b"Content-Type: text/html", b"page", b"part", &mut client);
    assert!(done.unwrap().must_close && client.body == b"sent");
}

#[test]
fn after_the_client_has_gone_every_write_fails() {
    let out = output(None);
    let mut client = Recorder {
        gone_after: Some(1),
        ..Recorder::default()
    };
    let mut response = Response::new(Arc::clone(&out), HTTP11);
    response.write(b"a", None, &mut client).unwrap();
    let gone = Err(WriteError::Host(Win32Error::WSAECONNRESET));
    assert_eq!(response.write(b"b", None, &mut client), gone);
    client.gone_after = None;
    assert_eq!(response.write(b"c", None, &mut client), gone);
    assert!(response.finish(&mut client).is_err());
}

#[derive(Clone, Debug)]
enum Call {
    Write(Vec<u8>),
    Status(u16),
    Length(u64),
    Close,
    DisableBuffer,
    Header(&'static [u8]),
    Flush,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Call::Write),
        1 => (200u16..600).prop_map(Call::Status),
        1 => (0u64..120).prop_map(Call::Length),
        1 => Just(Call::Close),
        1 => Just(Call::DisableBuffer),
        1 => Just(Call::Header(b"X-B: 2")),
        1 => Just(Call::Header(b"Connection: close")),
        1 => Just(Call::Flush),
    ]
}

proptest! {
    /// Whatever a script does, the client gets the accepted bytes in order, framed in exactly one
    /// valid way.
    #[test]
    fn every_sequence_of_calls_makes_one_valid_response(
        calls in proptest::collection::vec(call(), 0..20),
        size in prop_oneof![Just(None), (1usize..64).prop_map(Some)],
        http11: bool, keep_connection: bool,
    ) {
        let out = output(size);
        let protocol = Protocol { http11, keep_connection, head: false };
        let mut client = Recorder::default();
        let mut response = Response::new(Arc::clone(&out), protocol);
        let mut accepted = Vec::new();
        for call in calls {
            match call {
                Call::Write(data)
                    if response.write(&data, None, &mut client).is_ok() => {
                        accepted.extend_from_slice(&data);
                    }
                // The module refuses these once the headers are out.
                Call::Status(code) if !response.headers_sent() => response.set_status(code),
                // A length below what is written already is the script's mistake, and tested above.
                Call::Length(n) if !response.headers_sent() && n >= accepted.len() as u64 => {
                    let _ = response.set_length(n);
                }
                Call::Close if !response.headers_sent() => response.set_close(),
                Call::DisableBuffer => { response.disable_buffer(); }
                Call::Header(text) if !response.headers_sent() => response.add_header(text).unwrap(),
                Call::Flush => response.flush(&mut client).unwrap(),
                _ => {}
            }
        }
        let finished = response.finish(&mut client).unwrap();
        let announced = client.length();
        prop_assert!(!(announced.is_some() && client.chunked()));
        let sent = client.decoded();
        if finished.suppressed == 0 {
            prop_assert_eq!(&sent, &accepted);
        }
        // A 304 names the length that a 200 would have, and has no body.
        if let Some(length) = announced && !status::has_no_body(client.status) {
            prop_assert!(sent.len() as u64 == length || finished.must_close);
        }
        if client.keep && !status::has_no_body(client.status) {
            prop_assert!(announced.is_some() || client.chunked());
        }
        if client.chunked() {
            prop_assert!(http11 && keep_connection);
        }
    }
}
