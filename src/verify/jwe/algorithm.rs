//! The algorithms of a JWE (RFC 7518 sections 4 and 5, RFC 8037) and what each asks of the lengths
//! of its parts. `RSA1_5`, PBES2, the key wraps with GCM, and all keys of 192 bits are not among
//! them.

use core::ops::RangeInclusive;

/// How the recipient gets the content encryption key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyManagement {
    /// The shared key itself.
    Dir,
    /// AES key wrap with 128 bits.
    A128Kw,
    /// AES key wrap with 256 bits.
    A256Kw,
    /// RSAES-OAEP with SHA-1.
    RsaOaep,
    /// RSAES-OAEP with SHA-256.
    RsaOaep256,
    /// A key that both sides agree on.
    EcdhEs,
    /// AES key wrap under such a key.
    EcdhEsA128Kw,
    /// AES key wrap under such a key, with 256 bits.
    EcdhEsA256Kw,
}

use KeyManagement::{A128Kw, A256Kw, Dir, EcdhEs, EcdhEsA128Kw, EcdhEsA256Kw, RsaOaep, RsaOaep256};

impl KeyManagement {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Dir, A128Kw, A256Kw, RsaOaep, RsaOaep256, EcdhEs, EcdhEsA128Kw, EcdhEsA256Kw];

    /// Its registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Dir => "dir",
            A128Kw => "A128KW",
            A256Kw => "A256KW",
            RsaOaep => "RSA-OAEP",
            RsaOaep256 => "RSA-OAEP-256",
            EcdhEs => "ECDH-ES",
            EcdhEsA128Kw => "ECDH-ES+A128KW",
            EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// Whether the sender's ephemeral key is part of it.
    #[must_use]
    pub const fn is_agreement(self) -> bool {
        matches!(self, EcdhEs | EcdhEsA128Kw | EcdhEsA256Kw)
    }

    /// How long the encrypted key of a content encryption key of so many bytes is. For RSA it is as
    /// long as the modulus: 2 048 to 8 192 bits.
    pub(super) const fn encrypted_key_bytes(self, key_bytes: usize) -> RangeInclusive<usize> {
        match self {
            Dir | EcdhEs => 0..=0,
            A128Kw | A256Kw | EcdhEsA128Kw | EcdhEsA256Kw => key_bytes + 8..=key_bytes + 8,
            RsaOaep | RsaOaep256 => 256..=1_024,
        }
    }
}

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentEncryption {
    /// AES-GCM with 128 bits.
    A128Gcm,
    /// AES-GCM with 256 bits.
    A256Gcm,
    /// AES-CBC with 128 bits, and HMAC with SHA-256.
    A128CbcHs256,
    /// AES-CBC with 256 bits, and HMAC with SHA-512.
    A256CbcHs512,
}

use ContentEncryption::{A128CbcHs256, A128Gcm, A256CbcHs512, A256Gcm};

impl ContentEncryption {
    /// All of them.
    pub const ALL: [Self; 4] = [A128Gcm, A256Gcm, A128CbcHs256, A256CbcHs512];

    /// Its registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            A128Gcm => "A128GCM",
            A256Gcm => "A256GCM",
            A128CbcHs256 => "A128CBC-HS256",
            A256CbcHs512 => "A256CBC-HS512",
        }
    }

    pub(super) const fn key_bytes(self) -> usize {
        match self {
            A128Gcm => 16,
            A256Gcm | A128CbcHs256 => 32,
            A256CbcHs512 => 64,
        }
    }

    pub(super) const fn iv_bytes(self) -> usize {
        if self.is_in_blocks() { 16 } else { 12 }
    }

    pub(super) const fn tag_bytes(self) -> usize {
        if matches!(self, A256CbcHs512) { 32 } else { 16 }
    }

    /// Whether the ciphertext consists of whole blocks of AES.
    pub(super) const fn is_in_blocks(self) -> bool {
        matches!(self, A128CbcHs256 | A256CbcHs512)
    }
}
