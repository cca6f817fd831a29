//! Lists of Python 2: what is none any more, and sorting by a function that compares.

use super::finding::Found;
use super::modules::method_of;
use super::walk::{Place, below, children, fields, keyword, positional, severity};
use crate::codes;
use crate::severity::Severity;
use std::collections::HashMap;
use tree_sitter::Node;

pub(super) fn rules(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    match place.node.kind() {
        "call" => {
            out.extend(sort(place));
            out.extend(length(place));
            out.extend(method_of_list(place, place.node, &no_names()));
        }
        "subscript" => out.extend(indexed(place, place.node, &no_names())),
        "binary_operator" => out.extend(added(place)),
        "block" | "module" => one_after_the_other(place, out),
        _ => {}
    }
}

/// `x.sort(compare)`, `sorted(x, compare)`, `cmp=`.
fn sort(place: &Place<'_, '_>) -> Option<Found> {
    let is_sorted =
        place.called().as_deref() == Some("sorted") && place.facts.is_built_in("sorted");
    let is_sort = method_of(place).is_some_and(|(object, name)| {
        name == "sort" && !place.facts.is_of_module(place.source, object)
    });
    if !is_sorted && !is_sort || place.facts.functions.contains_key("sort") {
        return None;
    }
    let given = positional(place.node)?;
    let function = given.get(usize::from(is_sorted)).copied();
    let compares = function.and_then(|function| compares(place, function));
    let by_name = keyword(place.source, place.node, "cmp").map(|named| (named, true));
    let (compare, certain) = by_name.or(compares)?;
    let severity = match (severity(place.excuse(&["TypeError"]))?, certain) {
        (severity, true) => severity,
        (_, false) => Severity::Warning,
    };
    Some(
        Found::new(
            severity,
            codes::PY_SORT,
            compare.byte_range(),
            "sorting takes no function that compares",
        )
        .then("TypeError")
        .cure(format!(
            "a function that gives what is compared: key=..., or key=functools.cmp_to_key({})",
            if compare.kind() == "identifier" {
                place.text(compare)
            } else {
                "..."
            }
        )),
    )
}

/// What a sort is given, where that may be a function that compares; and whether it is certainly
/// one.
fn compares<'t>(place: &Place<'_, 't>, function: Node<'t>) -> Option<(Node<'t>, bool)> {
    let two = |function: Node<'_>| {
        let parameters = function.child_by_field_name("parameters");
        parameters.is_some_and(|parameters| children(parameters).count() == 2)
    };
    let certain = match function.kind() {
        "lambda" => two(function),
        "identifier" if place.text(function) == "cmp" => true,
        "identifier" => match place.facts.functions.get(place.text(function)) {
            Some(known) => two(*known),
            // A function from elsewhere, by its name.
            None => {
                let name = place.text(function).to_ascii_lowercase();
                let named = name.contains("cmp") || name.contains("compar");
                return named.then_some((function, false));
            }
        },
        _ => false,
    };
    certain.then_some((function, true))
}

/// Functions that gave lists.
const FUNCTIONS: [&str; 3] = ["map", "filter", "zip"];

/// Methods of dicts that gave lists.
const METHODS: [&str; 3] = ["keys", "values", "items"];

/// Methods that lists have, and what Python gives now has not.
const OF_LISTS: [&str; 7] = [
    "append", "extend", "insert", "pop", "remove", "reverse", "sort",
];

/// What was a list.
#[derive(Clone, Copy)]
struct Lazy<'t> {
    node: Node<'t>,
    /// Of the function or method that made it.
    name: &'t str,
    /// The object, for a method. It may be another one than a dict, whose `keys()` is a list.
    object: Option<Node<'t>>,
}

/// Names that have such a value.
type Names<'t> = HashMap<&'t str, Lazy<'t>>;

fn no_names<'t>() -> Names<'t> {
    Names::new()
}

/// Whether an expression was a list: a call, or a name of the result of one.
fn lazy<'t>(place: &Place<'_, 't>, node: Node<'t>, names: &Names<'t>) -> Option<Lazy<'t>> {
    if node.kind() == "identifier" {
        return names
            .get(place.text(node))
            .map(|made| Lazy { node, ..*made });
    }
    let function = (node.kind() == "call").then(|| node.child_by_field_name("function"))??;
    if function.kind() != "attribute" {
        let name = place.text(function);
        let known = FUNCTIONS.contains(&name) && place.facts.is_built_in(name);
        return known.then_some(Lazy {
            node,
            name,
            object: None,
        });
    }
    let object = function.child_by_field_name("object")?;
    let name = place.text(function.child_by_field_name("attribute")?);
    let without = children(node.child_by_field_name("arguments")?)
        .next()
        .is_none();
    // A class of the site's own may have such a method; a module may have such a function.
    let own = place.facts.functions.contains_key(name)
        || place.facts.site.defines(name)
        || place.facts.is_of_module(place.source, object);
    let known = METHODS.contains(&name) && without && !own;
    known.then_some(Lazy {
        node,
        name,
        object: Some(object),
    })
}

