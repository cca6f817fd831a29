//! The corpus of the fuzz target `front`. A process of its own, as under the engine.

#[test]
fn the_kept_inputs_of_clients_do_the_server_no_harm() {
    fuzzing::run_corpus("front", fuzzing::front::run);
}
