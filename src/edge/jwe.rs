//! Reading encrypted tokens.

use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;

use super::object_of;
use super::token::seen;
use crate::verify::jwe::{self, Parts, Rules};

/// The object of this file as TypeScript sees it.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The parts of an encrypted token that keeps the rules. It has not been decrypted. */
export interface Encrypted {
  /** The JSON text of the header, checked: its members are whatever the authority writes. */
  readonly header: string;
  /** The encrypted key. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** The initialization vector. */
  readonly iv: Uint8Array<ArrayBuffer>;
  /** The ciphertext, then the authentication tag. */
  readonly sealed: Uint8Array<ArrayBuffer>;
  /** Of the header; empty where it has none. */
  readonly apu: Uint8Array<ArrayBuffer>;
  readonly apv: Uint8Array<ArrayBuffer>;
}
"#;

#[derive(Serialize)]
struct Encrypted<'a> {
    header: &'a str,
    key: Bytes<'a>,
    iv: Bytes<'a>,
    sealed: Bytes<'a>,
    apu: Bytes<'a>,
    apv: Bytes<'a>,
}

/// A slice that crosses as a `Uint8Array`.
struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Reads the encrypted token in the first `length` bytes of the input. `is_nested`: its header must
/// say that there is a JWT inside. `undefined`: it is refused, and the code is told.
#[wasm_bindgen(js_name = readEncrypted, unchecked_return_type = "Encrypted | undefined")]
#[must_use]
pub fn read_encrypted(
    length: usize,
    key_management: Vec<String>,
    content_encryption: Vec<String>,
    is_nested: bool,
    longest: usize,
) -> JsValue {
    let rules = Rules { key_management, content_encryption, is_nested, longest };
    seen(|seen| match jwe::read(seen.input.get(..length).unwrap_or_default(), &rules) {
        Ok(Parts { header, key, iv, sealed, apu, apv }) => object_of(&Encrypted {
            header: str::from_utf8(&header).unwrap_or_default(),
            key: Bytes(&key),
            iv: Bytes(&iv),
            sealed: Bytes(&sealed),
            apu: Bytes(&apu),
            apv: Bytes(&apv),
        }),
        Err(failure) => {
            seen.code = failure.code();
            JsValue::UNDEFINED
        }
    })
}

/// See [`jwe::is_same`].
#[wasm_bindgen(js_name = isSame)]
#[must_use]
pub fn is_same(some: &[u8], others: &[u8]) -> bool {
    jwe::is_same(some, others)
}
