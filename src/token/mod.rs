//! Reading tokens and the replies that carry them. Knows no web type, no clock, no randomness; may be used by
//! every other layer and uses none of them.

#![forbid(unsafe_code)]

pub mod access_token;
pub mod base64url;
mod decimal;
pub mod json;
pub mod jws;
pub mod jwt;
pub mod members;
mod scan;
pub mod strict;
mod value;

pub use access_token::AccessToken;
