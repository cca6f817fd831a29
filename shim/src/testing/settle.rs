//! Compares one response with its snapshot, and writes what may be written.

use super::snapshot::{self, Rendered, Update, Verdict};
use crate::error::Result;
use std::path::Path;

/// How the comparison went, after writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What was found.
    pub verdict: Verdict,
    /// What is new or differs was stored as the snapshot.
    pub accepted: bool,
}

impl Settled {
    /// The response is what was stored before.
    pub fn same(&self) -> bool {
        matches!(self.verdict, Verdict::Match | Verdict::Stale)
    }
}

/// Compares `now` with the snapshot at `path`. `pending`: where a decision about it waits; `colour`
/// is for the diff.
///
/// # Errors
/// The snapshot cannot be read, or not be written.
pub fn settle(
    path: &Path,
    pending: &Path,
    now: &Rendered,
    update: Update,
    colour: bool,
) -> Result<Settled> {
    let verdict = snapshot::compare(path, now, colour)?;
    let same = matches!(verdict, Verdict::Match | Verdict::Stale);
    let accepts = match update {
        Update::Nothing | Update::Pending => false,
        Update::Unseen => verdict == Verdict::New,
        Update::Accept | Update::Force => true,
    };
    match (&verdict, update) {
        (_, Update::Nothing) => {}
        (Verdict::Match, Update::Force) => snapshot::store(path, now)?,
        (Verdict::Match, _) => {}
        (Verdict::Stale, Update::Pending | Update::Unseen) => {}
        (_, _) if accepts => snapshot::store(path, now)?,
        _ => snapshot::store_pending(pending, now)?,
    }
    // What waited for a decision about an older answer is decided.
    if update != Update::Nothing && (same || accepts) {
        snapshot::discard(pending)?;
    }
    Ok(Settled {
        accepted: !same && accepts,
        verdict,
    })
}
