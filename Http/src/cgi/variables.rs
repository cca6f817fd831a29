//! The variables of RFC 3875, and those that IIS gives to CGI programs besides.

/// Variables that are handed on as the host gives them; those without a value are left out.
pub(crate) const HANDED_ON: &[&str] = &[
    "APPL_MD_PATH",
    "APPL_PHYSICAL_PATH",
    "APP_POOL_ID",
    "AUTH_TYPE",
    "AUTH_USER",
    "CERT_COOKIE",
    "CERT_FLAGS",
    "CERT_ISSUER",
    "CERT_SERIALNUMBER",
    "CERT_SUBJECT",
    "CONTENT_TYPE",
    "DOCUMENT_ROOT",
    "HTTPS",
    "HTTPS_KEYSIZE",
    "HTTPS_SECRETKEYSIZE",
    "HTTPS_SERVER_ISSUER",
    "HTTPS_SERVER_SUBJECT",
    "INSTANCE_ID",
    "INSTANCE_META_PATH",
    "LOCAL_ADDR",
    "LOGON_USER",
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_PORT",
    "REMOTE_USER",
    "REQUEST_METHOD",
    "SERVER_ADDR",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PORT_SECURE",
    "SERVER_PROTOCOL",
    "SERVER_SOFTWARE",
];

/// Variables that are made here, so they are nobody else's either.
const MADE: &[&str] = &[
    "AUTH_PASSWORD",
    "CONTENT_LENGTH",
    "GATEWAY_INTERFACE",
    "PATH_INFO",
    "PATH_TRANSLATED",
    "QUERY_STRING",
    "REQUEST_URI",
    "SCRIPT_FILENAME",
    "SCRIPT_NAME",
];

/// Whether a variable of that name tells of a request: the process's own one would be mistaken.
pub(crate) fn is_of_request(name: &str) -> bool {
    name.starts_with("HTTP_") || HANDED_ON.contains(&name) || MADE.contains(&name)
}

/// `HTTP_*` from `ALL_RAW`, which has the names as the client wrote them.
pub(crate) fn headers(all_raw: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for line in all_raw.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            continue;
        };
        let Some(name) = variable_name(&line[..colon]) else {
            continue;
        };
        let value = line[colon + 1..].trim_ascii();
        if let Some((_, first)) = headers.iter_mut().find(|(n, _)| *n == name) {
            let between: &[u8] = if name == "HTTP_COOKIE" { b"; " } else { b", " };
            first.extend_from_slice(between);
            first.extend_from_slice(value);
        } else {
            headers.push((name, value.to_vec()));
        }
    }
    headers
}

/// `None`: no variable is made of the header.
fn variable_name(header: &[u8]) -> Option<String> {
    // `X_User` would be taken for `X-User`, which a proxy has checked.
    let fine = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'_' | b'=');
    if header.is_empty() || !header.iter().all(fine) {
        return None;
    }
    let name: String = header
        .iter()
        .map(|b| match b {
            b'-' => '_',
            b => char::from(b.to_ascii_uppercase()),
        })
        .collect();
    // They have variables of their own; and programs would send their own requests to a proxy
    // that the client names (CVE-2016-1000110).
    let left_out = ["CONTENT_TYPE", "CONTENT_LENGTH", "PROXY"];
    (!left_out.contains(&name.as_str())).then(|| format!("HTTP_{name}"))
}

/// What the host says about the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paths<'a> {
    pub(crate) script_name: &'a [u8],
    pub(crate) path_info: &'a [u8],
    /// The request target as the client sent it.
    pub(crate) raw_url: &'a [u8],
    /// The file name of the script that is run.
    pub(crate) file_name: &'a [u8],
}

/// `SCRIPT_NAME` and `PATH_INFO` as CGI has them.
///
/// For a script map IIS repeats the script's name in `PATH_INFO`, unless `allowPathInfo` is set;
/// for a wildcard both are the whole path.
pub(crate) fn split_path(paths: Paths<'_>) -> (Vec<u8>, Vec<u8>) {
    let Paths {
        script_name: name,
        path_info: info,
        ..
    } = paths;
    if name == info {
        let end = end_of_script(name, paths.file_name).unwrap_or(name.len());
        return (name[..end].to_vec(), name[end..].to_vec());
    }
    let Some(rest) = info.strip_prefix(name) else {
        return (name.to_vec(), info.to_vec());
    };
    // `/a.cgi` with an extra path `/a.cgi/x` looks as `/a.cgi/x` does; the URL tells.
    let path = paths.raw_url.split(|b| *b == b'?').next();
    let whole = [name, info].concat();
    if path.is_some_and(|path| decoded(path) == whole) {
        return (name.to_vec(), info.to_vec());
    }
    (name.to_vec(), rest.to_vec())
}

