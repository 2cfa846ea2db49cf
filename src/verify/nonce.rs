//! Nonces for DPoP proofs (RFC 9449 section 8) without state: the moment of issue, and a part of an
//! HMAC-SHA-256 over it. Whoever has the secret can tell its own nonces and how old they are. A
//! nonce is not bound to a key: it is given to a client whose key nobody has seen.

use super::base64url;
use super::sha256::{encoded, sha256};

/// The clocks of two servers may differ by this many seconds.
const AHEAD: f64 = 5.0;

/// Keeps these hashes apart from those that anything else makes with the same secret.
const LABEL: &[u8] = b"tokenkeep DPoP nonce";

const MOMENT_BYTES: usize = 4;
/// 128 bits: a forger has as many tries as there are requests.
const TAG_BYTES: usize = 16;

/// A block of SHA-256.
const BLOCK: usize = 64;

/// The nonce that is given out `now`, in seconds since the epoch.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the seconds of this century, without their fraction"
)]
pub fn make(secret: &[u8], now: f64) -> String {
    let moment = (now as u32).to_be_bytes();
    encoded(&[&moment[..], &tag(secret, moment)].concat())
}

/// When a nonce was given out, in seconds since the epoch. `None`: not with this secret, or more
/// than `lifetime` seconds ago.
#[must_use]
pub fn issued_at(nonce: &str, secret: &[u8], now: f64, lifetime: f64) -> Option<f64> {
    let bytes = base64url::decode(nonce.as_bytes()).ok()?;
    let (moment, given) = bytes.split_first_chunk::<MOMENT_BYTES>()?;
    let issued = f64::from(u32::from_be_bytes(*moment));
    let is_ours = is_equal(given, &tag(secret, *moment));
    let is_good = (-AHEAD..=lifetime).contains(&(now - issued));
    (is_ours && is_good).then_some(issued)
}

fn tag(secret: &[u8], moment: [u8; MOMENT_BYTES]) -> [u8; TAG_BYTES] {
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&hmac(secret, &[LABEL, &moment].concat())[..TAG_BYTES]);
    tag
}

/// HMAC-SHA-256 (RFC 2104 section 2). Not inlined: two functions need it.
#[inline(never)]
fn hmac(secret: &[u8], text: &[u8]) -> [u8; 32] {
    let mut key = [0; BLOCK];
    if secret.len() > BLOCK {
        key[..32].copy_from_slice(&sha256(&[secret]));
    } else {
        key[..secret.len()].copy_from_slice(secret);
    }
    let inner = sha256(&[&key.map(|byte| byte ^ 0x36), text]);
    sha256(&[&key.map(|byte| byte ^ 0x5C), &inner])
}

/// Takes as long whatever differs. The length is no secret.
fn is_equal(given: &[u8], tag: &[u8; TAG_BYTES]) -> bool {
    given.len() == TAG_BYTES
        && given.iter().zip(tag).fold(0, |differing, (one, other)| differing | (one ^ other)) == 0
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &[u8] = &[7; 32];

    #[test]
    fn hmac_gives_the_vectors_of_rfc_4231() {
        let hex = |bytes: [u8; 32]| {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
        };
        let long = "Test Using Larger Than Block-Size Key - Hash Key First";
        let longer = "This is a test using a larger than block-size key and a larger than \
                      block-size data. The key needs to be hashed before being used by the HMAC \
                      algorithm.";
        for (key, text, expected) in [
            (
                vec![0x0B; 20],
                "Hi There".as_bytes().to_vec(),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xAA; 20],
                vec![0xDD; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                (1..=25).collect(),
                vec![0xCD; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                vec![0xAA; 131],
                long.as_bytes().to_vec(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                vec![0xAA; 131],
                longer.as_bytes().to_vec(),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ] {
            assert_eq!(hex(hmac(&key, &text)), expected);
        }
    }

    #[test]
    fn edge_q27_a_nonce_is_good_from_five_seconds_before_its_issue_to_the_end_of_its_life() {
        let nonce = make(SECRET, 1_000.9);
        assert_eq!(nonce.len(), 27);
        for (now, issued) in [
            (994.9, None),
            (995.0, Some(1_000.0)),
            (1_000.0, Some(1_000.0)),
            (1_300.0, Some(1_000.0)),
            (1_300.1, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(issued_at(&nonce, SECRET, now, 300.0), issued, "{now}");
        }
        assert_eq!(issued_at(&nonce, &[8; 32], 1_000.0, 300.0), None);
        for odd in ["", "x", &nonce[..26], &[&nonce, "A"].concat(), &[&nonce, "="].concat()] {
            assert_eq!(issued_at(odd, SECRET, 1_000.0, 300.0), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn edge_q27_every_changed_character_makes_a_nonce_foreign(
            secret in proptest::collection::vec(any::<u8>(), 32..100),
            now in 0_u32..,
            place in 0_usize..27,
            change in 1_u8..,
        ) {
            let nonce = make(&secret, f64::from(now));
            prop_assert_eq!(
                issued_at(&nonce, &secret, f64::from(now), 300.0),
                Some(f64::from(now))
            );
            let mut forged = nonce.into_bytes();
            forged[place] ^= change;
            let forged = String::from_utf8_lossy(&forged);
            prop_assert_eq!(issued_at(&forged, &secret, f64::from(now), 300.0), None);
        }
    }
}
