//! Request files and snapshots: what `isapi-shim test` does once a host answers requests.
//!
//! A `.http` file ([`http_file`]) holds requests, [`runner`] has them answered by whatever implements
//! [`runner::Source`], [`redact`] takes out what changes from run to run, [`snapshot`] compares
//! the response with the one stored beside the file, and [`diff`] shows what is not the same.
//! Only `pool`, `worker` and `recorder` know of the fake host, so that these rules can be tested without one.

mod collect;
pub mod command;
mod dialogue;
pub mod diff;
pub mod environment;
mod frozen_time;
mod http_body;
mod http_build;
mod http_directives;
pub mod http_file;
mod http_scan;
mod isolation;
mod json_path;
mod judge;
mod plan;
mod pool;
mod recorder;
pub mod redact;
pub mod reference;
mod report;
mod report_files;
pub mod review;
pub mod runner;
mod send;
pub mod settle;
pub mod snapshot;
mod snapshot_store;
mod strict;
mod visible;
mod watch;
mod wire;
mod worker;

#[cfg(test)]
mod http_extras_tests;
#[cfg(test)]
mod http_file_tests;
#[cfg(test)]
mod runner_tests;
#[cfg(test)]
mod snapshot_tests;

pub use collect::collect;
pub use dialogue::Dialogue;
pub use environment::Environment;
pub use http_file::{HttpFile, HttpRequest};
pub use recorder::{CUT_OFF, Recorder};
pub use redact::{Redaction, Redactor};
pub use runner::{Options, Recorded, Source, Summary, run};
pub use send::{Done, send};
pub use wire::Sent;