/// Where the first segment called as the script's file ends.
fn end_of_script(path: &[u8], file_name: &[u8]) -> Option<usize> {
    let mut end = 0;
    for segment in path.split(|b| *b == b'/') {
        end += segment.len();
        if !segment.is_empty() && segment.eq_ignore_ascii_case(file_name) {
            return Some(end);
        }
        end += 1;
    }
    None
}

/// Percent-decoded; what is no code stays.
fn decoded(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind
            .get(..2)
            .filter(|d| *first == b'%' && d.iter().all(u8::is_ascii_hexdigit))
            .and_then(|d| std::str::from_utf8(d).ok())
            .and_then(|d| u8::from_str_radix(d, 16).ok());
        match digits {
            Some(byte) => {
                out.push(byte);
                rest = &behind[2..];
            }
            None => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(all_raw: &str) -> Vec<String> {
        headers(all_raw.as_bytes())
            .into_iter()
            .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(&value)))
            .collect()
    }

    #[test]
    fn headers_become_variables_in_order_and_repeated_ones_are_joined() {
        let raw = "Host: a\r\naccept-Language: de\r\nCookie: a=1\r\nX-A:b:c \r\ncookie: b=2\r\nX-a: d\r\n";
        assert_eq!(
            made(raw),
            [
                "HTTP_HOST=a",
                "HTTP_ACCEPT_LANGUAGE=de",
                "HTTP_COOKIE=a=1; b=2",
                "HTTP_X_A=b:c, d"
            ]
        );
    }

    #[test]
    fn a_client_cannot_name_a_proxy_or_pass_for_another_header() {
        let raw = "Proxy: http://evil/\r\nX_User: root\r\nContent-Type: a/b\r\nContent-Length: 5\r\nx=y: 1\r\nno colon\r\n: x\r\n\r\n";
        assert_eq!(made(raw), [""; 0]);
    }

    #[test]
    fn the_extra_path_is_what_follows_the_script() {
        for (name, info, raw, file, expected) in [
            // A script map.
            (
                "/a/p.cgi",
                "/a/p.cgi",
                "/a/p.cgi",
                "p.cgi",
                ("/a/p.cgi", ""),
            ),
            (
                "/p.cgi",
                "/p.cgi/x y",
                "/p.cgi/x%20y?q",
                "p.cgi",
                ("/p.cgi", "/x y"),
            ),
            // With allowPathInfo.
            ("/p.cgi", "", "/p.cgi", "p.cgi", ("/p.cgi", "")),
            ("/p.cgi", "/x", "/p.cgi/x", "p.cgi", ("/p.cgi", "/x")),
            (
                "/p.cgi",
                "/p.cgi/x",
                "/p.cgi/p.cgi/x",
                "p.cgi",
                ("/p.cgi", "/p.cgi/x"),
            ),
            // A wildcard.
            (
                "/a/p.cgi/x",
                "/a/p.cgi/x",
                "/a/p.cgi/x",
                "P.cgi",
                ("/a/p.cgi", "/x"),
            ),
            (
                "/tiles/1",
                "/tiles/1",
                "/tiles/1",
                "p.cgi",
                ("/tiles/1", ""),
            ),
        ] {
            let (script_name, path_info) = split_path(Paths {
                script_name: name.as_bytes(),
                path_info: info.as_bytes(),
                raw_url: raw.as_bytes(),
                file_name: file.as_bytes(),
            });
            assert_eq!(
                (&script_name[..], &path_info[..]),
                (expected.0.as_bytes(), expected.1.as_bytes()),
                "{name} {info} {raw}"
            );
        }
    }

    #[test]
    fn codes_in_a_path_are_decoded() {
        assert_eq!(decoded(b"/a%20b%zz%4"), b"/a b%zz%4");
    }
}
