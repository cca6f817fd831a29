//! `Http.WSGI` and `--wsgi`: WSGI applications over real sockets.

#[path = "wsgi/body.rs"]
mod body;
#[path = "wsgi/command.rs"]
mod command;
#[path = "wsgi/environ.rs"]
mod environ;
#[path = "wsgi/mistakes.rs"]
mod mistakes;
#[path = "wsgi/start_response.rs"]
mod start_response;

use acceptance::server::Server;
use acceptance::site::Site;

/// A site whose module `app` has this function `application(environ, start_response)`; every
/// request is its, and what obeys PEP 3333 is told by Python's own validator.
struct App {
    server: Server,
    _site: Site,
}

impl App {
    /// Behind the validator of `wsgiref`, which raises at the first rule that is broken.
    fn valid(body: &str) -> Self {
        Self::start(body, "validator(application)")
    }

    /// As it is, for what breaks rules.
    fn plain(body: &str) -> Self {
        Self::start(body, "application")
    }

    fn start(body: &str, wrapped: &str) -> Self {
        let site = Site::new();
        let mut source =
            "import os, sys, time, threading\nfrom wsgiref.validate import validator\n\n\
                          TEXT = [('Content-Type', 'text/plain')]\n\n\
                          def application(environ, start_response):\n"
                .to_owned();
        for line in body.lines() {
            source += &format!("    {line}\n");
        }
        source += &format!("\napp = {wrapped}\n");
        site.file("app.py", source);
        let server = Server::start(site.root(), &["--wsgi", "app:app", "--reload", "never"]);
        Self {
            server,
            _site: site,
        }
    }

    fn get(&self, target: &str) -> acceptance::http::Response {
        acceptance::http::get(&self.server.address, target)
    }

    fn send(&self, request: impl AsRef<[u8]>) -> std::io::Result<acceptance::http::Response> {
        acceptance::http::send(&self.server.address, request)
    }

    fn post(&self, body: &[u8]) -> acceptance::http::Response {
        let length = body.len();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"
        );
        self.send([head.as_bytes(), body].concat())
            .expect("a response comes")
    }
}
