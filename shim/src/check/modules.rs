//! Modules, functions and methods that are gone or have another name.

use super::finding::Found;
use super::names;
use super::walk::{Excuse, Place, children, fields, positional, severity};
use crate::codes;
use crate::severity::Severity;
use tree_sitter::Node;

pub(super) fn rules(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    match place.node.kind() {
        "import_statement" => {
            for name in fields(place.node, "name") {
                let module = super::facts::aliased(place.source, name).0;
                import(place, name, module, out);
            }
        }
        "import_from_statement" => from_import(place, out),
        "identifier" => out.extend(built_in(place)),
        "attribute" => out.extend(attribute(place, place.node)),
        "call" => {
            out.extend(method(place));
            out.extend(codec(place).or_else(|| text_decoded(place)));
        }
        _ => {}
    }
}

const IMPORT_FAILS: [&str; 2] = ["ImportError", "ModuleNotFoundError"];

fn from_import(place: &Place<'_, '_>, out: &mut Vec<Found>) {
    let Some(module) = place.node.child_by_field_name("module_name") else {
        return;
    };
    if module.kind() == "relative_import" {
        return;
    }
    let name = place.text(module);
    if import(place, module, name, out) {
        return;
    }
    for what in fields(place.node, "name") {
        let (last, _) = super::facts::aliased(place.source, what);
        let whole = format!("{name}.{last}");
        // `from email import Utils`
        if names::MODULES.iter().any(|(module, _)| *module == whole) {
            import(place, what, &whole, out);
        } else {
            out.extend(gone(place, what, &whole, &IMPORT_FAILS));
        }
    }
}

