//! A client that sees the wire as it is: no library puts right what the host did wrong.

use super::LIMIT;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// One connection.
#[derive(Debug)]
pub struct Client(BufReader<TcpStream>);

/// A response, its transfer coding undone.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// Names as sent, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The connection ended before the body did.
    pub cut: bool,
}

impl Response {
    /// A response that is all of `bytes`; the body is what follows the head.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut reader = bytes;
        let mut response = Self::head(&mut reader);
        response.body = reader.to_vec();
        response
    }

    fn head(reader: &mut impl BufRead) -> Self {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a status line");
        let mut parts = line.trim_end_matches(['\r', '\n']).splitn(3, ' ');
        assert!(
            parts.next().is_some_and(|v| v.starts_with("HTTP/1.")),
            "no status line: {line:?}"
        );
        let status = parts.next().and_then(|s| s.parse().ok()).expect("a status");
        let reason = parts.next().unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            line.clear();
            reader.read_line(&mut line).expect("a header");
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            let (name, value) = header
                .split_once(": ")
                .unwrap_or((header.trim_end_matches(':'), ""));
            headers.push((name.to_owned(), value.to_owned()));
        }
        Self {
            status,
            reason,
            headers,
            body: Vec::new(),
            cut: false,
        }
    }

    /// A header's first value; "" without one.
    pub fn header(&self, name: &str) -> &str {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    /// Connects.
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream
            .set_read_timeout(Some(LIMIT))
            .expect("a limit can be set");
        stream
            .set_write_timeout(Some(LIMIT))
            .expect("a limit can be set");
        Self(BufReader::new(stream))
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0
            .get_mut()
            .write_all(bytes.as_ref())
            .expect("the server reads");
        self
    }

    /// Sends a request without a body and reads its response.
    pub fn get(&mut self, target: &str) -> Response {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: t\r\n\r\n"))
            .response()
    }

    /// Reads a response.
    pub fn response(&mut self) -> Response {
        let mut response = Response::head(&mut self.0);
        if response
            .header("transfer-encoding")
            .eq_ignore_ascii_case("chunked")
        {
            response.cut = self.chunks(&mut response.body).is_none();
        } else if let Ok(length) = response.header("content-length").parse::<usize>() {
            let result = self
                .0
                .by_ref()
                .take(length as u64)
                .read_to_end(&mut response.body);
            response.cut = result.is_err() || response.body.len() < length;
        } else if response.status != 204 && response.status != 304 {
            response.cut = self.0.read_to_end(&mut response.body).is_err();
        }
        response
    }

    /// Reads the response to a HEAD request, which has no body whatever its headers say.
    pub fn head_only(&mut self) -> Response {
        Response::head(&mut self.0)
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> Option<()> {
        loop {
            let size = usize::from_str_radix(self.line()?.split(';').next()?.trim(), 16).ok()?;
            if size == 0 {
                // Trailers, and the blank line.
                while !self.line()?.is_empty() {}
                return Some(());
            }
            let start = body.len();
            self.0.by_ref().take(size as u64).read_to_end(body).ok()?;
            (body.len() == start + size && self.line()?.is_empty()).then_some(())?;
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).ok()?;
        Some(line.strip_suffix("\r\n")?.to_owned())
    }

    /// Whether the server closes the connection, with nothing more on it, and before it would
    /// close an idle one (half a minute).
    pub fn is_closed(&mut self) -> bool {
        let limit = Some(Duration::from_secs(20));
        self.0
            .get_ref()
            .set_read_timeout(limit)
            .expect("a limit can be set");
        match self.0.fill_buf() {
            Ok(data) => data.is_empty(),
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}
