//! Reading a key set (RFC 7517 section 5) key by key, so that one odd key costs itself and not the set. A key comes out with the
//! algorithms that it may be used with, and that binds it: nothing later looks at `kty` or `use` again.

use jose_jwk::{EcCurves, Key as Material, OkpCurves};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::algorithm::{ALGORITHMS, Algorithm, Family};

/// Moduli outside these bounds, in bits, are not used: shorter ones are broken, longer ones cost too much.
const RSA_BITS: core::ops::RangeInclusive<usize> = 2_048..=8_192;

/// The members that only a private key has (RFC 7518 sections 6.2.2 and 6.3.2).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// Who gave the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A published set: a private key in it is a leak, a symmetric one a mistake, and neither is used.
    Published,
    /// The caller's own: symmetric keys may be, and of a private key the public half is used.
    Given,
}

/// A key that may be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Its name.
    pub kid: Option<String>,
    /// By which of the algorithms, the allow-list apart.
    pub algorithms: Vec<&'static str>,
    /// RFC 7638, with SHA-256; empty for a symmetric key, whose hash would be worth attacking.
    pub thumbprint: String,
    /// What is handed to the platform: the material, and nothing that would make it object.
    pub jwk: Value,
}

/// A key that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its name.
    pub kid: Option<String>,
    /// Why.
    pub reason: &'static str,
}

/// What a set holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Keys {
    /// Those to use, each once.
    pub keys: Vec<Key>,
    /// Those not to.
    pub skipped: Vec<Skipped>,
}

impl Keys {
    /// Reads the text of a key set; `None` when it is no key set, or an empty one.
    #[must_use]
    pub fn read(text: &str, origin: Origin) -> Option<Self> {
        let set: Value = serde_json::from_str(text).ok()?;
        let list = set.as_object()?.get("keys")?.as_array()?;
        let mut keys = Self::default();
        for entry in list {
            let kid = entry.get("kid").and_then(Value::as_str).map(String::from);
            match entry.as_object().ok_or("no object").and_then(|jwk| read_key(jwk, origin)) {
                Ok(key) if key.is_among(&keys.keys) => {}
                Ok(key) => keys.keys.push(key),
                Err(reason) => keys.skipped.push(Skipped { kid, reason }),
            }
        }
        (!list.is_empty()).then_some(keys)
    }

    /// As JSON text: `keys` and `skipped`, each a list of objects.
    #[must_use]
    pub fn to_json(&self) -> String {
        let keys = self.keys.iter().map(
            |key| json!({ "kid": key.kid, "algorithms": key.algorithms, "thumbprint": key.thumbprint, "jwk": key.jwk }),
        );
        let skipped = self.skipped.iter().map(|key| json!({ "kid": key.kid, "reason": key.reason }));
        text_of(&json!({ "keys": keys.collect::<Vec<_>>(), "skipped": skipped.collect::<Vec<_>>() }))
    }
}

impl Key {
    fn is_among(&self, keys: &[Key]) -> bool {
        keys.iter().any(|key| key == self)
    }
}

fn read_key(jwk: &Map<String, Value>, origin: Origin) -> Result<Key, &'static str> {
    let kid = match jwk.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.clone()),
        Some(_) => return Err("kid is no text"),
    };
    match jwk.get("use") {
        None => {}
        Some(Value::String(class)) if class == "sig" => {}
        Some(_) => return Err("not for signatures"),
    }
    check_operations(jwk.get("key_ops"))?;
    if origin == Origin::Published && PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
        return Err("a private key");
    }
    let pinned = match jwk.get("alg") {
        None => None,
        Some(Value::String(name)) => Some(Algorithm::named(name).ok_or("an unknown alg")?),
        Some(_) => return Err("alg is no text"),
    };

    let (jwk, fits) = read_material(jwk, origin)?;
    let algorithms: Vec<_> = ALGORITHMS
        .iter()
        .filter(|algorithm| fits(algorithm) && pinned.is_none_or(|pinned| pinned == **algorithm))
        .map(|algorithm| algorithm.name)
        .collect();
    if algorithms.is_empty() {
        return Err("alg does not go with the key");
    }
    Ok(Key { kid, algorithms, thumbprint: thumbprint(&jwk), jwk })
}

