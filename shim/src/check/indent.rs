//! Indentation. The grammar takes a tab for eight blanks, as Python 2 did, and overlooks blocks
//! that are empty or too deep; Python 3 does not.

use super::finding::Found;
use super::source::Source;
use super::walk::children;
use crate::codes;
use tree_sitter::{Node, Tree};

/// How deep a line is, counted with tabs of eight and with tabs of one. Python compares both.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Depth {
    wide: usize,
    narrow: usize,
}

/// A line with its first statement or clause.
struct Line<'t> {
    node: Node<'t>,
    start: usize,
    /// It begins a block.
    opens: bool,
}

/// The first problem of a file: those behind it follow from it.
pub(super) fn rules(tree: &Tree, source: &Source) -> Vec<Found> {
    let mut open = vec![Depth { wide: 0, narrow: 0 }];
    for line in lines(tree, source) {
        match line {
            Ok(line) => {
                if let Some(found) = step(&mut open, &line, source) {
                    return vec![found];
                }
            }
            Err(found) => return vec![found],
        }
    }
    Vec::new()
}

fn step(open: &mut Vec<Depth>, line: &Line<'_>, source: &Source) -> Option<Found> {
    let mut depth = Depth { wide: 0, narrow: 0 };
    for byte in source.text[line.start..line.node.start_byte()].bytes() {
        match byte {
            b'\t' => {
                depth.wide = depth.wide / 8 * 8 + 8;
                depth.narrow += 1;
            }
            b'\x0c' => depth = Depth { wide: 0, narrow: 0 },
            _ => {
                depth.wide += 1;
                depth.narrow += 1;
            }
        }
    }
    let span = line.start..line.node.start_byte();
    let mixed = || {
        Found::error(
            codes::PY_TABS,
            span.clone(),
            "tabs and blanks are mixed in the indentation",
        )
        .then("TabError: the file is not loaded")
        .cure("indent with blanks only, in the whole file")
    };
    let wrong = |what: &str| {
        Found::error(codes::PY_SYNTAX, span.clone(), what)
            .then("IndentationError: the file is not loaded")
            .cure("make the indentation that of the lines around")
    };
    let last = *open.last()?;
    if depth.wide > last.wide {
        if depth.narrow <= last.narrow {
            return Some(mixed());
        }
        if !line.opens {
            return Some(wrong("the line is indented, and nothing begins a block"));
        }
        open.push(depth);
        return None;
    }
    while open.len() > 1 && open.last().is_some_and(|top| top.wide > depth.wide) {
        open.pop();
    }
    let top = *open.last()?;
    if top.wide != depth.wide {
        return Some(wrong("the line is indented as no line before it"));
    }
    (top.narrow != depth.narrow).then(mixed)
}

/// The lines that begin with a statement or a clause, and before them blocks that are empty.
fn lines<'t>(tree: &'t Tree, source: &Source) -> Vec<Result<Line<'t>, Found>> {
    let mut all = Vec::new();
    // With the kind of what a node stands in, and whether it is the first there. To ask a node for
    // its parent means a search from the top.
    let mut open = vec![(tree.root_node(), "", false)];
    while let Some((node, parent, first)) = open.pop() {
        if node.is_error() {
            // Nothing is certain from here on.
            break;
        }
        let clauses = [
            "elif_clause",
            "else_clause",
            "except_clause",
            "finally_clause",
            "case_clause",
        ];
        let is_statement = clauses.contains(&node.kind())
            || ["module", "block", "decorated_definition"].contains(&parent);
        let start = source.line_start(node.start_byte());
        let before = &source.text[start..node.start_byte()];
        if is_statement
            && node.kind() != "block"
            && before.trim_matches([' ', '\t', '\x0c']).is_empty()
        {
            let opens = parent == "block" && first;
            all.push(Ok(Line { node, start, opens }));
        }
        if node.kind() == "block"
            && children(node).next().is_none()
            && !node.has_error()
            && parent != "match_statement"
        {
            let at = node.start_byte();
            all.push(Err(Found::error(
                codes::PY_SYNTAX,
                at..at,
                "a block is empty, or its lines are not indented",
            )
            .then("IndentationError: the file is not loaded")
            .cure("indent the lines of the block, or write pass")));
        }
        let inner: Vec<Node<'t>> = children(node).collect();
        // Expressions hold no statements.
        if holds_statements(node.kind()) {
            let numbered = inner.into_iter().enumerate().rev();
            open.extend(numbered.map(|(index, child)| (child, node.kind(), index == 0)));
        }
    }
    all
}

fn holds_statements(kind: &str) -> bool {
    kind == "module"
        || kind == "block"
        || kind.ends_with("_clause")
        || kind.ends_with("_definition")
        || matches!(
            kind,
            "if_statement"
                | "for_statement"
                | "while_statement"
                | "try_statement"
                | "with_statement"
                | "match_statement"
        )
}

#[cfg(test)]
#[path = "indent_tests.rs"]
mod tests;
