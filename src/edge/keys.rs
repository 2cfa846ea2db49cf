//! Key sets for JavaScript: where the keys of a set stand, and what each is good for. Descriptions
//! cross as objects that serde-wasm-bindgen makes.

#![expect(
    missing_docs,
    reason = "wasm-bindgen gives a string enum a variant and a function without documentation"
)]

use jose_jwk::Key as Material;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::object_of;
use super::token::seen;
use crate::verify::Algorithm;
use crate::verify::keys::{self, Keys, NotKeySet, Origin};

/// The objects of this file as TypeScript sees them.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * The keys of a set that bear a `kid`, in order: the hash of each `kid`, and where in the bytes of
 * the set each key begins and ends.
 */
export interface NamedKeys {
  readonly hashes: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** A key that may be used. */
export interface KeyDescription {
  readonly kid: string | null;
  /** The algorithms that it may be used with, whatever the allow-list says. */
  readonly algorithms: readonly Algorithm[];
  /** The members that make the key, of a private one those of its public half. */
  readonly jwk: JsonWebKey;
  /** RFC 7638; empty for a symmetric key, whose hash would be worth attacking. */
  readonly thumbprint: string;
  /** The issuer whose tokens alone it verifies. */
  readonly issuer: string | null;
}

/** A key that may not be used, and why. */
export interface SkippedKey {
  readonly kid: string | null;
  readonly reason: string;
}

/** All keys of a set. */
export interface KeyDescriptions {
  readonly keys: readonly KeyDescription[];
  readonly skipped: readonly SkippedKey[];
}
"#;

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

#[wasm_bindgen]
extern "C" {
    /// An object of TypeScript's `NamedKeys`: three arrays, because a thousand objects would take
    /// longer than the set itself.
    #[wasm_bindgen(js_name = Object, typescript_type = "NamedKeys")]
    pub type NamedKeys;

    #[wasm_bindgen(constructor, js_class = Object)]
    fn new() -> NamedKeys;
    #[wasm_bindgen(method, setter)]
    fn set_hashes(this: &NamedKeys, hashes: Box<[u32]>);
    #[wasm_bindgen(method, setter)]
    fn set_starts(this: &NamedKeys, starts: Box<[u32]>);
    #[wasm_bindgen(method, setter)]
    fn set_ends(this: &NamedKeys, ends: Box<[u32]>);
}

#[derive(Serialize)]
struct KeyDescriptions<'a> {
    keys: Vec<KeyDescription<'a>>,
    skipped: Vec<SkippedKey<'a>>,
}

#[derive(Serialize)]
struct KeyDescription<'a> {
    kid: Option<&'a str>,
    algorithms: Vec<&'static str>,
    jwk: &'a Material,
    thumbprint: String,
    issuer: Option<&'a str>,
}

#[derive(Serialize)]
struct SkippedKey<'a> {
    kid: Option<&'a str>,
    reason: &'static str,
}

/// Finds the keys with a `kid` in a key set, of which the first `length` bytes of the input are the
/// text.
///
/// # Errors
/// It is no key set, or too large.
#[wasm_bindgen(js_name = namedKeys)]
#[expect(clippy::cast_possible_truncation, reason = "a `usize` has 32 bits here")]
pub fn named_keys(length: usize) -> Result<NamedKeys, KeySetRefusal> {
    let named = seen(|seen| keys::named_keys(seen.input.get(..length).unwrap_or_default()))?;
    let found = NamedKeys::new();
    found.set_hashes(named.iter().map(|key| key.hash).collect());
    found.set_starts(named.iter().map(|key| key.range.start as u32).collect());
    found.set_ends(named.iter().map(|key| key.range.end as u32).collect());
    Ok(found)
}

/// The hash by which `namedKeys` tells keys of a `kid`.
#[wasm_bindgen(js_name = hashOfKid)]
#[must_use]
pub fn hash_of_kid(kid: &str) -> u32 {
    keys::hash_of(kid)
}

/// Reads a key set: which keys may be used with what, and which not and why. `is_given`: by the
/// caller, and not published.
///
/// # Errors
/// It is no key set, or too large.
#[wasm_bindgen(js_name = describeKeys, unchecked_return_type = "KeyDescriptions")]
pub fn describe_keys(text: &str, is_given: bool) -> Result<JsValue, KeySetRefusal> {
    let origin = if is_given { Origin::Given } else { Origin::Published };
    let Keys { keys, skipped } = Keys::read(text, origin)?;
    let keys = keys.iter().map(|key| KeyDescription {
        kid: key.kid(),
        algorithms: key.algorithms.iter().map(Algorithm::name).collect(),
        jwk: &key.jwk.key,
        thumbprint: keys::thumbprint(&key.jwk).unwrap_or_default(),
        issuer: key.issuer.as_deref(),
    });
    let skipped =
        skipped.iter().map(|key| SkippedKey { kid: key.kid.as_deref(), reason: key.reason });
    Ok(object_of(&KeyDescriptions { keys: keys.collect(), skipped: skipped.collect() }))
}
