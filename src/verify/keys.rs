//! Reading a key set (RFC 7517 section 5) key by key, so that one odd key costs itself and not the
//! set, as long as the whole is JSON. A key comes out with the algorithms that it may be used with,
//! and that binds it: nothing later looks at `kty` or `use` again.

use jose_jwk::{Ec, EcCurves, Key as Material, Oct, Okp, OkpCurves, Rsa};
use sha2::{Digest, Sha256};

use super::algorithm::{ALGORITHMS, Algorithm, Algorithms, Family};
use super::base64url;
use super::json::{self, Text, Value};
use super::roca;

/// Moduli outside these bounds, in bits, are not used: shorter ones are broken, longer ones cost
/// too much.
const RSA_BITS: core::ops::RangeInclusive<usize> = 2_048..=8_192;

/// A set of more keys than this is refused: all of them may have to be read for one token.
/// Authorities publish two or three, and large ones ten.
pub const MAX_KEYS: usize = 1_000;

/// More operations than this in `key_ops` are refused. Eight are registered.
const MAX_OPERATIONS: usize = 32;

/// The members that only a private key has (RFC 7518 sections 6.2.2 and 6.3.2).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// Who gave the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A published set: a private key in it is a leak, a symmetric one a mistake, and neither is
    /// used.
    Published,
    /// The caller's own: symmetric keys may be, and of a private key the public half is used.
    Given,
}

/// A key that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<'a> {
    /// Its name.
    pub kid: Option<Text<'a>>,
    /// With which of the algorithms, the allow-list apart.
    pub algorithms: Algorithms,
    /// What is handed to the platform: the members that make the key, in order of their names, and
    /// nothing that would make it object.
    pub jwk: Vec<(&'static str, &'a str)>,
}

/// A key that is not used, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped<'a> {
    /// Its name.
    pub kid: Option<Text<'a>>,
    /// Why.
    pub reason: &'static str,
}

/// Why a text is no key set that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotKeySet {
    /// No JSON, no list of keys, or an empty one.
    Malformed,
    /// More than [`MAX_KEYS`] keys.
    TooLarge,
}

/// What a set holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys<'a> {
    /// Those to use.
    pub keys: Vec<Key<'a>>,
    /// Those not to.
    pub skipped: Vec<Skipped<'a>>,
}

/// Where the keys with names stand in a key set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// Their names as they are written, parted by line feeds, of which JSON has none inside of
    /// strings.
    pub names: String,
    /// Of each, in the same order, the bytes of the text where the key begins and ends.
    pub places: Vec<u32>,
}

impl Index {
    /// Of the text of a key set, so that one key of a thousand can be read without the others.
    ///
    /// # Errors
    /// [`NotKeySet`].
    pub fn read(text: &[u8]) -> Result<Self, NotKeySet> {
        let mut index = Self::default();
        each_entry(text, &mut |json::Item { place, member }| {
            let Some(Value::String(kid)) = member else { return };
            if !index.places.is_empty() {
                index.names.push('\n');
            }
            index.names += kid.written();
            index.places.extend([place.start as u32, place.end as u32]);
        })?;
        Ok(index)
    }
}

/// Shows `visit` each entry of a key set. The set's costs are linear in its length: no entry is
/// compared with another.
///
/// Takes `&mut dyn FnMut`: generic over `visit`, the reader of lists would be compiled twice.
fn each_entry<'a>(text: &'a [u8], visit: &mut dyn FnMut(json::Item<'a>)) -> Result<(), NotKeySet> {
    let mut count = 0;
    json::listed(text, "keys", "kid", |item| {
        count += 1;
        if count <= MAX_KEYS {
            visit(item);
        }
    })
    .map_err(|_| NotKeySet::Malformed)?;
    match count {
        0 => Err(NotKeySet::Malformed),
        1..=MAX_KEYS => Ok(()),
        _ => Err(NotKeySet::TooLarge),
    }
}

