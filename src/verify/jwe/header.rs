//! The header of a JWE and the rules it must keep (RFC 7516 section 4, RFC 8725).

use super::algorithm::{ContentEncryption, KeyManagement};
use super::{Ephemeral, Rules};
use crate::verify::base64url;
use crate::verify::json::{self, Text, Value};
use crate::verify::{Failure, media_type};

/// `apu` and `apv` that have more bytes than this are refused.
const MAX_PARTY_BYTES: usize = 256;

/// Parameters that change what the other bytes mean, and those of password-based encryption, which
/// name an amount of work. The presence of one refuses the token. `crit` comes first, because it
/// names others.
const EXTENSIONS: [&str; 5] = ["crit", "b64", "zip", "p2c", "p2s"];

/// A header that keeps the rules.
pub(super) struct Header {
    pub(super) management: KeyManagement,
    pub(super) encryption: ContentEncryption,
    pub(super) kid: Option<String>,
    pub(super) ephemeral: Option<Ephemeral>,
    pub(super) party_u: Vec<u8>,
    pub(super) party_v: Vec<u8>,
}

/// `jwk`, `jku`, `x5c` and `x5u` are not among them: nobody looks at them.
#[derive(Default)]
struct Parameters<'a> {
    alg: Option<Value<'a>>,
    enc: Option<Value<'a>>,
    kid: Option<Value<'a>>,
    typ: Option<Value<'a>>,
    cty: Option<Value<'a>>,
    epk: Option<Value<'a>>,
    apu: Option<Value<'a>>,
    apv: Option<Value<'a>>,
    extension: Option<&'static str>,
}

impl<'a> Parameters<'a> {
    fn read(text: &'a [u8]) -> Result<Self, Failure> {
        let mut parameters = Self::default();
        json::strict_members(text, |json::Member { name, value }| {
            let known = match () {
                () if name.is("alg") => &mut parameters.alg,
                () if name.is("enc") => &mut parameters.enc,
                () if name.is("kid") => &mut parameters.kid,
                () if name.is("typ") => &mut parameters.typ,
                () if name.is("cty") => &mut parameters.cty,
                () if name.is("epk") => &mut parameters.epk,
                () if name.is("apu") => &mut parameters.apu,
                () if name.is("apv") => &mut parameters.apv,
                () => {
                    let found = EXTENSIONS.into_iter().find(|extension| name.is(extension));
                    if parameters.extension != Some("crit") {
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

impl Header {
    pub(super) fn read(text: &[u8], rules: &Rules) -> Result<Self, Failure> {
        let parameters = Parameters::read(text)?;
        let management = named(parameters.alg, &rules.management, KeyManagement::name)?;
        let encryption = named(parameters.enc, &rules.encryption, ContentEncryption::name)?;
        if let Some(name) = parameters.extension {
            return Err(Failure::Header(name));
        }
        if rules.is_nested {
            if !is_jwt(parameters.cty) {
                return Err(Failure::Header("cty"));
            }
            if parameters.typ.is_some() && !is_jwt(parameters.typ) {
                return Err(Failure::Header("typ"));
            }
        }
        let kid = match parameters.kid {
            None => None,
            Some(Value::String(kid)) => Some(kid.copied()),
            Some(_) => return Err(Failure::Malformed),
        };
        let ephemeral = match (management.is_agreement(), parameters.epk) {
            (true, Some(epk)) => Some(Ephemeral::read(epk).ok_or(Failure::Header("epk"))?),
            (false, None) => None,
            _ => return Err(Failure::Header("epk")),
        };
        let party = |name, value| party(value).ok_or(Failure::Header(name));
        Ok(Self {
            management,
            encryption,
            kid,
            ephemeral,
            party_u: party("apu", parameters.apu)?,
            party_v: party("apv", parameters.apv)?,
        })
    }
}

/// The algorithm of a list that a parameter names, case-sensitively.
fn named<A: Copy>(
    parameter: Option<Value<'_>>,
    allowed: &[A],
    name: impl Fn(A) -> &'static str,
) -> Result<A, Failure> {
    let Some(Value::String(text)) = parameter else { return Err(Failure::Malformed) };
    allowed.iter().copied().find(|known| text.is(name(*known))).ok_or(Failure::Algorithm)
}

/// What is inside is a JWT. oidc-provider says which kind: "at+jwt".
fn is_jwt(parameter: Option<Value<'_>>) -> bool {
    match parameter {
        Some(Value::String(text)) => matches!(&*media_type(text.copied()), "jwt" | "at+jwt"),
        _ => false,
    }
}

/// The bytes of `apu` or `apv`; none of one that is absent.
fn party(parameter: Option<Value<'_>>) -> Option<Vec<u8>> {
    let Some(value) = parameter else { return Some(Vec::new()) };
    base64url_of(value).filter(|bytes| bytes.len() <= MAX_PARTY_BYTES)
}

/// base64url needs no escape.
fn base64url_of(value: Value<'_>) -> Option<Vec<u8>> {
    base64url::decode(plain(value)?.as_bytes()).ok()
}

fn plain(value: Value<'_>) -> Option<&str> {
    match value {
        Value::String(text) => Text::plain(text),
        _ => None,
    }
}

impl Ephemeral {
    /// Reads `epk`. Whether the point is on its curve is for the platform to say.
    fn read(epk: Value<'_>) -> Option<Self> {
        let Value::Other(text) = epk else { return None };
        let [mut kty, mut crv, mut x, mut y] = [None; 4];
        let mut is_private = false;
        json::strict_members(text.as_bytes(), |json::Member { name, value }| {
            let known = match () {
                () if name.is("kty") => &mut kty,
                () if name.is("crv") => &mut crv,
                () if name.is("x") => &mut x,
                () if name.is("y") => &mut y,
                () => return is_private |= name.is("d"),
            };
            *known = Some(value);
        })
        .ok()?;
        let (kty, curve, bytes) = match (plain(kty?)?, plain(crv?)?) {
            ("EC", "P-256") => ("EC", "P-256", 32),
            ("EC", "P-384") => ("EC", "P-384", 48),
            ("EC", "P-521") => ("EC", "P-521", 66),
            ("OKP", "X25519") => ("OKP", "X25519", 32),
            _ => return None,
        };
        let coordinate = |value| {
            let is_whole = base64url_of(value)?.len() == bytes;
            is_whole.then_some(plain(value)?.to_owned())
        };
        let (x, y) = match (kty, y) {
            ("EC", Some(y)) => (coordinate(x?)?, Some(coordinate(y)?)),
            ("OKP", None) => (coordinate(x?)?, None),
            _ => return None,
        };
        (!is_private).then_some(Self { kty, curve, x, y })
    }
}
