//! What http.sys answers itself, before it asks who takes the request.

use super::{Request, Version};
use crate::site::{Refusal, StaticAnswer, StaticBody};

/// What this server takes; asked for by `OPTIONS *`.
const METHODS: &str = "OPTIONS, GET, HEAD, POST";

/// The refusal of a request that two readers could understand in two ways.
///
/// A proxy that goes by the length in front of a server that goes by the chunks would take the
/// rest of one client's request for the beginning of another's.
pub(super) fn malformed(request: &Request) -> Option<Refusal> {
    let (mut hosts, mut codings, mut lengths, mut chunked) = (0, 0, 0, false);
    for (name, value) in &request.headers {
        // By length first: this is done for every header of every request.
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => hosts += 1,
            14 if name.eq_ignore_ascii_case("content-length") => lengths += 1,
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                codings += 1;
                chunked = value.trim_ascii().eq_ignore_ascii_case(b"chunked");
            }
            _ => {}
        }
    }
    let reason = match (hosts, codings) {
        (0, _) if request.version == Version::Http11 => "the request has no Host header",
        (2.., _) => "the request has more than one Host header",
        (_, 1..) if lengths > 0 => "the request has a Content-Length and a Transfer-Encoding",
        (_, 2..) => "the request has more than one Transfer-Encoding",
        (_, 1) if !chunked => "the request's Transfer-Encoding is not chunked alone",
        _ => return None,
    };
    Some(Refusal::new(400, 0, reason))
}

/// The answer to `OPTIONS *`, which is about the server and not about any of its resources.
pub(super) fn about_the_server(request: &Request) -> Option<StaticAnswer> {
    if request.target != "*" || request.method != "OPTIONS" {
        return None;
    }
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Some(StaticAnswer {
        status: 200,
        reason: "OK".to_owned(),
        headers: vec![
            header("Allow", METHODS),
            header("Public", METHODS),
            header("Content-Length", "0"),
        ],
        body: StaticBody::Empty,
    })
}
