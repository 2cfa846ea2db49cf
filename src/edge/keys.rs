//! Key sets for JavaScript: where the keys of a set stand, and what each is good for.

use wasm_bindgen::prelude::*;

use super::seen;
use crate::verify::keys::{self, Index, Keys, NotKeySet, Origin};

/// Why a text is no key set, by the codes of the package's contract.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum KeySetRefusal {
    /// No key set, or an empty one.
    Malformed = "jwks.malformed",
    /// More keys than a set may have.
    TooLarge = "jwks.too_large",
}

impl From<NotKeySet> for KeySetRefusal {
    fn from(reason: NotKeySet) -> Self {
        match reason {
            NotKeySet::Malformed => Self::Malformed,
            NotKeySet::TooLarge => Self::TooLarge,
        }
    }
}

/// Looks over a key set, of which the first `length` bytes of the room are the text: the names of
/// its keys, and with [`places_at`] where those stand.
///
/// # Errors
/// It is no key set, or too large.
#[wasm_bindgen(js_name = indexKeys)]
pub fn index_keys(length: usize) -> Result<String, KeySetRefusal> {
    seen(|seen| {
        let Index { names, places } = Index::read(seen.token.get(..length).unwrap_or_default())?;
        seen.places = places;
        Ok(names)
    })
}

/// Where two numbers lie for each name: the bytes where its key begins and ends.
#[wasm_bindgen(js_name = placesAt)]
#[must_use]
pub fn places_at() -> *const u32 {
    seen(|seen| seen.places.as_ptr())
}

/// How many numbers those are.
#[wasm_bindgen(js_name = placesLength)]
#[must_use]
pub fn places_length() -> usize {
    seen(|seen| seen.places.len())
}

/// Reads a key set: which keys may be used with what, and which not and why, as JSON text.
///
/// # Errors
/// It is no key set, or too large.
#[wasm_bindgen(js_name = readKeys)]
pub fn read_keys(text: &str, given: bool) -> Result<String, KeySetRefusal> {
    let origin = if given { Origin::Given } else { Origin::Published };
    Ok(Keys::read(text, origin)?.to_json())
}

/// The thumbprint of a public key (RFC 7638), given its canonical text.
#[wasm_bindgen]
#[must_use]
pub fn thumbprint(jwk: &str) -> String {
    keys::thumbprint(jwk)
}
