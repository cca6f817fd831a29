//! Text and bytes: what `Read` gives, and what hashes want.

use super::finding::Found;
use super::modules::method_of;
use super::names;
use super::walk::{Place, below, called, children, keyword, positional, severity, text};
use crate::codes;
use crate::severity::Severity;
use tree_sitter::Node;

pub(super) fn rules(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    let reads = place.facts.calls.contains("Http.Read");
    match place.node.kind() {
        "binary_operator" if reads => out.extend(operator(place)),
        "comparison_operator" if reads => out.extend(comparison(place)),
        "interpolation" if reads => out.extend(interpolation(place)),
        "call" => {
            if reads {
                out.extend(read_method(place));
                out.extend(read_argument(place));
            }
            out.extend(wants_bytes(place));
        }
        _ => {}
    }
}

/// Without the parentheses around.
pub(super) fn bare(mut node: Node<'_>) -> Node<'_> {
    while node.kind() == "parenthesized_expression" {
        match children(node).next() {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node
}

/// Whether the value is certainly what `Read` gave.
fn is_read(place: &Place<'_, '_>, node: Node<'_>) -> bool {
    let node = bare(node);
    match node.kind() {
        "call" => {
            let number = positional(node).and_then(|given| given.first().copied());
            // `Read(-1)` is a number; another expression may be negative too.
            let counts = number.is_some_and(|n| place.text(n).starts_with('-'));
            called(place.facts, place.source, node).as_deref() == Some("Http.Read") && !counts
        }
        "identifier" => {
            let Some(function) = place
                .function()
                .filter(|f| f.kind() == "function_definition")
            else {
                return false;
            };
            let name = place.text(node);
            let mut from_read = false;
            for inner in below(function, true) {
                let holds = |node: Node<'_>| {
                    below(node, false)
                        .iter()
                        .any(|n| n.kind() == "identifier" && place.text(*n) == name)
                };
                let left = inner.child_by_field_name("left");
                match inner.kind() {
                    "assignment" if left.is_some_and(|l| place.text(l) == name) => {
                        let right = inner.child_by_field_name("right");
                        let is_call =
                            right.is_some_and(|r| bare(r).kind() == "call" && is_read(place, r));
                        if !is_call {
                            return false;
                        }
                        from_read = true;
                    }
                    "assignment"
                    | "augmented_assignment"
                    | "for_statement"
                    | "for_in_clause"
                    | "named_expression" => {
                        let target = left.or(inner.child_by_field_name("name"));
                        if target.is_some_and(|t| {
                            !["attribute", "subscript"].contains(&t.kind()) && holds(t)
                        }) {
                            return false;
                        }
                    }
                    "parameters" | "global_statement" | "nonlocal_statement"
                    | "as_pattern_target" | "delete_statement"
                        if holds(inner) =>
                    {
                        return false;
                    }
                    _ => {}
                }
            }
            from_read
        }
        _ => false,
    }
}

/// A text that is written down: no bytes.
pub(super) fn is_text(source: &super::source::Source, node: Node<'_>) -> bool {
    let node = bare(node);
    let first = match node.kind() {
        "concatenated_string" => children(node).next(),
        "string" => Some(node),
        _ => None,
    };
    let start = first
        .and_then(|string| string.child(0))
        .map(|start| text(source, start));
    start.is_some_and(|start| !start.contains(['b', 'B', '`']))
}

const CURE: &str = "Read().decode(\"utf-8\"), in the place where it is read";

fn bytes_as_text(severity: Severity, at: Node<'_>, then: &str) -> Found {
    let what = "`Read()` gives bytes, and they are used as text";
    Found::new(severity, codes::PY_READ_TEXT, at.byte_range(), what)
        .then(then)
        .cure(CURE)
}

fn type_error(place: &Place<'_, '_>) -> Option<Severity> {
    severity(place.excuse(&["TypeError"]))
}

/// As [`type_error`] for what a function refuses always. A lambda of nothing but that call is one
/// that is called to see it fail.
pub(super) fn refusal(place: &Place<'_, '_>, exceptions: &[&str]) -> Option<Severity> {
    let alone = place
        .parent()
        .is_some_and(|parent| parent.kind() == "lambda");
    severity(place.excuse(exceptions)).map(|severity| match alone {
        true => Severity::Warning,
        false => severity,
    })
}

fn operator(place: &Place<'_, '_>) -> Option<Found> {
    let node = place.node;
    let (left, right) = (
        node.child_by_field_name("left")?,
        node.child_by_field_name("right")?,
    );
    let sign = place.text(node.child_by_field_name("operator")?);
    let text = |node| is_text(place.source, node);
    let read = |node| is_read(place, node);
    match sign {
        "+" if read(left) && text(right) || text(left) && read(right) => {
            Some(bytes_as_text(type_error(place)?, node, "TypeError"))
        }
        "%" if text(left) => {
            let right = bare(right);
            let shown = match right.kind() {
                "tuple" => children(right).any(read),
                _ => read(right),
            };
            let then = "the text has b'...' in it";
            shown.then(|| bytes_as_text(Severity::Warning, node, then))
        }
        "%" if read(left) && text(right) => {
            Some(bytes_as_text(type_error(place)?, node, "TypeError"))
        }
        _ => None,
    }
}

fn comparison(place: &Place<'_, '_>) -> Option<Found> {
    let all: Vec<Node<'_>> = children(place.node).collect();
    let [left, right] = all.as_slice() else {
        return None;
    };
    let sign = place.text(place.node.child_by_field_name("operators")?);
    let text = |node: &Node<'_>| is_text(place.source, *node);
    let read = |node: &Node<'_>| is_read(place, *node);
    match sign {
        "==" | "!=" if read(left) && text(right) || text(left) && read(right) => {
            let then = "bytes and text are never equal";
            Some(bytes_as_text(Severity::Warning, place.node, then))
        }
        "in" | "not in" if text(left) && read(right) => {
            Some(bytes_as_text(type_error(place)?, place.node, "TypeError"))
        }
        _ => None,
    }
}

/// `f"{Read()}"`
fn interpolation(place: &Place<'_, '_>) -> Option<Found> {
    let shown = place.node.child_by_field_name("expression")?;
    // `{data!r}` is meant.
    if place.node.child_by_field_name("type_conversion").is_some() || !is_read(place, shown) {
        return None;
    }
    let then = "the text has b'...' in it";
    Some(bytes_as_text(Severity::Warning, shown, then))
}

fn read_method(place: &Place<'_, '_>) -> Option<Found> {
    let (object, name) = method_of(place)?;
    if !is_read(place, object) {
        return None;
    }
    let methods = [
        "count",
        "endswith",
        "find",
        "index",
        "join",
        "lstrip",
        "partition",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "startswith",
        "strip",
    ];
    let given = positional(place.node)?;
    let with_text = given
        .iter()
        .any(|argument| is_text(place.source, *argument));
    match name {
        "encode" | "format" => {
            let severity = severity(place.excuse(&["AttributeError"]))?;
            Some(bytes_as_text(severity, place.node, "AttributeError"))
        }
        name if methods.contains(&name) && with_text => {
            let mut found = bytes_as_text(type_error(place)?, place.node, "TypeError");
            found = found.cure(format!("{CURE}; or bytes: .{name}(b\"...\")"));
            Some(found)
        }
        _ => None,
    }
}

/// `str(Read())`, `StringIO(Read())`, `parse_qs(Read())`.
fn read_argument(place: &Place<'_, '_>) -> Option<Found> {
    let given = positional(place.node)?;
    let first = *given.first()?;
    if !is_read(place, first) {
        return None;
    }
    let name = place.called()?;
    match name.as_str() {
        "str" if given.len() == 1 && keyword(place.source, place.node, "encoding").is_none() => {
            let then = "the text is b'...'";
            Some(bytes_as_text(Severity::Warning, place.node, then))
        }
        "io.StringIO" | "StringIO.StringIO" => {
            let found = bytes_as_text(type_error(place)?, place.node, "TypeError");
            Some(found.cure("io.BytesIO(Read())"))
        }
        "urllib.parse.parse_qs" | "urllib.parse.parse_qsl" => {
            let then = "names and values are bytes too: form[\"name\"] is a KeyError";
            Some(bytes_as_text(Severity::Warning, place.node, then))
        }
        _ => None,
    }
}

fn wants_bytes(place: &Place<'_, '_>) -> Option<Found> {
    let name = place.called()?;
    if !names::WANT_BYTES.contains(&name.as_str()) {
        return None;
    }
    let first = bare(*positional(place.node)?.first()?);
    let formatted = || {
        let left = first.child_by_field_name("left");
        let sign = first.child_by_field_name("operator").map(|o| place.text(o));
        first.kind() == "binary_operator"
            && matches!(sign, Some("%" | "+"))
            && left.is_some_and(|left| is_text(place.source, left))
    };
    let made = || match first.kind() {
        "call" => {
            place.facts.is_built_in("str")
                && called(place.facts, place.source, first).as_deref() == Some("str")
        }
        "attribute" => place
            .name_of(first)
            .is_some_and(|name| name.starts_with("Http.Env.")),
        _ => false,
    };
    if !is_text(place.source, first) && !formatted() && !made() {
        return None;
    }
    let severity = type_error(place)?;
    let shown = place.text(first);
    let shown = if shown.len() > 40 || shown.contains('\n') {
        "text"
    } else {
        shown
    };
    let shown = match first.kind() {
        "binary_operator" => format!("({shown})"),
        _ => shown.to_owned(),
    };
    Some(
        Found::new(
            severity,
            codes::PY_WANTS_BYTES,
            first.byte_range(),
            format!("`{name}` is given text"),
        )
        .then("TypeError: it wants bytes")
        .cure(format!("{name}({shown}.encode(\"utf-8\"))")),
    )
}

#[cfg(test)]
#[path = "bytes_tests.rs"]
mod tests;
