//! Backslashes in texts.

use super::finding::Found;
use super::walk::{Place, children};
use crate::codes;

pub(super) fn rules(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    if place.node.kind() != "string" {
        return;
    }
    let Some(start) = place.node.child(0) else {
        return;
    };
    let mark = place.text(start);
    let prefix = mark.trim_end_matches(['"', '\'']).to_ascii_lowercase();
    if prefix.contains('r') || mark.ends_with('`') || place.node.has_error() {
        return;
    }
    let bytes = prefix.contains('b');
    let short = mark.len() - prefix.len() == 1;
    let whole = place.text(place.node);
    let path = short && !bytes && is_path(&whole[mark.len()..whole.len().max(mark.len() + 1) - 1]);
    let from = out.len();
    for content in children(place.node).filter(|child| child.kind() == "string_content") {
        let end = content.end_byte();
        let mut at = content.start_byte();
        while at < end {
            let rest = place.source.text.get(at..).unwrap_or_default();
            let Some(found) = rest.find('\\').filter(|found| at + found < end) else {
                break;
            };
            at += found;
            let rest = place.source.text.get(at + 1..).unwrap_or_default();
            let letter = rest.chars().next().unwrap_or('\n');
            escape(at, bytes, path, rest, out);
            at += 1 + letter.len_utf8();
        }
    }
    // One text, one cure: a broken escape says it all.
    let bad = out[from..]
        .iter()
        .find(|found| found.code == codes::PY_BAD_ESCAPE);
    if let Some(bad) = bad.cloned() {
        out.truncate(from);
        out.push(bad);
    }
    let mut seen = Vec::new();
    let mut index = 0;
    out.retain(|found| {
        index += 1;
        let again = index > from && seen.contains(&found.code.number);
        seen.extend((index > from).then_some(found.code.number));
        !again
    });
}

/// Whether a text, as it is written, looks like a path of Windows and like nothing else.
fn is_path(text: &str) -> bool {
    let drive = text.as_bytes();
    let absolute = match drive {
        [letter, b':', b'\\', ..] => letter.is_ascii_alphabetic(),
        [b'\\', b'\\', b'\\', b'\\', ..] => true,
        _ => false,
    };
    let of_a_path = |c: char| c.is_alphanumeric() || "\\:/._-~$%@#+=()[]&{}!, ".contains(c);
    absolute
        && text.matches(':').count() <= 1
        && text.chars().all(of_a_path)
        && text.len() >= 6
        // `"a:\n"` ends a line; a path ends with a name.
        && !text.ends_with("\\n")
}

fn escape(at: usize, bytes: bool, path: bool, rest: &str, out: &mut Vec<Found>) {
    let letter = rest.chars().next().unwrap_or('\n');
    let span = at..at + 1 + letter.len_utf8();
    let raw = "write r\"...\" before the quote, or double the backslash: \\\\";
    let digits = |count: usize| {
        let value = rest.get(1..=count)?;
        let all = value.bytes().all(|b| b.is_ascii_hexdigit());
        all.then(|| u32::from_str_radix(value, 16).ok())?
    };
    let cut = match letter {
        'x' => digits(2).is_none(),
        'u' if !bytes => digits(4).is_none(),
        'U' if !bytes => digits(8).is_none_or(|value| value > 0x10_FFFF),
        'N' if !bytes => !rest[1..].starts_with('{'),
        _ => false,
    };
    if cut {
        let what = format!("`\\{letter}` begins a character's number, and none follows");
        out.push(
            Found::error(codes::PY_BAD_ESCAPE, span, what)
                .then("SyntaxError: the file is not loaded")
                .cure(raw),
        );
        return;
    }
    let known = "\n\r\\'\"abfnrtvx01234567".contains(letter) || !bytes && "uUN".contains(letter);
    if !known {
        let what = format!("`\\{letter}` is no escape sequence");
        out.push(
            Found::note(codes::PY_ESCAPE, span, what)
                .then("it works; newer Pythons write a SyntaxWarning to the log")
                .cure(raw),
        );
        return;
    }
    let special = "abfnrtvx01234567".contains(letter);
    let name_goes_on = rest
        .chars()
        .nth(1)
        .is_some_and(|c| c.is_alphanumeric() || c == '_');
    if path && special && name_goes_on {
        let is = match letter {
            't' => "a tab",
            'n' => "the end of a line",
            'r' => "a carriage return",
            'b' => "a backspace",
            'f' => "a form feed",
            'a' => "a bell",
            'v' => "a vertical tab",
            _ => "a character's number",
        };
        let what = format!("the path holds `\\{letter}`, which is {is}");
        out.push(
            Found::warning(codes::PY_PATH_ESCAPE, span, what)
                .then("there is no such file")
                .cure(raw),
        );
    }
}

#[cfg(test)]
#[path = "strings_tests.rs"]
mod tests;
