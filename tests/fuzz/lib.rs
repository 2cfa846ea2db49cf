//! Fuzzing: every reader of foreign bytes that is Rust, each with what must hold whatever the bytes
//! are. A reader is compared with `serde_json` where it reads JSON. `guided.rs` lets libFuzzer
//! choose the bytes, `seeded.rs` lets dice do so. `corpus/` has small texts to begin with.

#![expect(unreachable_pub, reason = "a test has no API")]

mod readers;

pub use readers::READERS;
