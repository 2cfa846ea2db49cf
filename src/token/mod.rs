//! Reading tokens and the replies that carry them. Knows no web type, no clock, no randomness; may
//! be used by every other layer and uses none of them.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_types))]
#![warn(clippy::pedantic)]

pub mod access_token;
pub mod jwt;
pub mod members;
pub mod numbers;
pub mod shape;

pub use access_token::{AccessToken, Scheme};
