//! `serve --workers` where it is not there: sockets are inherited in another way on Windows.

use super::metrics::Counts;
use crate::cli::ServeArgs;
use crate::codes::{self, Exit};
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A worker's side; there is none.
pub(super) enum Link {}

impl Link {
    pub(super) fn of(_args: &ServeArgs) -> Result<Option<&'static Self>> {
        Ok(None)
    }

    pub(super) fn failed(&self) {
        match *self {}
    }

    pub(super) fn counts(&self) -> Counts {
        match *self {}
    }

    pub(super) async fn begin(&'static self) -> Result<Connections> {
        match *self {}
    }

    pub(super) async fn stop(&self) {
        match *self {}
    }
}

/// Where a worker's connections come from.
pub(super) enum Connections {}

impl Connections {
    pub(super) async fn accept(&self) -> std::io::Result<(TcpStream, SocketAddr)> {
        match *self {}
    }
}

/// Refuses.
pub(super) fn supervise(_args: &ServeArgs, _words: &[OsString]) -> Result<Option<Exit>> {
    Err(
        Error::new(codes::SERVE_OPTION, "--workers is not there on Windows yet")
            .fix("leave it out; a web garden of IIS has several worker processes"),
    )
}
