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

/// Room for the headers that browsers send.
const USUAL_HEADERS: usize = 512;

impl Conn {
    /// A variable by its name without `UNICODE_`; `None`: unknown, or a header that was not sent.
    pub(super) fn variable(&self, name: &[u8]) -> Option<Value<'_>> {
        // IIS's own strictness about case is not documented; extensions ask in both.
        let upper;
        let name = if name.iter().any(u8::is_ascii_lowercase) {
            upper = name.to_ascii_uppercase();
            &upper
        } else {
            name
        };
        let given = self
            .request()
            .server_vars
            .iter()
            .rev()
            .find(|(n, _)| n.as_bytes() == name);
        if let Some((_, value)) = given {
            return text(value);
        }
        if let Some(header) = name.strip_prefix(b"HEADER_") {
            let matches = |n: &str| n.as_bytes().eq_ignore_ascii_case(header);
            return self.request().joined_header(matches).map(Value::Bytes);
        }
        self.plain(name)
            .or_else(|| header_variable(self.request(), name))
    }

    fn plain(&self, name: &[u8]) -> Option<Value<'_>> {
        let request = self.request();
        match name {
            b"ALL_HTTP" => Some(Value::Bytes(all_http(request))),
            b"ALL_RAW" => Some(Value::Bytes(all_raw(request))),
            b"CONTENT_LENGTH" => text(self.entity.total.map_or(-1, i128::from).to_string()),
            b"CONTENT_TYPE" => Some(Value::Bytes(
                request.header("content-type").unwrap_or_default().to_vec(),
            )),
            b"HTTP_METHOD" | b"REQUEST_METHOD" => text(&*request.method),
            b"HTTP_VERSION" | b"SERVER_PROTOCOL" => text(request.version.as_str()),
            b"REMOTE_ADDR" | b"REMOTE_HOST" => text(request.remote.ip()),
            b"REMOTE_PORT" => text(request.remote.port()),
            b"LOCAL_ADDR" | b"SERVER_ADDR" => text(request.local.ip()),
            b"SERVER_NAME" => text(request.server_name()),
            b"SERVER_PORT" => text(request.local.port()),
            b"SERVER_SOFTWARE" => text(self.host.server_software()),
            _ if name.starts_with(host_variables::PREFIX) => self.own(name),
            _ => self.path_variable(name).or_else(|| constant(name)),
        }
    }

    fn path_variable(&self, name: &[u8]) -> Option<Value<'_>> {
        let (route, url) = (&self.route, self.url());
        match name {
            b"URL" => text(&*route.url),
            b"SCRIPT_NAME" => text(&*route.script_name),
            b"PATH_INFO" => text(&*route.path_info),
            b"PATH_TRANSLATED" => text(path(&route.path_translated)),
            b"SCRIPT_TRANSLATED" => text(script_translated(&route.script_translated)),
            b"SCRIPT_FILENAME" | b"REQUEST_FILENAME" => text(path(&route.script_translated)),
            // As received: bytes that a client did not encode must not be changed.
            b"QUERY_STRING" => Some(Value::Bytes(url.query().into())),
            b"HTTP_URL" | b"UNENCODED_URL" => Some(Value::Bytes(url.raw().into())),
            b"REQUEST_URI" => Some(Value::Bytes(url.raw_path().into())),
            b"CACHE_URL" => text(cache_url(self.request(), url)),
            b"APPL_PHYSICAL_PATH" => {
                let mut folder = path(&self.host.site.root).into_owned();
                if !folder.ends_with(std::path::MAIN_SEPARATOR) {
                    folder.push(std::path::MAIN_SEPARATOR);
                }
                text(folder)
            }
            b"DOCUMENT_ROOT" => text(path(&self.host.site.root)),
            _ => None,
        }
    }

    /// What this host tells the core.
    fn own(&self, name: &[u8]) -> Option<Value<'_>> {
        let own = |variable: &std::ffi::CStr| variable.to_bytes() == name;
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
        None
    }
}

/// What a host without TLS, accounts and certificates has to say.
fn constant(name: &[u8]) -> Option<Value<'static>> {
    text(match name {
        b"APPL_MD_PATH" => "/LM/W3SVC/1/ROOT",
        b"APP_POOL_ID" => "DefaultAppPool",
        b"GATEWAY_INTERFACE" => "CGI/1.1",
        b"HTTPS" => "off",
        b"INSTANCE_ID" => "1",
        b"INSTANCE_META_PATH" => "/LM/W3SVC/1",
        b"INSTANCE_NAME" => "DEFAULT WEB SITE",
        b"MANAGED_PIPELINE_MODE" => "Integrated",
        b"SERVER_PORT_SECURE" | b"REQUEST_FLAGS" => "0",
        // Known names that have no value here: nobody is authenticated and nothing is
        // encrypted. `--server-var` gives them one.
        b"APP_POOL_CONFIG"
        | b"AUTH_PASSWORD"
        | b"AUTH_TYPE"
        | b"AUTH_USER"
        | b"CERT_COOKIE"
        | b"CERT_FLAGS"
        | b"CERT_ISSUER"
        | b"CERT_KEYSIZE"
        | b"CERT_SECRETKEYSIZE"
        | b"CERT_SERIALNUMBER"
        | b"CERT_SERVER_ISSUER"
        | b"CERT_SERVER_SUBJECT"
        | b"CERT_SUBJECT"
        | b"CRYPT_CIPHER_ALG_ID"
        | b"CRYPT_HASH_ALG_ID"
        | b"CRYPT_KEYEXCHANGE_ALG_ID"
        | b"CRYPT_PROTOCOL"
        | b"FORWARDED_URL"
        | b"HTTPS_KEYSIZE"
        | b"HTTPS_SECRETKEYSIZE"
        | b"HTTPS_SERVER_ISSUER"
        | b"HTTPS_SERVER_SUBJECT"
        | b"LOGON_USER"
        | b"ORIGINAL_URL"
        | b"REMOTE_USER"
        | b"UNMAPPED_REMOTE_USER" => "",
        _ => return None,
    })
}

/// `HTTP_X_Y` is the header `X-Y`; one with a real underscore is reached by `HEADER_` only.
fn header_variable<'a>(request: &Request, name: &[u8]) -> Option<Value<'a>> {
    let wanted = name.strip_prefix(b"HTTP_")?;
    let matches = |header: &str| {
        header.len() == wanted.len()
            && header.bytes().zip(wanted).all(|(h, w)| match h {
                b'-' => *w == b'_',
                b'_' => false,
                _ => h.to_ascii_uppercase() == *w,
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
    let headers = &request.headers;
    let names = match &request.spelling {
        Some(spelling) => spelling.names_of(headers),
        None => headers.iter().map(|(name, _)| name.as_bytes()).collect(),
    };
    let mut out = Vec::with_capacity(USUAL_HEADERS);
    for (name, (_, value)) in names.iter().zip(headers) {
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A path as text.
pub(super) fn path(path: &Path) -> Cow<'_, str> {
    // Much faster, for the paths that are text, which are all but a few.
    path.to_str()
        .map_or_else(|| path.to_string_lossy(), Cow::Borrowed)
}

/// IIS puts `\\?\` before it, and scripts cut four characters off. On other systems nothing of
/// that form can be opened; this can, and four characters can be cut off it.
fn script_translated(file: &Path) -> String {
    let prefix = if cfg!(windows) { r"\\?\" } else { "/./." };
    [prefix, &path(file)].concat()
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
