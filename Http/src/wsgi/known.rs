//! Texts that were in environs before. Most values are the same from request to request: those of
//! the site, of a connection, and many header lines, whoever sends them.

use crate::ecb::{text_of_utf16, without_nul};
use crate::gateway;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, TryLockError};

/// Header lines that are kept; then all are forgotten. A client that makes lines up must not fill
/// the memory.
const MOST_LINES: usize = 512;

/// Longer values seldom come again.
const LONGEST: usize = 256;

/// Headers that many clients send with the same values, and whose values are no secrets; those
/// whose names begin with `Sec-` besides.
const USUAL: [&str; 12] = [
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_CHARSET",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_CACHE_CONTROL",
    "HTTP_CONNECTION",
    "HTTP_DNT",
    "HTTP_HOST",
    "HTTP_PRAGMA",
    "HTTP_UPGRADE_INSECURE_REQUESTS",
    "HTTP_USER_AGENT",
    "HTTP_X_FORWARDED_PROTO",
];

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    /// The latest value of each variable, by its place in the environ's table.
    variables: Vec<Option<Latest>>,
    lines: HashMap<Box<[u8]>, Header>,
}

struct Latest {
    /// As the host gave it.
    value: Vec<u8>,
    text: Py<PyString>,
}

/// The variable of a header line: its name and its value.
pub(super) struct Header {
    pub(super) name: Py<PyString>,
    pub(super) value: Py<PyString>,
}

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// What is known, for as long as one environ is made. `None`: another thread is at it.
pub(super) fn known() -> Option<MutexGuard<'static, Known>> {
    match KNOWN.try_lock() {
        Ok(known) => Some(known),
        Err(TryLockError::Poisoned(known)) => Some(known.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl Known {
    /// The text of a variable's value, which the host gave with its NUL. `None`: it is empty.
    /// `place`: where it is kept; `None`: it is not.
    pub(super) fn variable<'py>(
        &mut self,
        py: Python<'py>,
        place: Option<usize>,
        value: &[u8],
        wide: bool,
    ) -> Option<Bound<'py, PyString>> {
        let nul = if wide { 2 } else { 1 };
        if value.len() <= nul {
            return None;
        }
        let latest = place.and_then(|place| self.variables.get(place)?.as_ref());
        if let Some(latest) = latest
            && latest.value == value
        {
            return Some(latest.text.bind(py).clone());
        }
        let text = if wide {
            latin1(py, text_of_utf16(value).as_bytes())
        } else {
            latin1(py, without_nul(value, nul))
        };
        if let Some(place) = place
            && value.len() <= LONGEST
        {
            let latest = Latest {
                value: value.to_vec(),
                text: text.clone().unbind(),
            };
            if self.variables.len() <= place {
                self.variables.resize_with(place + 1, || None);
            }
            self.variables[place] = Some(latest);
        }
        Some(text)
    }

    /// The variable of a header line; `None`: none is made of it.
    pub(super) fn header(&mut self, py: Python<'_>, line: &[u8]) -> Option<Header> {
        if let Some(header) = self.lines.get(line) {
            return Some(header.clone(py));
        }
        let (name, value) = gateway::header_variable(line)?;
        let header = Header {
            name: PyString::new(py, &name).unbind(),
            value: latin1(py, value).unbind(),
        };
        let usual = USUAL.contains(&&*name) || name.starts_with("HTTP_SEC_");
        if line.len() <= LONGEST && usual {
            if self.lines.len() >= MOST_LINES {
                self.lines.clear();
            }
            self.lines.insert(line.into(), header.clone(py));
        }
        Some(header)
    }
}

impl Header {
    fn clone(&self, py: Python<'_>) -> Self {
        Self {
            name: self.name.clone_ref(py),
            value: self.value.clone_ref(py),
        }
    }
}

/// Bytes as PEP 3333 has them in text: each is a character (Latin-1).
pub(super) fn latin1<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyString> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => PyString::new(py, text),
        _ => PyString::new(
            py,
            &bytes.iter().copied().map(char::from).collect::<String>(),
        ),
    }
}
