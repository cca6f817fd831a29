//! What a script does to the process, and what it expects of it. Only for files that use `Http`:
//! beside them there may be programs for the command line.

use super::finding::Found;
use super::names::CGI_VARIABLES;
use super::walk::{Excuse, Place, positional};
use crate::codes;
use crate::severity::Severity;
use tree_sitter::Node;

pub(super) fn rules(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    if place.facts.http.is_none() {
        return;
    }
    match place.node.kind() {
        "subscript" => {
            out.extend(argv(place));
            out.extend(environ(place));
        }
        "call" => {
            out.extend(environ_call(place));
            out.extend(ends(place));
            out.extend(fields(place));
        }
        "assignment" => out.extend(stdout(place)),
        _ => {}
    }
}

/// Behind `if __name__ == "__main__"` a file is a program.
fn is_main(place: &Place<'_, '_>) -> bool {
    place.above.iter().any(|node| {
        let condition = node.child_by_field_name("condition");
        node.kind() == "if_statement"
            && condition.is_some_and(|c| place.text(c).contains("__main__"))
    })
}

fn argv(place: &Place<'_, '_>) -> Option<Found> {
    let value = place.node.child_by_field_name("value")?;
    let index = place.node.child_by_field_name("subscript")?;
    let number: usize = place.text(index).parse().ok()?;
    if number == 0 || place.name_of(value)? != "sys.argv" || is_main(place) {
        return None;
    }
    let asked = place.above.iter().any(|node| {
        let condition = node.child_by_field_name("condition").or(node.child(2));
        let kinds = [
            "if_statement",
            "elif_clause",
            "conditional_expression",
            "while_statement",
        ];
        kinds.contains(&node.kind()) && condition.is_some_and(|c| place.text(c).contains("argv"))
    });
    if asked || place.excuse(&["IndexError"]) != Excuse::None {
        return None;
    }
    Some(
        Found::warning(
            codes::PY_ARGV,
            place.span(),
            "a script of a site has no arguments",
        )
        .then("IndexError: sys.argv is [\"\"] here")
        .cure("Env.QUERY_STRING for what a request brings"),
    )
}

fn is_cgi_variable(name: &str) -> bool {
    CGI_VARIABLES.contains(&name) || name.starts_with("HTTP_") && name != "HTTP_PROXY"
}

fn cgi_variable(place: &Place<'_, '_>, key: Node<'_>) -> Option<Found> {
    let name = (key.kind() == "string").then(|| place.text(key).trim_matches(['"', '\'']))?;
    // A file that fills them itself is a bridge.
    let text = &place.source.text;
    let fills = text.contains("environ.update") || text.contains("environ.setdefault");
    let sets = [
        format!("environ[\"{name}\"] ="),
        format!("environ['{name}'] ="),
    ];
    if !is_cgi_variable(name) || fills || sets.iter().any(|set| text.contains(set)) {
        return None;
    }
    if is_main(place) {
        return None;
    }
    Some(
        Found::warning(
            codes::PY_CGI_VARIABLE,
            place.span(),
            format!("`{name}` is read from the environment"),
        )
        .then("it is not there: the environment is that of the process, not of the request")
        .cure(format!("Env.{name}")),
    )
}

fn environ(place: &Place<'_, '_>) -> Option<Found> {
    let value = place.node.child_by_field_name("value")?;
    let key = place.node.child_by_field_name("subscript")?;
    let parent = place.parent()?;
    let set = parent.child_by_field_name("left") == Some(place.node)
        || parent.kind() == "delete_statement";
    let environ = place.name_of(value)? == "os.environ";
    (environ && !set).then(|| cgi_variable(place, key))?
}

fn environ_call(place: &Place<'_, '_>) -> Option<Found> {
    let name = place.called()?;
    if !matches!(
        name.as_str(),
        "os.getenv" | "os.environ.get" | "os.environ.has_key"
    ) {
        return None;
    }
    cgi_variable(place, *positional(place.node)?.first()?)
}

/// `cgi.FieldStorage()`
fn fields(place: &Place<'_, '_>) -> Option<Found> {
    if place.called()? != "cgi.FieldStorage" || is_main(place) {
        return None;
    }
    // With `fp=` or `environ=` it is told where to look.
    let arguments = place.node.child_by_field_name("arguments")?;
    if super::walk::children(arguments).next().is_some()
        || place.source.text.contains("os.environ[")
    {
        return None;
    }
    Some(
        Found::warning(
            codes::PY_CGI_VARIABLE,
            place.span(),
            "`cgi.FieldStorage` reads CGI variables",
        )
        .then("they are not there: the form is empty")
        .cure("urllib.parse.parse_qs(Env.QUERY_STRING), or of Read().decode(\"utf-8\")"),
    )
}

fn ends(place: &Place<'_, '_>) -> Option<Found> {
    let name = place.called()?;
    if is_main(place) {
        return None;
    }
    match name.as_str() {
        "os._exit" | "os.abort" => Some(
            Found::warning(
                codes::PY_EXIT,
                place.span(),
                format!("`{name}` ends the whole process"),
            )
            .then("all requests that are running in it end too")
            .cure("sys.exit(), or return"),
        ),
        "sys.exit" => Some(
            Found::note(
                codes::PY_EXIT,
                place.span(),
                "`sys.exit` ends the request, not the process",
            )
            .then("what was written is sent; the text or number is not used")
            .cure("nothing, if that is meant; Header(Status=500) for a failure"),
        ),
        "os.chdir" => Some(
            Found::warning(
                codes::PY_CHDIR,
                place.span(),
                "`os.chdir` changes the folder of the whole process",
            )
            .then("it changes for all requests, also those that are running")
            .cure("whole paths: os.path.join(os.path.dirname(__file__), ...)"),
        ),
        _ => None,
    }
}

fn stdout(place: &Place<'_, '_>) -> Option<Found> {
    let left = place.node.child_by_field_name("left")?;
    let name = place.name_of(left)?;
    if !matches!(name.as_str(), "sys.stdout" | "sys.stderr" | "sys.stdin") || is_main(place) {
        return None;
    }
    let right = place
        .node
        .child_by_field_name("right")
        .map_or("", |right| place.text(right));
    // What puts things in order again is no harm: `sys.stdout = saved`.
    let back = right.contains("old")
        || right.contains("save")
        || right.contains("__std")
        || right.contains("orig");
    if back {
        return None;
    }
    Some(
        Found::new(
            Severity::Warning,
            codes::PY_STDOUT,
            place.span(),
            format!("`{name}` is replaced"),
        )
        .then("it is replaced for all requests, also those that are running")
        .cure(match name.as_str() {
            "sys.stdout" => "print(text, file=buffer), with a buffer of its own for each request",
            _ => "leave it: it goes where it should",
        }),
    )
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;
