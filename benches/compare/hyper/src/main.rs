//! The same responses as the Python applications give, by hyper alone on one thread.
//!
//!     bare-hyper ADDRESS:PORT DJANGO_PAGE_FILE

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::OnceLock;
use tokio::net::TcpListener;

static LARGE: OnceLock<Bytes> = OnceLock::new();
static DJANGO: OnceLock<Bytes> = OnceLock::new();

/// The headers among the twenty variables, in the order of `apps/names.py`.
const HEADERS: [&str; 12] = [
    "host",
    "user-agent",
    "accept",
    "accept-language",
    "accept-encoding",
    "cookie",
    "referer",
    "cache-control",
    "pragma",
    "dnt",
    "x-requested-with",
    "upgrade-insecure-requests",
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().expect("an address");
    let page = arguments.next().expect("a file with Django's page");
    let page = std::fs::read(page).expect("a readable file");
    DJANGO.set(page.into()).expect("set once");
    LARGE.set(vec![b'x'; 65536].into()).expect("set once");
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("a runtime")
        .block_on(serve(&address));
}

async fn serve(address: &str) {
    let listener = TcpListener::bind(address).await.expect("a free port");
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                // As `isapi-shim serve` and others do: an answer does not wait for the next one.
                let _ = stream.set_nodelay(true);
                tokio::task::spawn_local(async move {
                    // A client that leaves is no news.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service_fn(answer))
                        .await;
                });
            }
        })
        .await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path();
    let (kind, body) = match path {
        "/hello" => ("text/html", Bytes::from_static(b"Hello, World!")),
        "/large" => ("text/plain", LARGE.get().expect("set").clone()),
        "/echo" => {
            let body = request.into_body().collect().await?.to_bytes();
            ("application/octet-stream", body)
        }
        "/variables" => ("text/plain", variables(&request)),
        _ if path.starts_with("/page/") => ("text/html", DJANGO.get().expect("set").clone()),
        _ => ("", Bytes::new()),
    };
    let mut response = Response::new(Full::new(body));
    if kind.is_empty() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

fn variables(request: &Request<Incoming>) -> Bytes {
    let mut text = BytesMut::with_capacity(1024);
    text.put_slice(request.method().as_str().as_bytes());
    text.put_u8(b'\n');
    text.put_slice(request.uri().query().unwrap_or("").as_bytes());
    // What hyper does not know: protocol, name, port, software, and no body.
    text.put_slice(b"\nHTTP/1.1\n127.0.0.1\n80\nbare-hyper\n\n");
    for name in HEADERS {
        text.put_u8(b'\n');
        if let Some(value) = request.headers().get(name) {
            text.put_slice(value.as_bytes());
        }
    }
    text.freeze()
}
