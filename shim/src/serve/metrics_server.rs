//! The listener of `--metrics`: `GET /metrics`, and nothing else.
//!
//! Its requests run on none of the threads that run scripts: it answers while all of them are busy.

use super::bind;
use super::metrics::Metrics;
use crate::error::Result;
use crate::output::say;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Who looks at numbers sends a line or two.
const HEADERS_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// What Prometheus knows the format by.
const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Listens from now on, as long as the runtime lives: who waits for the end of the server wants to
/// see what it is waiting for. The address that was taken.
///
/// # Errors
/// The address cannot be listened on.
pub(super) async fn listen(address: SocketAddr, metrics: Metrics) -> Result<()> {
    let (listener, local) = bind(address, "--metrics").await?;
    say(&format!("isapi-shim: metrics at http://{local}/metrics\n"));
    tokio::spawn(accept(listener, Arc::new(metrics)));
    Ok(())
}

async fn accept(listener: TcpListener, metrics: Arc<Metrics>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => connection(stream, Arc::clone(&metrics)),
            // Both pass: out of descriptors, or a client that was quicker than we were.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

fn connection(stream: TcpStream, metrics: Arc<Metrics>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = answer(request.method(), request.uri().path(), &metrics);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    tokio::spawn(async move {
        // Malformed requests are answered by hyper; nobody misses a client that has gone.
        let _ = connection.await;
    });
}

fn answer(method: &Method, path: &str, metrics: &Metrics) -> Response<Full<Bytes>> {
    let plain = |status: StatusCode, text: &'static str| {
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, PLAIN);
        response
    };
    if path != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "The metrics are at /metrics\n");
    }
    if method != Method::GET && method != Method::HEAD {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD\n");
        let allow = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allow);
        return response;
    }
    let mut response = Response::new(Full::from(metrics.text()));
    response.headers_mut().insert(CONTENT_TYPE, FORMAT);
    response
}
