//! Texts that were in environs before. Most values are the same from request to request: those of
//! the site, of a connection, and many header lines, whoever sends them.

use crate::ecb::text_of_utf16;
use crate::gateway;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

/// Header lines that are kept; then all are forgotten. A client that makes lines up must not fill
/// the memory.
const MOST_LINES: usize = 512;

/// Longer values seldom come again.
const LONGEST: usize = 256;

/// Secrets, which are a client's own anyway, are not kept.
const NOT_KEPT: [&str; 3] = [
    "HTTP_AUTHORIZATION",
    "HTTP_COOKIE",
    "HTTP_PROXY_AUTHORIZATION",
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

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

/// What is known, for as long as one environ is made. `None`: another thread is at it, which can be
/// only where Python has no GIL.
pub(super) fn known() -> Option<MutexGuard<'static, Option<Known>>> {
    KNOWN.try_lock().ok()
}

impl Known {
    /// The text of a variable's value, which the host gave with its NUL. `None`: it is empty.
    pub(super) fn variable<'py>(
        &mut self,
        py: Python<'py>,
        place: usize,
        value: &[u8],
        wide: bool,
    ) -> Option<Bound<'py, PyString>> {
        let nul = if wide { 2 } else { 1 };
        if value.len() <= nul {
            return None;
        }
        if let Some(Some(latest)) = self.variables.get(place)
            && latest.value == value
        {
            return Some(latest.text.bind(py).clone());
        }
        let text = if wide {
            latin1(py, text_of_utf16(value).as_bytes())
        } else {
            latin1(py, &value[..value.len() - nul])
        };
        if value.len() <= LONGEST {
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
        if line.len() <= LONGEST && !NOT_KEPT.contains(&&*name) {
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
