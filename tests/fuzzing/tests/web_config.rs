//! The corpus of the fuzz target `web_config`. A process of its own, as under the engine.

#[test]
fn the_kept_configuration_files_are_read_or_refused() {
    fuzzing::run_corpus("web_config", fuzzing::web_config::run);
}
