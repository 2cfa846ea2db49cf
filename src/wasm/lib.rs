//! What the crate exports, as one wasm module.

pub use tokenkeep::*;
