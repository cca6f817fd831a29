//! The server variables, with IIS's names and forms. `docs/fidelity.md` has the table.

use super::{Application, Conn, Request};
use crate::site::UrlPath;
use isapi_base::host_variables;
use std::borrow::Cow;
use std::path::Path;

/// The value of a variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Text, which the host gives in the ANSI code page or as UTF-16.
    Text(Cow<'a, str>),
    /// The bytes of a request header.
    Bytes(Vec<u8>),
}

fn text<'a>(value: impl Into<Cow<'a, str>>) -> Option<Value<'a>> {
    Some(Value::Text(value.into()))
}

impl Conn {
    /// A variable by its name without `UNICODE_`; `None`: unknown, or a header that was not sent.
    pub(super) fn variable(&self, name: &str) -> Option<Value<'_>> {
        // IIS's own strictness about case is not documented; extensions ask in both.
        let upper;
        let name = if name.bytes().any(|b| b.is_ascii_lowercase()) {
            upper = name.to_ascii_uppercase();
            &upper
        } else {
            name
        };
        let given = self
            .request
            .server_vars
            .iter()
            .rev()
            .find(|(n, _)| n == name);
        if let Some((_, value)) = given {
            return text(value);
        }
        if let Some(header) = name.strip_prefix("HEADER_") {
            let matches = |n: &str| n.eq_ignore_ascii_case(header);
            return self.request.joined_header(matches).map(Value::Bytes);
        }
        self.plain(name)
            .or_else(|| header_variable(&self.request, name))
    }

    fn plain(&self, name: &str) -> Option<Value<'_>> {
        let request = &self.request;
        match name {
            "ALL_HTTP" => Some(Value::Bytes(all_http(request))),
            "ALL_RAW" => Some(Value::Bytes(all_raw(request))),
            "CONTENT_LENGTH" => text(self.total.map_or(-1, i128::from).to_string()),
            "CONTENT_TYPE" => Some(Value::Bytes(
                request.header("content-type").unwrap_or_default().to_vec(),
            )),
            "HTTP_METHOD" | "REQUEST_METHOD" => text(&*request.method),
            "HTTP_VERSION" | "SERVER_PROTOCOL" => text(request.version.as_str()),
            "REMOTE_ADDR" | "REMOTE_HOST" => text(request.remote.ip().to_string()),
            "REMOTE_PORT" => text(request.remote.port().to_string()),
            "LOCAL_ADDR" | "SERVER_ADDR" => text(request.local.ip().to_string()),
            "SERVER_NAME" => text(request.server_name()),
            "SERVER_PORT" => text(request.local.port().to_string()),
            "SERVER_SOFTWARE" => text(self.host.server_software()),
            _ => self.path_variable(name).or_else(|| self.constant(name)),
        }
    }

    fn path_variable(&self, name: &str) -> Option<Value<'_>> {
        let (route, url) = (&self.route, &self.url);
        match name {
            "URL" => text(&*route.url),
            "SCRIPT_NAME" => text(&*route.script_name),
            "PATH_INFO" => text(&*route.path_info),
            "PATH_TRANSLATED" => text(path(&route.path_translated)),
            "SCRIPT_TRANSLATED" => text(script_translated(&route.script_translated)),
            "SCRIPT_FILENAME" | "REQUEST_FILENAME" => text(path(&route.script_translated)),
            // As received: bytes that a client did not encode must not be changed.
            "QUERY_STRING" => Some(Value::Bytes(url.query().into())),
            "HTTP_URL" | "UNENCODED_URL" => Some(Value::Bytes(url.raw().into())),
            "REQUEST_URI" => Some(Value::Bytes(url.raw_path().into())),
            "CACHE_URL" => text(cache_url(&self.request, url)),
            "APPL_PHYSICAL_PATH" => {
                let mut folder = path(&self.host.site.root).into_owned();
                if !folder.ends_with(std::path::MAIN_SEPARATOR) {
                    folder.push(std::path::MAIN_SEPARATOR);
                }
                text(folder)
            }
            "DOCUMENT_ROOT" => text(path(&self.host.site.root)),
            _ => None,
        }
    }

    /// What a host without TLS, accounts and certificates has to say.
    fn constant(&self, name: &str) -> Option<Value<'_>> {
        let own = |variable: &std::ffi::CStr| variable.to_bytes() == name.as_bytes();
        if own(host_variables::HOME) {
            return text(path(&self.host.site.home));
        }
        match &self.host.options.application {
            Application::Handler(file) if own(host_variables::HANDLER) => return text(path(file)),
            Application::Cgi if own(host_variables::CGI) => return text("1"),
            Application::Wsgi { application, .. } if own(host_variables::WSGI) => {
                return text(application);
            }
            Application::Wsgi {
                mount: Some(mount), ..
            } if own(host_variables::MOUNT) => return text(mount),
            _ => {}
        }
        if own(host_variables::PROCESS_MODEL) {
            return text(self.host.options.process_model);
        }
        if own(host_variables::RELOAD) {
            return text(self.host.options.reload);
        }
        if own(host_variables::ERROR_DETAILS) {
            return text(self.host.options.error_details);
        }
        text(match name {
            "APPL_MD_PATH" => "/LM/W3SVC/1/ROOT",
            "APP_POOL_ID" => "DefaultAppPool",
            "GATEWAY_INTERFACE" => "CGI/1.1",
            "HTTPS" => "off",
            "INSTANCE_ID" => "1",
            "INSTANCE_META_PATH" => "/LM/W3SVC/1",
            "INSTANCE_NAME" => "DEFAULT WEB SITE",
            "MANAGED_PIPELINE_MODE" => "Integrated",
            "SERVER_PORT_SECURE" | "REQUEST_FLAGS" => "0",
            // Known names that have no value here: nobody is authenticated and nothing is
            // encrypted. `--server-var` gives them one.
            "APP_POOL_CONFIG"
            | "AUTH_PASSWORD"
            | "AUTH_TYPE"
            | "AUTH_USER"
            | "CERT_COOKIE"
            | "CERT_FLAGS"
            | "CERT_ISSUER"
            | "CERT_KEYSIZE"
            | "CERT_SECRETKEYSIZE"
            | "CERT_SERIALNUMBER"
            | "CERT_SERVER_ISSUER"
            | "CERT_SERVER_SUBJECT"
            | "CERT_SUBJECT"
            | "CRYPT_CIPHER_ALG_ID"
            | "CRYPT_HASH_ALG_ID"
            | "CRYPT_KEYEXCHANGE_ALG_ID"
            | "CRYPT_PROTOCOL"
            | "FORWARDED_URL"
            | "HTTPS_KEYSIZE"
            | "HTTPS_SECRETKEYSIZE"
            | "HTTPS_SERVER_ISSUER"
            | "HTTPS_SERVER_SUBJECT"
            | "LOGON_USER"
            | "ORIGINAL_URL"
            | "REMOTE_USER"
            | "UNMAPPED_REMOTE_USER" => "",
            _ => return None,
        })
    }
}

