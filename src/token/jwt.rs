//! The payload of a JWT access token, read without any verification: a client may look at the lifetime and show the
//! claims, and trusts neither (RFC 9068 section 6 tells clients not to).

use super::base64url;
use super::json::{self, Value};

/// What the client reads from an unverified JWT.
pub struct Payload {
    /// The claims as JSON text: one object, checked.
    pub json: String,
    /// `exp - iat` in seconds, when both are there and in order.
    pub lifetime: Option<u64>,
    /// A 64-bit hash of `iss` and `sub`, when there is a `sub`: tells whether two tokens are the same user's.
    pub subject: Option<u64>,
}

impl Payload {
    /// Reads the payload of `token`, or `None` when it is no JWT (RFC 7519 section 3) that this reader understands.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let json = String::from_utf8(base64url::decode(payload.as_bytes()).ok()?).ok()?;
        let (mut exp, mut iat, mut iss, mut sub) = (None, None, None, None);
        json::members(json.as_bytes(), |member| match member.value {
            Value::Number(number) if member.name.is("exp") => exp = number.whole(),
            Value::Number(number) if member.name.is("iat") => iat = number.whole(),
            Value::String(text) if member.name.is("iss") => iss = Some(hash(FNV_OFFSET, text)),
            Value::String(text) if member.name.is("sub") => sub = Some(text),
            _ => {}
        })
        .ok()?;
        let lifetime = exp.zip(iat).and_then(|(exp, iat)| exp.checked_sub(iat));
        let subject = sub.map(|sub| hash(iss.unwrap_or(FNV_OFFSET), sub));
        Some(Self { json, lifetime, subject })
    }
}

const FNV_OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01B3;

/// FNV-1a over the characters and an end mark. It tells users apart among tabs of one origin and keeps no secret.
fn hash(start: u64, text: json::Text<'_>) -> u64 {
    text.chars().map(u64::from).chain([u64::MAX]).fold(start, |hash, part| (hash ^ part).wrapping_mul(FNV_PRIME))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    // {"iss":"https://a.example","sub":"alice","iat":1700000000,"exp":1700000900}
    const PAYLOAD: &str =
        "eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDA5MDB9";

    #[test]
    fn reads_lifetime_and_subject() {
        let payload = Payload::read(&format!("e30.{PAYLOAD}.c2ln")).unwrap();
        assert_eq!(payload.lifetime, Some(900));
        assert!(payload.subject.is_some());
        assert!(payload.json.contains("alice"));
    }

    #[test]
    fn takes_no_opaque_token_for_a_jwt() {
        for token in ["", "opaque", "a.b", "e30.bm9.x", "e30.W10.x", &format!("e30.{PAYLOAD}.c2ln.more")] {
            assert!(Payload::read(token).is_none(), "{token}");
        }
    }
}
