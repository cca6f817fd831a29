//! What a gateway (WSGI, CGI) needs of a response besides what `Header` and `Write` do.

use super::{Client, FilePart, Response, WriteError, framing, status};
use std::sync::Arc;

impl Response {
    /// Sets the status with a text of the application's own; the caller has checked it.
    pub fn set_status_line(&mut self, status: u16, reason: &[u8]) {
        self.status = status;
        self.reason = Some(reason.to_vec());
    }

    /// For a gateway (WSGI, CGI): the application says everything itself, so there are no default
    /// headers, and an error page behind the beginning of a picture helps nobody.
    pub fn as_gateway(&mut self) {
        self.defaults = false;
        self.fragments = false;
    }

    /// Forgets status, headers and length; something else shall be answered. The headers must
    /// still be here.
    pub fn restart(&mut self) {
        self.status = 200;
        self.reason = None;
        self.headers.clear();
        self.buffer_size = self.output.buffer_size;
        self.framing
            .forget(self.output.keep_alive && self.protocol.keep_connection);
    }

    /// Forgets everything, the body too: it is as new, and no gateway's. `false`: something was
    /// sent.
    pub fn start_over(&mut self) -> bool {
        if self.headers_sent || self.failed.is_some() || self.ended {
            return false;
        }
        *self = Self::new(Arc::clone(&self.output), self.protocol);
        true
    }

    /// The length that was announced, if one was.
    pub fn announced(&self) -> Option<u64> {
        self.framing.length()
    }

    /// How much of the announced length is still to come.
    pub fn left(&self) -> Option<u64> {
        let length = self.framing.length()?;
        Some(length.saturating_sub(self.accepted))
    }

    /// Whether no body bytes were taken yet.
    pub fn is_empty(&self) -> bool {
        self.accepted == 0
    }

    /// Whether the client wants a head only.
    pub fn is_head(&self) -> bool {
        self.protocol.head
    }

    /// The length is not known, and nobody needs it: the answer to HEAD of an application that
    /// does not say what GET would send.
    pub fn no_length(&mut self) {
        self.framing.leave_bare();
    }

    /// Sends a part of a file, whose length is announced unless another one was; what lies beyond
    /// the announced one is not sent.
    ///
    /// # Errors
    /// The host's error.
    pub fn send_file(
        &mut self,
        mut part: FilePart,
        client: &mut dyn Client,
    ) -> Result<(), WriteError> {
        self.check_open()?;
        self.framing.know_length(self.accepted + part.length);
        part.length = part.length.min(self.left().unwrap_or(part.length));
        self.accepted += part.length;
        let all = std::mem::take(&mut self.buffer);
        self.send(&all, client)?;
        if part.length == 0 || self.protocol.head {
            return Ok(());
        }
        if status::has_no_body(self.status) {
            self.suppressed += part.length;
            return Ok(());
        }
        self.data_sent = true;
        if !self.framing.chunked() {
            let sent = client.file(part);
            return Ok(self.note(sent)?);
        }
        // Something was written before, so the head is out and has promised chunks.
        let sent = client
            .body(&framing::chunk_begin(part.length))
            .and_then(|()| client.file(part))
            .and_then(|()| client.body(framing::CHUNK_END));
        Ok(self.note(sent)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HTTP11, Recorder, output};
    use super::super::{FilePart, Protocol, Response, WriteError};

    fn response(protocol: Protocol) -> (Response, Recorder) {
        let mut response = Response::new(output(Some(100)), protocol);
        response.as_gateway();
        (response, Recorder::default())
    }

    #[test]
    fn the_applications_status_text_is_sent_and_no_default_header() {
        let (mut response, mut client) = response(HTTP11);
        response.set_status_line(404, b"Tile Not Found");
        response.finish(&mut client).unwrap();
        assert_eq!(
            (client.status, client.reason.as_deref()),
            (404, Some("Tile Not Found"))
        );
        assert_eq!(client.block, "X-Static: 1\r\nContent-Length: 0\r\n\r\n");
    }

    #[test]
    fn a_restart_forgets_status_headers_and_length() {
        let (mut response, mut client) = response(HTTP11);
        response.set_status_line(200, b"Fine");
        response.add_header(b"X-Old: 1").unwrap();
        response.set_length(7).unwrap();
        response.restart();
        response.write(b"other", None, &mut client).unwrap();
        response.finish(&mut client).unwrap();
        assert_eq!((client.status, client.reason), (200, None));
        assert!(
            client.block.ends_with("\r\nContent-Length: 5\r\n\r\n"),
            "{}",
            client.block
        );
        assert!(!client.block.contains("X-Old"));
    }

    #[test]
    fn what_was_not_sent_can_be_forgotten_with_its_body() {
        let (mut response, mut client) = response(HTTP11);
        response.set_status_line(404, b"Gone");
        response.write(b"old", None, &mut client).unwrap();
        assert!(response.start_over());
        response.write(b"other", None, &mut client).unwrap();
        response.flush(&mut client).unwrap();
        assert_eq!(
            (client.status, &client.body[..]),
            (200, &b"5\r\nother\r\n"[..])
        );
        assert!(!response.start_over());
    }

    #[test]
    fn a_file_announces_its_length_and_is_cut_to_an_announced_one() {
        let part = FilePart {
            handle: 3,
            offset: 0,
            length: 10,
        };
        for (announced, sent) in [(None, 10), (Some(4), 4), (Some(10), 10)] {
            let (mut response, mut client) = response(HTTP11);
            if let Some(length) = announced {
                response.set_length(length).unwrap();
            }
            response.send_file(part, &mut client).unwrap();
            response.finish(&mut client).unwrap();
            assert!(
                client
                    .block
                    .contains(&format!("Content-Length: {sent}\r\n"))
            );
            assert_eq!(client.body.len(), sent);
        }
    }

    #[test]
    fn the_answer_to_head_without_a_length_names_none() {
        let (mut response, mut client) = response(Protocol {
            head: true,
            ..HTTP11
        });
        response.no_length();
        response.finish(&mut client).unwrap();
        assert_eq!(client.block, "X-Static: 1\r\n\r\n");
    }

    #[test]
    fn what_has_ended_takes_no_more_and_cannot_end_twice() {
        let (mut response, mut client) = response(HTTP11);
        response.write(b"a", None, &mut client).unwrap();
        response.finish(&mut client).unwrap();
        assert_eq!(
            response.write(b"b", None, &mut client),
            Err(WriteError::Ended)
        );
        response.finish(&mut client).unwrap();
        response
            .error_page(b"A: b", b"page", b"part", &mut client)
            .unwrap();
        assert_eq!(client.body, b"a");
    }
}