/// RFC 7517 section 4.3: a list of texts, none twice, and verifying among them.
fn check_operations(operations: Option<&Value>) -> Result<(), &'static str> {
    let Some(operations) = operations else { return Ok(()) };
    let Some(list) = operations.as_array() else { return Err("key_ops is no list") };
    if list.iter().enumerate().any(|(place, one)| !one.is_string() || list[..place].contains(one)) {
        return Err("key_ops is odd");
    }
    if list.iter().any(|one| one == "verify") { Ok(()) } else { Err("not for verifying") }
}

/// The members of a public key that make it, by `kty` (RFC 7638 section 3.2, RFC 8037 section 2).
fn members_of(kty: &str, origin: Origin) -> Result<&'static [&'static str], &'static str> {
    match kty {
        "RSA" => Ok(&["e", "kty", "n"]),
        "EC" => Ok(&["crv", "kty", "x", "y"]),
        "OKP" => Ok(&["crv", "kty", "x"]),
        "oct" if origin == Origin::Given => Ok(&["k", "kty"]),
        "oct" => Err("a symmetric key"),
        _ => Err("an unknown kty"),
    }
}

type Fits = Box<dyn Fn(&Algorithm) -> bool>;

fn read_material(jwk: &Map<String, Value>, origin: Origin) -> Result<(Value, Fits), &'static str> {
    let names = members_of(jwk.get("kty").and_then(Value::as_str).ok_or("kty is missing")?, origin)?;
    let members = names.iter().filter_map(|name| Some((String::from(*name), jwk.get(*name)?.clone())));
    let material = Value::Object(members.collect());
    // Fed the material alone: an alg or a use that this crate does not know would make it refuse a good key.
    let key: Material = serde_json::from_value(material.clone()).map_err(|_| "malformed")?;
    let fits: Fits = match key {
        Material::Rsa(rsa) => {
            let [modulus, exponent]: [&[u8]; 2] = [rsa.n.as_ref(), rsa.e.as_ref()];
            if !RSA_BITS.contains(&bits(modulus)) {
                return Err("an RSA modulus out of bounds");
            }
            // Odd, at least 3, and small enough that checking a signature stays cheap.
            let odd = exponent.last().is_some_and(|last| last % 2 == 1);
            if !odd || !(2..=33).contains(&bits(exponent)) {
                return Err("an RSA exponent out of bounds");
            }
            Box::new(|algorithm| algorithm.family == Family::Rsa)
        }
        Material::Ec(ec) => {
            let (curve, bytes) = match ec.crv {
                EcCurves::P256 => ("P-256", 32),
                EcCurves::P384 => ("P-384", 48),
                EcCurves::P521 => ("P-521", 66),
                _ => return Err("an unsupported curve"),
            };
            let [x, y]: [&[u8]; 2] = [ec.x.as_ref(), ec.y.as_ref()];
            if x.len() != bytes || y.len() != bytes {
                return Err("a coordinate of the wrong length");
            }
            Box::new(move |algorithm| algorithm.family == Family::Ec(curve))
        }
        Material::Okp(okp) => {
            let bytes = match okp.crv {
                OkpCurves::Ed25519 => 32,
                OkpCurves::Ed448 => 57,
                _ => return Err("an unsupported curve"),
            };
            if okp.x.as_ref().len() != bytes {
                return Err("a coordinate of the wrong length");
            }
            Box::new(|algorithm| algorithm.family == Family::Edwards)
        }
        Material::Oct(oct) => {
            // RFC 7518 section 3.2: at least as long as the hash.
            let length = oct.k.as_ref().len();
            if length < 32 {
                return Err("a secret that is too short");
            }
            Box::new(move |algorithm| {
                algorithm.family == Family::Secret && algorithm.signature_bytes.is_some_and(|bytes| bytes <= length)
            })
        }
        _ => return Err("an unknown kty"),
    };
    Ok((material, fits))
}

fn text_of(value: &Value) -> String {
    serde_json::to_string(value).expect("a value of texts and lists has a text")
}

/// How many bits a big-endian number has.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| (number.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// RFC 7638: the SHA-256 of the required members, in order of their names, without white space.
fn thumbprint(jwk: &Value) -> String {
    if jwk.get("k").is_some() {
        return String::new();
    }
    // serde_json's maps are ordered by name, and base64url needs no escape.
    let hash: [u8; 32] = Sha256::digest(text_of(jwk)).into();
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(43);
    for chunk in hash.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(word);
        for place in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * place) & 0x3F) as usize]));
        }
    }
    text
}
