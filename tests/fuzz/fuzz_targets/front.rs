//! The server, under clients that send anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::front::run(data));
