//! The function `Request`, and where the functions of `Http` work.

use super::facts::Facts;
use super::finding::Found;
use super::source::Source;
use super::walk::{Place, below, called, children, fields, keyword, positional};
use crate::codes;
use crate::severity::Severity;
use tree_sitter::Node;

/// What is said of the file as a whole.
pub(super) fn file_rules(source: &Source, facts: &Facts<'_>) -> Vec<Found> {
    let Some(http) = facts.http else {
        return Vec::new();
    };
    let mut out: Vec<Found> = facts
        .requests
        .iter()
        .flat_map(|node| request(source, facts, *node))
        .collect();
    // Another way to answer, a module for others, or one that takes `Request` from elsewhere.
    let other = facts
        .calls
        .iter()
        .any(|name| name.starts_with("Http.WSGI.") || name.starts_with("Http.CGI."));
    let extension = facts.file.path.extension().unwrap_or_default();
    let module = facts.site.imports(&facts.file.module()) || facts.file.in_package();
    let is_main = source.text.contains("__main__");
    if facts.requests.is_empty()
        && facts.stars.is_empty()
        && !other
        && !module
        && !is_main
        && !facts.file.is_of_http()
        && !facts.file.has_handler()
        && extension == "py"
        && !source.text.contains("globals()")
    {
        out.push(
            Found::warning(
                codes::PY_NO_REQUEST,
                http.byte_range(),
                "the script has no function `Request`",
            )
            .then("ImportError, if a URL leads to it")
            .cure("def Request(): ...; nothing, if other files load it"),
        );
    }
    out
}

/// One definition of `Request`.
fn request(source: &Source, facts: &Facts<'_>, node: Node<'_>) -> Vec<Found> {
    let mut out = Vec::new();
    if node.kind() != "function_definition" {
        return out;
    }
    let Some(name) = node.child_by_field_name("name") else {
        return out;
    };
    let text = |node: Node<'_>| source.text.get(node.byte_range()).unwrap_or_default();
    let parameters: Vec<Node<'_>> = node
        .child_by_field_name("parameters")
        .map(|parameters| children(parameters).collect())
        .unwrap_or_default();
    let required = parameters.iter().find(|parameter| {
        let splat = |node: &Node<'_>| node.kind().contains("splat");
        match parameter.kind() {
            "identifier" | "tuple_pattern" => true,
            "typed_parameter" => parameter.named_child(0).is_some_and(|n| !splat(&n)),
            _ => false,
        }
    });
    // A decorator may give the arguments.
    let decorated = node
        .parent()
        .is_some_and(|parent| parent.kind() == "decorated_definition");
    if let Some(parameter) = required.filter(|_| !decorated) {
        let what = format!("`Request` takes an argument: {}", text(*parameter));
        out.push(
            Found::error(codes::PY_REQUEST_ARGS, parameter.byte_range(), what)
                .then("TypeError at each request: it is called without arguments")
                .cure("def Request():"),
        );
    }
    let is_async = node.child(0).is_some_and(|first| first.kind() == "async");
    let yields = || below(node, false).iter().any(|n| n.kind() == "yield");
    let odd = match (decorated, is_async) {
        (true, _) => None,
        (_, true) => Some((
            "an async function",
            "def Request(): with asyncio.run(...) in it",
        )),
        (_, false) => yields().then_some(("a generator", "call Write in the place of yield")),
    };
    if let Some((kind, cure)) = odd {
        out.push(
            Found::error(
                codes::PY_REQUEST_ASYNC,
                name.byte_range(),
                format!("`Request` is {kind}"),
            )
            .then("nothing of it runs: calling it only makes an object, and the response is empty")
            .cure(cure),
        );
    }
    let of_handler = facts.file.is_of_http() || facts.file.has_handler();
    if !of_handler && !decorated {
        for inner in below(node, false) {
            let value = (inner.kind() == "return_statement")
                .then(|| inner.named_child(0))
                .flatten();
            if value.is_some_and(|value| value.kind() == "true") {
                out.push(
                    Found::warning(codes::PY_PASS_THROUGH, inner.byte_range(), "`Request` returns True")
                        .then("True means: let the next handler answer. Under a script map such as *.py there is none: \"Possible recursion detected!\" (ISH0402)")
                        .cure("return; nothing, if this file is a wildcard handler"),
                );
            }
        }
    }
    out
}

