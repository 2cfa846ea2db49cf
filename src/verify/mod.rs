//! The rules by which an access token is judged. Pure: the token, the key set and the time are
//! inputs, and nothing is waited for. Used by `src/edge`; uses no other room.
//!
//! A token passes in this order: its shape ([`jws`]), its header ([`Header::read`]), a key that may
//! have signed it ([`keys`]), the signature (JavaScript checks it), its claims
//! ([`rules::Rules::judge`]). The verdict on the claims is told only when the signature holds.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_types))]
#![warn(clippy::pedantic)]

pub mod algorithm;
pub mod base64url;
pub mod claims;
pub mod confirmation;
pub mod digest;
mod failure;
pub mod freshness;
mod header;
pub mod introspection;
pub mod json;
pub mod jwe;
mod jwk;
pub mod jws;
pub mod keys;
mod logout;
mod members;
pub mod nonce;
pub mod proof;
pub mod remembered;
mod roca;
pub mod rules;
mod sha256;

pub use algorithm::{Algorithm, Algorithms};
pub use failure::Failure;
pub use header::{Header, Profile, Typ, media_type};
