//! The metrics of `isapi-shim serve`.

use crate::http::get;
use crate::server::{Server, wait};
use std::path::Path;

/// A server with metrics, and the address of these.
pub fn measured(site: &Path, options: &[&str]) -> (Server, String) {
    let server = Server::start(site, &[&["--metrics", "0"], options].concat());
    let err = server.wait_for_err(|text| text.contains("/metrics\n"));
    let address = err
        .split("metrics at http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .expect("an address");
    (server, address.to_owned())
}

/// A metric's value; 0 where it has none yet.
pub fn metric(address: &str, series: &str) -> f64 {
    let text = get(address, "/metrics").text();
    let of = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
    text.lines().find_map(of).unwrap_or(0.0)
}

/// Waits for a value: what a request leaves is counted after its response has gone out.
pub fn wait_for(address: &str, series: &str, value: f64) {
    wait(|| (metric(address, series) == value).then_some(()));
}
