//! `tokenkeep` keeps an access token for a browser application: in memory only, renewed before it
//! expires through a credentialed refresh call, attached to requests for listed origins, and
//! renewed once when an API answers 401.
//!
//! The crate is built as wasm and shipped in an npm package; its public API is the package's
//! TypeScript. What a reader finds here:
//!
//! - [`token`]: reading tokens and replies: base64url, bounded JSON, the secret type. Pure.
//! - [`engine`]: the session machine. Sans-IO and deterministic: time, randomness and the network
//!   are inputs.
//! - [`verify`] (feature `edge`): the rules by which an API judges an access token. Pure as well.
//! - `client` (wasm32 with the feature `client`): carries the engine into the page.
//! - `edge` (wasm32 with the feature `edge`): shows `verify` to JavaScript.
//!
//! Arrows point one way: `client → engine → token` and `edge → verify`.

#![deny(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_macros, clippy::disallowed_methods))]

pub mod engine;
pub mod token;
#[cfg(feature = "edge")]
pub mod verify;

#[cfg(all(target_arch = "wasm32", feature = "client"))]
pub mod client;

#[cfg(all(target_arch = "wasm32", feature = "edge"))]
pub mod edge;
