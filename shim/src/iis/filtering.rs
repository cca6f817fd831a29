//! Request filtering: what it refuses of a site for PyISAPIe.

use super::check::Subject;
use super::documents::{flag, value};
use super::finding::{At, Finding, Report};
use crate::codes;
use crate::site::handlers::MappingKind;
use std::path::Path;

/// What IIS hides where no file says otherwise.
const HIDDEN: [&str; 8] = [
    "web.config",
    "bin",
    "App_code",
    "App_GlobalResources",
    "App_LocalResources",
    "App_WebReferences",
    "App_Data",
    "App_Browsers",
];

/// A list of request filtering: each entry with whether it is allowed.
struct List {
    unlisted: bool,
    entries: Vec<(String, bool, Option<At>)>,
}

impl List {
    fn of(subject: &Subject<'_>, name: &str, key: &str) -> Self {
        let mut list = Self {
            unlisted: true,
            entries: Vec::new(),
        };
        for layer in &subject.layers {
            for section in layer.sections(&format!("security/requestFiltering/{name}")) {
                if let Some(unlisted) = flag(section, "allowUnlisted") {
                    list.unlisted = unlisted;
                }
                for child in &section.children {
                    let entry = value(child, key);
                    match child.name.as_str() {
                        "clear" => list.entries.clear(),
                        "remove" => list
                            .entries
                            .retain(|(e, ..)| !e.eq_ignore_ascii_case(entry)),
                        "add" => {
                            let allowed = flag(child, "allowed").unwrap_or(false);
                            let at = layer.document.at_element(child);
                            list.entries.push((entry.to_owned(), allowed, Some(at)));
                        }
                        _ => {}
                    }
                }
            }
        }
        list
    }

    /// Whether it refuses `what`, and where that stands.
    fn refuses(&self, what: &str) -> Option<Option<At>> {
        let entry = self
            .entries
            .iter()
            .rev()
            .find(|(e, ..)| e.eq_ignore_ascii_case(what));
        match entry {
            Some((_, true, _)) => None,
            Some((_, false, at)) => Some(at.clone()),
            None => (!self.unlisted).then_some(None),
        }
    }
}

/// What counts of request filtering.
pub(super) struct Filter {
    extensions: List,
    verbs: List,
    sequences: List,
    hidden: Vec<(String, Option<At>)>,
}

impl Filter {
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let segments = List::of(subject, "hiddenSegments", "segment");
        let mut hidden: Vec<(String, Option<At>)> = segments
            .entries
            .into_iter()
            .map(|(e, _, at)| (e, at))
            .collect();
        if subject.host.is_none() {
            hidden.extend(HIDDEN.map(|name| (name.to_owned(), None)));
        }
        Self {
            extensions: List::of(subject, "fileExtensions", "fileExtension"),
            verbs: List::of(subject, "verbs", "verb"),
            sequences: List::of(subject, "denyUrlSequences", "sequence"),
            hidden,
        }
    }

    /// The hidden segment in a path.
    pub(super) fn hides(&self, path: &Path) -> Option<&(String, Option<At>)> {
        let mut segments = path.components().filter_map(|c| c.as_os_str().to_str());
        segments.find_map(|s| {
            self.hidden
                .iter()
                .find(|(hidden, _)| hidden.eq_ignore_ascii_case(s))
        })
    }

    /// What is wrong for the scripts that are mapped.
    pub(super) fn rules(&self, subject: &Subject<'_>, report: &mut Report) {
        let mut patterns: Vec<&str> = subject
            .ours()
            .filter(|(_, row)| row.kind() == MappingKind::ScriptMap)
            .flat_map(|(_, row)| row.handler.pattern.split(',').map(str::trim))
            .collect();
        patterns.dedup();
        for pattern in patterns {
            let Some((_, extension)) = pattern.rsplit_once('.').filter(|(_, e)| !e.is_empty())
            else {
                continue;
            };
            let extension = format!(".{extension}");
            if let Some(at) = self.extensions.refuses(&extension) {
                report.add(
                Finding::error(codes::IIS_FILTERED, format!("request filtering refuses the file extension {extension}"))
                    .at(at)
                    .symptom("404.7")
                    .cure(format!("allow it: <fileExtensions><add fileExtension=\"{extension}\" allowed=\"true\" />")),
            );
            }
            let sequence = self
                .sequences
                .entries
                .iter()
                .find(|(s, ..)| !s.is_empty() && extension.contains(&s.to_lowercase()));
            if let Some((sequence, _, at)) = sequence {
                report.add(
                    Finding::error(
                        codes::IIS_FILTERED,
                        format!("request filtering refuses URLs with {sequence:?}"),
                    )
                    .at(at.clone())
                    .symptom("404.5")
                    .cure("remove it from denyUrlSequences"),
                );
            }
        }
        for verb in ["GET", "POST"] {
            if let Some(at) = self
                .verbs
                .refuses(verb)
                .filter(|_| subject.ours().next().is_some())
            {
                report.add(
                    Finding::error(
                        codes::IIS_FILTERED,
                        format!("request filtering refuses the method {verb}"),
                    )
                    .at(at)
                    .symptom("404.6")
                    .cure(format!(
                        "allow it: <verbs><add verb=\"{verb}\" allowed=\"true\" />"
                    )),
                );
            }
        }
    }
}
