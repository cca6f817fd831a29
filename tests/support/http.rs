//! HTTP over a plain socket, so that tests see what is really on the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longer than any answer takes, however loaded the machine; only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A response as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The status line.
    pub line: String,
    /// Header lines, in order, as spelled.
    pub headers: Vec<(String, String)>,
    /// The body, without chunk framing.
    pub body: Vec<u8>,
}

impl Response {
    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Connects.
    pub fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket has a timeout");
        let reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
        Self { stream, reader }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Sends a request without a body, and reads the response.
    pub fn get(&mut self, target: &str) -> Response {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            .expect("sent");
        self.response(false).expect("a response comes")
    }

    /// Reads one response; to `HEAD` there is no body.
    pub fn response(&mut self, head: bool) -> std::io::Result<Response> {
        let line = self.line()?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .ok_or_else(cut)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").ok_or_else(cut)?;
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut response = Response {
            status,
            line,
            headers,
            body: Vec::new(),
        };
        if !head && status != 204 && status != 304 {
            response.body = self.body(&response)?;
        }
        Ok(response)
    }

    /// Reads one line of the response, without its end.
    pub fn line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line)?;
        let text = line.strip_suffix(b"\r\n").ok_or_else(cut)?;
        Ok(text.iter().copied().map(char::from).collect())
    }

    fn body(&mut self, response: &Response) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = response.header("content-length") {
            body.resize(length.parse().map_err(|_| cut())?, 0);
            self.reader.read_exact(&mut body)?;
        } else if response.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = self.line()?;
                let size = usize::from_str_radix(&size, 16).map_err(|_| cut())?;
                let start = body.len();
                body.resize(start + size, 0);
                self.reader.read_exact(&mut body[start..])?;
                if !self.line()?.is_empty() {
                    return Err(cut());
                }
                if size == 0 {
                    break;
                }
            }
        } else {
            self.reader.read_to_end(&mut body)?;
        }
        Ok(body)
    }

    /// Closes with a reset, as a client that crashes.
    pub fn reset(self) {
        // Without it the system sends FIN where nothing is unread.
        let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// Closes the direction to the server, as a client that has said all it has to say.
    pub fn half_close(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// Reads until the server closes; true if it sent nothing more. A reset is an end, too.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            // A server that never closes is found out by the time limit of the socket.
            Err(error) => {
                use std::io::ErrorKind::{ConnectionAborted, ConnectionReset};
                rest.is_empty() && matches!(error.kind(), ConnectionReset | ConnectionAborted)
            }
        }
    }
}

fn cut() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the response is cut off")
}

/// One request on a connection of its own.
pub fn get(address: &str, target: &str) -> Response {
    Connection::open(address).get(target)
}

/// Sends a whole request on a connection of its own, and reads the response.
pub fn send(address: &str, request: impl AsRef<[u8]>) -> std::io::Result<Response> {
    let head = request.as_ref().starts_with(b"HEAD ");
    let mut connection = Connection::open(address);
    connection.send(request)?;
    connection.response(head)
}
