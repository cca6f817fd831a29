//! One request, as the client sent it.

use crate::headers;
use std::net::SocketAddr;
use std::sync::Arc;

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

/// The names of a request's headers as the client spelled them, where the server that parsed the
/// request has lost that. Looked at only when an extension asks for `ALL_RAW`.
#[derive(Clone, Debug, Default)]
pub struct Spelling(
    /// Each name has a line feed behind it.
    pub Vec<u8>,
);

impl Spelling {
    /// The names of `headers`, as they were spelled. Of a name that came more than once, each
    /// spelling is for the value in the same place.
    pub fn names_of<'a>(&'a self, headers: &'a HeaderList) -> Vec<&'a [u8]> {
        let mut left: Vec<&[u8]> = self.0.split(|b| *b == b'\n').collect();
        let spelled = headers.iter().map(|(name, _)| {
            // The first one, as long as the order is the client's.
            let at = left
                .iter()
                .position(|n| n.eq_ignore_ascii_case(name.as_bytes()));
            at.map_or(name.as_bytes(), |at| left.remove(at))
        });
        spelled.collect()
    }
}

/// One end of a connection. Its texts are made once: several variables hold them, for each of many
/// requests.
#[derive(Clone, Debug)]
pub struct Endpoint(Arc<Texts>);

#[derive(Debug)]
struct Texts {
    socket: SocketAddr,
    ip: String,
    port: String,
}

impl Endpoint {
    /// The address.
    pub fn socket(&self) -> SocketAddr {
        self.0.socket
    }

    /// The address without the port.
    pub fn ip(&self) -> &str {
        &self.0.ip
    }

    /// The port.
    pub fn port(&self) -> &str {
        &self.0.port
    }
}

impl<T: Into<SocketAddr>> From<T> for Endpoint {
    fn from(socket: T) -> Self {
        let socket = socket.into();
        Self(Arc::new(Texts {
            socket,
            ip: socket.ip().to_string(),
            port: socket.port().to_string(),
        }))
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
    pub remote: Endpoint,
    /// This server's address.
    pub local: Endpoint,
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
            self.local.ip().to_owned()
        } else {
            name.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requests_spelling_is_that_of_its_names_in_their_order() {
        let spelling = Spelling(b"HOST\nx-a\nAccept\nX-A\n".to_vec());
        let headers: HeaderList = ["host", "x-a", "x-a", "other", "accept"]
            .map(|name| (name.to_owned(), Vec::new()))
            .into();
        let spelled = spelling.names_of(&headers);
        assert_eq!(spelled, [&b"HOST"[..], b"x-a", b"X-A", b"other", b"Accept"]);
    }
}
