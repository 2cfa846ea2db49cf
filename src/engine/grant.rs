//! A token reply (RFC 6749 section 5.1), read and taken apart.

use super::failure::FailureKind;
use crate::token::AccessToken;
use crate::token::jwt::Payload;
use crate::token::members::{self, Member, Value, unescape};

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
    /// Takes over a token with the lifetime that was told beside it.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`] when the text can't be a token.
    pub fn new(access_token: &str, expires_in: Option<u64>) -> Result<Self, FailureKind> {
        Self::of(access_token.as_bytes(), expires_in)
    }

    fn of(access_token: &[u8], expires_in: Option<u64>) -> Result<Self, FailureKind> {
        let access_token = AccessToken::new(access_token).map_err(|_| FailureKind::Malformed)?;
        let payload = Payload::read(access_token.expose());
        Ok(Self { access_token, expires_in, payload })
    }

    /// Reads a token response (RFC 6749 section 5.1), in both spellings of its members.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`] when there is no usable bearer token in it.
    pub fn read(body: &[u8]) -> Result<Self, FailureKind> {
        let (mut access_token, mut count, mut expires_in, mut bearer) = (None, 0, None, true);
        members::members(body, &mut |member| {
            if is_access_token(&member) {
                access_token = Some(member.value);
                count += 1;
            } else if member.is("expires_in") || member.is("expiresIn") {
                expires_in = match member.value {
                    Value::Number(written) | Value::String(written) => members::whole(written),
                    Value::Other => None,
                }
            } else if member.is("token_type") {
                bearer = match member.value {
                    Value::String(kind) => unescape(kind).eq_ignore_ascii_case(b"bearer"),
                    Value::Number(_) => false,
                    Value::Other => true,
                }
            }
        })
        .ok_or(FailureKind::Malformed)?;
        match access_token {
            // An escaped text (a solidus may be escaped) is copied; the allocator wipes the copy
            // when it is dropped.
            Some(Value::String(text)) if bearer && count == 1 => {
                Self::of(&unescape(text), expires_in)
            }
            _ => Err(FailureKind::Malformed),
        }
    }
}

fn is_access_token(member: &Member<'_>) -> bool {
    member.is("access_token") || member.is("accessToken")
}

/// The JSON object `body` without its access token; every other member stays as it is written.
///
/// # Errors
/// [`FailureKind::Malformed`] when `body` is no JSON object.
pub fn without_access_token(body: &[u8]) -> Result<Vec<u8>, FailureKind> {
    let mut rest = vec![b'{'];
    members::members(body, &mut |member| {
        if !is_access_token(&member) {
            if rest.len() > 1 {
                rest.push(b',');
            }
            rest.extend_from_slice(member.written);
        }
    })
    .ok_or(FailureKind::Malformed)?;
    rest.push(b'}');
    Ok(rest)
}

/// Whether `body` is a JSON object with an access token in it, usable or not.
pub(super) fn has_access_token(body: &[u8]) -> bool {
    let mut found = false;
    members::members(body, &mut |member| found |= is_access_token(&member)).is_some() && found
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn takes_the_token_out_and_leaves_the_rest() {
        let body = br#" { "a" : 1.50 ,"access_token":"secret", "b":{"access_token":"x"},
            "accessToken":"secret" } "#;
        assert_eq!(
            without_access_token(body).unwrap(),
            br#"{"a" : 1.50,"b":{"access_token":"x"}}"#
        );
        assert_eq!(without_access_token(br#"{"access\u005ftoken":"secret"}"#).unwrap(), b"{}");
        assert!(without_access_token(b"[]").is_err());
        assert!(
            has_access_token(br#"{"accessToken":7}"#)
                && !has_access_token(br#"{"a":1}"#)
                && !has_access_token(b"x")
        );
    }
}
