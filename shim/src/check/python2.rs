//! What only Python 2 can read.

use super::finding::Found;
use super::walk::{Place, children, fields};
use crate::codes::{self, Code};
use std::ops::Range;
use tree_sitter::Node;

/// What Python does with a file that it cannot read.
const NOT_LOADED: &str = "SyntaxError: the file is not loaded";

fn found(code: Code, span: Range<usize>, what: &str, cure: String) -> Found {
    Found::error(code, span, what).then(NOT_LOADED).cure(cure)
}

pub(super) fn rules(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    let node = place.node;
    match node.kind() {
        "print_statement" => out.push(print(place)),
        "expression_statement" => out.extend(print_alone(place)),
        "binary_operator" => out.extend(print_formatted(place)),
        "exec_statement" => {
            let text = place.text(node);
            out.push(exec(
                node.byte_range(),
                text.trim_start_matches("exec").trim(),
            ));
        }
        "except_clause" => out.extend(except(place)),
        "raise_statement" => out.extend(raise(place)),
        "string" => out.extend(string(place)),
        "comparison_operator" => not_equal(place, out),
        "integer" => out.extend(integer(place)),
        "tuple_pattern" => out.extend(tuple_parameter(place)),
        "wildcard_import" => out.extend(star_import(place)),
        "identifier" => out.extend(keyword(place)),
        "for_in_clause" if fields(node, "right").nth(1).is_some() => out.push(found(
            codes::PY_SYNTAX,
            node.byte_range(),
            "a list without parentheses in a comprehension is Python 2",
            "put the list into parentheses: for x in (1, 2)".to_owned(),
        )),
        _ => {}
    }
}

/// A text that fits into one line, or `otherwise`.
fn short(text: &str, otherwise: &str) -> String {
    match text.contains('\n') || text.len() > 100 {
        true => otherwise.to_owned(),
        false => text.to_owned(),
    }
}

fn print(place: &Place<'_, '_>) -> Found {
    let node = place.node;
    let whole = place.text(node).trim_end();
    let arguments: Vec<Node<'_>> = fields(node, "argument").collect();
    let inner = match (arguments.first(), arguments.last()) {
        (Some(first), Some(last)) => place.source.text.get(first.start_byte()..last.end_byte()),
        _ => None,
    };
    let mut parts: Vec<String> = inner.map(str::to_owned).into_iter().collect();
    let chevron = children(node).find(|child| child.kind() == "chevron");
    if whole.ends_with(',') {
        parts.push("end=\" \"".to_owned());
    }
    if let Some(target) = chevron.and_then(|chevron| chevron.named_child(0)) {
        parts.push(format!("file={}", place.text(target)));
    }
    let cure = short(&format!("print({})", parts.join(", ")), "print(...)");
    let what = "`print` is a statement of Python 2";
    let found = found(codes::PY_PRINT, node.byte_range(), what, cure);
    match chevron {
        // `print >>f, x` can be read: the function is shifted by a file.
        Some(_) => found.then("SyntaxError, or TypeError when the line is reached"),
        None => found,
    }
}

/// `print` and nothing else: Python 3 only looks at the function.
fn print_alone(place: &Place<'_, '_>) -> Option<Found> {
    let all: Vec<Node<'_>> = children(place.node).collect();
    let alone = all.len() == 1 && place.text(place.node) == "print";
    (alone && place.facts.is_built_in("print")).then(|| {
        let what = "`print` without parentheses does nothing";
        Found::warning(codes::PY_PRINT, place.span(), what)
            .then("no empty line is written")
            .cure("print()")
    })
}

/// `print("%s") % a` was a statement, and is now a remainder.
fn print_formatted(place: &Place<'_, '_>) -> Option<Found> {
    let left = place.node.child_by_field_name("left")?;
    let sign = place.node.child_by_field_name("operator")?.kind();
    let function = (left.kind() == "call").then(|| left.child_by_field_name("function"))??;
    let is_print = place.text(function) == "print" && place.facts.is_built_in("print");
    if !is_print || !matches!(sign, "%" | "+") {
        return None;
    }
    let (inner, right) = (
        place.text(left.child_by_field_name("arguments")?),
        place.node.child_by_field_name("right")?,
    );
    let inner = inner.strip_prefix('(').and_then(|i| i.strip_suffix(')'))?;
    let cure = format!("print({inner} {sign} {})", place.text(right));
    Some(
        Found::error(
            codes::PY_PRINT,
            place.span(),
            "the text is not all that `print` is given",
        )
        .then("TypeError: print(...) gives None")
        .cure(short(&cure, "print(... % ...)")),
    )
}

/// `rest` is what stands behind the word.
pub(super) fn exec(span: Range<usize>, rest: &str) -> Found {
    let cure = match rest.split_once(" in ") {
        Some((code, scope)) => format!("exec({}, {})", code.trim(), scope.trim()),
        None => format!("exec({rest})"),
    };
    let what = "`exec` is a statement of Python 2";
    found(codes::PY_EXEC, span, what, short(&cure, "exec(...)"))
}

