//! Names in a URL that no file can have, or that Windows reads as another file's.

use super::refusal::Refusal;

/// The first segment of a decoded path that names no file of its own: where it begins, and the
/// refusal for a handler that would look for one.
///
/// Windows takes such a name for another file or for none, so that a check of the name would have
/// checked the wrong one. To an interceptor it is a URL like others: `/wiki/Special:Version`.
pub(super) fn first_unreal(path: &str) -> Option<(usize, Refusal)> {
    let mut at = 0;
    for segment in path.split('/') {
        if let Some(why) = why_unreal(segment) {
            let reason = format!("the segment \"{segment}\" {why}");
            return Some((at, Refusal::new(404, 0, reason)));
        }
        at += segment.len() + 1;
    }
    None
}

fn why_unreal(segment: &str) -> Option<&'static str> {
    if segment.contains(':') {
        Some("holds a colon, which names a drive or a data stream")
    } else if segment.ends_with(['.', ' ']) {
        Some("ends in a dot or a blank, which Windows strips")
    } else if is_device(segment) {
        Some("is a device of Windows, not a file")
    } else if is_short_name(segment) {
        Some("has the form of a short (8.3) name")
    } else {
        None
    }
}

/// `CON`, `nul.txt`, `COM1`: reserved with any extension.
fn is_device(segment: &str) -> bool {
    let stem = segment
        .split('.')
        .next()
        .unwrap_or("")
        .trim_end()
        .to_uppercase();
    if matches!(
        &*stem,
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$"
    ) {
        return true;
    }
    // The superscript digits count, too.
    let number = stem
        .strip_prefix("COM")
        .or_else(|| stem.strip_prefix("LPT"));
    number.is_some_and(|n| {
        let mut chars = n.chars();
        matches!(
            (chars.next(), chars.next()),
            (Some('0'..='9' | '¹' | '²' | '³'), None)
        )
    })
}

/// `WEB~1.CON` would open `web.config` past the check of its name.
fn is_short_name(segment: &str) -> bool {
    let (stem, extension) = segment.rsplit_once('.').unwrap_or((segment, ""));
    let digits = stem.rsplit_once('~').map_or("", |(_, digits)| digits);
    stem.len() <= 8
        && extension.len() <= 3
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::first_unreal;

    #[test]
    fn names_that_windows_reads_otherwise_name_no_file() {
        for (path, at) in [
            ("/a.py::$DATA", 1),
            ("/a/b:c/d", 3),
            ("/c:/x", 1),
            ("/a.py.", 1),
            ("/a.py ", 1),
            ("/x/a./b", 3),
            ("/...", 1),
            ("/con", 1),
            ("/NUL.txt", 1),
            ("/com1.py/x", 1),
            ("/LPT²", 1),
            ("/aux .x", 1),
            ("/WEB~1.CON", 1),
        ] {
            let found = first_unreal(path).map(|(at, refusal)| (at, refusal.status));
            assert_eq!(found, Some((at, 404)), "{path}");
        }
        for path in [
            "/",
            "/console.py",
            "/com",
            "/com10",
            "/nulls",
            "/longer-name~1.html",
            "/~joe/x",
        ] {
            assert_eq!(first_unreal(path), None, "{path}");
        }
    }
}
