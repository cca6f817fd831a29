//! What the tests of the documentation need: the repository's files, the tables of error codes, and
//! the command's own help.

use crate::{finish, root, shim};
use regex::Regex;
use std::path::{Path, PathBuf};

/// Reads a file of the repository.
pub fn read(file: &str) -> String {
    let path = root().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The rows of a table of error codes, in its order: `(301, "no Python ...")`.
pub fn codes(source: &str) -> Vec<(u32, String)> {
    let row = Regex::new(r#"(?m)^ {4}(\d{3,4}) [A-Z0-9_]+ +(?:[A-Z][a-z]+ +)?"([^"]+)"$"#);
    let row = row.expect("a pattern");
    let table = source.split("\ncodes! {").nth(1).expect("a table");
    let rows = row.captures_iter(table);
    rows.map(|r| (r[1].parse().expect("a number"), r[2].to_owned()))
        .collect()
}

/// Each row of the command's table of codes: its number, and the kind of its exit code.
pub fn exits(source: &str) -> Vec<(u32, String)> {
    let row = Regex::new(r#"(?m)^ {4}(\d{3,4}) [A-Z0-9_]+ +([A-Z][a-z]+) +""#).expect("a pattern");
    let table = source.split("\ncodes! {").nth(1).expect("a table");
    let rows = row.captures_iter(table);
    rows.map(|r| (r[1].parse().expect("a number"), r[2].to_owned()))
        .collect()
}

/// The numbers that a text names, with those between the ends of a range (`0101–0110`).
pub fn numbers(text: &str) -> Vec<u32> {
    let number = Regex::new(r"(\d{4})(?:–(\d{4}))?").expect("a pattern");
    let ranges = number.captures_iter(text).map(|range| {
        let first: u32 = range[1].parse().expect("a number");
        let last = range
            .get(2)
            .map_or(first, |last| last.as_str().parse().expect("a number"));
        first..=last
    });
    ranges.flatten().collect()
}

/// The headings `## ISH0101: title` of a text, in its order.
pub fn headings(text: &str) -> Vec<(u32, String)> {
    let heading = Regex::new(r"(?m)^## ISH(\d{4}): (.+)$").expect("a pattern");
    let headings = heading.captures_iter(text);
    headings
        .map(|h| (h[1].parse().expect("a number"), h[2].to_owned()))
        .collect()
}

/// Every `*.md` file of the repository, without build output and hidden folders.
pub fn markdown_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let kind = entry.file_type().expect("a kind of file");
        if kind.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            walk(&path, found);
        } else if kind.is_file() && name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The relative links of a Markdown text, each split at its `#`: file and anchor, either may be
/// empty. Code is left out.
pub fn relative_links(text: &str) -> Vec<(String, String)> {
    let code = Regex::new(r"(?ms)^```.*?^```|`[^`\n]*`").expect("a pattern");
    let link = Regex::new(r"\]\(([^()\s]+)\)").expect("a pattern");
    let text = code.replace_all(text, "");
    let targets = link.captures_iter(&text).map(|l| l[1].to_owned());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .map(|target| {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            (file.to_owned(), anchor.to_owned())
        })
        .collect()
}

/// The anchors of a Markdown text, as GitHub makes them of its headings.
pub fn anchors(text: &str) -> Vec<String> {
    let code = Regex::new(r"(?ms)^```.*?^```").expect("a pattern");
    let text = code.replace_all(text, "");
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// `isapi-shim [COMMAND] --help`; a command may be one of a command, as `iis check`.
pub fn help(command: Option<&str>) -> String {
    let mut run = shim(&[]);
    let done = finish({
        run.args(command.into_iter().flat_map(str::split_whitespace));
        run.arg("--help");
        run
    });
    assert_eq!(done.code, 0, "--help of {command:?} failed");
    done.out
}

/// The options that a help text lists: `-i`, `--include`, `--trace`.
pub fn options(help: &str) -> Vec<String> {
    let line = Regex::new(r"(?m)^ +(?:(-[A-Za-z]), )?(--[a-z][a-z-]*)").expect("a pattern");
    let mut found = Vec::new();
    for option in line.captures_iter(help) {
        found.extend(option.get(1).map(|short| short.as_str().to_owned()));
        found.push(option[2].to_owned());
    }
    found
}

/// The commands that a help text lists.
pub fn commands(help: &str) -> Vec<String> {
    let list = help.split("Commands:\n").nth(1).unwrap_or_default();
    let list = list.split("\n\n").next().unwrap_or_default();
    let names = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}
