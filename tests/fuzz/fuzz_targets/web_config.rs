//! The readers of configuration files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::web_config::run(data));
