//! Request files and snapshots: what `isapi-shim test` does once a host answers requests.
//!
//! A `.http` file ([`http_file`]) holds requests, [`runner`] sends them to whatever implements
//! [`runner::Respond`], [`redact`] takes out what changes from run to run, [`snapshot`] compares
//! the response with the one stored beside the file, and [`diff`] shows what is not the same.
//! Nothing here knows of the fake host, so that these rules can be tested without one.

mod collect;
pub mod command;
pub mod diff;
mod http_build;
pub mod http_file;
mod http_scan;
pub mod redact;
pub mod runner;
pub mod settle;
pub mod snapshot;
mod snapshot_store;
mod visible;

#[cfg(test)]
mod http_file_tests;
#[cfg(test)]
mod runner_tests;
#[cfg(test)]
mod snapshot_tests;

pub use collect::collect;
pub use http_file::{HttpFile, HttpRequest};
pub use redact::{Redaction, Redactor};
pub use runner::{Options, Recorded, Respond, Summary, run};
