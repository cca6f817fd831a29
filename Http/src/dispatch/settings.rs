//! `Http.Config`, read and checked.

use crate::codes;
use crate::log;
use crate::module::{charset_of, header_block};
use crate::response::Output;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString};
use std::ops::RangeInclusive;
use std::sync::Once;

/// The original's limits; 0 is invalid, `None` means unbuffered.
const BUFFER_SIZES: RangeInclusive<i64> = 64..=131_072;

/// When a script is loaded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reload {
    /// Never until the process ends: for production.
    Never,
    /// When the script, or a module of the site, has changed.
    Changed,
    /// At every request.
    Always,
}

/// Who sees tracebacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorDetails {
    /// Clients on this machine, as IIS does it by default.
    Local,
    /// Everybody.
    Always,
    /// Nobody; they are in the log.
    Never,
}

impl Reload {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "never" => Some(Self::Never),
            "changed" => Some(Self::Changed),
            "always" => Some(Self::Always),
            _ => None,
        }
    }
}

impl ErrorDetails {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "local" => Some(Self::Local),
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            _ => None,
        }
    }
}

/// What `Http.Config` says.
pub(super) struct Settings {
    pub(super) output: Output,
    /// The charset of `DefaultHeaders`.
    pub(super) charset: Option<String>,
    pub(super) reload: Option<Reload>,
    pub(super) debug: bool,
    pub(super) error_details: Option<ErrorDetails>,
}

impl Settings {
    /// Reads the module; the messages of its errors are the original's.
    pub(super) fn read(config: &Bound<'_, PyModule>) -> PyResult<Self> {
        let default_headers = headers(config, "DefaultHeaders")?;
        let charset = default_headers.split(|b| *b == b'\n').find_map(charset_of);
        let output = Output {
            buffer_size: buffer_size(config)?,
            keep_alive: keep_alive(config)?,
            default_headers,
            static_headers: headers(config, "StaticHeaders")?,
        };
        warn_about_interpreters(config)?;
        let debug = value(config, "Debug")?.is_some_and(|d| d.is_truthy().unwrap_or(false));
        Ok(Self {
            output,
            charset,
            reload: choice(config, "Reload", Reload::parse)?,
            debug,
            error_details: choice(config, "ErrorDetails", ErrorDetails::parse)?,
        })
    }
}

/// A setting, or `None` where it is missing or `None`.
fn value<'py>(config: &Bound<'py, PyModule>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(config.getattr_opt(name)?.filter(|v| !v.is_none()))
}

fn invalid(name: &str) -> PyErr {
    PyValueError::new_err(format!("Config parameter '{name}' is invalid"))
}

fn buffer_size(config: &Bound<'_, PyModule>) -> PyResult<Option<usize>> {
    let Some(size) = value(config, "BufferSize")? else {
        return Ok(None);
    };
    let number = size
        .cast::<PyInt>()
        .ok()
        .and_then(|n| n.extract::<i64>().ok());
    number
        .filter(|n| BUFFER_SIZES.contains(n))
        .and_then(|n| usize::try_from(n).ok())
        .map(Some)
        .ok_or_else(|| invalid("BufferSize"))
}

fn keep_alive(config: &Bound<'_, PyModule>) -> PyResult<bool> {
    match config.getattr_opt("KeepAlive")? {
        None => Ok(true),
        Some(value) => value
            .cast::<PyBool>()
            .map(|b| b.is_true())
            .map_err(|_| invalid("KeepAlive")),
    }
}

fn headers(config: &Bound<'_, PyModule>, name: &str) -> PyResult<Vec<u8>> {
    value(config, name)?.map_or(Ok(Vec::new()), |v| header_block(&v))
}

fn choice<T>(
    config: &Bound<'_, PyModule>,
    name: &str,
    parse: fn(&str) -> Option<T>,
) -> PyResult<Option<T>> {
    let Some(given) = value(config, name)? else {
        return Ok(None);
    };
    let text = given.cast::<PyString>().map_err(|_| invalid(name))?;
    parse(&text.to_string_lossy())
        .map(Some)
        .ok_or_else(|| invalid(name))
}

/// One interpreter serves all: pyo3 refuses sub-interpreters, as many extension modules do.
fn warn_about_interpreters(config: &Bound<'_, PyModule>) -> PyResult<()> {
    let Some(map) = value(config, "InterpreterMap")? else {
        return Ok(());
    };
    if !map.is_callable() && !map.is_instance_of::<PyString>() {
        return Err(invalid("InterpreterMap"));
    }
    // Once in a process: the file is read again after an edit.
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        let text = "InterpreterMap: scripts are kept apart by application pools";
        log::event(codes::SETTING_IGNORED, text);
    });
    Ok(())
}
