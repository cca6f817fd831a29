//! Sends one request of a test to a host in this process.

use super::recorder::Recorder;
use super::reference::{Exchange, Message, Outcome};
use super::runner::Recorded;
use super::wire::Sent;
use crate::ecb_host::{self, BytesBody, Fault, Host};
use crate::run::offline_request;
use std::sync::Arc;

/// What came of a request.
#[derive(Debug)]
pub struct Done {
    /// How it ended.
    pub outcome: ecb_host::Outcome,
    /// The response; status 0: none came.
    pub recorded: Recorded,
    /// The response ended before what it announced.
    pub cut: bool,
    /// The headers of the request as they were sent.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Blocks until the request is done. What goes wrong in it, and which calls are kept, is the
/// request's own; the host must answer no other one meanwhile.
pub fn send(host: &Arc<Host>, request: &Sent) -> Done {
    let fault = request.fault.as_deref().and_then(|f| f.parse().ok());
    let headers = request
        .headers
        .iter()
        .map(|(n, v)| (n.clone(), v.clone().into_bytes()))
        .collect();
    let body = &request.body.0;
    let there = request.empty_body || !body.is_empty();
    let mut sent = offline_request(
        request.method.clone(),
        request.target.clone(),
        headers,
        there.then_some(body.len()),
        request.server_vars.clone(),
    );
    if fault == Some(Fault::UnknownLength) {
        sent.length = None;
        sent.headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        sent.headers
            .push(("Transfer-Encoding".to_owned(), b"chunked".to_vec()));
    }
    let goes = match fault {
        Some(Fault::ClientGone(after)) => Some(after),
        _ => request.client_gone,
    };
    let headers = sent.headers.clone();
    let recorder = Recorder::new(goes);
    host.probe().begin(request.keep_calls, fault);
    let body = BytesBody::new(body.clone());
    let outcome = host.handle(sent, Box::new(body), Box::new(recorder.clone()));
    let (mut recorded, cut) = recorder.take();
    recorded.script_failed = outcome.failed();
    recorded.static_file = outcome.static_file;
    recorded.calls = host.probe().calls();
    Done {
        outcome,
        recorded,
        cut,
        headers,
    }
}

impl Done {
    /// What later requests may refer to.
    pub fn exchange(&self, request: &Sent) -> Outcome {
        if self.recorded.status == 0 {
            return Outcome::Without("was closed without one".to_owned());
        }
        let message = |headers: &[(String, Vec<u8>)], body: &[u8]| Message {
            headers: headers.to_vec(),
            body: body.to_vec(),
        };
        Outcome::Answered(Exchange {
            request: message(&self.headers, &request.body.0),
            response: message(&self.recorded.headers, &self.recorded.body),
        })
    }
}
