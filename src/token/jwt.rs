//! The payload of a JWT access token, read without verification. The client plans by the lifetime
//! and shows the claims, and trusts neither: RFC 9068 section 6 says that clients must not.

use super::members::{self, push, unescape};
use super::numbers;

/// What the client reads from an unverified JWT.
pub struct Payload {
    /// The claims as JSON text: one object, checked.
    pub json: Vec<u8>,
    /// `exp - iat` in seconds, when both are there and in order.
    pub lifetime: Option<u64>,
    /// A 64-bit hash of `iss` and `sub`, when there is a `sub`: tells whether two tokens are the
    /// same user's.
    pub subject: Option<u64>,
}

impl Payload {
    /// Reads the payload of `token`, or `None` when it is no JWT (RFC 7519 section 3) that this
    /// reader understands.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let (_header, rest) = split_at_dot(token.as_bytes())?;
        let (payload, signature) = split_at_dot(rest)?;
        if split_at_dot(signature).is_some() {
            return None;
        }
        let json = decode(payload)?;
        let (mut exp, mut iat, mut iss, mut sub) = (None, None, FNV_OFFSET, None);
        members::members(&json, &mut |member| {
            if member.is("exp") {
                exp = numbers::whole(member.value);
            } else if member.is("iat") {
                iat = numbers::whole(member.value);
            } else if let Some(text) = members::text(member.value) {
                if member.is("iss") {
                    iss = hash(FNV_OFFSET, text);
                } else if member.is("sub") {
                    sub = Some(text);
                }
            }
        })?;
        let lifetime = exp.zip(iat).and_then(|(exp, iat)| exp.checked_sub(iat));
        let subject = sub.map(|sub| hash(iss, sub));
        Some(Self { json, lifetime, subject })
    }
}

/// What stands before the first dot, and what behind it.
fn split_at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == b'.')?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Decodes unpadded base64url (RFC 4648 section 5). It takes the texts that
/// `verify::base64url::decode` takes, which a test shows. That one is quick, this one is small.
#[expect(clippy::cast_possible_truncation, reason = "the shift leaves eight bits")]
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut pending, mut count) = (0_u32, 0);
    for &symbol in text {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        pending = pending << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            push(&mut bytes, (pending >> count) as u8);
            pending &= (1 << count) - 1;
        }
    }
    // Six bits left over are a symbol that completes no byte. Of two or four, none may be set.
    (count < 6 && pending == 0).then_some(bytes)
}

const FNV_OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01B3;

/// FNV-1a over the text and an end mark. It tells users apart among tabs of one origin and keeps no
/// secret.
fn hash(start: u64, text: &[u8]) -> u64 {
    let mix = |hash: u64, part: u64| (hash ^ part).wrapping_mul(FNV_PRIME);
    let hash = unescape(text).iter().fold(start, |hash, &byte| mix(hash, u64::from(byte)));
    mix(hash, u64::MAX)
}

#[cfg(all(test, feature = "edge", not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::verify::base64url;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn base64url_is_read_as_the_other_reader_reads_it(
            text in "[A-Za-z0-9_\\-]{0,13}[A-Za-z0-9_=+/ é]?",
        ) {
            prop_assert_eq!(decode(text.as_bytes()), base64url::decode(text.as_bytes()).ok());
        }
    }

    // {"iss":"https://a.example","sub":"alice","iat":1700000000,"exp":1700000900}
    const PAYLOAD: &str = "eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDA5MDB9";

    #[test]
    fn reads_lifetime_and_subject() {
        let payload = Payload::read(&format!("e30.{PAYLOAD}.c2ln")).unwrap();
        assert_eq!(payload.lifetime, Some(900));
        assert!(payload.subject.is_some());
        assert!(payload.json.windows(5).any(|part| part == b"alice"));
    }

    #[test]
    fn takes_no_opaque_token_for_a_jwt() {
        for token in
            ["", "opaque", "a.b", "e30.bm9.x", "e30.W10.x", &format!("e30.{PAYLOAD}.c2ln.more")]
        {
            assert!(Payload::read(token).is_none(), "{token}");
        }
    }
}
