//! What a file imports and defines, so that rules can tell a built-in name from one of its own.

use super::collect::{File, Site};
use super::source::Source;
use super::walk::{below, children, fields, text};
use std::collections::{HashMap, HashSet};
use tree_sitter::{Node, Tree};

/// What `from Http import *` brings.
pub(super) const HTTP_NAMES: [&str; 5] = ["Header", "Write", "Read", "Env", "DisableBuffer"];

/// What is known of a file.
pub(super) struct Facts<'t> {
    pub(super) file: &'t File,
    pub(super) site: &'t Site,
    /// The place where it imports `Http`, at its top level.
    pub(super) http: Option<Node<'t>>,
    /// Which name stands for which module, or for which name of a module.
    imports: HashMap<&'t str, String>,
    /// Names that get a value in another way.
    bound: HashSet<&'t str>,
    /// Modules of which everything is imported.
    pub(super) stars: Vec<String>,
    /// All functions, by name.
    pub(super) functions: HashMap<&'t str, Node<'t>>,
    /// Statements at the top level that define `Request`.
    pub(super) requests: Vec<Node<'t>>,
    /// All calls, with the functions' names.
    pub(super) calls: HashSet<String>,
}

impl<'t> Facts<'t> {
    pub(super) fn of(tree: &'t Tree, source: &'t Source, file: &'t File, site: &'t Site) -> Self {
        let mut facts = Self {
            file,
            site,
            http: None,
            imports: HashMap::new(),
            bound: HashSet::new(),
            stars: Vec::new(),
            functions: HashMap::new(),
            requests: Vec::new(),
            calls: HashSet::new(),
        };
        let root = tree.root_node();
        let all = below(root, true);
        for node in &all {
            facts.take(source, *node);
        }
        // Whatever stands in functions is no top level; whatever stands in `try` or `if` is.
        for node in below(root, false) {
            facts.take_top(source, node);
        }
        let calls = all
            .iter()
            .filter_map(|node| super::walk::called(&facts, source, *node));
        facts.calls = calls.collect();
        facts
    }

