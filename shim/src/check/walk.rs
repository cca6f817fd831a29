//! Goes through a tree and asks the rules at each node.

use super::facts::Facts;
use super::finding::Found;
use super::source::Source;
use super::{bytes, header, lists, modules, output, process, python2, request, strings};
use crate::codes;
use crate::severity::Severity;
use std::ops::Range;
use tree_sitter::{Node, Tree};

/// A node with what stands around it.
pub(super) struct Place<'p, 't> {
    pub(super) node: Node<'t>,
    /// What it stands in, the module first.
    pub(super) above: &'p [Node<'t>],
    pub(super) source: &'t Source,
    pub(super) facts: &'p Facts<'t>,
}

/// What is done about a failure where it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excuse {
    None,
    /// Everything is caught there; perhaps this was meant, perhaps not.
    Perhaps,
    /// This failure is expected.
    Meant,
}

impl<'t> Place<'_, 't> {
    pub(super) fn text(&self, node: Node<'_>) -> &'t str {
        text(self.source, node)
    }

    pub(super) fn parent(&self) -> Option<Node<'t>> {
        self.above.last().copied()
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.node.byte_range()
    }

    /// The name of what an expression is, with the module it was imported from.
    pub(super) fn name_of(&self, node: Node<'_>) -> Option<String> {
        self.facts.name_of(self.source, node)
    }

    /// As the node is a call: the function's name.
    pub(super) fn called(&self) -> Option<String> {
        called(self.facts, self.source, self.node)
    }

    /// The innermost function around.
    pub(super) fn function(&self) -> Option<Node<'t>> {
        let kinds = ["function_definition", "lambda"];
        self.above
            .iter()
            .rev()
            .copied()
            .find(|node| kinds.contains(&node.kind()))
    }

    /// Whether somebody catches these exceptions here, or the place is for Python 2 only.
    pub(super) fn excuse(&self, exceptions: &[&str]) -> Excuse {
        let mut excuse = Excuse::None;
        for (index, outer) in self.above.iter().enumerate() {
            let inner = self.above.get(index + 1).copied().unwrap_or(self.node);
            match outer.kind() {
                "if_statement" | "elif_clause" | "conditional_expression" => {
                    let asked = outer.child_by_field_name("condition").or(outer.child(2));
                    let asked = asked.map_or("", |node| self.text(node));
                    let marks = ["version_info", "py2", "py3", "hexversion", "sys.version"];
                    let asked = asked.to_ascii_lowercase();
                    if marks.iter().any(|mark| asked.contains(mark)) {
                        return Excuse::Meant;
                    }
                }
                "try_statement" if outer.child_by_field_name("body") == Some(inner) => {
                    for clause in children(*outer).filter(|c| c.kind() == "except_clause") {
                        let values: Vec<Node<'_>> = fields(clause, "value").collect();
                        let caught: String = values.iter().map(|v| self.text(*v)).collect();
                        if exceptions.iter().any(|name| caught.contains(*name)) {
                            return Excuse::Meant;
                        }
                        if values.is_empty() || caught.contains("Exception") {
                            excuse = Excuse::Perhaps;
                        }
                    }
                }
                // What is done after it failed: `except ImportError: import StringIO`.
                "except_clause" => {
                    let caught: String = fields(*outer, "value").map(|v| self.text(v)).collect();
                    if exceptions.iter().any(|name| caught.contains(*name)) {
                        return Excuse::Meant;
                    }
                }
                _ => {}
            }
        }
        excuse
    }
}

/// How bad a failure is that happens when the place is reached; `None`: it is meant.
pub(super) fn severity(excuse: Excuse) -> Option<Severity> {
    match excuse {
        Excuse::None => Some(Severity::Error),
        Excuse::Perhaps => Some(Severity::Warning),
        Excuse::Meant => None,
    }
}

pub(super) fn text<'s>(source: &'s Source, node: Node<'_>) -> &'s str {
    source.text.get(node.byte_range()).unwrap_or_default()
}

/// The children that are more than a sign or a comment.
pub(super) fn children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    // By number each child would be counted off from the first one.
    let mut cursor = node.walk();
    let all: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
    all.into_iter().filter(|child| !child.is_extra())
}

/// The children in a field.
pub(super) fn fields<'n>(node: Node<'n>, field: &str) -> impl Iterator<Item = Node<'n>> {
    let mut cursor = node.walk();
    let all: Vec<Node<'n>> = node.children_by_field_name(field, &mut cursor).collect();
    all.into_iter().filter(|child| child.is_named())
}

/// As [`Place::called`], for any node.
pub(super) fn called(facts: &Facts<'_>, source: &Source, node: Node<'_>) -> Option<String> {
    let function = (node.kind() == "call").then(|| node.child_by_field_name("function"))?;
    facts.name_of(source, function?)
}

