//! Decides about one answer: compares it with its snapshot, and writes what may be written.

use super::plan::Case;
use super::redact::{Redaction, Redactor};
use super::runner::{Entry, Options, Recorded, State};
use super::settle::settle;
use super::snapshot::{self, Rendered, Update, Verdict};
use super::strict;
use super::wire::Broken;
use crate::codes::Exit;
use crate::error::Error;

/// An answer in the form in which it is compared.
pub(super) fn render(case: &Case, answer: &Recorded, options: &Options) -> Rendered {
    let mut redactions = case.request.redactions.clone();
    if answer.static_file {
        redactions.extend(Redaction::of_static_files());
    }
    let roots = [&options.roots[..], &answer.roots[..]].concat();
    let source = case.path.file_name().unwrap_or_default().to_string_lossy();
    let redactor = Redactor::new(&redactions, &roots);
    let mut rendered = snapshot::render(answer, &case.request, &source, &redactor);
    if let Some(fault) = &case.fault {
        rendered.note_fault(&fault.to_string());
    }
    rendered
}

/// Compares, writes, and says how it went.
pub(super) fn judge(
    case: &Case,
    answer: &Recorded,
    now: &Rendered,
    update: Update,
    options: &Options,
) -> Entry {
    let mut entry = Entry::new(case);
    entry.stderr = answer.stderr.clone();
    entry.micros = answer.micros;
    let at = snapshot::path_for(&case.path, &case.key);
    let pending = snapshot::pending_for(&at, &options.base, options.pending_dir.as_deref());
    let settled = match settle(&at, &pending, now, update, options.colour) {
        Ok(settled) => settled,
        Err(why) => return broken(entry, &Broken::new(&why, options.colour)),
    };
    let (same, accepted) = (settled.same(), settled.accepted);
    let is_new = settled.verdict == Verdict::New;
    let mut notes = Vec::new();
    if accepted {
        notes.push(if is_new { "accepted" } else { "updated" });
    }
    if !same && answer.script_failed {
        notes.push("the script raised");
    }
    entry.note = notes.join("; ");
    if options.strict
        && let Some(what) = strict::violation(case, answer)
    {
        entry.state = State::Failed;
        entry.word = "FAIL";
        entry.detail = what.render(options.colour);
        return entry;
    }
    if is_new {
        entry.word = "new";
    }
    if !same && !accepted {
        entry.state = State::Failed;
        entry.differs = true;
        if let Verdict::Differs { diff } = settled.verdict {
            entry.word = "FAIL";
            entry.detail = diff;
        }
    }
    entry
}

/// The entry of a request whose answer cannot be judged. Who is to blame follows from the error.
pub(super) fn broken(mut entry: Entry, why: &Broken) -> Entry {
    entry.state = match why.exit() {
        Exit::Usage => State::Unusable,
        Exit::Failed => State::Failed,
        Exit::Host | Exit::Nothing => State::HostFailed,
    };
    entry.word = "FAIL";
    entry.note = if why.text.is_empty() {
        "no host, see above".to_owned()
    } else {
        String::new()
    };
    entry.detail.clone_from(&why.text);
    entry
}

/// A failure of the isolation check.
pub(super) fn leaks(entry: &mut Entry, why: &Error, both: &str, options: &Options) {
    entry.state = State::Failed;
    entry.word = "FAIL";
    if !entry.detail.is_empty() && !entry.detail.ends_with('\n') {
        entry.detail.push('\n');
    }
    entry.detail.push_str(&why.render(options.colour));
    entry.detail.push_str(both);
}
