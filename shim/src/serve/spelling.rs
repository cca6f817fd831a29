//! The spelling of header names, which hyper keeps for itself.
//!
//! hyper lower-cases names. With `preserve_header_case` it remembers a request's spelling in a
//! private extension, and spells a response by such an extension where there is one. So a name's
//! spelling is brought in and out by letting hyper read or write a message of our own in memory.

use super::wire::block_on;
use crate::ecb_host::{HeaderList, Spelling};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::Extensions;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;

/// Room for what was written and not yet read of a message of ours in memory.
const MESSAGE: usize = 256 * 1024;

/// Extensions made before, by the unusual spellings they hold. A site has few; a script that
/// makes names up must not fill the memory.
static KNOWN: LazyLock<Mutex<HashMap<Vec<String>, Extensions>>> = LazyLock::new(Mutex::default);
const MOST_KNOWN: usize = 1024;

/// Brings a request's spelling back from its extensions, on a thread that may block.
pub(super) fn of_request(extensions: Extensions, handle: Handle) -> Spelling {
    Spelling(Box::new(move |headers| {
        let written = block_on(&handle, write(headers, extensions.clone()));
        written.unwrap_or_else(|| headers.clone())
    }))
}

/// Lets hyper write a response with these headers and extensions, and reads the names off.
async fn write(headers: &HeaderList, extensions: Extensions) -> Option<HeaderList> {
    let mut response = Response::new(Empty::<Bytes>::new());
    *response.extensions_mut() = extensions;
    for (name, value) in headers {
        // Framing headers would be checked against the body; their spelling is all we want.
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        response
            .headers_mut()
            .append(name, HeaderValue::from_bytes(value).ok()?);
    }
    let response = Mutex::new(Some(response));
    let service = service_fn(|_: Request<hyper::body::Incoming>| {
        let taken = response
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let response = taken.unwrap_or_default();
        async { Ok::<_, Infallible>(response) }
    });
    let (mut client, server) = tokio::io::duplex(MESSAGE);
    // HEAD: a response to it may name any length.
    client
        .write_all(b"HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .ok()?;
    let mut builder = http1::Builder::new();
    builder.preserve_header_case(true).auto_date_header(false);
    // Both at once: a message may be longer than the memory between them.
    let mut text = Vec::new();
    let (served, read) = tokio::join!(
        builder.serve_connection(TokioIo::new(server), service),
        client.read_to_end(&mut text),
    );
    served.ok()?;
    read.ok()?;
    let mut spelled = HeaderList::new();
    for line in text.split(|b| *b == b'\n').skip(1) {
        let line = line.trim_ascii_end();
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            continue;
        };
        let name = String::from_utf8_lossy(&line[..colon]).into_owned();
        spelled.push((name, line[colon + 1..].trim_ascii().to_vec()));
    }
    // What hyper added or left out is not the request's.
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for (name, _) in spelled.into_iter().rev() {
        found
            .entry(name.to_ascii_lowercase())
            .or_default()
            .push(name);
    }
    Some(
        headers
            .iter()
            .map(|(name, value)| {
                let spelled = found.get_mut(&name.to_ascii_lowercase()).and_then(Vec::pop);
                (spelled.unwrap_or_else(|| name.clone()), value.clone())
            })
            .collect(),
    )
}

/// Extensions that make hyper write names as they are spelled here; `None` where its own way
/// (each word capitalised) is the same already. Blocks; `handle` is given because a response may
/// begin on a thread of the extension's own, which knows no runtime.
pub(super) fn for_response<'a>(
    handle: &Handle,
    names: impl Iterator<Item = &'a str>,
) -> Option<Extensions> {
    let unusual: Vec<String> = names
        .filter(|n| !is_title_case(n))
        .map(str::to_owned)
        .collect();
    if unusual.is_empty() {
        return None;
    }
    let known = KNOWN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&unusual)
        .cloned();
    if known.is_some() {
        return known;
    }
    let extensions = block_on(handle, read(&unusual))?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() < MOST_KNOWN {
        known.insert(unusual, extensions.clone());
    }
    Some(extensions)
}

/// How hyper writes names by itself.
fn is_title_case(name: &str) -> bool {
    let mut start = true;
    name.bytes().all(|b| {
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
async fn read(names: &[String]) -> Option<Extensions> {
    let seen = Arc::new(Mutex::new(None));
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let extensions = request.extensions().clone();
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(extensions);
        async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) }
    });
    // Ended by its own word and not by ours going away: hyper takes that for a broken request.
    let mut message = String::from("GET / HTTP/1.1\r\nConnection: close\r\n");
    // A length or coding here would be obeyed; hyper writes those two names itself anyway.
    let framing = [
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
        "expect",
    ];
    for name in names
        .iter()
        .filter(|n| !framing.contains(&&*n.to_ascii_lowercase()))
    {
        message.push_str(name);
        message.push_str(": x\r\n");
    }
    message.push_str("\r\n");
    let (mut client, server) = tokio::io::duplex(MESSAGE);
    let mut builder = http1::Builder::new();
    builder.preserve_header_case(true);
    let (served, written) = tokio::join!(
        builder.serve_connection(TokioIo::new(server), service),
        client.write_all(message.as_bytes()),
    );
    served.ok()?;
    written.ok()?;
    seen.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unusual_spellings_need_help() {
        for name in ["Content-Type", "X-A", "X-9b", "-"] {
            assert!(is_title_case(name), "{name}");
        }
        for name in ["ETag", "x-a", "WWW-Authenticate", "X-powered-By"] {
            assert!(!is_title_case(name), "{name}");
        }
    }

    #[tokio::test]
    async fn a_spelling_survives_being_read_and_written() {
        let names = ["ETag", "x-lower", "X-MIXed"].map(str::to_owned);
        let extensions = read(&names).await.unwrap();
        let headers: HeaderList = names
            .iter()
            .map(|n| (n.to_lowercase(), b"v".to_vec()))
            .collect();
        let written = write(&headers, extensions).await.unwrap();
        let written: Vec<&str> = written.iter().map(|(n, _)| &n[..]).collect();
        assert_eq!(written, ["ETag", "x-lower", "X-MIXed"]);
    }
}