/// One module that is imported; whether there was something to say.
fn import(place: &Place<'_, '_>, at: Node<'_>, module: &str, out: &mut Vec<Found>) -> bool {
    let first = module.split('.').next().unwrap_or_default();
    if relative(place, at, first, out) {
        return true;
    }
    // The site may have a module of that name itself.
    let folder = place.facts.file.folder();
    let beside = folder.join(format!("{first}.py")).is_file() || folder.join(first).is_dir();
    if place.facts.site.has(first) || beside {
        return false;
    }
    let excuse = place.excuse(&IMPORT_FAILS);
    // A file that tries to import and does something else otherwise knows what it does.
    let tries_only = || {
        let block = place.parent().filter(|parent| parent.kind() == "block");
        block.is_some_and(|block| children(block).all(|s| s.kind().starts_with("import_")))
    };
    let Some(severity) = severity(excuse).filter(|_| excuse == Excuse::None || !tries_only())
    else {
        return true;
    };
    let named = |row: &&(&str, &str)| {
        module == row.0
            || module
                .strip_prefix(row.0)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    let span = at.byte_range();
    if let Some((old, new)) = names::MODULES.iter().find(named) {
        let what = format!("the module `{old}` is Python 2");
        let found = Found::new(severity, codes::PY_MODULE, span, what)
            .then(format!("ModuleNotFoundError: No module named {first:?}").replace('"', "'"))
            .cure(*new);
        out.push(found);
        return true;
    }
    if let Some((_, text)) = names::STAND_INS.iter().find(|row| row.0 == module) {
        let cure = match module {
            "imp" => "importlib, or Http.Loader.load(path) for scripts",
            _ => "hashlib.md5, which takes bytes",
        };
        out.push(Found::note(codes::PY_STAND_IN, span, *text).cure(cure));
        return true;
    }
    if let Some((old, since, cure)) = names::LATER.iter().find(|row| row.0 == first) {
        let what = format!("the module `{old}` is gone in Python {since} and newer");
        let found = Found::warning(codes::PY_LATER, span, what)
            .then("ModuleNotFoundError with such a Python")
            .cure(*cure);
        out.push(found);
        // Its names are looked at too: `cgi.escape` is gone everywhere.
    }
    false
}

/// `import x` in a package that has a module x: Python 2 took that one.
fn relative(place: &Place<'_, '_>, at: Node<'_>, module: &str, out: &mut Vec<Found>) -> bool {
    let file = place.facts.file;
    let folder = file.folder();
    let there = folder.join(format!("{module}.py")).is_file()
        || folder.join(module).join("__init__.py").is_file();
    let own = file.module();
    if !there
        || module.starts_with("__")
        || !file.in_package()
        || own == module
        || folder == file.root
    {
        return false;
    }
    let standard = names::STANDARD
        .split_whitespace()
        .any(|name| name == module);
    // The first folder that is no package is one where modules are looked for.
    let mut outer = folder;
    while let Some(parent) = outer
        .parent()
        .filter(|_| outer.join("__init__.py").is_file())
    {
        outer = parent;
    }
    let elsewhere = outer.join(format!("{module}.py")).is_file() || outer.join(module).is_dir();
    let text = &place.source.text;
    if standard || elsewhere || text.contains("sys.path") || text.contains("absolute_import") {
        return false;
    }
    // `if __name__ == ...` asks how the file was started; a file with dots elsewhere knows of them.
    let asks = place.above.iter().any(|node| {
        let condition = node.child_by_field_name("condition");
        condition.is_some_and(|condition| place.text(condition).contains("__name__"))
    });
    let Some(certain) = severity(place.excuse(&IMPORT_FAILS)) else {
        return false;
    };
    if asks || text.contains("from .") {
        return false;
    }
    // Perhaps something installed has the same name.
    let severity = match place.function() {
        Some(_) => Severity::Warning,
        None => certain,
    };
    let cure = match place.node.kind() {
        "import_statement" => format!("from . import {module}"),
        _ => format!("from .{} import ...", place.text(at)),
    };
    let what = format!("the module {module:?} of this package is imported without a dot");
    out.push(
        Found::new(
            severity,
            codes::PY_RELATIVE,
            at.byte_range(),
            what.replace('"', "`"),
        )
        .then("ModuleNotFoundError: Python 3 does not look into the package")
        .cure(cure),
    );
    true
}

fn attribute(place: &Place<'_, '_>, node: Node<'_>) -> Option<Found> {
    let whole = place.name_of(node)?;
    // `sys.maxint = ...` makes it.
    let parent = place.parent()?;
    if parent.kind() == "assignment" && parent.child_by_field_name("left") == Some(node) {
        return None;
    }
    gone(place, node, &whole, &["AttributeError"])
}

fn gone(place: &Place<'_, '_>, at: Node<'_>, whole: &str, caught: &[&str]) -> Option<Found> {
    let (name, since, cure) = names::ATTRIBUTES.iter().find(|row| row.0 == whole)?;
    if place.facts.site.has(name.split('.').next()?) {
        return None;
    }
    let certain = severity(place.excuse(caught))?;
    let asked = format!("hasattr({}", name.split('.').next()?);
    if place.source.text.contains(&asked) {
        return None;
    }
    let (severity, what) = match *since {
        "" => (certain, format!("`{name}` is Python 2")),
        since => (
            Severity::Warning,
            format!("`{name}` is gone in Python {since} and newer"),
        ),
    };
    let kind = match caught.contains(&"ImportError") {
        true => "ImportError",
        false => "AttributeError",
    };
    Some(
        Found::new(severity, codes::PY_ATTRIBUTE, at.byte_range(), what)
            .then(kind)
            .cure(*cure),
    )
}

/// A name that is read, and that nothing in the file makes.
fn built_in(place: &Place<'_, '_>) -> Option<Found> {
    let name = place.text(place.node);
    let (name, cure) = names::BUILT_INS.iter().find(|row| row.0 == name)?;
    let parent = place.parent()?;
    let part = match parent.kind() {
        "attribute" => parent.child_by_field_name("attribute") == Some(place.node),
        "keyword_argument" => parent.child_by_field_name("name") == Some(place.node),
        "dotted_name" | "aliased_import" | "keyword_pattern" => true,
        _ => false,
    };
    if part || !place.facts.is_built_in(name) {
        return None;
    }
    let severity = severity(place.excuse(&["NameError"]))?;
    Some(
        Found::new(
            severity,
            codes::PY_BUILTIN,
            place.span(),
            format!("the built-in name `{name}` is Python 2"),
        )
        .then(format!("NameError: name '{name}' is not defined"))
        .cure(*cure),
    )
}

/// The object and the name, where a call is one of a method.
pub(super) fn method_of<'t>(place: &Place<'_, 't>) -> Option<(Node<'t>, &'t str)> {
    let function = place.node.child_by_field_name("function")?;
    let object =
        (function.kind() == "attribute").then(|| function.child_by_field_name("object"))??;
    let name = function.child_by_field_name("attribute")?;
    Some((object, place.text(name)))
}

