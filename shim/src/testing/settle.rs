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
    /// The response is as stored now.
    pub fn passed(&self) -> bool {
        self.accepted || matches!(self.verdict, Verdict::Match | Verdict::Stale)
    }
}

/// Compares `now` with the snapshot at `path`. `colour` is for the diff.
///
/// # Errors
/// The snapshot cannot be read, or not be written.
pub fn settle(path: &Path, now: &Rendered, update: Update, colour: bool) -> Result<Settled> {
    let verdict = snapshot::compare(path, now, colour)?;
    match (&verdict, update) {
        (_, Update::Nothing) => {}
        (Verdict::Match, _) | (Verdict::Stale, Update::Pending) => {
            snapshot::discard_pending(path)?;
        }
        (_, Update::Pending) => snapshot::store_pending(path, now)?,
        (_, Update::Accept) => snapshot::store(path, now)?,
    }
    let differs = !matches!(verdict, Verdict::Match | Verdict::Stale);
    Ok(Settled {
        accepted: differs && update == Update::Accept,
        verdict,
    })
}
