//! Values of options that have a form of their own.

use crate::codes;
use crate::error::Error;
use std::net::{AddrParseError, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// `Name: value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderArg {
    /// The name, as written.
    pub name: String,
    /// The value, without blanks around it.
    pub value: String,
}

impl FromStr for HeaderArg {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = |why: &str| {
            Error::new(codes::BAD_HEADER_FLAG, format!("the header {text:?} {why}"))
                .fix("write it as 'Name: value'")
        };
        let (name, value) = text.split_once(':').ok_or_else(|| bad("has no colon"))?;
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(bad("has a name that is none"));
        }
        if value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(bad("has a control character in its value"));
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.trim().to_owned(),
        })
    }
}

/// `ADDR:PORT`, or `PORT` of this machine alone: what a server does is not for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsAddr(pub SocketAddr);

impl FromStr for MetricsAddr {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        match text.parse::<u16>() {
            Ok(port) => Ok(Self((Ipv4Addr::LOCALHOST, port).into())),
            Err(_) => text.parse().map(Self),
        }
    }
}

/// What a worker process has from its parent: which of the workers it is, and descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerArg {
    /// Counted from 0.
    pub slot: usize,
    /// The socket that connections come from.
    pub listener: i32,
    /// The socket to the parent.
    pub link: i32,
    /// The memory of the counters.
    pub counters: i32,
}

impl FromStr for WorkerArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<i32>> = text.split(',').map(|n| n.parse().ok()).collect();
        let [slot, listener, link, counters] = numbers
            .and_then(|numbers| <[i32; 4]>::try_from(numbers).ok())
            .ok_or("four numbers are wanted")?;
        Ok(Self {
            slot: usize::try_from(slot).map_err(|e| e.to_string())?,
            listener,
            link,
            counters,
        })
    }
}

/// `NAME=VALUE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVar {
    /// The name, in upper case.
    pub name: String,
    /// The value; may be empty.
    pub value: String,
}

impl FromStr for ServerVar {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = |why: &str| {
            Error::new(
                codes::BAD_SERVER_VAR_FLAG,
                format!("the server variable {text:?} {why}"),
            )
            .fix("write it as NAME=VALUE, for example AUTH_USER='CONTOSO\\ann'")
        };
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| bad("has no equals sign"))?;
        let letter = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        if name.is_empty() || !name.bytes().all(letter) {
            return Err(bad("has a name that is none"));
        }
        if value.contains('\0') {
            return Err(bad("has a NUL in its value"));
        }
        Ok(Self {
            name: name.to_ascii_uppercase(),
            value: value.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_keeps_its_spelling_and_its_colons() {
        let header: HeaderArg = "x-Url: http://a/".parse().unwrap();
        assert_eq!(
            (&header.name[..], &header.value[..]),
            ("x-Url", "http://a/")
        );
    }

    #[test]
    fn malformed_headers_and_variables_are_refused_with_their_code() {
        for text in ["", "no colon", ": v", "two words: v", "a: b\r\nc: d"] {
            assert_eq!(
                text.parse::<HeaderArg>().unwrap_err().code(),
                codes::BAD_HEADER_FLAG
            );
        }
        for text in ["", "NAME", "=v", "A B=c"] {
            assert_eq!(
                text.parse::<ServerVar>().unwrap_err().code(),
                codes::BAD_SERVER_VAR_FLAG
            );
        }
    }

    #[test]
    fn metrics_are_for_this_machine_unless_an_address_is_given() {
        let address = |text: &str| text.parse::<MetricsAddr>().map(|a| a.0.to_string());
        assert_eq!(address("9100"), Ok("127.0.0.1:9100".to_owned()));
        assert_eq!(address("0.0.0.0:0"), Ok("0.0.0.0:0".to_owned()));
        assert_eq!(address("[::1]:9100"), Ok("[::1]:9100".to_owned()));
        for text in ["", ":9100", "localhost", "70000", "-1"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
