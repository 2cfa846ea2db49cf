//! The header of a JWS and the rules it must keep (RFC 7515 section 4, RFC 8725).

use std::borrow::Cow;

use super::algorithm::Algorithms;
use super::json::{self, Value};
use super::{Algorithm, Failure};

/// What kind of token is expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// A JWT: `typ` is JWT, at+jwt or absent.
    #[default]
    Jwt,
    /// An access token of RFC 9068: `typ` is at+jwt.
    AccessToken,
    /// An ID token: `typ` is JWT or absent.
    IdToken,
    /// A logout token of `OpenID` Connect Back-Channel Logout 1.0: `typ` is logout+jwt, JWT or
    /// absent.
    Logout,
    /// Any JWS; the payload is not read.
    Jws,
    /// No JWT: an issuer's answer about an opaque token (RFC 7662).
    Introspection,
}

/// A header that keeps the rules. It is not trusted before the signature is verified.
#[derive(Debug, Clone)]
pub struct Header {
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
    /// The `kid`, which names the key.
    pub kid: Option<String>,
    /// The `typ`, for the rules of the token's issuer.
    pub typ: Typ,
}

/// What a header says in `typ`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typ {
    /// Nothing.
    Absent,
    /// A media type, in lower case and without "application/".
    Named(String),
    /// What is no text.
    Odd,
    /// The same as a header that has passed under the same rules.
    Passed,
}

impl Typ {
    fn read(typ: Option<Value<'_>>) -> Self {
        match typ {
            None => Self::Absent,
            Some(Value::String(typ)) => Self::Named(media_type(typ.copied())),
            Some(_) => Self::Odd,
        }
    }
}

impl Header {
    /// Reads a decoded header. `algorithms` is the allow-list.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn read(text: &[u8], profile: Profile, algorithms: Algorithms) -> Result<Self, Failure> {
        Self::of(&Parameters::read(text)?, profile, algorithms)
    }

    /// Judges the parameters of a header.
    ///
    /// # Errors
    /// The first rule that they break.
    pub(super) fn of(
        parameters: &Parameters<'_>,
        profile: Profile,
        algorithms: Algorithms,
    ) -> Result<Self, Failure> {
        let algorithm = match parameters.alg {
            Some(Value::String(name)) => {
                // An escape is allowed, although no registered name needs one.
                let name = name.plain().map_or_else(|| Cow::Owned(name.copied()), Cow::Borrowed);
                Algorithm::named(&name)
                    .filter(|known| algorithms.has(*known))
                    .ok_or(Failure::Algorithm)?
            }
            _ => return Err(Failure::Malformed),
        };
        if let Some(name) = parameters.extension {
            return Err(Failure::Header(name));
        }
        // The payload of a nested JWT is another token.
        let is_nested = match parameters.cty {
            None => false,
            Some(Value::String(cty)) => media_type(cty.copied()) == "jwt",
            Some(_) => true,
        };
        if profile != Profile::Jws && is_nested {
            return Err(Failure::Header("cty"));
        }
        let kid = match parameters.kid {
            None => None,
            Some(Value::String(kid)) => Some(kid.copied()),
            Some(_) => return Err(Failure::Malformed),
        };
        Ok(Self { algorithm, kid, typ: Typ::read(parameters.typ) })
    }
}

#[derive(Default)]
pub(super) struct Parameters<'a> {
    alg: Option<Value<'a>>,
    kid: Option<Value<'a>>,
    typ: Option<Value<'a>>,
    cty: Option<Value<'a>>,
    /// The key of a DPoP proof.
    pub(super) jwk: Option<Value<'a>>,
    /// The first parameter that changes what the other bytes mean. No extension is supported, and
    /// the presence of one refuses the token.
    extension: Option<&'static str>,
}

/// `crit` comes first, because it names the others.
const EXTENSIONS: [&str; 4] = ["crit", "b64", "zip", "enc"];

impl<'a> Parameters<'a> {
    pub(super) fn read(text: &'a [u8]) -> Result<Self, Failure> {
        let mut parameters = Self::default();
        json::strict_members(text, |json::Member { name, value, .. }| {
            let known = match () {
                () if name.is("alg") => &mut parameters.alg,
                () if name.is("kid") => &mut parameters.kid,
                () if name.is("typ") => &mut parameters.typ,
                () if name.is("cty") => &mut parameters.cty,
                () if name.is("jwk") => &mut parameters.jwk,
                () => {
                    let found = EXTENSIONS.into_iter().find(|extension| name.is(extension));
                    // `b64: true` is the default.
                    let harmless = found == Some("b64") && value == Value::Other("true");
                    if !harmless && parameters.extension != Some("crit") {
                        parameters.extension = found.or(parameters.extension);
                    }
                    return;
                }
            };
            *known = Some(value);
        })?;
        Ok(parameters)
    }
}

/// A media type as it is compared (RFC 7515 section 4.1.9): case does not matter, and
/// "application/" may be left out.
#[inline(never)]
#[must_use]
pub fn media_type(mut text: String) -> String {
    text.make_ascii_lowercase();
    match text.strip_prefix("application/") {
        Some(rest) => rest.into(),
        None => text,
    }
}
