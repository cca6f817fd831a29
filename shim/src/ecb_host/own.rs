//! Responses of this host's own: pages of refusals, and what the static file handler sends.

use super::Host;
use super::client::Head;
use super::head::Parsed;
use super::reply::Reply;
use super::request::Request;
use crate::site::{Refusal, StaticAnswer, StaticBody};
use isapi_base::ecb::win32::Win32Error;
use std::io::{Read, Seek};

/// The chunks of a request body cannot be read.
pub(super) fn broken_body() -> Refusal {
    Refusal::new(400, 0, "the chunks of the request body cannot be read")
}

impl Host {
    /// Sends the page of a refusal. Who sees its reason: [`super::HostOptions::error_details`].
    pub(super) fn send_refusal(&self, reply: &mut Reply, request: &Request, refusal: &Refusal) {
        if refusal.status == 400 {
            // As http.sys does: where the next request begins is not sure any more.
            reply.closes();
        }
        let detailed = match self.options.error_details {
            "always" => true,
            "never" => false,
            _ => is_local(request),
        };
        let answer = StaticAnswer::refused(refusal, detailed, &request.method);
        let _client_gone = send_static(reply, &answer);
    }
}

/// Whether the client is on this machine, as the core sees it for its own pages: by the loopback
/// address, or by the server's own.
fn is_local(request: &Request) -> bool {
    let remote = request.remote.socket().ip().to_canonical();
    remote.is_loopback() || remote == request.local.socket().ip().to_canonical()
}

/// Sends an answer of the static file handler.
pub(super) fn send_static(reply: &mut Reply, answer: &StaticAnswer) -> Result<(), Win32Error> {
    let head = Head {
        status: answer.status,
        reason: answer.reason.clone().into(),
        headers: answer.headers.iter().map(|(n, v)| (n, v)).collect(),
    };
    reply.begin(Parsed { head, body: b"" }, None)?;
    match &answer.body {
        StaticBody::Empty => Ok(()),
        StaticBody::Bytes(bytes) => reply.data(bytes),
        StaticBody::File {
            path,
            offset,
            length,
        } => {
            let mut file = std::fs::File::open(path).map_err(|_| Win32Error::READ_FAULT)?;
            let at = std::io::SeekFrom::Start(*offset);
            file.seek(at).map_err(|_| Win32Error::READ_FAULT)?;
            copy(&mut file.take(*length), reply)
        }
    }
}

/// Sends a stream in pieces of 64 KiB, so that memory does not grow with the file.
fn copy(from: &mut impl Read, reply: &mut Reply) -> Result<(), Win32Error> {
    let mut buffer = vec![0; 65_536];
    loop {
        match from.read(&mut buffer).map_err(|_| Win32Error::READ_FAULT)? {
            0 => return Ok(()),
            size => reply.data(&buffer[..size])?,
        }
    }
}
