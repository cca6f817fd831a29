//! Request files and snapshots.
