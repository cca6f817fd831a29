//! The spelling of header names, which hyper keeps for itself.
//!
//! hyper lower-cases names. A request's spelling is read off the connection (`heads`). A response
//! is spelled by a private extension, where there is one; it is got by letting hyper read a message
//! of our own in memory.

use super::lock;
use bytes::Bytes;
use foldhash::fast::RandomState;
use http_body_util::Empty;
use hyper::header::HeaderName;
use hyper::http::Extensions;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use tokio::io::AsyncWriteExt;

/// Room for what was written and not yet read of a message of ours in memory.
const MESSAGE: usize = 256 * 1024;

/// Extensions made before, by the spellings they hold, each with a line feed behind it.
/// A site has few; a script that makes names up must not fill the memory.
static KNOWN: LazyLock<Mutex<HashMap<Vec<u8>, Extensions, RandomState>>> =
    LazyLock::new(Mutex::default);
const MOST_KNOWN: usize = 1024;

/// Polls until it is ready what depends on nothing but itself.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(tokio::task::unconstrained(future));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
    }
}

/// Extensions that make hyper write names as they are spelled here; `None` where its own way
/// (each word capitalised) is the same already.
pub(super) fn for_response<'a>(
    names: impl Iterator<Item = &'a [u8]> + Clone,
) -> Option<Extensions> {
    let unusual: Vec<&[u8]> = names.clone().filter(|n| !is_title_case(n)).collect();
    if unusual.is_empty() {
        return None;
    }
    // Of a name that comes more than once, each spelling is for the value in the same place.
    let mut spelled = Vec::new();
    for name in names.filter(|n| unusual.iter().any(|u| u.eq_ignore_ascii_case(n))) {
        spelled.extend_from_slice(name);
        spelled.push(b'\n');
    }
    let known = lock(&KNOWN).get(&spelled).cloned();
    if known.is_some() {
        return known;
    }
    let extensions = finish(read(&spelled))?;
    let mut known = lock(&KNOWN);
    if known.len() < MOST_KNOWN {
        known.insert(spelled, extensions.clone());
    }
    Some(extensions)
}

/// How hyper writes names by itself.
fn is_title_case(name: &[u8]) -> bool {
    let mut start = true;
    name.iter().all(|&b| {
        let fits = if start {
            !b.is_ascii_lowercase()
        } else {
            !b.is_ascii_uppercase()
        };
        start = b == b'-';
        fits
    })
}

/// Lets hyper read a request with these header names, and keeps its extensions.
async fn read(names: &[u8]) -> Option<Extensions> {
    let seen = Arc::new(Mutex::new(None));
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let extensions = request.extensions().clone();
        *lock(&seen) = Some(extensions);
        async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) }
    });
    // Ended by its own word and not by ours going away: hyper takes that for a broken request.
    let mut message = b"GET / HTTP/1.1\r\nConnection: close\r\n".to_vec();
    // A length or coding here would be obeyed; hyper writes those two names itself anyway.
    let framing = [
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
        "expect",
    ];
    for spelling in names.split(|b| *b == b'\n') {
        // What is no name is not sent; here it would spoil the message.
        let name = HeaderName::from_bytes(spelling);
        if name.is_ok_and(|name| !framing.contains(&name.as_str())) {
            message.extend_from_slice(spelling);
            message.extend_from_slice(b": x\r\n");
        }
    }
    message.extend_from_slice(b"\r\n");
    let (mut client, server) = tokio::io::duplex(MESSAGE);
    let mut builder = http1::Builder::new();
    builder.preserve_header_case(true);
    let (served, written) = tokio::join!(
        builder.serve_connection(TokioIo::new(server), service),
        client.write_all(&message),
    );
    served.ok()?;
    written.ok()?;
    lock(&seen).take()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use tokio::io::AsyncReadExt;

    #[test]
    fn only_unusual_spellings_need_help() {
        for name in ["Content-Type", "X-A", "X-9b", "-"] {
            assert!(is_title_case(name.as_bytes()), "{name}");
        }
        for name in ["ETag", "x-a", "WWW-Authenticate", "X-powered-By"] {
            assert!(!is_title_case(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_response_is_spelled_by_the_extensions() {
        let names = ["ETag", "x-lower", "X-MIXed", "X-Two", "x-two", "X-TWO"];
        let unsendable = [&b"x y"[..], b"", b"\xff:"];
        let all = unsendable
            .into_iter()
            .chain(names.iter().map(|n| n.as_bytes()));
        let extensions = for_response(all).unwrap();
        let mut response = Response::new(Empty::<Bytes>::new());
        *response.extensions_mut() = extensions;
        for name in names {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            response
                .headers_mut()
                .append(name, HeaderValue::from_static("v"));
        }
        let response = Mutex::new(Some(response));
        let service = service_fn(|_: Request<hyper::body::Incoming>| {
            let response = response.lock().unwrap().take().unwrap();
            async { Ok::<_, Infallible>(response) }
        });
        let (mut client, server) = tokio::io::duplex(MESSAGE);
        let mut text = String::new();
        finish(async {
            let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
            client.write_all(request).await.unwrap();
            let mut builder = http1::Builder::new();
            builder.title_case_headers(true);
            let (served, read) = tokio::join!(
                builder.serve_connection(TokioIo::new(server), service),
                client.read_to_string(&mut text),
            );
            served.unwrap();
            read.unwrap();
        });
        for name in names {
            assert!(text.contains(&format!("\r\n{name}: v\r\n")), "{text}");
        }
    }
}
