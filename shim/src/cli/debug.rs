//! The options for debuggers.

use clap::Args;
use std::net::{Ipv4Addr, SocketAddr};

/// What `run` and `serve` share.
#[derive(Clone, Debug, Default, Args)]
pub struct DebugArgs {
    /// Let a debugger attach at this port, with debugpy: `isapi-shim serve --debugpy 5678`
    #[arg(long, value_name = "[ADDR:]PORT", value_parser = address)]
    pub debugpy: Option<SocketAddr>,

    /// Begin only when a debugger has attached
    #[arg(long, requires = "debugpy")]
    pub wait_for_client: bool,
}

/// A port of this machine, or an address with a port.
fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse()
        .map_err(|_| "write a port, or an address and a port: 5678, 127.0.0.1:5678".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_one_of_this_machine() {
        assert_eq!(
            address("5678"),
            Ok(SocketAddr::from(([127, 0, 0, 1], 5678)))
        );
        assert_eq!(
            address("0.0.0.0:1"),
            Ok(SocketAddr::from(([0, 0, 0, 0], 1)))
        );
        assert!(address("[::1]:5678").is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "localhost", "65536", "-1", "1.2.3.4"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
