//! One reader, named by `FUZZ_READER`, under libFuzzer.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tokenkeep_fuzz::READERS;

static READER: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    READER.get_or_init(|| {
        let wanted = std::env::var("FUZZ_READER").expect("FUZZ_READER names a reader");
        let found = READERS.iter().find(|(name, _)| *name == wanted);
        found.unwrap_or_else(|| panic!("there is no reader {wanted}")).1
    })(bytes);
});
