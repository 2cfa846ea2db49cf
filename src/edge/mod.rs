//! The rules of [`crate::verify`] as functions for JavaScript, which does everything that has to be
//! awaited.
//!
//! What crosses for each token is a word, numbers, and views into this memory. What crosses for new
//! things alone is an object that serde-wasm-bindgen makes. What lives here from one call of
//! JavaScript to the next is either the token that came in last, and counts only until something is
//! awaited, or bounded and named by a number. So no request can meet another's state, a request
//! that is cancelled leaves nothing behind, and a fresh instance, after a trap, lacks nothing that
//! JavaScript can't give it again.

pub mod freshness;
pub mod introspection;
pub mod jwe;
pub mod keys;
pub mod proof;
pub mod remembered;
mod ring;
pub mod rules;
pub mod token;
pub mod words;

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

/// The object that JavaScript gets. Bytes in it are `Uint8Array`s.
fn object_of(described: &impl Serialize) -> JsValue {
    let serializer = Serializer::json_compatible().serialize_bytes_as_arrays(false);
    described.serialize(&serializer).expect("texts, bytes, lists and plain numbers")
}
