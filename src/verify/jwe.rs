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

/// What a compact JWE is made of. Nothing in it is trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// JSON text.
    pub header: Vec<u8>,
    /// The encrypted key.
    pub key: Vec<u8>,
    /// The initialization vector.
    pub iv: Vec<u8>,
    /// The ciphertext, then the authentication tag.
    pub sealed: Vec<u8>,
    /// Of the header; empty where it has none.
    pub apu: Vec<u8>,
    /// Of the header; empty where it has none.
    pub apv: Vec<u8>,
}

/// Reads a compact JWE.
///
/// # Errors
/// The first rule that it breaks; those of the shape and of the header come before those of the
/// lengths.
pub fn read(text: &[u8], rules: &Rules) -> Result<Parts, Failure> {
    if text.len() > rules.longest {
        return Err(Failure::TooLarge);
    }
    let Some((5, [header, key, iv, ciphertext, tag])) = split(text) else {
        return Err(Failure::Malformed);
    };
    if header.len() > MAX_HEADER_BYTES.div_ceil(3) * 4 {
        return Err(Failure::TooLarge);
    }
    let header = decoded(header)?;
    let Header { management, encryption, apu, apv } = Header::read(&header, rules)?;
    let (key, iv, mut sealed, tag) =
        (decoded(key)?, decoded(iv)?, decoded(ciphertext)?, decoded(tag)?);
    let (least, most) = management.encrypted_key_bytes(encryption.key_bytes);
    if !(least..=most).contains(&key.len())
        || iv.len() != encryption.iv_bytes
        || tag.len() != encryption.tag_bytes
        || sealed.is_empty()
        || sealed.len() % encryption.block_bytes != 0
    {
        return Err(Failure::Malformed);
    }
    sealed.extend_from_slice(&tag);
    Ok(Parts { header, key, iv, sealed, apu, apv })
}

#[inline(never)]
fn decoded(part: &[u8]) -> Result<Vec<u8>, Failure> {
    base64url::decode(part).map_err(|_| Failure::Malformed)
}

/// Whether two texts of bytes are the same, in a time that depends on their lengths alone.
#[must_use]
pub fn is_same(some: &[u8], others: &[u8]) -> bool {
    let differ = |sum, (a, b): (&u8, &u8)| core::hint::black_box(sum | (a ^ b));
    some.len() == others.len() && some.iter().zip(others).fold(0, differ) == 0
}