/// The arguments of a call that have no name, in order. `None`: there are some with a star.
pub(super) fn positional(call: Node<'_>) -> Option<Vec<Node<'_>>> {
    let arguments = call.child_by_field_name("arguments")?;
    if arguments.kind() != "argument_list" {
        return Some(vec![arguments]);
    }
    let all: Vec<Node<'_>> = children(arguments).collect();
    let starred = |node: &Node<'_>| ["list_splat", "dictionary_splat"].contains(&node.kind());
    match all.iter().any(starred) {
        true => None,
        false => Some(
            all.into_iter()
                .filter(|n| n.kind() != "keyword_argument")
                .collect(),
        ),
    }
}

/// The argument of a call that has this name.
pub(super) fn keyword<'n>(source: &Source, call: Node<'n>, name: &str) -> Option<Node<'n>> {
    let arguments = call.child_by_field_name("arguments")?;
    let named = |node: &Node<'n>| {
        node.kind() == "keyword_argument"
            && node
                .child_by_field_name("name")
                .is_some_and(|n| text(source, n) == name)
    };
    let found = children(arguments).find(named)?;
    found.child_by_field_name("value")
}

/// Every node below one, without those in functions and classes within; the parents first.
pub(super) fn below<'n>(node: Node<'n>, into_functions: bool) -> Vec<Node<'n>> {
    let mut all = Vec::new();
    let mut open: Vec<Node<'n>> = vec![node];
    while let Some(next) = open.pop() {
        all.push(next);
        let closed = ["function_definition", "class_definition", "lambda"].contains(&next.kind());
        if !closed || into_functions || next == node {
            let inner: Vec<Node<'n>> = children(next).collect();
            open.extend(inner.into_iter().rev());
        }
    }
    all
}

/// Asks all rules.
pub(super) fn rules<'t>(tree: &'t Tree, source: &'t Source, facts: &Facts<'t>) -> Vec<Found> {
    let mut all = Vec::new();
    let mut above: Vec<Node<'t>> = Vec::new();
    let mut broken = 0_usize;
    let mut told = Told::default();
    let mut cursor = tree.walk();
    'tree: loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            syntax_error(source, node, &mut told, &mut all);
        }
        if node.is_named() && !node.is_missing() {
            let place = Place {
                node,
                above: &above,
                source,
                facts,
            };
            python2::rules(&place, &mut all);
            strings::rules(&place, &mut all);
            // What stands in a broken part may be anything.
            if broken == 0 && !node.is_error() {
                modules::rules(&place, &mut all);
                lists::rules(&place, &mut all);
                bytes::rules(&place, &mut all);
                output::rules(&place, &mut all);
                request::rules(&place, &mut all);
                header::rules(&place, &mut all);
                process::rules(&place, &mut all);
            }
        }
        if cursor.goto_first_child() {
            above.push(node);
            broken += usize::from(node.is_error());
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'tree;
            }
            if let Some(left) = above.pop() {
                broken -= usize::from(left.is_error());
            }
        }
    }
    // A module that some Pythons have is told once for a file.
    let mut modules = Vec::new();
    all.retain(|found| {
        let later = found.code == codes::PY_LATER;
        let again = later && modules.contains(&found.what);
        modules.extend(later.then(|| found.what.clone()));
        !again
    });
    all
}

/// What was said of syntax errors.
#[derive(Default)]
struct Told {
    once: bool,
    /// Where the last line began that was looked at.
    line: Option<usize>,
}

/// The first place that the grammar does not know. The next ones often follow from it, and Python
/// too tells one at a time.
fn syntax_error(source: &Source, node: Node<'_>, told: &mut Told, all: &mut Vec<Found>) {
    let start = node.start_byte();
    let line_start = source.line_start(start);
    // One line may be a whole file, with an error at each of its characters.
    if told.once && told.line.replace(line_start) == Some(line_start) {
        return;
    }
    let line = source.text[line_start..].lines().next().unwrap_or_default();
    let statement = line.trim_start();
    if let Some(rest) = statement.strip_prefix("exec ")
        && !rest.trim_start().starts_with(['(', '=', '.', ',', ')'])
    {
        let from = line_start + line.len() - statement.len();
        let rest = rest.trim();
        all.push(python2::exec(from..from + statement.trim_end().len(), rest));
        return;
    }
    let word = text(source, node).trim_end_matches(',');
    if matches!(word, "async" | "await") {
        all.push(python2::keyword_as_name(start..start + word.len(), word));
        return;
    }
    if std::mem::replace(&mut told.once, true) {
        return;
    }
    let end = node.end_byte().min(line_start + line.len()).max(start);
    let what = match node.is_missing() {
        true => format!("a syntax error: {:?} is missing", node.kind()),
        false => "a syntax error".to_owned(),
    };
    all.push(
        Found::error(codes::PY_SYNTAX, start..end, what)
            .then("SyntaxError: the file is not loaded")
            .cure("look at this line and at what stands before it: brackets, quotes, colons"),
    );
}
