//! Reading encrypted tokens.

use wasm_bindgen::prelude::*;

use super::token::seen;
use crate::verify::jwe::{self, Rules};

/// Reads the encrypted token in the first `length` bytes of the input. `is_nested`: its header must
/// say that there is a JWT inside. Gives the bytes of its parts one after the other, as long as
/// their texts say: the five of the token, then `apu` and `apv` of the header. `undefined`: it is
/// refused, and the code is told.
#[wasm_bindgen(js_name = readEncrypted)]
#[must_use]
pub fn read_encrypted(
    length: usize,
    key_management: Vec<String>,
    content_encryption: Vec<String>,
    is_nested: bool,
    longest: usize,
) -> Option<Vec<u8>> {
    let rules = Rules { key_management, content_encryption, is_nested, longest };
    seen(|seen| match jwe::read(seen.input.get(..length).unwrap_or_default(), &rules) {
        Ok(bytes) => Some(bytes),
        Err(failure) => {
            seen.code = failure.code();
            None
        }
    })
}

/// See [`jwe::is_same`].
#[wasm_bindgen(js_name = isSame)]
#[must_use]
pub fn is_same(some: &[u8], others: &[u8]) -> bool {
    jwe::is_same(some, others)
}