impl<'a> Keys<'a> {
    /// Reads the text of a key set.
    ///
    /// # Errors
    /// [`NotKeySet`].
    pub fn read(text: &'a str, origin: Origin) -> Result<Self, NotKeySet> {
        let mut keys = Self::default();
        each_entry(text.as_bytes(), &mut |json::Item { place, .. }| {
            let entry = Entry::read(&text[place]);
            let kid = entry.as_ref().ok().and_then(|entry| entry.text("kid"));
            match entry.and_then(|entry| read_key(&entry, origin)) {
                Ok(key) => keys.keys.push(key),
                Err(reason) => keys.skipped.push(Skipped { kid, reason }),
            }
        })?;
        Ok(keys)
    }

    /// As JSON text: `keys` and `skipped`, each a list of objects. Nothing in them has to be
    /// escaped that is not escaped already.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::from("{\"keys\":[");
        for (place, key) in self.keys.iter().enumerate() {
            text += if place == 0 { "{\"kid\":" } else { ",{\"kid\":" };
            push_name(&mut text, key.kid);
            text += ",\"algorithms\":";
            push_number(&mut text, key.algorithms.bits());
            text += ",\"jwk\":";
            push_jwk(&mut text, &key.jwk);
            text.push('}');
        }
        text += "],\"skipped\":[";
        for (place, key) in self.skipped.iter().enumerate() {
            text += if place == 0 { "{\"kid\":" } else { ",{\"kid\":" };
            push_name(&mut text, key.kid);
            text += ",\"reason\":\"";
            text += key.reason;
            text += "\"}";
        }
        text += "]}";
        text
    }
}

fn push_name(text: &mut String, kid: Option<Text<'_>>) {
    match kid {
        None => *text += "null",
        Some(kid) => {
            text.push('"');
            *text += kid.written();
            text.push('"');
        }
    }
}

