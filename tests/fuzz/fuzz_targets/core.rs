//! The core, under a host that answers anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::core::run(data));
