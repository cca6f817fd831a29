//! No text makes the parser of `.http` files panic, and its errors point into the text.
#![no_main]

use isapi_shim::testing::HttpFile;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    match HttpFile::parse(Path::new("/nowhere/x.http"), text) {
        Ok(file) => {
            for index in 0..file.requests.len() {
                assert!(!file.key(index).is_empty());
            }
        }
        Err(why) => {
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            let (offset, length) = why.span().expect("a place");
            assert!(text.get(offset..offset + length).is_some());
        }
    }
});
