//! What `Header` is given.

use super::bytes::refusal;
use super::finding::Found;
use super::walk::{Place, children, keyword, positional};
use crate::codes;
use tree_sitter::Node;

pub(super) fn rules(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    if place.node.kind() != "call" || place.called().as_deref() != Some("Http.Header") {
        return;
    }
    let given = positional(place.node).unwrap_or_default();
    let argument = |name, index: usize| {
        let positional: Option<Node<'_>> = given.get(index).copied();
        keyword(place.source, place.node, name).or(positional)
    };
    for header in argument("Header", 0).into_iter().flat_map(headers) {
        lines(place, &header, out);
        status(place, &header, out);
    }
    out.extend(misspelt(place));
    let refused = |at: Node<'_>, what: &str, then: &str, cure: &str| {
        let severity = refusal(place, &["ValueError", "TypeError"])?;
        let found = Found::new(severity, codes::PY_HEADER_FORM, at.byte_range(), what);
        Some(found.then(then).cure(cure))
    };
    if let Some(value) = argument("Status", 1).filter(|value| value.kind() == "string") {
        let cure = "a number: Status=404";
        out.extend(refused(
            value,
            "`Status` is given a text",
            "TypeError",
            cure,
        ));
    }
    let close = argument("Close", 3).filter(|v| ["false", "none", "integer"].contains(&v.kind()));
    if let Some(value) = close {
        let what = "`Close` is given something else than True";
        out.extend(refused(value, what, "ValueError", "leave it out"));
    }
}

/// The texts of which a header, or a list of headers, is made; each first one begins a header.
fn headers(node: Node<'_>) -> Vec<Vec<Node<'_>>> {
    match node.kind() {
        "list" | "tuple" => children(node).map(parts).collect(),
        _ => vec![parts(node)],
    }
}

/// The texts in `"a" + b + "c"`, `"a" "b"`, `"a%s" % b` and `("a")`, in order.
fn parts(node: Node<'_>) -> Vec<Node<'_>> {
    let mut all = Vec::new();
    let mut open = vec![node];
    while let Some(next) = open.pop() {
        match next.kind() {
            "binary_operator" => {
                let modulo = next
                    .child_by_field_name("operator")
                    .is_some_and(|o| o.kind() == "%");
                open.extend(next.child_by_field_name("right").filter(|_| !modulo));
                open.extend(next.child_by_field_name("left"));
            }
            "concatenated_string" | "parenthesized_expression" => {
                let inner: Vec<Node<'_>> = children(next).collect();
                open.extend(inner.into_iter().rev());
            }
            _ => all.push(next),
        }
    }
    all
}

fn lines(place: &Place<'_, '_>, header: &[Node<'_>], out: &mut Vec<Found>) {
    for part in header.iter().filter(|part| part.kind() == "string") {
        let text = place.text(*part);
        let raw = text
            .trim_start()
            .chars()
            .take(2)
            .any(|c| c == 'r' || c == 'R');
        let escaped = text.replace("\\\\", "");
        let breaks = !raw && (escaped.contains("\\n") || escaped.contains("\\r"));
        let continued = escaped.replace("\\\r\n", "").replace("\\\n", "");
        if !breaks && !continued.contains('\n') {
            continue;
        }
        let Some(severity) = refusal(place, &["ValueError"]) else {
            continue;
        };
        out.push(
            Found::new(
                severity,
                codes::PY_HEADER_FORM,
                part.byte_range(),
                "a header holds the end of a line",
            )
            .then("ValueError: Header must not contain CR, LF or NUL")
            .cure("one text for each header, without \\r\\n: Header([\"A: 1\", \"B: 2\"])"),
        );
        return;
    }
}

fn status(place: &Place<'_, '_>, header: &[Node<'_>], out: &mut Vec<Found>) {
    let Some(first) = header.first().filter(|part| part.kind() == "string") else {
        return;
    };
    let text = place.text(*first);
    let inner = text
        .trim_start_matches(['u', 'U', 'f', 'F'])
        .trim_matches(['"', '\'']);
    let lower = inner.to_ascii_lowercase();
    let number: String = inner
        .chars()
        .skip_while(|c| *c != ' ' && *c != ':')
        .skip(1)
        .collect();
    let number: String = number
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let cure = match number.len() {
        3 => format!("Header(Status={number})"),
        _ => "Header(Status=...)".to_owned(),
    };
    let cgi = lower.starts_with("status:");
    if !cgi && !lower.starts_with("http/1.") {
        return;
    }
    let then = match cgi {
        true => "the status stays 200, and the client gets a header of this name",
        false => "a status line is no header; without a colon in it: ValueError",
    };
    out.push(
        Found::warning(
            codes::PY_HEADER_STATUS,
            first.byte_range(),
            "a status is given as a header",
        )
        .then(then)
        .cure(cure),
    );
}

/// `Header(status=404)`: the names are capitalised.
fn misspelt(place: &Place<'_, '_>) -> Option<Found> {
    let arguments = place.node.child_by_field_name("arguments")?;
    let known = ["Header", "Status", "Length", "Close"];
    let names = children(arguments).filter(|a| a.kind() == "keyword_argument");
    let name = names
        .filter_map(|argument| argument.child_by_field_name("name"))
        .find(|name| !known.contains(&place.text(*name)))?;
    let given = place.text(name);
    let right = known.iter().find(|known| known.eq_ignore_ascii_case(given));
    let severity = refusal(place, &["TypeError"])?;
    Some(
        Found::new(
            severity,
            codes::PY_HEADER_FORM,
            name.byte_range(),
            format!("`Header` has no argument `{given}`"),
        )
        .then("TypeError")
        .cure(match right {
            Some(right) => format!("{right}="),
            None => format!("one of {}", known.join(", ")),
        }),
    )
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
