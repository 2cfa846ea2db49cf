//! One key (RFC 7517 section 4): read strictly, and from there on a `jose_jwk::Jwk`. A key comes
//! out with the algorithms that it may be used with. Nothing later looks at its `use` or `alg`
//! again.

use jose_jwk::{Ec, EcCurves, Jwk, Key as Material, Oct, Okp, OkpCurves, Parameters, Rsa};

use super::algorithm::{ALGORITHMS, Algorithm, Algorithms, Family};
use super::json::{self, Text, Value};
use super::keys::Origin;
use super::members::Members;
use super::roca;
use super::sha256::{encoded, sha256};

/// Moduli outside these bounds, in bits, are not used: shorter ones are broken, longer ones cost
/// too much.
const RSA_BITS: core::ops::RangeInclusive<usize> = 2_048..=8_192;

/// More operations than this in `key_ops` are refused. Eight are registered.
const MAX_OPERATIONS: usize = 32;

/// The members that only a private key has (RFC 7518 sections 6.2.2 and 6.3.2).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// A key that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The members that make the key, of a private one those of its public half, and its `kid`.
    pub jwk: Jwk,
    /// The algorithms that it may be used with, whatever the allow-list says.
    pub algorithms: Algorithms,
    /// The issuer whose tokens alone it verifies, as Entra's sets say it; js/edge/keys/crypto.ts
    /// knows what `{tenantid}` in it means.
    pub issuer: Option<String>,
}

/// A key that may not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its `kid`.
    pub kid: Option<String>,
    /// Why it is passed over.
    pub reason: &'static str,
}

impl Key {
    /// Reads an entry of a key set.
    ///
    /// # Errors
    /// [`Skipped`] says why the key is passed over.
    pub fn read(entry: &str, origin: Origin) -> Result<Self, Skipped> {
        // A null member is an absent one: serialisers write null for what a key does not have.
        let members = Members::read(entry.as_bytes())
            .map(Members::without_nulls)
            .map_err(|_| Skipped { kid: None, reason: "no object, or a member twice" })?;
        let kid = members.text("kid").map(Text::copied);
        match read_key(&members, origin) {
            Ok((key, algorithms)) => {
                let prm = Parameters { kid, ..Parameters::default() };
                let issuer = members.text("issuer").map(Text::copied);
                Ok(Self { jwk: Jwk { key, prm }, algorithms, issuer })
            }
            Err(reason) => Err(Skipped { kid, reason }),
        }
    }

    /// The key's name.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.jwk.prm.kid.as_deref()
    }
}

