//! Nothing breaks it: each fault of a client or of a script has a test that is named for it. Each
//! ends with a server that still answers on its only thread, and has lost no descriptor.

#[path = "faults/bodies.rs"]
mod bodies;
#[path = "faults/clients.rs"]
mod clients;
#[path = "faults/heads.rs"]
mod heads;
#[path = "faults/scripts.rs"]
mod scripts;
#[path = "faults/smuggling.rs"]
mod smuggling;
#[path = "faults/time_limit.rs"]
mod time_limit;

use acceptance::http::{Connection, Response, send};
use acceptance::server::{Server, wait};
use acceptance::site::Site;

/// A server that faults happen to.
struct Victim {
    site: Site,
    server: Server,
    /// Descriptors with one connection open; `None` where they cannot be counted.
    descriptors: Option<usize>,
}

impl Victim {
    fn new() -> Self {
        Self::with(&["--threads", "1"], |_| {})
    }

    /// `prepare` puts more into the site before the server starts.
    fn with(options: &[&str], prepare: impl FnOnce(&Site)) -> Self {
        let site = Site::new();
        site.request("app.py", "Write('well ' + Env.QUERY_STRING)");
        site.request("echo.py", "Write(Read())");
        prepare(&site);
        let options = [&["--no-access-log"], options].concat();
        let server = Server::start(site.root(), &options);
        let mut first = Connection::open(&server.address);
        assert_eq!(first.get("/app.py?first").text(), "well first");
        let descriptors = server.descriptors();
        Self {
            site,
            server,
            descriptors,
        }
    }

    fn connect(&self) -> Connection {
        Connection::open(&self.server.address)
    }

    fn send(&self, request: impl AsRef<[u8]>) -> Response {
        send(&self.server.address, request).expect("an answer comes")
    }

    /// The server answers, and has closed what its clients have left.
    fn is_well(&self) {
        let mut connection = self.connect();
        let response = connection.get("/app.py?still");
        assert_eq!(
            (response.status, response.text()),
            (200, "well still".into())
        );
        if let Some(before) = self.descriptors {
            wait(|| (self.server.descriptors()? <= before).then_some(()));
        }
        let err = self.server.err();
        assert!(!err.contains("panicked"), "{err}");
    }
}
