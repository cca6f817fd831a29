//! The corpus of the fuzz target `host`. A process of its own, as under the engine.

#[test]
fn the_kept_inputs_of_an_extension_do_the_host_no_harm() {
    fuzzing::run_corpus("host", fuzzing::host::run);
}
