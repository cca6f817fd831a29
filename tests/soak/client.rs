//! One client: a connection that is kept, or not.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    closes: bool,
}

/// See the module.
pub(super) struct Client {
    address: String,
    stream: Option<BufReader<TcpStream>>,
    /// Connections that were made.
    pub(super) connected: u64,
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

async fn patient<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Error::new(ErrorKind::TimedOut, "no answer came");
    timeout(PATIENCE, work).await.map_err(late)?
}

impl Client {
    pub(super) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            stream: None,
            connected: 0,
        }
    }

    /// The connection; a new one where there is none.
    pub(super) async fn stream(&mut self) -> Result<&mut BufReader<TcpStream>> {
        if self.stream.is_none() {
            let stream = patient(TcpStream::connect(&self.address)).await?;
            stream.set_nodelay(true)?;
            self.connected += 1;
            self.stream = Some(BufReader::new(stream));
        }
        self.stream.as_mut().ok_or_else(|| broken("no connection"))
    }

    /// Sends all of a request.
    pub(super) async fn send(&mut self, parts: &[&[u8]]) -> Result<()> {
        let stream = self.stream().await?;
        patient(async {
            for part in parts {
                stream.write_all(part).await?;
            }
            Ok(())
        })
        .await
    }

    /// Reads an answer.
    pub(super) async fn answer(&mut self) -> Result<Answer> {
        let stream = self
            .stream
            .as_mut()
            .ok_or_else(|| broken("no connection"))?;
        let answer = patient(read(stream)).await?;
        if answer.closes {
            self.stream = None;
        }
        Ok(answer)
    }

    /// Closes as a client that is done.
    pub(super) fn close(&mut self) {
        self.stream = None;
    }

    /// Closes as a client that crashes.
    pub(super) fn reset(&mut self) {
        if let Some(stream) = self.stream.take() {
            let _ = socket2::SockRef::from(stream.get_ref()).set_linger(Some(Duration::ZERO));
        }
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    match line.strip_suffix("\r\n") {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::new(ErrorKind::UnexpectedEof, "cut off")),
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Result<Answer> {
    let first = line(stream).await?;
    let status = first.split(' ').nth(1).and_then(|s| s.parse().ok());
    let status = status.ok_or_else(|| broken("no status line"))?;
    let (mut length, mut chunked, mut closes) = (None, false, false);
    loop {
        let line = line(stream).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").ok_or_else(|| broken("no header"))?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse::<usize>().ok();
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value == "chunked";
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value == "close";
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let size = line(stream).await?;
            let size = usize::from_str_radix(&size, 16).map_err(|_| broken("no chunk"))?;
            let at = body.len();
            body.resize(at + size, 0);
            stream.read_exact(&mut body[at..]).await?;
            if !line(stream).await?.is_empty() {
                return Err(broken("a chunk of another length"));
            }
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = length {
        body.resize(length, 0);
        stream.read_exact(&mut body).await?;
    } else {
        stream.read_to_end(&mut body).await?;
        closes = true;
    }
    Ok(Answer {
        status,
        body,
        closes,
    })
}
