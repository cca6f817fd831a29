//! Bytes as text that survives editors, git, insta and YAML. See [`super::snapshot`] for the rules.

/// Bytes as one line of text: what is no UTF-8, or a control character, as `\xHH`.
pub(super) fn printable(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_ascii_control() && c != '\t' {
                out.push_str(&format!("\\x{:02x}", u32::from(c)));
            } else {
                out.push(c);
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// The body with marks for what editors, git and insta would lose.
pub(super) fn visible(body: &str) -> String {
    let lines = body
        .split('\n')
        .map(|line| mark_end(&line.replace('\r', "␍")));
    lines.collect::<Vec<_>>().join("\n")
}

/// White space at the end of a line as something that can be seen.
pub(super) fn mark_end(line: &str) -> String {
    let (kept, end) = line.split_at(line.trim_end().len());
    let mut out = kept.to_owned();
    for c in end.chars() {
        match c {
            ' ' => out.push('·'),
            '\t' => out.push('→'),
            other => out.extend(other.escape_unicode()),
        }
    }
    out
}

/// A hash as it stands in a snapshot.
pub(super) fn hash(bytes: &[u8]) -> String {
    format!("fnv1a-{:016x}", fnv(bytes))
}

/// FNV-1a with 64 bits: the same in every release of Rust, which `std`'s hashers do not promise.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// A string as JSON, which is YAML too. Line breaks that only YAML knows are escaped besides.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        match u32::from(c) {
            code @ (0x7f..=0x9f | 0x2028 | 0x2029 | 0xfeff) => {
                out.push_str(&format!("\\u{code:04x}"));
            }
            _ => out.push(c),
        }
    }
    out
}
