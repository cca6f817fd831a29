//! The variables of RFC 3875, and those that IIS gives to CGI programs besides.

use crate::gateway;

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
    match gateway::repeated(name, info, paths.raw_url) {
        Some(rest) => (name.to_vec(), rest.to_vec()),
        None => (name.to_vec(), info.to_vec()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