fn method(place: &Place<'_, '_>) -> Option<Found> {
    let (object, name) = method_of(place)?;
    let (name, count, cure) = names::METHODS.iter().find(|row| row.0 == name)?;
    let arguments = place.node.child_by_field_name("arguments")?;
    let given = children(arguments).count();
    // A class of the site's own may have such a method; a module may have such a function.
    let own = place.facts.functions.contains_key(name) || place.facts.site.defines(name);
    if given != *count || own || place.facts.is_of_module(place.source, object) {
        return None;
    }
    if place.excuse(&["AttributeError"]) != Excuse::None {
        return None;
    }
    let shown = place.text(object);
    let shown = if shown.len() > 40 || shown.contains('\n') {
        "x"
    } else {
        shown
    };
    let argument = children(arguments)
        .next()
        .map_or("", |node| place.text(node));
    let cure = cure.replace("key", argument);
    let cure = match *name {
        "has_key" => format!("{argument} in {shown}"),
        "next" => format!("next({shown})"),
        _ => cure.replacen("x.", &format!("{shown}."), 1),
    };
    let function = place.node.child_by_field_name("function")?;
    let from = function.child_by_field_name("attribute")?.start_byte();
    Some(
        Found::warning(
            codes::PY_METHOD,
            from..place.node.end_byte(),
            format!("the method `{name}` is Python 2"),
        )
        .then("AttributeError, if this is an object of Python's own")
        .cure(cure),
    )
}

/// `"text".decode("utf-8")`: what stands in quotes is decoded already.
fn text_decoded(place: &Place<'_, '_>) -> Option<Found> {
    let (object, name) = method_of(place)?;
    let quoted = place.text(object);
    let prefix = quoted.split(['"', '\'']).next()?;
    if name != "decode" || object.kind() != "string" || prefix.contains(['b', 'B']) {
        return None;
    }
    let severity = severity(place.excuse(&["AttributeError"]))?;
    let what = "a text is decoded already";
    Some(
        Found::new(severity, codes::PY_METHOD, place.span(), what)
            .then("AttributeError: 'str' object has no attribute 'decode'")
            .cure("leave out `.decode(...)`, or write b\"...\""),
    )
}

fn codec(place: &Place<'_, '_>) -> Option<Found> {
    let (object, name) = method_of(place)?;
    if !matches!(name, "encode" | "decode") || place.name_of(object).is_some_and(|n| n == "codecs")
    {
        return None;
    }
    let first = *positional(place.node)?.first()?;
    if first.kind() != "string" {
        return None;
    }
    let codec = place
        .text(first)
        .trim_matches(['"', '\''])
        .to_ascii_lowercase();
    let codec = codec.trim_end_matches("_codec").trim_end_matches("-codec");
    let (codec, cure) = names::CODECS.iter().find(|row| row.0 == codec)?;
    let severity = severity(place.excuse(&["LookupError", "AttributeError"]))?;
    Some(
        Found::new(
            severity,
            codes::PY_CODEC,
            first.byte_range(),
            format!("the codec {codec:?} does not turn text into bytes").replace('"', "'"),
        )
        .then("LookupError or AttributeError")
        .cure(*cure),
    )
}

#[cfg(test)]
#[path = "modules_tests.rs"]
mod tests;
