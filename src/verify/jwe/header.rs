//! The header of a JWE and the rules it must keep (RFC 7516 section 4, RFC 8725).

use super::Rules;
use super::algorithm::{CONTENT_ENCRYPTION, ContentEncryption, KEY_MANAGEMENT, KeyManagement};
use crate::verify::json::Value;
use crate::verify::members::Members;
use crate::verify::{Failure, media_type};

/// `apu` and `apv` that have more bytes than this are refused.
const MAX_PARTY_BYTES: usize = 256;

/// Parameters that change what the other bytes mean, and those of password-based encryption, which
/// name an amount of work. The presence of one refuses the token. `crit` comes first, because it
/// names others. Nobody looks at `jwk`, `jku`, `x5c` and `x5u`.
const EXTENSIONS: [&str; 5] = ["crit", "b64", "zip", "p2c", "p2s"];

/// What a header that keeps the rules says of the other parts.
pub(super) struct Header {
    pub(super) management: &'static KeyManagement,
    pub(super) encryption: &'static ContentEncryption,
    pub(super) apu: Vec<u8>,
    pub(super) apv: Vec<u8>,
}

impl Header {
    pub(super) fn read(text: &[u8], rules: &Rules) -> Result<Self, Failure> {
        let members = Members::read(text)?;
        let alg = name(&members, "alg", &rules.key_management)?;
        let enc = name(&members, "enc", &rules.content_encryption)?;
        let management = KEY_MANAGEMENT.iter().find(|known| known.name == alg);
        let encryption = CONTENT_ENCRYPTION.iter().find(|known| known.name == enc);
        let (management, encryption) = management.zip(encryption).ok_or(Failure::Algorithm)?;
        if let Some(name) = EXTENSIONS.into_iter().find(|name| members.find(name).is_some()) {
            return Err(Failure::Header(name));
        }
        if rules.is_nested {
            if !is_jwt(members.find("cty")) {
                return Err(Failure::Header("cty"));
            }
            if members.find("typ").is_some() && !is_jwt(members.find("typ")) {
                return Err(Failure::Header("typ"));
            }
        }
        if !matches!(members.find("kid"), None | Some(Value::String(_))) {
            return Err(Failure::Malformed);
        }
        let is_right = match members.find("epk") {
            None => !management.is_agreement,
            Some(Value::Other(epk)) => management.is_agreement && is_public_key(epk),
            Some(_) => false,
        };
        if !is_right {
            return Err(Failure::Header("epk"));
        }
        let (apu, apv) = (party(&members, "apu")?, party(&members, "apv")?);
        Ok(Self { management, encryption, apu, apv })
    }
}

/// The name of an algorithm, which must be one of those allowed, case-sensitively.
#[inline(never)]
fn name(members: &Members<'_>, parameter: &str, allowed: &[String]) -> Result<String, Failure> {
    let name = members.text(parameter).ok_or(Failure::Malformed)?.copied();
    if allowed.contains(&name) { Ok(name) } else { Err(Failure::Algorithm) }
}

/// The bytes of `apu` or `apv`; none of one that is absent.
#[inline(never)]
fn party(members: &Members<'_>, name: &'static str) -> Result<Vec<u8>, Failure> {
    match (members.find(name), members.bytes(name)) {
        (None, _) => Ok(Vec::new()),
        (_, Some(bytes)) if bytes.len() <= MAX_PARTY_BYTES => Ok(bytes),
        _ => Err(Failure::Header(name)),
    }
}

/// What is inside is a JWT. oidc-provider says which kind: "at+jwt".
#[inline(never)]
fn is_jwt(parameter: Option<Value<'_>>) -> bool {
    match parameter {
        Some(Value::String(text)) => matches!(&*media_type(text.copied()), "jwt" | "at+jwt"),
        _ => false,
    }
}

/// Whether an `epk` is a public key of a supported curve (RFC 7518 section 6.2, RFC 8037). Whether
/// its point is on the curve is for the platform to say.
fn is_public_key(epk: &str) -> bool {
    let Ok(members) = Members::read(epk.as_bytes()) else { return false };
    let (bytes, has_two) = match (members.plain("kty"), members.plain("crv")) {
        (Some("EC"), Some("P-256")) => (32, true),
        (Some("EC"), Some("P-384")) => (48, true),
        (Some("EC"), Some("P-521")) => (66, true),
        (Some("OKP"), Some("X25519")) => (32, false),
        _ => return false,
    };
    let lengths = ["x", "y"].map(|name| members.bytes(name).map(|found| found.len()));
    let is_whole = lengths == [Some(bytes), has_two.then_some(bytes)];
    is_whole && members.find("y").is_some() == has_two && members.find("d").is_none()
}
