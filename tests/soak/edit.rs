//! The script that is edited while it is asked for.

use super::{Shared, site};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which versions may answer.
pub(super) struct Versions {
    file: PathBuf,
    /// The newest that may be there.
    begun: AtomicU64,
    /// The oldest that may be there.
    settled: AtomicU64,
}

impl Versions {
    pub(super) fn new(file: PathBuf) -> Self {
        Self {
            file,
            begun: AtomicU64::new(0),
            settled: AtomicU64::new(0),
        }
    }

    /// Before a request is sent: no older version may answer it.
    pub(super) fn oldest(&self) -> u64 {
        self.settled.load(Ordering::SeqCst)
    }

    /// After an answer came: it may be of no newer version.
    pub(super) fn newest(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// How often the script was edited.
    pub(super) fn count(&self) -> u64 {
        self.settled.load(Ordering::SeqCst)
    }

    /// As editors do it: the new file takes the place of the old one, at one moment.
    fn edit(&self) {
        let version = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let beside = self.file.with_extension("new");
        std::fs::write(&beside, site::edited(version)).expect("writable");
        std::fs::rename(&beside, &self.file).expect("writable");
        self.settled.store(version, Ordering::SeqCst);
    }
}

/// Edits until it is aborted.
pub(super) async fn edit(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(shared.plan.edits).await;
        shared.versions.edit();
    }
}
