//! The signature algorithms (RFC 7518 section 3, RFC 8037, RFC 9864) and what each wants of a key
//! and a signature.

/// What an algorithm needs: enough to tell which keys may be used with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// RSASSA-PKCS1-v1_5 and RSASSA-PSS.
    Rsa,
    /// ECDSA on the curve of this name.
    Ec(&'static str),
    /// EdDSA over Ed25519. No other curve: RFC 9864 gives Ed448 an algorithm of its own.
    Ed25519,
    /// HMAC.
    Secret,
}

/// A signature algorithm. `none` is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Algorithm {
    /// Its registered name. "Ed25519" is read as "EdDSA".
    pub name: &'static str,
    /// What it needs of a key.
    pub family: Family,
    /// How long its signatures are, where the algorithm alone says so.
    pub signature_bytes: Option<usize>,
}

const fn algorithm(
    name: &'static str,
    family: Family,
    signature_bytes: Option<usize>,
) -> Algorithm {
    Algorithm { name, family, signature_bytes }
}

/// All of them.
pub const ALGORITHMS: [Algorithm; 13] = [
    algorithm("RS256", Family::Rsa, None),
    algorithm("RS384", Family::Rsa, None),
    algorithm("RS512", Family::Rsa, None),
    algorithm("PS256", Family::Rsa, None),
    algorithm("PS384", Family::Rsa, None),
    algorithm("PS512", Family::Rsa, None),
    algorithm("ES256", Family::Ec("P-256"), Some(64)),
    algorithm("ES384", Family::Ec("P-384"), Some(96)),
    algorithm("ES512", Family::Ec("P-521"), Some(132)),
    algorithm("EdDSA", Family::Ed25519, Some(64)),
    algorithm("HS256", Family::Secret, Some(32)),
    algorithm("HS384", Family::Secret, Some(48)),
    algorithm("HS512", Family::Secret, Some(64)),
];

impl Algorithm {
    /// The algorithm of a name, which is case-sensitive.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        ALGORITHMS.into_iter().find(|algorithm| algorithm.name == name)
    }

    /// Whether a signature has the length that it has by this algorithm.
    #[must_use]
    pub fn is_whole(self, signature: &[u8]) -> bool {
        self.signature_bytes.is_none_or(|bytes| bytes == signature.len())
    }

    /// Its place in [`ALGORITHMS`], by which the host knows it.
    #[must_use]
    pub fn place(self) -> usize {
        ALGORITHMS.iter().position(|known| known.name == self.name).unwrap_or(31)
    }
}

/// Some of the algorithms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Algorithms(u32);

impl Algorithms {
    /// By a number whose bits stand for the places in [`ALGORITHMS`].
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// That number.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, algorithm: Algorithm) -> Self {
        Self(self.0 | 1 << algorithm.place())
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn has(self, algorithm: Algorithm) -> bool {
        self.0 & 1 << algorithm.place() != 0
    }

    /// Their names, in the order of [`ALGORITHMS`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        ALGORITHMS.into_iter().filter(move |known| self.has(*known)).map(|known| known.name)
    }
}
