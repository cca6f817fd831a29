//! Shows what differs between a stored snapshot and the response there is now.

use anstyle::{AnsiColor, Effects, Style};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write;

const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();
/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// A unified diff: `-` is stored, `+` is now, three lines of context. With `colour` the words that
/// changed within a line are marked. Control characters are shown as pictures, so that a response
/// cannot play with the terminal. Empty if the texts are equal.
pub fn text(stored: &str, now: &str, colour: bool) -> String {
    of(stored, now, ["stored", "now"], CONTEXT, colour)
}

/// As [`text()`], with all lines, so that both texts can be read.
pub fn whole(one: &str, two: &str, names: [&str; 2], colour: bool) -> String {
    of(one, two, names, usize::MAX / 4, colour)
}

fn of(stored: &str, now: &str, names: [&str; 2], context: usize, colour: bool) -> String {
    let diff = TextDiff::from_lines(stored, now);
    let groups = diff.grouped_ops(context);
    let mut out = String::new();
    if groups.is_empty() {
        return out;
    }
    line(&mut out, OLD, colour, &format!("--- {}", names[0]));
    line(&mut out, NEW, colour, &format!("+++ {}", names[1]));
    for group in groups {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let place = format!(
            "@@ -{} +{} @@",
            range(first.old_range().start, last.old_range().end),
            range(first.new_range().start, last.new_range().end)
        );
        line(&mut out, PLACE, colour, &place);
        for change in group.iter().flat_map(|op| diff.iter_inline_changes(op)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', OLD),
                ChangeTag::Insert => ('+', NEW),
                ChangeTag::Equal => (' ', Style::new()),
            };
            paint(&mut out, style, colour, &sign.to_string());
            for (emphasised, part) in change.iter_strings_lossy() {
                let style = if emphasised {
                    style.effects(Effects::INVERT)
                } else {
                    style
                };
                paint(&mut out, style, colour, part.trim_end_matches('\n'));
            }
            out.push('\n');
        }
    }
    out
}

/// What differs between two binary bodies: their sizes, and the first byte that is not the same.
pub fn binary(stored: &[u8], now: &[u8]) -> String {
    let same = stored.iter().zip(now).take_while(|(a, b)| a == b).count();
    format!(
        "binary body: stored {} bytes, now {} bytes, first difference at byte {same}\n",
        stored.len(),
        now.len()
    )
}

/// Lines are counted from 1, but an empty range stands at the line before it, as in `diff -u`.
fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        length => format!("{},{length}", start + 1),
    }
}

fn line(out: &mut String, style: Style, colour: bool, text: &str) {
    paint(out, style, colour, text);
    out.push('\n');
}

fn paint(out: &mut String, style: Style, colour: bool, text: &str) {
    let shown = safe(text);
    if colour && !shown.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(out, "{style}{shown}{style:#}");
    } else {
        out.push_str(&shown);
    }
}

/// A text that cannot play with the terminal.
pub fn safe(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// Control characters as their pictures; the tab stays.
fn visible(c: char) -> char {
    match u32::from(c) {
        9 => c,
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        0x80..=0x9f => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_has_three_lines_of_context_and_both_sides() {
        let stored = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let shown = text(stored, &stored.replace('5', "five"), false);
        assert_eq!(
            shown,
            "--- stored\n+++ now\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        );
    }

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(text("a\n", "a\n", true), "");
    }

    #[test]
    fn with_colour_the_changed_word_is_marked_and_without_there_is_no_escape() {
        let (stored, now) = ("hello old world out there\n", "hello new world out there\n");
        let shown = text(stored, now, true);
        assert!(shown.contains("\u{1b}[7m"), "{shown:?}");
        assert!(!text(stored, now, false).contains('\u{1b}'));
    }

    #[test]
    fn control_characters_of_a_response_do_not_reach_the_terminal() {
        let shown = text("a\n", "\u{1b}[2J\u{9b}x\n", false);
        assert!(shown.contains("+␛[2J\u{fffd}x"), "{shown}");
    }

    #[test]
    fn a_binary_diff_tells_sizes_and_the_first_difference() {
        let shown = binary(b"abcd", b"abXde");
        assert_eq!(
            shown,
            "binary body: stored 4 bytes, now 5 bytes, first difference at byte 2\n"
        );
    }
}