fn except(place: &Place<'_, '_>) -> Option<Found> {
    let values: Vec<Node<'_>> = fields(place.node, "value").collect();
    let [kind, name, ..] = values.as_slice() else {
        return None;
    };
    let last = values.last()?;
    let cure = match values.len() == 2 && name.kind() == "identifier" {
        true => format!("except {} as {}:", place.text(*kind), place.text(*name)),
        false => format!(
            "except ({}):",
            place.source.text.get(kind.start_byte()..last.end_byte())?
        ),
    };
    let what = "`except` with a comma is Python 2";
    let span = place.node.start_byte()..last.end_byte();
    Some(found(
        codes::PY_EXCEPT,
        span,
        what,
        short(&cure, "except ... as ...:"),
    ))
}

fn raise(place: &Place<'_, '_>) -> Option<Found> {
    let node = place.node;
    let raised = node.named_child(0)?;
    if matches!(raised.kind(), "string" | "concatenated_string") {
        return Some(
            Found::error(
                codes::PY_RAISE,
                node.byte_range(),
                "a text cannot be raised",
            )
            .then("TypeError: exceptions must derive from BaseException")
            .cure(short(
                &format!("raise Exception({})", place.text(raised)),
                "raise Exception(...)",
            )),
        );
    }
    if raised.kind() != "expression_list" {
        return None;
    }
    let parts: Vec<&str> = children(raised).map(|part| place.text(part)).collect();
    let cure = match parts.as_slice() {
        [kind, "None", trace] => format!("raise {kind}().with_traceback({trace})"),
        [kind, value, trace] => format!("raise {kind}({value}).with_traceback({trace})"),
        [kind, "None"] | [kind] => format!("raise {kind}"),
        [kind, value, ..] => format!("raise {kind}({value})"),
        [] => return None,
    };
    let what = "`raise` with a comma is Python 2";
    Some(found(
        codes::PY_RAISE,
        node.byte_range(),
        what,
        short(&cure, "raise X(...)"),
    ))
}

fn string(place: &Place<'_, '_>) -> Option<Found> {
    let start = place.text(place.node.child(0)?);
    let whole = place.text(place.node);
    if start.ends_with('`') {
        let inner = whole.trim_matches('`');
        let cure = short(&format!("repr({inner})"), "repr(...)");
        let what = "backquotes are Python 2";
        return Some(found(codes::PY_BACKQUOTES, place.span(), what, cure));
    }
    let prefix = start.trim_end_matches(['"', '\'']);
    if prefix.eq_ignore_ascii_case("ur") {
        let cure = short(&format!("r{}", &whole[2..]), "r\"...\"");
        let what = "the prefix `ur` is Python 2";
        return Some(found(codes::PY_UR_STRING, place.span(), what, cure));
    }
    None
}

fn not_equal(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    let mut cursor = place.node.walk();
    for operator in place.node.children_by_field_name("operators", &mut cursor) {
        if operator.kind() == "<>" {
            let what = "`<>` is Python 2";
            let cure = "!=".to_owned();
            out.push(found(
                codes::PY_NOT_EQUAL,
                operator.byte_range(),
                what,
                cure,
            ));
        }
    }
}

fn integer(place: &Place<'_, '_>) -> Option<Found> {
    let text = place.text(place.node);
    if let Some(number) = text.strip_suffix(['L', 'l']) {
        let what = "numbers with L are Python 2";
        return Some(found(codes::PY_LONG, place.span(), what, number.to_owned()));
    }
    let digits = text.strip_prefix('0')?;
    let octal = digits.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let digits = digits.trim_start_matches(['0', '_']);
    if !octal || digits.is_empty() {
        return None;
    }
    let what = "octal numbers with a 0 alone are Python 2";
    let cure = match digits.contains(['8', '9']) {
        true => digits.to_owned(),
        false => format!("0o{digits}"),
    };
    Some(found(codes::PY_OCTAL, place.span(), what, cure))
}

fn tuple_parameter(place: &Place<'_, '_>) -> Option<Found> {
    let mut around = place.above.iter().rev().map(|node| node.kind());
    let mut parent = around.next()?;
    if parent == "default_parameter" {
        parent = around.next()?;
    }
    let cure = match parent {
        "parameters" => "take one parameter, and unpack it in the function: a, b = pair",
        "lambda_parameters" => "take one parameter: lambda pair: pair[0]",
        _ => return None,
    };
    let what = "a tuple as a parameter is Python 2";
    Some(found(
        codes::PY_TUPLE_PARAM,
        place.span(),
        what,
        cure.to_owned(),
    ))
}

fn star_import(place: &Place<'_, '_>) -> Option<Found> {
    let kinds = ["function_definition", "class_definition"];
    let inside = place.above.iter().any(|node| kinds.contains(&node.kind()));
    let cure = "move the import to the top of the file, or name what you need";
    let what = "`import *` in a function or class is Python 2";
    inside.then(|| found(codes::PY_STAR_IMPORT, place.span(), what, cure.to_owned()))
}

fn keyword(place: &Place<'_, '_>) -> Option<Found> {
    let name = place.text(place.node);
    let call = place.parent().is_some_and(|parent| {
        // `await (x)` in an async function looks like a call.
        parent.kind() == "call"
    });
    if !matches!(name, "async" | "await") || call || place.node.has_error() {
        return None;
    }
    Some(keyword_as_name(place.span(), name))
}

pub(super) fn keyword_as_name(span: Range<usize>, name: &str) -> Found {
    let what = format!("`{name}` is a keyword of Python 3");
    Found::error(codes::PY_KEYWORD, span, what)
        .then(NOT_LOADED)
        .cure(format!("choose another name: {name}_"))
}

#[cfg(test)]
#[path = "python2_tests.rs"]
mod tests;
