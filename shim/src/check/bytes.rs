//! Text and bytes: what `Read` gives, what `Write` takes, and what hashes want.

use super::finding::{Found, Severity};
use super::modules::method_of;
use super::names;
use super::walk::{Excuse, Place, below, called, children, keyword, positional, severity, text};
use crate::codes;
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
            out.extend(binary_file(place));
            out.extend(write(place));
            out.extend(length(place));
        }
        _ => {}
    }
}

/// Without the parentheses around.
fn bare(mut node: Node<'_>) -> Node<'_> {
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
fn is_text(source: &super::source::Source, node: Node<'_>) -> bool {
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

/// `open(path)` for text. `None`: for bytes, or not known.
fn text_mode<'t>(place: &Place<'_, 't>, call: Node<'t>) -> Option<Node<'t>> {
    let name = called(place.facts, place.source, call)?;
    if !matches!(name.as_str(), "open" | "file" | "io.open") {
        return None;
    }
    let given = positional(call)?;
    let mode = given
        .get(1)
        .copied()
        .or(keyword(place.source, call, "mode"));
    let reads = match mode {
        None => true,
        Some(mode) => {
            is_text(place.source, mode) && !place.text(mode).contains(['b', 'w', 'a', 'x'])
        }
    };
    reads.then(|| given.first().copied()).flatten()
}

fn binary_file(place: &Place<'_, '_>) -> Option<Found> {
    let path = text_mode(place, place.node)?;
    let shown = place.text(path).trim_end_matches(['"', '\'']);
    let extension = shown
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension);
    let named = is_text(place.source, path)
        && names::BINARY.contains(&extension.to_ascii_lowercase().as_str());
    let answers = || place.facts.http.is_some() && answers_binary(place);
    if !named && !answers() {
        return None;
    }
    Some(
        Found::warning(
            codes::PY_BINARY_FILE,
            place.span(),
            "a file that is no text is opened as text",
        )
        .then("UnicodeDecodeError, or other bytes than in the file")
        .cure(format!("open({}, \"rb\")", place.text(path))),
    )
}

/// Whether the function around sets a content type that is no text, and opens one file.
fn answers_binary(place: &Place<'_, '_>) -> bool {
    let Some(function) = place.function() else {
        return false;
    };
    let all = below(function, false);
    let opened = all
        .iter()
        .filter(|n| text_mode(place, **n).is_some())
        .count();
    let binary = all.iter().any(|node| {
        called(place.facts, place.source, *node).as_deref() == Some("Http.Header")
            && header_is_binary(place.text(*node))
    });
    opened == 1 && binary
}

fn header_is_binary(call: &str) -> bool {
    let lower = call.to_ascii_lowercase();
    let types = lower.split("content-type:").skip(1).map(str::trim_start);
    let mut types = types.peekable();
    types.peek().is_some()
        && types.all(|t| {
            names::BINARY_TYPES
                .iter()
                .any(|binary| t.starts_with(binary))
        })
}

fn write(place: &Place<'_, '_>) -> Option<Found> {
    if place.called()? != "Http.Write" {
        return None;
    }
    let given = positional(place.node)?;
    let wrong = |at: Node<'_>, what: &str, cure: String| {
        let severity = refusal(place, &["TypeError"])?;
        let found = Found::new(severity, codes::PY_WRITE_TYPE, at.byte_range(), what);
        Some(found.then("TypeError").cure(cure))
    };
    let [first] = given.as_slice() else {
        return match given.len() {
            0 => wrong(place.node, "`Write` is given nothing", "Write(text)".into()),
            _ => wrong(
                place.node,
                "`Write` is given more than one thing",
                "one Write for each, or one text: \"\".join(...)".into(),
            ),
        };
    };
    let first = bare(*first);
    let function = called(place.facts, place.source, first).unwrap_or_default();
    let counted = ["len", "int", "float", "sum", "round"].contains(&function.as_str())
        && place.facts.is_built_in(&function);
    let reads_count = function == "Http.Read" && place.text(first).contains("(-1)");
    let kind = match first.kind() {
        "integer" | "float" => "a number",
        _ if counted || reads_count => "a number",
        "none" => "None",
        "true" | "false" => "True or False",
        "list" | "list_comprehension" => "a list",
        "tuple" => "a tuple",
        "dictionary" | "dictionary_comprehension" => "a dict",
        "set" => "a set",
        _ => return None,
    };
    let shown = short(place.text(first));
    let cure = match first.kind() {
        "none" => "Write(value or \"\")".to_owned(),
        "list" | "list_comprehension" | "tuple" | "set" => format!("Write(\"\".join({shown}))"),
        _ => format!("Write(str({shown}))"),
    };
    wrong(first, &format!("`Write` is given {kind}"), cure)
}

fn short(text: &str) -> &str {
    match text.len() > 40 || text.contains('\n') {
        true => "...",
        false => text,
    }
}

/// `Header(Length=len(a))`, and then several writes. One write of just this text is fine.
fn length(place: &Place<'_, '_>) -> Option<Found> {
    if place.called()? != "Http.Header" || place.excuse(&[]) != Excuse::None {
        return None;
    }
    let given = positional(place.node)?;
    let value = keyword(place.source, place.node, "Length").or(given.get(2).copied())?;
    let measured: Vec<&str> = below(value, true)
        .into_iter()
        .filter(|n| called(place.facts, place.source, *n).as_deref() == Some("len"))
        .filter_map(|call| Some(place.text(*positional(call)?.first()?)))
        .collect();
    if measured.is_empty() {
        return None;
    }
    let function = place
        .function()
        .filter(|f| f.kind() == "function_definition")?;
    let all = below(function, false);
    let writes: Vec<Node<'_>> = all
        .iter()
        .copied()
        .filter(|n| called(place.facts, place.source, *n).as_deref() == Some("Http.Write"))
        .collect();
    // Text for certain: every value that a measured name gets is one that is written down.
    let certain = measured.iter().any(|name| {
        let values: Vec<Node<'_>> = all
            .iter()
            .filter(|n| n.kind() == "assignment")
            .filter(|n| {
                n.child_by_field_name("left")
                    .is_some_and(|l| place.text(l) == *name)
            })
            .filter_map(|n| n.child_by_field_name("right"))
            .collect();
        !values.is_empty()
            && values
                .iter()
                .all(|v| is_text(place.source, *v) && !place.text(*v).is_ascii())
    });
    let one_write = writes.len() < 2;
    if one_write || !certain {
        return None;
    }
    Some(
        Found::warning(codes::PY_LENGTH, value.byte_range(), "the length is one of characters, and several writes follow")
            .then("characters outside ASCII are more than one byte each: the last write raises ValueError")
            .cure("encode first: data = text.encode(\"utf-8\"), then Length=len(data), and write data"),
    )
}

#[cfg(test)]
#[path = "bytes_tests.rs"]
mod tests;
