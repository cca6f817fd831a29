//! The fake IIS, under an extension that does anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::host::run(data));
