//! DPoP proofs for JavaScript: [`crate::verify::proof`], and the nonces of
//! [`crate::verify::nonce`]. A proof is written into the input as a token is. A secret crosses with
//! each call, and nothing of it stays.

#![expect(
    missing_docs,
    reason = "wasm-bindgen gives a string enum a variant and a function without documentation"
)]

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::object_of;
use super::rules;
use super::token::seen;
use crate::verify::nonce;
use crate::verify::proof::{self, Expected, NotProof, Proof};

/// The objects of this file as TypeScript sees them.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A DPoP proof that keeps the rules. Its signature has not been looked at. */
export interface Proof {
  /** Of the header; null where that has passed before. */
  readonly algorithm: Algorithm | null;
  readonly thumbprint: string | null;
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  /** Null for none, and for what is no text. */
  readonly nonce: string | null;
  /** `htu`, where it is not the very text of the target. */
  readonly otherTarget: string | null;
  /** A name that no other proof has, by this key or another one. */
  readonly name: string;
}
"#;

/// Why a proof is refused, by the codes of the package's contract.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum ProofRefusal {
    Malformed = "proof.malformed",
    Typ = "proof.typ",
    Algorithm = "proof.alg",
    Key = "proof.key",
    Claims = "proof.claims",
    Method = "proof.method",
    Time = "proof.time",
    Token = "proof.token",
}

impl From<NotProof> for ProofRefusal {
    fn from(reason: NotProof) -> Self {
        match reason {
            NotProof::Malformed => Self::Malformed,
            NotProof::Typ => Self::Typ,
            NotProof::Algorithm => Self::Algorithm,
            NotProof::Key => Self::Key,
            NotProof::Claims => Self::Claims,
            NotProof::Method => Self::Method,
            NotProof::Time => Self::Time,
            NotProof::Token => Self::Token,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofObject<'a> {
    algorithm: Option<&'static str>,
    thumbprint: Option<&'a str>,
    jti: &'a str,
    iat: f64,
    nonce: Option<&'a str>,
    other_target: Option<&'a str>,
    name: &'a str,
}

/// Reads the proof in the first `length` bytes of the input. `rules` say its algorithms, its length
/// and the window of its `iat`; `now` is in seconds since the epoch; then comes what the proof has
/// to be for. `passed`: the thumbprint in the same header, which passed under these rules before.
/// `undefined`: the rules are not registered.
///
/// # Errors
/// The proof breaks a rule.
#[wasm_bindgen(js_name = readProof, unchecked_return_type = "Proof | undefined")]
pub fn read_proof(
    rules: u32,
    length: usize,
    now: f64,
    method: &str,
    target: &str,
    token_hash: Option<String>,
    passed: Option<String>,
) -> Result<JsValue, ProofRefusal> {
    let found = rules::with(rules, |registered| {
        let time = registered.rules.time;
        let expected = Expected { method, target, token_hash: token_hash.as_deref(), time };
        seen(|seen| {
            let prover = seen.open_proof(registered, length, passed.is_some())?;
            let proof = Proof::read(seen.read_payload(), expected, now)?;
            let thumbprint = prover.as_ref().map(|prover| &*prover.thumbprint);
            let name = proof.name(thumbprint.or(passed.as_deref()).unwrap_or_default());
            Ok(object_of(&ProofObject {
                algorithm: prover.as_ref().map(|prover| prover.algorithm.name()),
                thumbprint,
                jti: &proof.jti,
                iat: proof.issued,
                nonce: proof.nonce.as_deref(),
                other_target: proof.other_target.as_deref(),
                name: &name,
            }))
        })
    });
    found.unwrap_or(Ok(JsValue::UNDEFINED))
}

/// See [`proof::token_hash`].
#[wasm_bindgen(js_name = tokenHash)]
#[must_use]
pub fn token_hash(token: &str) -> String {
    proof::token_hash(token)
}

/// See [`nonce::make`].
#[wasm_bindgen(js_name = makeNonce)]
#[must_use]
pub fn make_nonce(secret: &[u8], now: f64) -> String {
    nonce::make(secret, now)
}

/// See [`nonce::issued_at`].
#[wasm_bindgen(js_name = nonceIssuedAt)]
#[must_use]
pub fn nonce_issued_at(nonce: &str, secret: &[u8], now: f64, lifetime: f64) -> Option<f64> {
    nonce::issued_at(nonce, secret, now, lifetime)
}
