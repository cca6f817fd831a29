//! What the fuzz targets in `tests/fuzz` do with an input. They are functions of bytes, so that the
//! kept inputs can be run by `cargo test` as well, without a fuzzing engine.
//!
//! A finding is a panic of any thread, a wait without an end, or memory that is used wrongly: the
//! engine sees the first two, and an address sanitizer the third.

pub mod core;
pub mod front;
pub mod host;
mod input;
mod panics;
pub mod web_config;

use std::path::PathBuf;

/// The scripts that are served to inputs.
fn site() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("site")
}

/// Runs the kept inputs of a target.
///
/// # Panics
/// One of them is a finding, or there is none.
pub fn run_corpus(target: &str, run: fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join(target))
        .expect("a corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are inputs");
    // Miri takes seconds for each.
    let step = if cfg!(miri) { 16 } else { 1 };
    for file in files.iter().step_by(step) {
        // Shown with a failure only.
        println!("{}", file.display());
        run(&std::fs::read(file).expect("readable"));
    }
}
