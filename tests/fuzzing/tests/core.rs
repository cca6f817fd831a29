//! The corpus of the fuzz target `core`. A process of its own, as under the engine.

#[test]
fn the_kept_inputs_of_a_host_do_the_core_no_harm() {
    fuzzing::run_corpus("core", fuzzing::core::run);
}