/// The thumbprint of a public key (RFC 7638 with SHA-256). `None` for a symmetric key, whose hash
/// would be worth attacking.
#[must_use]
pub fn thumbprint(jwk: &Jwk) -> Option<String> {
    // Section 3: the members that make the key, in order of their names, without white space.
    let canonical = match &jwk.key {
        Material::Rsa(Rsa { n, e, .. }) => {
            [r#"{"e":""#, &encoded(e), r#"","kty":"RSA","n":""#, &encoded(n), r#""}"#].concat()
        }
        Material::Ec(Ec { crv, x, y, .. }) => {
            let [crv, x, y] = [curve(*crv)?.0, &encoded(x), &encoded(y)];
            let parts = [r#"{"crv":""#, crv, r#"","kty":"EC","x":""#, x, r#"","y":""#, y, r#""}"#];
            parts.concat()
        }
        Material::Okp(Okp { crv: OkpCurves::Ed25519, x, .. }) => {
            [r#"{"crv":"Ed25519","kty":"OKP","x":""#, &encoded(x), r#""}"#].concat()
        }
        _ => return None,
    };
    Some(encoded(&sha256(&[canonical.as_bytes()])))
}

/// Whether one of the private members says something: serialisers write empty texts and empty
/// lists, too, for members that a public key does not have.
fn holds_private_members(members: &Members<'_>) -> bool {
    PRIVATE.iter().any(|name| match members.find(name) {
        None => false,
        Some(Value::String(text)) => !text.written().is_empty(),
        Some(Value::Other(list)) => !is_empty_list(list),
        Some(Value::Number(_)) => true,
    })
}

fn is_empty_list(written: &str) -> bool {
    let mut is_empty = true;
    json::items(written, |_| is_empty = false) && is_empty
}

const MALFORMED: &str = "malformed";

fn read_key(members: &Members<'_>, origin: Origin) -> Result<(Material, Algorithms), &'static str> {
    if !matches!(members.find("kid"), None | Some(Value::String(_))) {
        return Err("kid is no text");
    }
    if !matches!(members.find("issuer"), None | Some(Value::String(_))) {
        return Err("issuer is no text");
    }
    match members.find("use") {
        None => {}
        Some(Value::String(class)) if class.is("sig") => {}
        Some(_) => return Err("not for signatures"),
    }
    check_operations(members.find("key_ops"))?;
    if origin == Origin::Published && holds_private_members(members) {
        return Err("a private key");
    }
    let pinned = match members.find("alg") {
        None => None,
        Some(Value::String(name)) => {
            Some(name.plain().and_then(Algorithm::named).ok_or("an unknown alg")?)
        }
        Some(_) => return Err("alg is no text"),
    };

    let material = read_material(members, origin)?;
    let fitting = Fitting::of(&material)?;
    let algorithms = ALGORITHMS
        .into_iter()
        .filter(|&algorithm| {
            fitting.takes(algorithm) && pinned.is_none_or(|pinned| pinned == algorithm)
        })
        .collect();
    if algorithms == Algorithms::NONE {
        return Err("alg does not go with the key");
    }
    Ok((material, algorithms))
}

/// RFC 7517 section 4.3: a list of texts, none twice, and verifying among them.
fn check_operations(operations: Option<Value<'_>>) -> Result<(), &'static str> {
    let Some(operations) = operations else { return Ok(()) };
    let mut seen: Vec<Text<'_>> = Vec::new();
    let mut odd = false;
    let is_list = matches!(operations, Value::Other(list) if json::items(list, |item| match item {
        Value::String(one)
            if seen.len() < MAX_OPERATIONS
                && !seen.iter().any(|other| other.chars().eq(one.chars())) => seen.push(one),
        _ => odd = true,
    }));
    match () {
        () if !is_list => Err("key_ops is no list"),
        () if odd => Err("key_ops is odd"),
        () if seen.iter().any(|one| one.is("verify")) => Ok(()),
        () => Err("not for verifying"),
    }
}

/// The members that make a key, by `kty` (RFC 7518 section 6, RFC 8037 section 2), and of a private
/// key those of its public half. jose-jwk's own reader is not used: it takes a set as a whole, and
/// refuses a good key for an `alg` that it does not know.
fn read_material(members: &Members<'_>, origin: Origin) -> Result<Material, &'static str> {
    let bytes = |name| members.bytes(name).map(Vec::into_boxed_slice).ok_or(MALFORMED);
    Ok(match members.plain("kty").ok_or("kty is missing")? {
        "RSA" => Material::Rsa(Rsa { n: bytes("n")?.into(), e: bytes("e")?.into(), prv: None }),
        "EC" => {
            let crv = match members.plain("crv") {
                Some("P-256") => EcCurves::P256,
                Some("P-384") => EcCurves::P384,
                Some("P-521") => EcCurves::P521,
                Some("secp256k1") => EcCurves::P256K,
                _ => return Err(MALFORMED),
            };
            Material::Ec(Ec { crv, x: bytes("x")?.into(), y: bytes("y")?.into(), d: None })
        }
        "OKP" => {
            let crv = match members.plain("crv") {
                Some("Ed25519") => OkpCurves::Ed25519,
                Some("Ed448") => OkpCurves::Ed448,
                Some("X25519") => OkpCurves::X25519,
                Some("X448") => OkpCurves::X448,
                _ => return Err(MALFORMED),
            };
            Material::Okp(Okp { crv, x: bytes("x")?.into(), d: None })
        }
        "oct" if origin == Origin::Given => Material::Oct(Oct { k: bytes("k")?.into() }),
        "oct" => return Err("a symmetric key"),
        _ => return Err("an unknown kty"),
    })
}

/// What a key can be used with.
enum Fitting {
    Family(Family),
    /// HMAC with hashes of at most this many bytes (RFC 7518 section 3.2).
    Secret(usize),
}

impl Fitting {
    fn of(material: &Material) -> Result<Self, &'static str> {
        Ok(Self::Family(match material {
            Material::Rsa(Rsa { n, e, .. }) => {
                check_rsa(n, e)?;
                Family::Rsa
            }
            Material::Ec(Ec { crv, x, y, .. }) => {
                let (name, bytes) = curve(*crv).ok_or("an unsupported curve")?;
                if x.len() != bytes || y.len() != bytes {
                    return Err("a coordinate of the wrong length");
                }
                Family::Ec(name)
            }
            Material::Okp(Okp { crv: OkpCurves::Ed25519, x, .. }) => {
                if x.len() != 32 {
                    return Err("a coordinate of the wrong length");
                }
                Family::Ed25519
            }
            Material::Okp(_) => return Err("an unsupported curve"),
            Material::Oct(Oct { k }) => match k.len() {
                ..32 => return Err("a secret that is too short"),
                length => return Ok(Self::Secret(length)),
            },
            _ => return Err("an unknown kty"),
        }))
    }

    fn takes(&self, algorithm: Algorithm) -> bool {
        match *self {
            Self::Family(family) => algorithm.family() == family,
            Self::Secret(length) => {
                algorithm.family() == Family::Secret
                    && algorithm.signature_bytes().is_some_and(|bytes| bytes <= length)
            }
        }
    }
}

fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), &'static str> {
    if !RSA_BITS.contains(&bits(modulus)) {
        return Err("an RSA modulus out of bounds");
    }
    // Odd, at least 3, and small enough that checking a signature stays cheap.
    let odd = exponent.last().is_some_and(|last| last % 2 == 1);
    if !odd || !(2..=33).contains(&bits(exponent)) {
        return Err("an RSA exponent out of bounds");
    }
    if roca::looks_weak(modulus) {
        return Err("an RSA modulus of the ROCA kind");
    }
    Ok(())
}

/// How many bits a big-endian number has.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| (number.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// The registered name of a curve that some algorithm uses, and how many bytes its coordinates
/// have.
fn curve(crv: EcCurves) -> Option<(&'static str, usize)> {
    match crv {
        EcCurves::P256 => Some(("P-256", 32)),
        EcCurves::P384 => Some(("P-384", 48)),
        EcCurves::P521 => Some(("P-521", 66)),
        _ => None,
    }
}
