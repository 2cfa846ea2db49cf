//! The algorithms of a JWE (RFC 7518 sections 4 and 5, RFC 8037) and what each asks of the lengths
//! of its parts. `RSA1_5`, PBES2, the key wraps with GCM, and all keys of 192 bits are not among
//! them. They are tables: code for each name would be several times as large.

/// How the recipient gets the content encryption key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyManagement {
    /// The `alg`.
    pub name: &'static str,
    /// Whether the sender's ephemeral key is part of it.
    pub is_agreement: bool,
    encrypted_key: EncryptedKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EncryptedKey {
    /// None: the content encryption key is shared, or agreed on.
    Absent,
    /// By AES key wrap.
    Wrapped,
    /// By RSA.
    Rsa,
}

use EncryptedKey::{Absent, Rsa, Wrapped};

const fn key_management(
    name: &'static str,
    is_agreement: bool,
    encrypted_key: EncryptedKey,
) -> KeyManagement {
    KeyManagement { name, is_agreement, encrypted_key }
}

/// All of them.
pub static KEY_MANAGEMENT: [KeyManagement; 8] = [
    key_management("dir", false, Absent),
    key_management("A128KW", false, Wrapped),
    key_management("A256KW", false, Wrapped),
    key_management("RSA-OAEP", false, Rsa),
    key_management("RSA-OAEP-256", false, Rsa),
    key_management("ECDH-ES", true, Absent),
    key_management("ECDH-ES+A128KW", true, Wrapped),
    key_management("ECDH-ES+A256KW", true, Wrapped),
];

impl KeyManagement {
    /// The least and the most bytes that the encrypted key of a content encryption key has. With
    /// RSA it is as long as the modulus: 2 048 to 8 192 bits.
    pub(super) const fn encrypted_key_bytes(&self, key_bytes: usize) -> (usize, usize) {
        match self.encrypted_key {
            Absent => (0, 0),
            Wrapped => (key_bytes + 8, key_bytes + 8),
            Rsa => (256, 1_024),
        }
    }
}

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentEncryption {
    /// The `enc`.
    pub name: &'static str,
    pub(super) key_bytes: usize,
    pub(super) iv_bytes: usize,
    pub(super) tag_bytes: usize,
    /// The ciphertext is a multiple of it.
    pub(super) block_bytes: usize,
}

const fn content_encryption(name: &'static str, lengths: [usize; 4]) -> ContentEncryption {
    let [key_bytes, iv_bytes, tag_bytes, block_bytes] = lengths;
    ContentEncryption { name, key_bytes, iv_bytes, tag_bytes, block_bytes }
}

/// All of them.
pub static CONTENT_ENCRYPTION: [ContentEncryption; 4] = [
    content_encryption("A128GCM", [16, 12, 16, 1]),
    content_encryption("A256GCM", [32, 12, 16, 1]),
    content_encryption("A128CBC-HS256", [32, 16, 16, 16]),
    content_encryption("A256CBC-HS512", [64, 16, 32, 16]),
];
