//! What is there on Windows only: finding a Python, loading the core for it, and saying what is
//! missing. Run by `isapi-dll/windows/test`.

#[path = "windows/finding.rs"]
mod finding;
#[path = "windows/libraries.rs"]
mod libraries;
#[path = "windows/missing.rs"]
mod missing;
#[path = "windows/pywin32.rs"]
mod pywin32;
#[path = "windows/settings.rs"]
mod settings;
