//! SHA-256 (FIPS 180-4), in base64url where it is compared.

use jose_jwk::jose_b64::base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

/// The hash of some parts, one after the other. Not inlined: the buffering would be compiled for
/// each caller.
#[inline(never)]
#[must_use]
pub(super) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// base64url without padding, by jose-jwk's own encoder. Its decoder is not used: made for secrets,
/// it takes several times as long as [`base64url`](super::base64url), which reads each token.
#[inline(never)]
#[must_use]
pub(super) fn encoded(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
