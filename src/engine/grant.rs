//! A token reply (RFC 6749 section 5.1, or of another shape), read.

use super::clock::{Millis, SECOND};
use super::failure::FailureKind;
use super::reply::Reply;
use crate::token::jwt::Payload;
use crate::token::members::{self, unescape};
use crate::token::numbers;
use crate::token::shape::Told;
use crate::token::{AccessToken, Scheme};
use std::borrow::Cow;

/// From here on, the year 5138, a number counts no seconds: milliseconds, or nothing that makes
/// sense.
const LATEST: u64 = 100_000_000_000;

/// Which types of tokens are taken (RFC 6749 section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenTypes {
    /// `Bearer`, and what tells no type.
    pub bearer: bool,
    /// `DPoP`.
    pub dpop: bool,
}

impl TokenTypes {
    /// Those of a keep without a key of its own.
    pub const BEARER: Self = Self { bearer: true, dpop: false };

    /// The scheme of a token by its type as it is written in JSON, empty where it is not told.
    fn scheme(self, token_type: &[u8]) -> Option<Scheme> {
        if token_type.is_empty() || token_type.eq_ignore_ascii_case(b"\"bearer\"") {
            return self.bearer.then_some(Scheme::Bearer);
        }
        (self.dpop && token_type.eq_ignore_ascii_case(b"\"dpop\"")).then_some(Scheme::Dpop)
    }
}

/// A token as the authority granted it.
pub struct Grant {
    /// The token.
    pub access_token: AccessToken,
    /// Its lifetime in seconds, if the reply told one and it is not negative.
    pub expires_in: Option<u64>,
    /// Its claims, if it is a JWT.
    pub payload: Option<Payload>,
}

impl Grant {
    /// Takes over a bearer token with the lifetime that was told beside it.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`] when the text can't be a token.
    pub fn new(access_token: &[u8], expires_in: Option<u64>) -> Result<Self, FailureKind> {
        Self::of(access_token, Scheme::Bearer, expires_in)
    }

    fn of(
        access_token: &[u8],
        scheme: Scheme,
        expires_in: Option<u64>,
    ) -> Result<Self, FailureKind> {
        let access_token =
            AccessToken::new(access_token, scheme).map_err(|_| FailureKind::Malformed)?;
        let payload = Payload::read(access_token.expose());
        Ok(Self { access_token, expires_in, payload })
    }

    /// Takes the token out of what a reply `told`, or out of its header where one is named.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`] when there is no usable token of a type that is taken in it.
    pub(super) fn read(reply: &Reply<'_>, told: &Told<'_>) -> Result<Self, FailureKind> {
        let [access_token, expires_in, expires_at, token_type] = told.fields;
        // An escaped text (a solidus may be escaped) is copied; the allocator wipes the copy when
        // it is dropped.
        let text = match reply.header {
            Some(header) => Cow::Borrowed(header),
            None => unescape(members::text(access_token).unwrap_or_default()),
        };
        let Some(scheme) = reply.types.scheme(token_type) else {
            return Err(FailureKind::Malformed);
        };
        if reply.header.is_none() && told.access_tokens != 1 {
            return Err(FailureKind::Malformed);
        }
        let seconds = seconds(expires_in).filter(|&seconds| seconds > 0);
        Self::of(&text, scheme, seconds.or_else(|| until(expires_at, reply.clock)))
    }
}

/// The clock that a moment in a reply is counted against.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// When the reply was sent, by the server's clock where that can be seen.
    pub sent_at: Millis,
    /// Reads the date that a JSON string holds.
    pub date: &'a dyn Fn(&[u8]) -> Option<Millis>,
}

/// A number of seconds, which may be written as a string.
fn seconds(value: &[u8]) -> Option<u64> {
    numbers::whole(members::text(value).unwrap_or(value))
}

/// The seconds until a moment: seconds since the epoch, or an ISO 8601 text. That has to tell its
/// zone, since readers do not agree on what is meant without one.
fn until(value: &[u8], clock: Clock<'_>) -> Option<u64> {
    let at = match (seconds(value), value) {
        (Some(seconds), _) => (seconds < LATEST).then(|| seconds * SECOND),
        (
            None,
            [b'"', _, _, _, _, b'-', .., b'Z', b'"']
            | [b'"', _, _, _, _, b'-', .., b'+' | b'-', _, _, b':', _, _, b'"'],
        ) => (clock.date)(value),
        _ => None,
    };
    Some(at?.saturating_sub(clock.sent_at) / SECOND)
}
