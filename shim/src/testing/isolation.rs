//! `--isolation-check`: is a request answered alike wherever it stands? Its first answer is compared
//! with one that comes after all the others, in the opposite order, from the same interpreter; and
//! with that of an interpreter which has answered nothing else.

use super::judge;
use super::plan::Case;
use super::runner::{Entry, Options, Reply, Source, Wanted};
use super::snapshot::Rendered;
use crate::codes;
use crate::error::Error;
use std::ops::ControlFlow;

/// What is known of each case.
pub(super) struct Isolation<'a> {
    cases: Vec<Seen<'a>>,
}

struct Seen<'a> {
    case: &'a Case,
    /// It takes part.
    checked: bool,
    first: Option<Rendered>,
    leaks: Vec<(&'static str, String)>,
}

const AGAIN: &str = "after all the others, in the opposite order";
const ALONE: &str = "alone, in a new process";

impl<'a> Isolation<'a> {
    pub(super) fn new(on: bool, cases: &[&'a Case]) -> Self {
        let seen = |case: &&'a Case| Seen {
            case,
            checked: on && case.fault.is_none() && !case.request.shares_state,
            first: None,
            leaks: Vec::new(),
        };
        Self {
            cases: cases.iter().map(seen).collect(),
        }
    }

    /// What is to be asked a second time, behind the first round. The last ones come first.
    pub(super) fn again(&self) -> Vec<Wanted<'a>> {
        let number = self.cases.len();
        let wanted = self.cases.iter().enumerate().filter(|(_, s)| s.checked);
        let wanted = wanted.map(|(index, seen)| Wanted {
            number: number + index,
            case: seen.case,
        });
        wanted.rev().collect()
    }

    pub(super) fn first(&mut self, index: usize, answer: Rendered) {
        if self.cases[index].checked {
            self.cases[index].first = Some(answer);
        }
    }

    pub(super) fn second(&mut self, index: usize, reply: Reply, options: &Options) {
        self.compare(index, AGAIN, reply, options);
    }

    fn compare(&mut self, index: usize, what: &'static str, reply: Reply, options: &Options) {
        let seen = &mut self.cases[index];
        // Without a first answer the request has failed anyway.
        let Some(first) = &seen.first else { return };
        let difference = match reply {
            Ok(answer) => {
                let now = judge::render(seen.case, &answer, options);
                first.difference(&now, ["first, in order", what], options.colour)
            }
            Err(why) => Some(why.text),
        };
        seen.leaks.extend(difference.map(|d| (what, d)));
    }

    /// Asks each request alone, and makes what differs a failure.
    pub(super) fn check(
        mut self,
        source: &mut dyn Source,
        options: &Options,
        entries: &mut [Option<Entry>],
    ) {
        let wanted: Vec<Wanted<'_>> = self
            .cases
            .iter()
            .enumerate()
            .filter(|(_, seen)| seen.first.is_some())
            .map(|(number, seen)| Wanted {
                number,
                case: seen.case,
            })
            .collect();
        if wanted.is_empty() {
            return;
        }
        source.answer(&wanted, true, &mut |number, reply| {
            self.compare(number, ALONE, reply, options);
            ControlFlow::Continue(())
        });
        for (seen, entry) in self.cases.iter().zip(entries) {
            let Some(entry) = entry else { continue };
            for (what, both) in &seen.leaks {
                let text = format!("the request is answered differently {what}");
                let why = Error::new(codes::STATE_LEAK, text)
                    .fix("keep nothing in module-level variables; `# @shares-state` allows it");
                judge::leaks(entry, &why, both, options);
            }
        }
    }
}