fn found(place: &Place<'_, '_>, lazy: Lazy<'_>, kind: &str, then: &str) -> Option<Found> {
    let certain = severity(place.excuse(&[kind]))?;
    let span = lazy.node.byte_range();
    let Some(object) = lazy.object else {
        let what = format!("`{}` gives no list in Python 3", lazy.name);
        return Some(
            Found::new(certain, codes::PY_LAZY, span, what)
                .then(format!("{kind}: {then}"))
                .cure(format!("list({}(...))", lazy.name)),
        );
    };
    let shown = place.text(object);
    let shown = match shown.len() > 40 || shown.contains('\n') {
        true => "x",
        false => shown,
    };
    let what = format!(
        "the method `{}` of a dict gives no list in Python 3",
        lazy.name
    );
    let cure = match lazy.name {
        "keys" => format!("list({shown}), or sorted({shown})"),
        name => format!("list({shown}.{name}()), or sorted({shown}.{name}())"),
    };
    Some(
        Found::warning(codes::PY_LAZY, span, what)
            .then(format!("{kind}, if this is a dict: {then}"))
            .cure(cure),
    )
}

/// `map(f, x)[0]`, `d.keys()[0]`.
fn indexed<'t>(place: &Place<'_, 't>, node: Node<'t>, names: &Names<'t>) -> Option<Found> {
    let value = node.child_by_field_name("value")?;
    let lazy = lazy(place, value, names)?;
    found(place, lazy, "TypeError", "it cannot be indexed")
}

/// `d.keys().sort()`.
fn method_of_list<'t>(place: &Place<'_, 't>, call: Node<'t>, names: &Names<'t>) -> Option<Found> {
    let function = call.child_by_field_name("function")?;
    let object =
        (function.kind() == "attribute").then(|| function.child_by_field_name("object"))??;
    let name = place.text(function.child_by_field_name("attribute")?);
    let of_lists = OF_LISTS.contains(&name).then_some(name)?;
    let lazy = lazy(place, object, names)?;
    found(
        place,
        lazy,
        "AttributeError",
        &format!("it has no {of_lists}()"),
    )
}

/// `len(map(f, x))`. What a dict gives has a length.
fn length(place: &Place<'_, '_>) -> Option<Found> {
    let first = *positional(place.node)?.first()?;
    if place.called()? != "len" || !place.facts.is_built_in("len") {
        return None;
    }
    let lazy = lazy(place, first, &no_names()).filter(|lazy| lazy.object.is_none())?;
    found(place, lazy, "TypeError", "it has no len()")
}

/// `d.keys() + e.keys()`.
fn added(place: &Place<'_, '_>) -> Option<Found> {
    let sign = place.node.child_by_field_name("operator")?.kind();
    let sides = ["left", "right"].map(|side| place.node.child_by_field_name(side));
    let mut lazy = sides
        .into_iter()
        .flatten()
        .filter_map(|side| lazy(place, side, &no_names()));
    let lazy = (sign == "+").then(|| lazy.next())??;
    found(place, lazy, "TypeError", "it cannot be added to")
}

/// `k = d.keys()` and then `k.sort()`, in the same block.
fn one_after_the_other(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    let mut names = no_names();
    for statement in children(place.node) {
        if !statement.kind().ends_with("_statement") || has_block(statement) {
            // It may give any name another value.
            names.clear();
            continue;
        }
        let nodes = below(statement, true);
        let inner = nodes.iter().any(|node| INNER.contains(&node.kind()));
        for node in nodes.iter().filter(|_| !names.is_empty() && !inner) {
            match node.kind() {
                "call" => out.extend(by_name(place, *node, &names, method_of_list)),
                "subscript" => out.extend(by_name(place, *node, &names, indexed)),
                _ => {}
            }
        }
        for node in &nodes {
            forget(place, *node, &mut names);
        }
        names.extend(nodes.into_iter().filter_map(|node| named(place, node)));
    }
}

/// Parts of a statement where a name may be another one, or that may not be reached.
const INNER: [&str; 6] = [
    "list_comprehension",
    "set_comprehension",
    "dictionary_comprehension",
    "generator_expression",
    "lambda",
    "conditional_expression",
];

/// Asks a rule, unless it says the same where the node is visited itself.
fn by_name<'t>(
    place: &Place<'_, 't>,
    node: Node<'t>,
    names: &Names<'t>,
    rule: fn(&Place<'_, 't>, Node<'t>, &Names<'t>) -> Option<Found>,
) -> Option<Found> {
    match rule(place, node, &no_names()) {
        None => rule(place, node, names),
        Some(_) => None,
    }
}

fn has_block(statement: Node<'_>) -> bool {
    children(statement).any(|part| part.kind() == "block" || part.kind().ends_with("_clause"))
}

/// Forgets the names to which a node gives another value.
fn forget(place: &Place<'_, '_>, node: Node<'_>, names: &mut Names<'_>) {
    let field = match node.kind() {
        "assignment" | "augmented_assignment" => "left",
        "named_expression" | "import_statement" | "import_from_statement" => "name",
        _ => return,
    };
    let targets = fields(node, field).flat_map(|target| below(target, true));
    for target in targets.filter(|target| target.kind() == "identifier") {
        names.remove(place.text(target));
    }
}

/// The name that an assignment gives to what was a list.
fn named<'t>(place: &Place<'_, 't>, node: Node<'t>) -> Option<(&'t str, Lazy<'t>)> {
    let assignment = (node.kind() == "assignment").then_some(node)?;
    let left = assignment.child_by_field_name("left")?;
    let right = assignment.child_by_field_name("right")?;
    let made = lazy(place, right, &no_names())?;
    (left.kind() == "identifier").then_some((place.text(left), made))
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