fn push_number(text: &mut String, number: u32) {
    let mut digits = [0; 10];
    let mut rest = number;
    let mut from = digits.len();
    while from == digits.len() || rest > 0 {
        from -= 1;
        digits[from] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text.extend(digits[from..].iter().copied().map(char::from));
}

/// The canonical text of RFC 7638 section 3: the members in order of their names, without white
/// space.
fn push_jwk(text: &mut String, jwk: &[(&'static str, &str)]) {
    for (place, (name, value)) in jwk.iter().enumerate() {
        text.push(if place == 0 { '{' } else { ',' });
        for part in ["\"", *name, "\":\"", *value, "\""] {
            *text += part;
        }
    }
    text.push('}');
}

/// The members of an object that says it is a key.
struct Entry<'a>(Vec<(Text<'a>, Value<'a>)>);

impl<'a> Entry<'a> {
    fn read(entry: &'a str) -> Result<Self, &'static str> {
        let mut members = Vec::with_capacity(12);
        // A null member is an absent one: serialisers write null for what a key does not have.
        json::strict_members(entry.as_bytes(), |json::Member { name, value }| {
            if value != Value::Other("null") {
                members.push((name, value));
            }
        })
        .map_err(|_| "no object, or a member twice")?;
        Ok(Self(members))
    }

    fn find(&self, name: &str) -> Option<Value<'a>> {
        self.0.iter().find(|(found, _)| found.is(name)).map(|&(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<Text<'a>> {
        match self.find(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether one of the private members says something: serialisers write empty texts and empty
    /// lists, too, for members that a public key does not have.
    fn holds_private_members(&self) -> bool {
        PRIVATE.iter().any(|name| match self.find(name) {
            None => false,
            Some(Value::String(text)) => !text.written().is_empty(),
            Some(Value::Other(list)) => !is_empty_list(list),
            Some(Value::Number(_)) => true,
        })
    }

    /// A member without an escape in it: neither base64url nor a registered name needs one.
    fn plain(&self, name: &str) -> Option<&'a str> {
        self.text(name)?.plain()
    }
}

fn read_key<'a>(entry: &Entry<'a>, origin: Origin) -> Result<Key<'a>, &'static str> {
    let kid = match entry.find("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid),
        Some(_) => return Err("kid is no text"),
    };
    match entry.find("use") {
        None => {}
        Some(Value::String(class)) if class.is("sig") => {}
        Some(_) => return Err("not for signatures"),
    }
    check_operations(entry.find("key_ops"))?;
    if origin == Origin::Published && entry.holds_private_members() {
        return Err("a private key");
    }
    let pinned = match entry.find("alg") {
        None => None,
        Some(Value::String(name)) => {
            Some(name.plain().and_then(Algorithm::named).ok_or("an unknown alg")?)
        }
        Some(_) => return Err("alg is no text"),
    };

    let kty = entry.plain("kty").ok_or("kty is missing")?;
    let names = members_of(kty, origin)?;
    let members = names.iter().map(|&name| Some((name, entry.plain(name)?)));
    let jwk: Vec<_> = members.collect::<Option<_>>().ok_or("malformed")?;
    let member =
        |name: &str| jwk.iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value);
    let material = material_of(kty, member).ok_or("malformed")?;
    let fitting = Fitting::of(&material)?;
    let algorithms = ALGORITHMS
        .iter()
        .filter(|algorithm| {
            fitting.takes(algorithm) && pinned.is_none_or(|pinned| pinned == **algorithm)
        })
        .fold(Algorithms::default(), |algorithms, algorithm| algorithms.with(*algorithm));
    if algorithms == Algorithms::default() {
        return Err("alg does not go with the key");
    }
    Ok(Key { kid, algorithms, jwk })
}

fn is_empty_list(written: &str) -> bool {
    let mut is_empty = true;
    json::items(written, |_| is_empty = false) && is_empty
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

/// The material in jose-jwk's types, member by member: its own reader takes a whole set or nothing,
/// and refuses a good key for an `alg` that it does not know. `None`: a member that is no
/// base64url, or an unknown curve.
fn material_of<'a>(kty: &str, member: impl Fn(&str) -> &'a str) -> Option<Material> {
    let bytes = |name: &str| base64url::decode(member(name).as_bytes()).ok();
    Some(match kty {
        "RSA" => Material::Rsa(Rsa { n: bytes("n")?.into(), e: bytes("e")?.into(), prv: None }),
        "EC" => {
            let crv = match member("crv") {
                "P-256" => EcCurves::P256,
                "P-384" => EcCurves::P384,
                "P-521" => EcCurves::P521,
                "secp256k1" => EcCurves::P256K,
                _ => return None,
            };
            Material::Ec(Ec { crv, x: bytes("x")?.into(), y: bytes("y")?.into(), d: None })
        }
        "OKP" => {
            let crv = match member("crv") {
                "Ed25519" => OkpCurves::Ed25519,
                "Ed448" => OkpCurves::Ed448,
                "X25519" => OkpCurves::X25519,
                "X448" => OkpCurves::X448,
                _ => return None,
            };
            Material::Okp(Okp { crv, x: bytes("x")?.into(), d: None })
        }
        _ => Material::Oct(Oct { k: bytes("k")?.into() }),
    })
}

/// With what a key goes.
enum Fitting {
    Family(Family),
    /// HMAC, with hashes of at most so many bytes (RFC 7518 section 3.2).
    Secret(usize),
}

impl Fitting {
    fn of(material: &Material) -> Result<Self, &'static str> {
        Ok(match material {
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
                if roca::is_of_the_kind(modulus) {
                    return Err("an RSA modulus of the ROCA kind");
                }
                Self::Family(Family::Rsa)
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
                Self::Family(Family::Ec(curve))
            }
            Material::Okp(okp) => {
                if okp.crv != OkpCurves::Ed25519 {
                    return Err("an unsupported curve");
                }
                if okp.x.as_ref().len() != 32 {
                    return Err("a coordinate of the wrong length");
                }
                Self::Family(Family::Ed25519)
            }
            Material::Oct(oct) => match oct.k.len() {
                ..32 => return Err("a secret that is too short"),
                length => Self::Secret(length),
            },
            _ => return Err("an unknown kty"),
        })
    }

    fn takes(&self, algorithm: &Algorithm) -> bool {
        match *self {
            Self::Family(family) => algorithm.family == family,
            Self::Secret(length) => {
                algorithm.family == Family::Secret
                    && algorithm.signature_bytes.is_some_and(|bytes| bytes <= length)
            }
        }
    }
}

/// How many bits a big-endian number has.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| (number.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// RFC 7638 with SHA-256, of the canonical text of a public key.
#[must_use]
pub fn thumbprint(jwk: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hash: [u8; 32] = Sha256::digest(jwk).into();
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
