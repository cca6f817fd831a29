//! A word about modules that Python has dropped, for scripts that worked with an older one.

use pyo3::exceptions::{PyModuleNotFoundError, PySyntaxError};
use pyo3::prelude::*;

use super::python2;

/// What is to be said about an error besides its own text; begins with a line feed.
pub(super) fn hint(py: Python<'_>, error: &PyErr) -> Option<String> {
    if error.is_instance_of::<PySyntaxError>(py) {
        return python2::hint(py, error);
    }
    if !error.is_instance_of::<PyModuleNotFoundError>(py) {
        return None;
    }
    let name = error.value(py).getattr("name").ok()?;
    let name: String = name.extract().ok()?;
    let (since, instead) = dropped(&name)?;
    Some(format!(
        "\nPython {since} and newer have no module {name}: {instead}."
    ))
}

/// Since when there is no such module, and what to do. Only of what web scripts import.
fn dropped(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "cgi" | "cgitb" => ("3.13", "install legacy-cgi (pip install legacy-cgi)"),
        "asynchat" | "asyncore" => ("3.12", "install pyasyncore or pyasynchat, or use asyncio"),
        "crypt" => (
            "3.13",
            "install legacycrypt, or use another hash such as hashlib.scrypt",
        ),
        "distutils" => ("3.12", "install setuptools, which brings it"),
        "imghdr" => (
            "3.13",
            "install standard-imghdr, or use a library such as filetype",
        ),
        "pipes" => (
            "3.13",
            "install standard-pipes, or use shlex.quote and subprocess",
        ),
        "smtpd" => ("3.12", "install aiosmtpd"),
        "telnetlib" => ("3.13", "install standard-telnetlib"),
        "uu" => ("3.13", "use binascii"),
        // Python 2's.
        "ConfigParser" => ("3.0", "it is called configparser"),
        "Cookie" => ("3.0", "it is called http.cookies"),
        "HTMLParser" => ("3.0", "it is called html.parser"),
        "Queue" => ("3.0", "it is called queue"),
        "StringIO" | "cStringIO" => ("3.0", "use io.StringIO or io.BytesIO"),
        "cPickle" => ("3.0", "it is called pickle"),
        "httplib" => ("3.0", "it is called http.client"),
        "urllib2" => ("3.0", "use urllib.request and urllib.error"),
        "urlparse" => ("3.0", "it is called urllib.parse"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::dropped;

    #[test]
    fn a_module_that_was_dropped_is_told_from_one_that_is_missing() {
        assert!(dropped("cgi").is_some_and(|(_, text)| text.contains("pip install legacy-cgi")));
        assert_eq!(dropped("my_module"), None);
    }
}
