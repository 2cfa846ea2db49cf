//! The header of a JWS and the rules it must keep (RFC 7515 section 4, RFC 8725).

use std::borrow::Cow;

use super::algorithm::Algorithms;
use super::{Algorithm, Failure};
use crate::token::json::{self, Text, Value};
use crate::token::jws::Compact;

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
    /// Any JWS; the payload means nothing to us.
    Jws,
}

/// What is asked of the shape and the header of every token, whoever made it.
#[derive(Debug, Clone, Copy)]
pub struct Gate {
    /// The most bytes of a token.
    pub longest: usize,
    /// The kind of token.
    pub profile: Profile,
    /// The allow-list.
    pub algorithms: Algorithms,
}

/// A JWS that has the right shape and header; nothing in it is to be believed yet.
#[derive(Debug, Clone)]
pub struct Jws {
    /// Its parts.
    pub parts: Compact,
    /// By which its signature is to be checked.
    pub algorithm: Algorithm,
    /// The name of the key.
    pub kid: Option<String>,
}

impl Jws {
    /// Reads a compact JWS.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn read(text: &[u8], gate: Gate) -> Result<Self, Failure> {
        let parts = Compact::read(text, gate.longest)?;
        let header = Header::read(&parts.header)?;
        let algorithm = match header.alg {
            Some(Value::String(name)) => {
                // No registered name needs an escape, but one may have it all the same.
                let name = name.plain().map_or_else(|| Cow::Owned(name.chars().collect()), Cow::Borrowed);
                Algorithm::named(&name).filter(|known| gate.algorithms.has(*known)).ok_or(Failure::Algorithm)?
            }
            _ => return Err(Failure::Malformed),
        };
        header.check(gate.profile)?;
        let kid = match header.kid {
            None => None,
            Some(Value::String(kid)) => Some(kid.chars().collect()),
            Some(_) => return Err(Failure::Malformed),
        };
        Ok(Self { parts, algorithm, kid })
    }

    /// Whether the signature has the length that its algorithm gives it.
    #[must_use]
    pub fn is_signature_whole(&self) -> bool {
        self.algorithm.signature_bytes.is_none_or(|bytes| bytes == self.parts.signature.len())
    }
}

#[derive(Default)]
struct Header<'a> {
    alg: Option<Value<'a>>,
    kid: Option<Value<'a>>,
    typ: Option<Value<'a>>,
    cty: Option<Value<'a>>,
    /// The first parameter that changes what the other bytes mean. We understand no extension, so it must not be there.
    extension: Option<&'static str>,
}

/// `crit` first: it is what names the others.
const EXTENSIONS: [&str; 4] = ["crit", "b64", "zip", "enc"];

impl<'a> Header<'a> {
    fn read(text: &'a [u8]) -> Result<Self, Failure> {
        let mut header = Self::default();
        json::strict_members(text, |json::Member { name, value, .. }| {
            let known = match () {
                () if name.is("alg") => &mut header.alg,
                () if name.is("kid") => &mut header.kid,
                () if name.is("typ") => &mut header.typ,
                () if name.is("cty") => &mut header.cty,
                () => {
                    let found = EXTENSIONS.into_iter().find(|extension| name.is(extension));
                    // `b64: true` says what holds anyway.
                    let harmless = found == Some("b64") && value == Value::Other("true");
                    if !harmless && header.extension != Some("crit") {
                        header.extension = found.or(header.extension);
                    }
                    return;
                }
            };
            *known = Some(value);
        })?;
        Ok(header)
    }

    fn check(&self, profile: Profile) -> Result<(), Failure> {
        if let Some(name) = self.extension {
            return Err(Failure::Header(name));
        }
        if profile == Profile::Jws {
            return Ok(());
        }
        let is = |known: &str| matches!(self.typ, Some(Value::String(typ)) if is_media_type(typ, known));
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
            // A nested JWT: the claims would be those of another token.
            Some(Value::String(cty)) if !is_media_type(cty, "jwt") => Ok(()),
            Some(_) => Err(Failure::Header("cty")),
        }
    }
}

/// RFC 7515 section 4.1.9: without regard to case, "application/" being left out or not. `known` is in small letters.
fn is_media_type(text: Text<'_>, known: &str) -> bool {
    let small = || text.chars().map(|character| character.to_ascii_lowercase());
    small().eq(known.chars()) || small().eq("application/".chars().chain(known.chars()))
}