    fn take(&mut self, source: &'t Source, node: Node<'t>) {
        let mut bind = |node: Node<'t>| {
            for inner in below(node, true) {
                if inner.kind() == "identifier" {
                    self.bound.insert(text(source, inner));
                }
            }
        };
        match node.kind() {
            "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause" => {
                if let Some(left) = node.child_by_field_name("left")
                    // `a.x = 1` and `a[i] = 1` bind nothing.
                    && !["attribute", "subscript"].contains(&left.kind())
                {
                    bind(left);
                }
            }
            "parameters" | "lambda_parameters" => children(node).for_each(|parameter| {
                let name = parameter.child_by_field_name("name");
                match parameter.kind() {
                    "typed_parameter" => children(parameter).take(1).for_each(&mut bind),
                    _ => bind(name.unwrap_or(parameter)),
                }
            }),
            "named_expression" | "function_definition" | "class_definition" => {
                if let Some(name) = node.child_by_field_name("name") {
                    bind(name);
                    if node.kind() == "function_definition" {
                        self.functions.insert(text(source, name), node);
                    }
                }
            }
            "as_pattern_target" | "global_statement" | "delete_statement" => bind(node),
            "except_clause" => {
                // Python 2: `except X, name:`
                fields(node, "value").skip(1).for_each(&mut bind);
                fields(node, "alias").for_each(&mut bind);
            }
            "case_pattern" => bind(node),
            "import_statement" => {
                for name in fields(node, "name") {
                    let (module, alias) = aliased(source, name);
                    let local = alias.unwrap_or(module.split('.').next().unwrap_or_default());
                    let whole = alias.map_or(local, |_| module);
                    self.imports.insert(local, whole.to_owned());
                }
            }
            "import_from_statement" => {
                let module = node.child_by_field_name("module_name");
                let module = module.map_or("", |module| text(source, module));
                for name in fields(node, "name") {
                    let (name, alias) = aliased(source, name);
                    self.imports
                        .insert(alias.unwrap_or(name), format!("{module}.{name}"));
                }
                if children(node).any(|child| child.kind() == "wildcard_import") {
                    if module == "Http" || module == "PyISAPIe" {
                        for name in HTTP_NAMES {
                            self.imports.insert(name, format!("Http.{name}"));
                        }
                    } else {
                        self.stars.push(module.to_owned());
                    }
                }
            }
            _ => {}
        }
    }

    fn take_top(&mut self, source: &'t Source, node: Node<'t>) {
        let named = |field| {
            node.child_by_field_name(field)
                .is_some_and(|name: Node<'_>| {
                    text(source, name)
                        .split(',')
                        .any(|name| name.trim() == "Request")
                })
        };
        match node.kind() {
            "import_statement" | "import_from_statement" => {
                let module = fields(node, "module_name")
                    .chain(fields(node, "name"))
                    .next();
                let module = module.map_or("", |module| aliased(source, module).0);
                if matches!(module, "Http" | "PyISAPIe") && self.http.is_none() {
                    self.http = Some(node);
                }
                for name in fields(node, "name") {
                    let (name, alias) = aliased(source, name);
                    if alias.unwrap_or(name) == "Request" {
                        self.requests.push(node);
                    }
                }
            }
            "function_definition" | "class_definition" if named("name") => self.requests.push(node),
            "assignment" if named("left") => self.requests.push(node),
            _ => {}
        }
    }

    /// Whether the file gives that name a value of its own.
    pub(super) fn binds(&self, name: &str) -> bool {
        self.bound.contains(name)
    }

    /// Whether an expression is a module, or comes from one.
    pub(super) fn is_of_module(&self, source: &Source, node: Node<'_>) -> bool {
        let name = self.name_of(source, node);
        name.is_some_and(|name| name.contains('.') || self.imports.contains_key(name.as_str()))
    }

    /// Whether the name can only be the built-in one.
    pub(super) fn is_built_in(&self, name: &str) -> bool {
        !self.binds(name) && !self.imports.contains_key(name) && self.stars.is_empty()
    }

    /// The name of what an expression is, with its module: `urllib.quote` for `quote` after
    /// `from urllib import quote`; a name that nothing binds as it is. `None`: not known.
    pub(super) fn name_of(&self, source: &Source, node: Node<'_>) -> Option<String> {
        match node.kind() {
            "identifier" => {
                let name = text(source, node);
                match (self.binds(name), self.imports.get(name)) {
                    (false, Some(whole)) => Some(whole.clone()),
                    (false, None) => Some(name.to_owned()),
                    (true, _) => None,
                }
            }
            "attribute" => {
                // `a.b.c` from its right end. No name that a rule knows is longer than this, and a
                // chain may be as long as a file.
                let mut names = Vec::new();
                let mut at = node;
                while at.kind() == "attribute" {
                    if names.len() == 5 {
                        return None;
                    }
                    names.push(text(source, at.child_by_field_name("attribute")?));
                    at = at.child_by_field_name("object")?;
                }
                let first = (at.kind() == "identifier").then(|| text(source, at))?;
                let whole = self.imports.get(first).filter(|_| !self.binds(first))?;
                names.push(whole);
                names.reverse();
                let whole = names.join(".");
                Some(match whole.strip_prefix("PyISAPIe.") {
                    Some(name) => format!("Http.{name}"),
                    None => whole,
                })
            }
            _ => None,
        }
    }
}

/// The name in an import, and the one behind `as`.
pub(super) fn aliased<'s>(source: &'s Source, node: Node<'_>) -> (&'s str, Option<&'s str>) {
    let field = |name| node.child_by_field_name(name).map(|n| text(source, n));
    match node.kind() {
        "aliased_import" => (field("name").unwrap_or_default(), field("alias")),
        _ => (text(source, node), None),
    }
}
