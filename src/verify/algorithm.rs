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
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// EdDSA, by either of its names.
    EdDsa,
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

use Algorithm::{
    EdDsa, Es256, Es384, Es512, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512,
};

/// All of them.
pub const ALGORITHMS: [Algorithm; 13] =
    [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512, Es256, Es384, Es512, EdDsa, Hs256, Hs384, Hs512];

impl Algorithm {
    /// The algorithm of a name, which is case-sensitive. "Ed25519" is another name for EdDSA.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        ALGORITHMS.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Its registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Rs256 => "RS256",
            Rs384 => "RS384",
            Rs512 => "RS512",
            Ps256 => "PS256",
            Ps384 => "PS384",
            Ps512 => "PS512",
            Es256 => "ES256",
            Es384 => "ES384",
            Es512 => "ES512",
            EdDsa => "EdDSA",
            Hs256 => "HS256",
            Hs384 => "HS384",
            Hs512 => "HS512",
        }
    }

    /// What it needs of a key.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512 => Family::Rsa,
            Es256 => Family::Ec("P-256"),
            Es384 => Family::Ec("P-384"),
            Es512 => Family::Ec("P-521"),
            EdDsa => Family::Ed25519,
            Hs256 | Hs384 | Hs512 => Family::Secret,
        }
    }

    /// How long its signatures are, where the algorithm alone says so.
    #[must_use]
    pub const fn signature_bytes(self) -> Option<usize> {
        match self {
            Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512 => None,
            Hs256 => Some(32),
            Hs384 => Some(48),
            Es256 | EdDsa | Hs512 => Some(64),
            Es384 => Some(96),
            Es512 => Some(132),
        }
    }

    /// Whether a signature has the length that it has by this algorithm.
    #[must_use]
    pub fn is_whole(self, signature: &[u8]) -> bool {
        self.signature_bytes().is_none_or(|bytes| bytes == signature.len())
    }
}

/// Some of the algorithms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Algorithms(u16);

impl Algorithms {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub const fn with(self, algorithm: Algorithm) -> Self {
        Self(self.0 | 1 << algorithm as u16)
    }

    /// Whether it is one of them.
    #[must_use]
    pub const fn has(self, algorithm: Algorithm) -> bool {
        self.0 & 1 << algorithm as u16 != 0
    }

    /// Each of them, in the order of [`ALGORITHMS`].
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        ALGORITHMS.into_iter().filter(move |known| self.has(*known))
    }
}

impl FromIterator<Algorithm> for Algorithms {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(some: I) -> Self {
        some.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_found_by_its_name_and_stands_for_itself_in_a_set() {
        for algorithm in ALGORITHMS {
            assert_eq!(Algorithm::named(algorithm.name()), Some(algorithm));
            let alone = Algorithms::NONE.with(algorithm);
            assert_eq!(alone.iter().collect::<Vec<_>>(), [algorithm]);
        }
        assert_eq!(Algorithm::named("Ed25519"), Some(EdDsa));
        assert_eq!(Algorithm::named("none").or(Algorithm::named("es256")), None);
        assert_eq!(ALGORITHMS.into_iter().collect::<Algorithms>().iter().count(), 13);
    }
}
