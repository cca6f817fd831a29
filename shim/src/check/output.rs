//! What is sent: what `Write` takes, files that are no text, and lengths.

use super::bytes::{bare, is_text, refusal};
use super::finding::Found;
use super::names;
use super::walk::{Excuse, Place, below, called, keyword, positional};
use crate::codes;
use tree_sitter::Node;

pub(super) fn rules(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    if place.node.kind() == "call" {
        out.extend(binary_file(place));
        out.extend(write(place));
        out.extend(length(place));
    }
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
