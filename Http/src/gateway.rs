//! What WSGI and CGI have in common: variables of request headers, and where the script's name ends
//! in the path.

/// Header names that no variable is made of: two have variables of their own; programs would take
/// `HTTP_PROXY` for their own setting (CVE-2016-1000110), and unchunk a body again that is said to
/// be in chunks.
const NO_VARIABLE: [&[u8]; 4] = [
    b"content-type",
    b"content-length",
    b"proxy",
    b"transfer-encoding",
];

/// `HTTP_*` from `ALL_RAW`, in order. Not from the host's own `HTTP_` variables: those have lost
/// whether a name had a dash or an underscore.
pub(crate) fn header_variables(all_raw: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut variables: Vec<(String, Vec<u8>)> = Vec::with_capacity(16);
    for (name, value) in lines(all_raw).filter_map(header_variable) {
        match variables.iter_mut().find(|(other, _)| *other == name) {
            Some((_, values)) => {
                values.extend_from_slice(between(&name).as_bytes());
                values.extend_from_slice(value);
            }
            None => variables.push((name, value.to_vec())),
        }
    }
    variables
}

/// The lines of `ALL_RAW`, each with its CR.
pub(crate) fn lines(all_raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    all_raw.split(|b| *b == b'\n')
}

/// The variable of a header's line; `None`: none is made of it.
pub(crate) fn header_variable(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = line.iter().position(|b| *b == b':')?;
    let name = variable_name(&line[..colon])?;
    Some((name, line[colon + 1..].trim_ascii()))
}

/// What stands between the values of a header that came more than once.
pub(crate) fn between(variable: &str) -> &'static str {
    // RFC 6265, 5.4: cookies are no list that commas could join.
    if variable == "HTTP_COOKIE" {
        "; "
    } else {
        ", "
    }
}

/// `None`: no variable is made of the header.
fn variable_name(header: &[u8]) -> Option<String> {
    // A client could pass `X_User` off as the `X-User` that a proxy in front of the server sets.
    let fine = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'_' | b'=');
    let excluded = NO_VARIABLE.iter().any(|n| header.eq_ignore_ascii_case(n));
    if header.is_empty() || excluded || !header.iter().all(fine) {
        return None;
    }
    let mut name = String::with_capacity(5 + header.len());
    name.push_str("HTTP_");
    name.extend(header.iter().map(|b| match b {
        b'-' => '_',
        b => char::from(b.to_ascii_uppercase()),
    }));
    Some(name)
}

/// What follows `SCRIPT_NAME` in `PATH_INFO`, where that repeats it: for a script map without
/// `allowPathInfo`, and for a wildcard, whose both are the whole path. `None`: it holds only what
/// follows.
pub(crate) fn repeated<'a>(
    script_name: &[u8],
    path_info: &'a [u8],
    raw_url: &[u8],
) -> Option<&'a [u8]> {
    let rest = behind(path_info, script_name)?;
    // With `allowPathInfo` what follows may begin like the script: `/a.py/a.py/x`. The URL tells.
    let follows = !rest.is_empty() && is_path(raw_url, script_name, path_info);
    (!follows).then_some(rest)
}

/// What follows `prefix` in `path`, where it ends at a slash. Without regard to ASCII case, as IIS
/// compares paths.
pub(crate) fn behind<'a>(path: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = path.split_at_checked(prefix.len())?;
    let fits = head.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest[0] == b'/');
    fits.then_some(rest)
}

/// Whether the client's path is the two parts one behind the other.
fn is_path(raw_url: &[u8], script_name: &[u8], path_info: &[u8]) -> bool {
    let raw = raw_url.split(|b| *b == b'?').next().unwrap_or_default();
    let decoded = decoded(raw);
    let parts = decoded.split_at_checked(script_name.len());
    parts.is_some_and(|(head, rest)| head.eq_ignore_ascii_case(script_name) && rest == path_info)
}

/// Percent-decoded; what is no code stays.
fn decoded(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut at = 0;
    while at < path.len() {
        let digits = path.get(at + 1..at + 3).filter(|d| {
            let hexadecimal = d.iter().all(u8::is_ascii_hexdigit);
            path[at] == b'%' && hexadecimal
        });
        let byte = digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok());
        out.push(byte.unwrap_or(path[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(all_raw: &str) -> Vec<String> {
        header_variables(all_raw.as_bytes())
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
        let raw = "Proxy: http://evil/\r\nX_User: root\r\nContent-Type: a/b\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nx=y: 1\r\nno colon\r\n: x\r\n\r\n";
        assert_eq!(made(raw), [""; 0]);
    }

    #[test]
    fn a_prefix_never_cuts_a_character() {
        assert_eq!(behind("/ä".as_bytes(), b"/x"), None);
        assert_eq!(behind("ä".as_bytes(), b"x"), None);
    }

    #[test]
    fn codes_in_a_path_are_decoded() {
        assert_eq!(decoded(b"/a%20b%zz%4%+1"), b"/a b%zz%4%+1");
    }
}
