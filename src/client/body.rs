//! The bytes of a reply that holds a token: kept in wasm memory, capped, and wiped like everything there.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::engine::MAX_BODY;

/// A body that arrives chunk by chunk.
#[wasm_bindgen]
#[derive(Default)]
pub struct Body {
    bytes: Vec<u8>,
    over: bool,
}

#[wasm_bindgen]
impl Body {
    /// Nothing has arrived yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies a chunk and wipes it on the JavaScript side. False: that is more than a token reply may hold.
    pub fn push(&mut self, chunk: &Uint8Array) -> bool {
        let (start, length) = (self.bytes.len(), chunk.length() as usize);
        self.over |= start + length > MAX_BODY;
        if !self.over {
            self.bytes.resize(start + length, 0);
            chunk.copy_to(&mut self.bytes[start..]);
        }
        chunk.fill(0, 0, chunk.length());
        !self.over
    }
}

impl Body {
    /// All of it, or `None` when it was over the cap.
    pub(super) fn whole(self) -> Option<Vec<u8>> {
        (!self.over).then_some(self.bytes)
    }
}
