//! The header of a JWS and the rules it must keep (RFC 7515 section 4, RFC 8725).

use std::borrow::Cow;

use super::algorithm::Algorithms;
use super::json::{self, Text, Value};
use super::{Algorithm, Failure};

/// What kind of token is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// A JWT: `typ` is JWT, at+jwt or absent.
    Jwt,
    /// An access token of RFC 9068: `typ` is at+jwt.
    AccessToken,
    /// An ID token: `typ` is JWT or absent.
    IdToken,
    /// Any JWS; the payload is not read.
    Jws,
}

/// A header that keeps the rules. It is not trusted before the signature is verified.
#[derive(Debug, Clone)]
pub struct Header {
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
    /// The `kid`, which names the key.
    pub kid: Option<String>,
}

impl Header {
    /// Reads a decoded header. `algorithms` is the allow-list.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn read(text: &[u8], profile: Profile, algorithms: Algorithms) -> Result<Self, Failure> {
        let parameters = Parameters::read(text)?;
        let algorithm = match parameters.alg {
            Some(Value::String(name)) => {
                // An escape is allowed, although no registered name needs one.
                let name =
                    name.plain().map_or_else(|| Cow::Owned(name.chars().collect()), Cow::Borrowed);
                Algorithm::named(&name)
                    .filter(|known| algorithms.has(*known))
                    .ok_or(Failure::Algorithm)?
            }
            _ => return Err(Failure::Malformed),
        };
        parameters.check(profile)?;
        let kid = match parameters.kid {
            None => None,
            Some(Value::String(kid)) => Some(kid.chars().collect()),
            Some(_) => return Err(Failure::Malformed),
        };
        Ok(Self { algorithm, kid })
    }
}

#[derive(Default)]
struct Parameters<'a> {
    alg: Option<Value<'a>>,
    kid: Option<Value<'a>>,
    typ: Option<Value<'a>>,
    cty: Option<Value<'a>>,
    /// The first parameter that changes what the other bytes mean. No extension is supported, and
    /// the presence of one refuses the token.
    extension: Option<&'static str>,
}

/// `crit` comes first, because it names the others.
const EXTENSIONS: [&str; 4] = ["crit", "b64", "zip", "enc"];

impl<'a> Parameters<'a> {
    fn read(text: &'a [u8]) -> Result<Self, Failure> {
        let mut parameters = Self::default();
        json::strict_members(text, |json::Member { name, value, .. }| {
            let known = match () {
                () if name.is("alg") => &mut parameters.alg,
                () if name.is("kid") => &mut parameters.kid,
                () if name.is("typ") => &mut parameters.typ,
                () if name.is("cty") => &mut parameters.cty,
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

    fn check(&self, profile: Profile) -> Result<(), Failure> {
        if let Some(name) = self.extension {
            return Err(Failure::Header(name));
        }
        if profile == Profile::Jws {
            return Ok(());
        }
        let is =
            |known: &str| matches!(self.typ, Some(Value::String(typ)) if is_media_type(typ, known));
        let is_taken = match profile {
            Profile::AccessToken => is("at+jwt"),
            Profile::IdToken => self.typ.is_none() || is("jwt"),
            _ => self.typ.is_none() || is("jwt") || is("at+jwt"),
        };
        if !is_taken {
            return Err(Failure::Header("typ"));
        }
        match self.cty {
            None => Ok(()),
            // The payload of a nested JWT is another token.
            Some(Value::String(cty)) if !is_media_type(cty, "jwt") => Ok(()),
            Some(_) => Err(Failure::Header("cty")),
        }
    }
}

/// Compares media types by RFC 7515 section 4.1.9: case does not matter, and "application/" may be
/// left out. `known` is in lower case.
fn is_media_type(text: Text<'_>, known: &str) -> bool {
    let lower = || text.chars().map(|character| character.to_ascii_lowercase());
    lower().eq(known.chars()) || lower().eq("application/".chars().chain(known.chars()))
}
