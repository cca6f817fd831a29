//! The ISAPI extension interface: the C layouts, and the one safe view of them for an extension.
//!
//! Everything is written with fixed-width types, so the 64-bit layout is the same on Linux and on
//! Windows; a C `long` would not be. `extern "system"` is `stdcall` on 32-bit Windows and the C
//! convention everywhere else, so a host and an extension agree on every target.
//!
//! A host uses [`layout`], [`constants`] and [`win32`]; an extension uses [`Connection`].
#![allow(unsafe_code)]

mod connection;
pub mod constants;
pub mod layout;
pub mod win32;

pub use connection::{Connection, Passed, fill_version, text_of_utf16, without_nul};
