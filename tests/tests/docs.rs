//! The documentation says what the code says.

use acceptance::docs;
use std::collections::{HashMap, HashSet};

/// Both tables, the command's and the core's, in the order of their numbers.
fn all_codes() -> Vec<(u32, String)> {
    let mut codes = docs::codes(&docs::read("shim/src/codes.rs"));
    codes.extend(docs::codes(&docs::read("Http/base/src/codes.rs")));
    codes.sort();
    codes
}

#[test]
fn every_row_of_the_code_tables_is_understood_by_this_test() {
    for file in ["shim/src/codes.rs", "Http/base/src/codes.rs"] {
        let source = docs::read(file);
        let table = source.split("\ncodes! {").nth(1).expect("a table");
        let quoted = table.lines().filter(|line| line.contains('"')).count();
        assert_eq!(docs::codes(&source).len(), quoted, "{file}");
        assert!(quoted > 0, "{file}");
    }
}

#[test]
fn codes_are_unique_and_ascending_in_each_table() {
    for file in ["shim/src/codes.rs", "Http/base/src/codes.rs"] {
        let codes = docs::codes(&docs::read(file));
        for pair in codes.windows(2) {
            assert!(
                pair[0].0 < pair[1].0,
                "{file}: {} then {}",
                pair[0].0,
                pair[1].0
            );
        }
    }
    let all = all_codes();
    let numbers: HashSet<u32> = all.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers.len(), all.len(), "a code is in both tables");
}

#[test]
fn errors_md_has_every_code_with_its_title_in_order_and_no_other() {
    assert_eq!(docs::headings(&docs::read("docs/errors.md")), all_codes());
}

#[test]
fn errors_md_has_the_exit_code_of_every_code() {
    let exits = docs::exits(&docs::read("shim/src/codes.rs"));
    assert_eq!(
        exits.len(),
        docs::codes(&docs::read("shim/src/codes.rs")).len()
    );
    let text = docs::read("docs/errors.md");
    let table = text.split("| codes | exit |").nth(1).expect("a table");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut told = HashMap::new();
    for row in rows {
        let (codes, exit) = row
            .trim_matches([' ', '|'])
            .rsplit_once(" | ")
            .expect("two cells");
        for number in docs::numbers(codes) {
            assert_eq!(told.insert(number, exit.to_owned()), None, "{number}");
        }
    }
    for (number, kind) in exits {
        let exit = match &kind[..] {
            "Failed" => "1",
            "Usage" => "2",
            "Host" => "3",
            "Nothing" => "5",
            kind => panic!("{number}: {kind}"),
        };
        assert_eq!(
            told.get(&number).map(String::as_str),
            Some(exit),
            "{number}"
        );
    }
}

#[test]
fn relative_links_lead_somewhere() {
    let mut broken = Vec::new();
    for file in docs::markdown_files() {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        for (target, anchor) in docs::relative_links(&text) {
            let to = match &*target {
                "" => file.clone(),
                target => file.parent().expect("a folder").join(target),
            };
            let there = to.exists();
            let known = anchor.is_empty()
                || std::fs::read_to_string(&to)
                    .is_ok_and(|text| docs::anchors(&text).contains(&anchor));
            if !there || !known {
                broken.push(format!("{}: {target}#{anchor}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn cli_md_names_every_command_and_every_option() {
    let text = docs::read("docs/cli.md");
    let commands = docs::commands(&docs::help(None));
    assert!(commands.iter().any(|c| c == "run"), "{commands:?}");
    let mut missing = Vec::new();
    // A command may have commands of its own.
    let within = commands
        .iter()
        .filter(|c| *c != "help")
        .flat_map(|command| {
            let below = docs::commands(&docs::help(Some(command)));
            below.into_iter().map(move |c| format!("{command} {c}"))
        });
    let commands: Vec<String> = commands.iter().cloned().chain(within).collect();
    for command in commands.iter().filter(|c| !c.ends_with("help")) {
        if !text.contains(&format!("isapi-shim {command}")) {
            missing.push(command.clone());
        }
        let options = docs::options(&docs::help(Some(command)));
        assert!(!options.is_empty(), "no options of {command} were found");
        for option in options {
            // As in `--home`, `--home DIR` or `--trace[=FORMAT]`.
            let named = [
                format!("`{option}`"),
                format!("`{option} "),
                format!("`{option}["),
            ];
            if !named.iter().any(|form| text.contains(form)) {
                missing.push(format!("{command} {option}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "docs/cli.md lacks: {}",
        missing.join(", ")
    );
}
