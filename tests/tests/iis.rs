//! `isapi-shim iis`: what is printed for a server, and that each mistake of one is named.

#[path = "iis/config.rs"]
mod config;
#[path = "iis/files.rs"]
mod files;
#[path = "iis/handlers.rs"]
mod handlers;
#[path = "iis/python.rs"]
mod python;
#[path = "iis/report.rs"]
mod report;
#[path = "iis/server.rs"]
mod server;

use acceptance::iis::{Server, findings};
use acceptance::pe::{EXTENSION, X64, X86};
use acceptance::target::WINDOWS;
use acceptance::{Finished, finish, shim};

const DLL: &str = "c/inetpub/PyISAPIe/PyISAPIe.dll";
const CORE: &str = "c/inetpub/PyISAPIe/PyISAPIe.cp313-win_amd64.dll";
const TOML: &str = "c/inetpub/PyISAPIe/PyISAPIe.toml";
const ISAPI: &str = "c/inetpub/PyISAPIe/Http/Isapi.py";

/// One mistake, made in a server without any.
struct Mistake {
    what: &'static str,
    make: fn(&Server),
    /// The first finding.
    finding: &'static str,
    /// What stands in the report besides.
    says: &'static str,
}

fn prove(mistakes: &[Mistake]) {
    for mistake in mistakes {
        let server = Server::new();
        (mistake.make)(&server);
        let done = server.check(&[]);
        let what = mistake.what;
        let found = findings(&done.out);
        assert_eq!(
            found.first().map(String::as_str),
            Some(mistake.finding),
            "{what}\n{}{}",
            done.out,
            done.err
        );
        assert!(
            done.out.contains(mistake.says),
            "{what}: no {:?}\n{}",
            mistake.says,
            done.out
        );
        let expected = i32::from(mistake.finding.starts_with("error"));
        assert_eq!(done.code, expected, "{what}\n{}", done.out);
    }
}
