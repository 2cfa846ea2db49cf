//! The compact serialisation of a JWE (RFC 7516 section 7.1): five parts of canonical base64url,
//! whose lengths its algorithms say. All that can be refused without a key is refused here.

mod algorithm;
mod header;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

pub use algorithm::{CONTENT_ENCRYPTION, ContentEncryption, KEY_MANAGEMENT, KeyManagement};

use header::Header;

use super::Failure;
use super::base64url;
use super::jws::{MAX_HEADER_BYTES, split};

/// What is asked of an encrypted token before it is decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// What `alg` may be.
    pub key_management: Vec<String>,
    /// What `enc` may be.
    pub content_encryption: Vec<String>,
    /// Whether `cty` must say that there is a JWT inside (RFC 7519 section 5.2).
    pub is_nested: bool,
    /// A text of more bytes is refused.
    pub longest: usize,
}

/// Reads a compact JWE. Gives the bytes of its five parts one after the other, then those of `apu`
/// and `apv`. Nothing in it is trusted.
///
/// # Errors
/// The first rule that it breaks; those of the shape and of the header come before those of the
/// lengths.
pub fn read(text: &[u8], rules: &Rules) -> Result<Vec<u8>, Failure> {
    if text.len() > rules.longest {
        return Err(Failure::TooLarge);
    }
    let Some((5, [header, parts @ ..])) = split(text) else { return Err(Failure::Malformed) };
    if header.len() > MAX_HEADER_BYTES.div_ceil(3) * 4 {
        return Err(Failure::TooLarge);
    }
    let mut bytes = Vec::new();
    append(header, &mut bytes)?;
    let Header { management, encryption, parties } = Header::read(&bytes, rules)?;
    let mut lengths = [0; 4];
    for (part, length) in parts.into_iter().zip(&mut lengths) {
        *length = append(part, &mut bytes)?;
    }
    let [encrypted_key, iv, ciphertext, tag] = lengths;
    let (least, most) = management.encrypted_key_bytes(encryption.key_bytes);
    if !(least..=most).contains(&encrypted_key)
        || iv != encryption.iv_bytes
        || tag != encryption.tag_bytes
        || ciphertext == 0
        || ciphertext % encryption.block_bytes != 0
    {
        return Err(Failure::Malformed);
    }
    bytes.extend_from_slice(&parties);
    Ok(bytes)
}

/// Adds the bytes of a part to those of the parts before it, and says how many they are.
#[inline(never)]
fn append(part: &[u8], bytes: &mut Vec<u8>) -> Result<usize, Failure> {
    let decoded = base64url::decode(part).map_err(|_| Failure::Malformed)?;
    bytes.extend_from_slice(&decoded);
    Ok(decoded.len())
}

/// Whether two texts of bytes are the same, in a time that depends on their lengths alone.
#[must_use]
pub fn is_same(some: &[u8], others: &[u8]) -> bool {
    let differ = |sum, (a, b): (&u8, &u8)| core::hint::black_box(sum | (a ^ b));
    some.len() == others.len() && some.iter().zip(others).fold(0, differ) == 0
}
