//! The fake IIS: it drives an ISAPI extension through the same control block as IIS does.
#![deny(unsafe_code)]

pub mod codes;
pub mod error;
pub mod site;
pub mod testing;
