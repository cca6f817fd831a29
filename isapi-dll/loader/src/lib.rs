//! What the carriers of the core share (`PyISAPIe.dll`, and `isapi-shim.exe` on Windows): the
//! settings file, which Python to use, and loading it and the core that was built for it.
//!
//! A carrier imports no Python itself: where something is missing, Windows would refuse to load
//! it with a bare number, and IIS would show 0x8007007e. So it is loaded always, looks for the
//! rest, and where it finds none says so to every request. See [`Carrier`].
#![deny(unsafe_code)]

mod carrier;
mod find;
mod pe;
mod place;
mod problem;
mod settings;
#[cfg(windows)]
mod windows;

pub use carrier::{Acquire, Carrier, refuse};
pub use find::{Looking, Python, Registered, Version, find};
pub use pe::{Machine, Pe};
pub use place::{Place, core_file_name};
pub use problem::{Problem, Result};
pub use settings::{FILE_NAME, Log, QUEUE, Settings};
#[cfg(windows)]
pub use windows::{load_core, looking};