/// `HTTP_X_Y` is the header `X-Y`; one with a real underscore is reached by `HEADER_` only.
fn header_variable<'a>(request: &Request, name: &str) -> Option<Value<'a>> {
    let wanted = name.strip_prefix("HTTP_")?;
    let matches = |header: &str| {
        header.len() == wanted.len()
            && header.bytes().zip(wanted.bytes()).all(|(h, w)| match h {
                b'-' => w == b'_',
                b'_' => false,
                _ => h.to_ascii_uppercase() == w,
            })
    };
    request.joined_header(matches).map(Value::Bytes)
}

/// `HTTP_NAME:value` and a line feed: no blank behind the colon.
fn all_http(request: &Request) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in &request.headers {
        out.extend_from_slice(b"HTTP_");
        out.extend(name.bytes().map(|b| {
            if b == b'-' {
                b'_'
            } else {
                b.to_ascii_uppercase()
            }
        }));
        out.push(b':');
        out.extend_from_slice(value);
        out.push(b'\n');
    }
    out
}

/// `Name: value` and CRLF, in the client's spelling.
fn all_raw(request: &Request) -> Vec<u8> {
    let spelled = request
        .spelling
        .as_ref()
        .map(|spelling| (spelling.0)(&request.headers));
    let mut out = Vec::new();
    for (name, value) in spelled.as_ref().unwrap_or(&request.headers) {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn path(path: &Path) -> Cow<'_, str> {
    path.to_string_lossy()
}

/// IIS puts `\\?\` before it, and scripts cut four characters off. On other systems nothing of
/// that form can be opened; this can, and four characters can be cut off it.
fn script_translated(file: &Path) -> String {
    let prefix = if cfg!(windows) { r"\\?\" } else { "/./." };
    prefix.to_owned() + &file.to_string_lossy()
}

/// The form of http.sys: scheme, host with port, the address's port again, raw URL.
fn cache_url(request: &Request, url: &UrlPath) -> String {
    let port = request.local.port();
    format!(
        "http://{}:{port}:{port}{}",
        request.server_name(),
        url.raw()
    )
}

/// ANSI: Windows-1252, with `?` for what it lacks, as Windows converts to its code page.
pub(super) fn ansi(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return text.as_bytes().into();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut buffer = [0u8; 4];
    for c in text.chars() {
        let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
        if unmappable {
            out.push(b'?')
        } else {
            out.extend_from_slice(&bytes)
        }
    }
    out.into()
}