pub(super) fn rules(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    if place.facts.http.is_none() {
        return;
    }
    match place.node.kind() {
        "call" => {
            out.extend(at_import(place));
            out.extend(thread(place));
        }
        "attribute" => out.extend(at_import(place)),
        _ => {}
    }
}

const FUNCTIONS: [&str; 4] = [
    "Http.Header",
    "Http.Write",
    "Http.Read",
    "Http.DisableBuffer",
];

/// A use of `Http` that runs when the file is loaded.
fn at_import(place: &Place<'_, '_>) -> Option<Found> {
    let name = match place.node.kind() {
        "call" => place
            .called()
            .filter(|name| FUNCTIONS.contains(&name.as_str()))?,
        _ => place
            .name_of(place.node)
            .filter(|name| name.starts_with("Http.Env."))?,
    };
    // `Env.X.y` is one place.
    if place
        .parent()
        .is_some_and(|parent| parent.kind() == "attribute" && place.node.kind() == "attribute")
    {
        return None;
    }
    let main = place.above.iter().any(|node| {
        let condition = node.child_by_field_name("condition");
        node.kind() == "if_statement"
            && condition.is_some_and(|c| place.text(c).contains("__main__"))
    });
    if place.function().is_some() || main {
        return None;
    }
    let name = name.trim_start_matches("Http.").to_owned();
    let (severity, then) = match place.facts.file.is_of_http() {
        true => (
            Severity::Error,
            "Exception: Not currently processing a request",
        ),
        false => (
            Severity::Warning,
            "it works for the one request that loads the file, and not for those after it",
        ),
    };
    if place.excuse(&["Exception"]) != super::walk::Excuse::None {
        return None;
    }
    Some(
        Found::new(
            severity,
            codes::PY_IMPORT_TIME,
            place.span(),
            format!("`{name}` is used while the file is loaded"),
        )
        .then(then)
        .cure("move it into Request()"),
    )
}

fn thread(place: &Place<'_, '_>) -> Option<Found> {
    let name = place.called()?;
    let given = positional(place.node)?;
    let target = match name.as_str() {
        "threading.Thread" => keyword(place.source, place.node, "target").or(given.get(1).copied()),
        "threading.Timer" => {
            keyword(place.source, place.node, "function").or(given.get(1).copied())
        }
        "_thread.start_new_thread" | "thread.start_new_thread" => given.first().copied(),
        _ => None,
    }?;
    let function = match target.kind() {
        "identifier" => *place.facts.functions.get(place.text(target))?,
        "lambda" => target,
        _ => {
            let name = place.name_of(target)?;
            return (FUNCTIONS.contains(&name.as_str())).then(|| raises(place, target, &name));
        }
    };
    let all = below(function, false);
    let used = all.iter().find_map(|node| {
        let call = called(place.facts, place.source, *node);
        let call = call.filter(|name| FUNCTIONS.contains(&name.as_str()));
        let env = || match node.kind() {
            "attribute" => place
                .name_of(*node)
                .filter(|name| name.starts_with("Http.Env.")),
            _ => None,
        };
        call.or_else(env).map(|name| (*node, name))
    });
    if let Some((node, name)) = used {
        return Some(raises(place, node, &name));
    }
    let prints = all.iter().find(|node| {
        let call = called(place.facts, place.source, **node).as_deref() == Some("print");
        call && keyword(place.source, **node, "file").is_none()
            || node.kind() == "print_statement" && fields(**node, "argument").next().is_some()
    })?;
    Some(
        Found::note(
            codes::PY_THREAD,
            prints.byte_range(),
            "`print` is used in a thread of the script's own",
        )
        .then("the text goes to the log, not to the client")
        .cure("collect the text, and write it in Request() after join()"),
    )
}

fn raises(place: &Place<'_, '_>, node: Node<'_>, name: &str) -> Found {
    let name = name.trim_start_matches("Http.");
    let line = place.source.place(place.node.start_byte()).0;
    let what = format!("`{name}` is used in a thread of the script's own (started in line {line})");
    Found::warning(codes::PY_THREAD, node.byte_range(), what)
        .then("Exception: Not currently processing a request")
        .cure("read what is needed before the thread starts, and write in Request() after join()")
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
