//! The compact serialisation of a JWE (RFC 7516 section 7.1): five parts of canonical base64url,
//! whose lengths its algorithms say. All that can be refused without a key is refused here.

mod algorithm;
mod header;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

pub use algorithm::{ContentEncryption, KeyManagement};

use header::Header;

use super::Failure;
use super::base64url;
use super::jws::{MAX_HEADER_BYTES, split};

/// What is asked of an encrypted token before it is decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// What `alg` may be.
    pub management: Vec<KeyManagement>,
    /// What `enc` may be.
    pub encryption: Vec<ContentEncryption>,
    /// Whether `cty` must say that there is a JWT inside (RFC 7519 section 5.2).
    pub is_nested: bool,
    /// A text of more bytes is refused.
    pub longest: usize,
}

/// The sender's public key: members of a JWK in canonical base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ephemeral {
    /// "EC" or "OKP".
    pub kty: &'static str,
    /// Its `crv`.
    pub curve: &'static str,
    /// The coordinate that every curve has.
    pub x: String,
    /// The other one.
    pub y: Option<String>,
}

/// An encrypted token that keeps the rules. Nothing in it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encrypted {
    /// The JSON text of the header.
    pub header: Vec<u8>,
    /// The `alg`.
    pub management: KeyManagement,
    /// The `enc`.
    pub encryption: ContentEncryption,
    /// The `kid`, which names the recipient's key.
    pub kid: Option<String>,
    /// The `epk`, of an agreement and of nothing else.
    pub ephemeral: Option<Ephemeral>,
    /// Encrypted key, initialisation vector, ciphertext, authentication tag, `apu` and `apv`.
    pub bytes: Vec<u8>,
    /// How long each of these is.
    pub lengths: [usize; 6],
}

impl Encrypted {
    /// Reads a compact JWE.
    ///
    /// # Errors
    /// The first rule that it breaks; those of the shape and of the header come before those of the
    /// lengths.
    pub fn read(text: &[u8], rules: &Rules) -> Result<Self, Failure> {
        if text.len() > rules.longest {
            return Err(Failure::TooLarge);
        }
        let Some((5, [header, parts @ ..])) = split(text) else { return Err(Failure::Malformed) };
        if header.len() > MAX_HEADER_BYTES.div_ceil(3) * 4 {
            return Err(Failure::TooLarge);
        }
        let header = base64url::decode(header).map_err(|_| Failure::Malformed)?;
        let Header { management, encryption, kid, ephemeral, party_u, party_v } =
            Header::read(&header, rules)?;
        let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
        let mut lengths = [0; 6];
        for (part, length) in parts.into_iter().zip(&mut lengths) {
            let decoded = base64url::decode(part).map_err(|_| Failure::Malformed)?;
            *length = decoded.len();
            bytes.extend(decoded);
        }
        let [encrypted_key, iv, ciphertext, tag, length_u, length_v] = &mut lengths;
        let key_bytes = encryption.key_bytes();
        if !management.encrypted_key_bytes(key_bytes).contains(encrypted_key)
            || *iv != encryption.iv_bytes()
            || *tag != encryption.tag_bytes()
            || *ciphertext == 0
            || (encryption.is_in_blocks() && *ciphertext % 16 != 0)
        {
            return Err(Failure::Malformed);
        }
        (*length_u, *length_v) = (party_u.len(), party_v.len());
        bytes.extend(party_u);
        bytes.extend(party_v);
        Ok(Self { header, management, encryption, kid, ephemeral, bytes, lengths })
    }
}

/// Whether two texts of bytes are the same, in a time that depends on their lengths alone.
#[must_use]
pub fn is_same(some: &[u8], others: &[u8]) -> bool {
    let differ = |sum, (a, b): (&u8, &u8)| core::hint::black_box(sum | (a ^ b));
    some.len() == others.len() && some.iter().zip(others).fold(0, differ) == 0
}
