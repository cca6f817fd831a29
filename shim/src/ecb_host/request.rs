//! One request, as the client sent it.

use crate::headers;
use std::fmt;
use std::net::SocketAddr;

/// The request's HTTP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

impl Version {
    /// As in the request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        }
    }
}

/// Names (in the client's spelling) and values, in order.
pub type HeaderList = Vec<(String, Vec<u8>)>;

/// Brings back the client's spelling of header names, where the server that parsed the request
/// has lost it. Called only when an extension asks for `ALL_RAW`.
pub struct Spelling(pub Box<dyn Fn(&HeaderList) -> HeaderList + Send + Sync>);

impl fmt::Debug for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spelling")
    }
}

/// One request.
#[derive(Debug)]
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// The target in origin form, as sent: path and query.
    pub target: String,
    /// The HTTP version.
    pub version: Version,
    /// The headers.
    pub headers: HeaderList,
    /// See [`Spelling`].
    pub spelling: Option<Spelling>,
    /// Whether the client wants the connection to stay open.
    pub keep_connection: bool,
    /// The body's length in bytes; `None`: chunked.
    pub length: Option<u64>,
    /// The client's address.
    pub remote: SocketAddr,
    /// This server's address.
    pub local: SocketAddr,
    /// Server variables given by the user, which win over the computed ones.
    pub server_vars: Vec<(String, String)>,
}

impl Request {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        headers::value(&self.headers, name).map(Vec::as_slice)
    }

    /// All values of a header joined by commas, as IIS gives repeated ones.
    pub fn joined_header(&self, matches: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
        let mut joined: Option<Vec<u8>> = None;
        for (_, value) in self.headers.iter().filter(|(name, _)| matches(name)) {
            match &mut joined {
                None => joined = Some(value.clone()),
                Some(joined) => {
                    joined.extend_from_slice(b", ");
                    joined.extend_from_slice(value);
                }
            }
        }
        joined
    }

    /// The name the client used for this server, without its port.
    pub fn server_name(&self) -> String {
        let host = self
            .header("host")
            .map(String::from_utf8_lossy)
            .unwrap_or_default();
        let name = match host.rfind(']') {
            Some(end) => &host[..=end],
            None => host.split(':').next().unwrap_or_default(),
        };
        if name.is_empty() {
            self.local.ip().to_string()
        } else {
            name.to_owned()
        }
    }
}
