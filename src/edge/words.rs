//! The words that cross to JavaScript and back. wasm-bindgen hands over an index and writes the
//! words into the glue once; TypeScript gets a union of them.

#![expect(
    missing_docs,
    reason = "wasm-bindgen gives a string enum a variant and a function without documentation"
)]

use wasm_bindgen::prelude::*;

use crate::verify::{self, freshness};

/// A signature algorithm, by its registered name.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Algorithm {
    Rs256 = "RS256",
    Rs384 = "RS384",
    Rs512 = "RS512",
    Ps256 = "PS256",
    Ps384 = "PS384",
    Ps512 = "PS512",
    Es256 = "ES256",
    Es384 = "ES384",
    Es512 = "ES512",
    EdDsa = "EdDSA",
    Hs256 = "HS256",
    Hs384 = "HS384",
    Hs512 = "HS512",
}

impl Algorithm {
    /// The algorithm of this word; `None` where JavaScript gave a text that is none of the words.
    pub(super) fn read(self) -> Option<verify::Algorithm> {
        verify::algorithm::ALGORITHMS
            .into_iter()
            .find(|&known| Self::from(known) as u32 == self as u32)
    }
}

impl From<verify::Algorithm> for Algorithm {
    fn from(algorithm: verify::Algorithm) -> Self {
        match algorithm {
            verify::Algorithm::Rs256 => Self::Rs256,
            verify::Algorithm::Rs384 => Self::Rs384,
            verify::Algorithm::Rs512 => Self::Rs512,
            verify::Algorithm::Ps256 => Self::Ps256,
            verify::Algorithm::Ps384 => Self::Ps384,
            verify::Algorithm::Ps512 => Self::Ps512,
            verify::Algorithm::Es256 => Self::Es256,
            verify::Algorithm::Es384 => Self::Es384,
            verify::Algorithm::Es512 => Self::Es512,
            verify::Algorithm::EdDsa => Self::EdDsa,
            verify::Algorithm::Hs256 => Self::Hs256,
            verify::Algorithm::Hs384 => Self::Hs384,
            verify::Algorithm::Hs512 => Self::Hs512,
        }
    }
}

/// What kind of token is expected.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Profile {
    Jwt = "jwt",
    AccessToken = "access-token",
    IdToken = "id-token",
    Logout = "logout",
    Jws = "jws",
    Introspection = "introspection",
}

impl Profile {
    /// The profile of this word; `None` where JavaScript gave a text that is none of the words.
    pub(super) fn read(self) -> Option<verify::Profile> {
        match self {
            Self::Jwt => Some(verify::Profile::Jwt),
            Self::AccessToken => Some(verify::Profile::AccessToken),
            Self::IdToken => Some(verify::Profile::IdToken),
            Self::Logout => Some(verify::Profile::Logout),
            Self::Jws => Some(verify::Profile::Jws),
            Self::Introspection => Some(verify::Profile::Introspection),
            Self::__Invalid => None,
        }
    }
}

/// What is known of a token before its signature is.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Verdict {
    /// Refused, whatever its signature is.
    Unfit = "unfit",
    /// By another issuer than that of the rules.
    Foreign = "foreign",
    /// Refused for its claims, once its signature is found to hold.
    Broken = "broken",
    /// Good, once its signature is found to hold.
    Good = "good",
}

/// What a request that needs a key set does next; see [`freshness::Step`].
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Step {
    /// Uses the set in memory.
    Serve = "serve",
    /// Uses it, though it is stale.
    ServeStale = "serve-stale",
    /// Uses it, and begins a renewal that goes on by itself.
    RenewBehind = "renew-behind",
    /// Begins a renewal and waits.
    Renew = "renew",
    /// Waits for the renewal under way.
    Join = "join",
    /// Uses the bundled set.
    UseBundled = "use-bundled",
    /// Refuses the token.
    Refuse = "refuse",
}

impl From<freshness::Step> for Step {
    fn from(step: freshness::Step) -> Self {
        match step {
            freshness::Step::Serve => Self::Serve,
            freshness::Step::ServeStale => Self::ServeStale,
            freshness::Step::RenewBehind => Self::RenewBehind,
            freshness::Step::Renew => Self::Renew,
            freshness::Step::Join => Self::Join,
            freshness::Step::UseBundled => Self::UseBundled,
            freshness::Step::Refuse => Self::Refuse,
        }
    }
}

/// What a request does next whose key is not in the set; see [`freshness::Look`].
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Look {
    /// Waits for the renewal under way.
    Join = "join",
    /// Fetches the set.
    Fetch = "fetch",
    /// Refuses the token: no such key is published.
    Unknown = "unknown",
    /// Refuses the token: nobody can say now.
    Unreachable = "unreachable",
}

impl From<freshness::Look> for Look {
    fn from(look: freshness::Look) -> Self {
        match look {
            freshness::Look::Join => Self::Join,
            freshness::Look::Fetch => Self::Fetch,
            freshness::Look::Unknown => Self::Unknown,
            freshness::Look::Unreachable => Self::Unreachable,
        }
    }
}

/// What becomes of an answer or a copy; see [`freshness::Reception`].
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Reception {
    /// It takes the place of the set in memory.
    Accepted = "accepted",
    /// It does not.
    Overtaken = "overtaken",
}

impl From<freshness::Reception> for Reception {
    fn from(reception: freshness::Reception) -> Self {
        match reception {
            freshness::Reception::Accepted => Self::Accepted,
            freshness::Reception::Overtaken => Self::Overtaken,
        }
    }
}
