//! Why a token is refused, by the codes of the package's contract.

/// One reason for a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// No compact JWS, or JSON that is not what it should be.
    Malformed,
    /// Over a bound.
    TooLarge,
    /// A JWE.
    Encrypted,
    /// A header parameter that must not be there, or not so: "crit", "typ", "cty", "b64", "zip",
    /// "enc".
    Header(&'static str),
    /// An algorithm outside the allow-list, or none that exists.
    Algorithm,
    /// `exp` is over, or the token is older than allowed.
    Expired,
    /// `nbf` is to come.
    NotYetValid,
    /// A claim is missing or not as it should be.
    Claim(&'static str),
    /// The issuer says that the token is not active.
    Inactive,
    /// The token is bound to a key.
    Bound,
    /// What is no answer about a token.
    Answer,
    /// A claim that the application requires, by its place in the list.
    Required(usize),
    /// A claim that has none of the values that the application wants, by its place in the list.
    Wanted(usize),
}

impl Failure {
    /// The code in full, but for [`Failure::Required`] and [`Failure::Wanted`], whose claims only
    /// the caller can name.
    #[must_use]
    pub fn code(self) -> String {
        match self {
            Self::Malformed => "token.malformed".into(),
            Self::TooLarge => "token.too_large".into(),
            Self::Encrypted => "token.encrypted_unsupported".into(),
            Self::Header(name) => ["header.", name].concat(),
            Self::Algorithm => "alg.not_allowed".into(),
            Self::Expired => "token.expired".into(),
            Self::NotYetValid => "token.not_yet_valid".into(),
            Self::Claim(name) => ["claim.", name].concat(),
            Self::Inactive => "token.inactive".into(),
            Self::Bound => "token.bound".into(),
            Self::Answer => "introspection.malformed".into(),
            Self::Required(_) | Self::Wanted(_) => "claim.".into(),
        }
    }
}

impl From<crate::verify::jws::NotCompact> for Failure {
    fn from(reason: crate::verify::jws::NotCompact) -> Self {
        use crate::verify::jws::NotCompact;
        match reason {
            NotCompact::TooLarge => Self::TooLarge,
            NotCompact::Encrypted => Self::Encrypted,
            NotCompact::Malformed => Self::Malformed,
        }
    }
}

impl From<super::json::NotJson> for Failure {
    fn from(_: super::json::NotJson) -> Self {
        Self::Malformed
    }
}
