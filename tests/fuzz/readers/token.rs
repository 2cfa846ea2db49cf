//! What the verifier reads: tokens, their headers and claims, key sets, proofs, encrypted tokens,
//! logout tokens, an issuer's answers, nonces.

use serde_json::{Map, Value};
use tokenkeep::verify::algorithm::{ALGORITHMS, Algorithms};
use tokenkeep::verify::claims::Claims;
use tokenkeep::verify::jws::Compact;
use tokenkeep::verify::keys::{Keys, Origin, hash_of, named_keys, thumbprint};
use tokenkeep::verify::proof::{Expected, Proof, Prover, token_hash};
use tokenkeep::verify::rules::{Rules, Time};
use tokenkeep::verify::{
    Header, Profile, base64url, introspection as opaque, jwe as encrypted, nonce as nonces,
};

use super::json::object;

const NOW: f64 = 1_800_000_000.0;
const LONGEST: usize = 8_192;

fn all_algorithms() -> Algorithms {
    ALGORITHMS.into_iter().collect()
}

/// base64url without padding, written as plainly as can be.
fn encoded(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    let mut text = String::new();
    loop {
        let six: Vec<u8> = bits.by_ref().take(6).collect();
        if six.is_empty() {
            return text;
        }
        let value =
            (0..6).fold(0, |value, place| value << 1 | six.get(place).copied().unwrap_or(0));
        text.push(ALPHABET[usize::from(value)] as char);
    }
}

/// The parts of a JWS. One text stands for one sequence of bytes: what is read is written back the
/// same.
pub fn compact(text: &[u8]) {
    if let Ok(bytes) = base64url::decode(text) {
        assert_eq!(encoded(&bytes).as_bytes(), text);
    }
    if let Ok(Compact { header, payload, signature, is_padded }) = Compact::read(text, LONGEST) {
        let back = [header, payload, signature].map(|part| encoded(&part)).join(".");
        assert!(!is_padded);
        assert_eq!(back.as_bytes(), text);
    }
    let mut padded = Compact::EMPTY;
    if padded.refill(text, LONGEST, false, true).is_ok() && !padded.is_padded {
        assert_eq!(Compact::read(text, LONGEST).as_ref(), Ok(&padded));
    }
}

/// The header. What is taken names a listed algorithm, and nothing that changes what the other
/// bytes mean.
pub fn header(text: &[u8]) {
    for profile in [Profile::Jwt, Profile::Jws] {
        let Ok(header) = Header::read(text, profile, all_algorithms()) else { continue };
        let theirs = object(text).expect("serde_json takes it");
        let alg = theirs.get("alg").and_then(Value::as_str).expect("it names an algorithm");
        assert!(alg == header.algorithm.name() || alg == "Ed25519", "{alg}");
        assert!(["crit", "b64", "zip"].iter().all(|name| !theirs.contains_key(*name)));
        assert_eq!(header.kid.as_deref(), theirs.get("kid").and_then(Value::as_str));
        assert!(Header::read(text, profile, Algorithms::NONE).is_err());
    }
}

fn rules(profile: Profile) -> Rules {
    Rules {
        profile,
        issuer: Some("https://issuer.example".to_owned()),
        audiences: Some(vec!["api".to_owned()]),
        time: Time { tolerance: 0.0, max_age: Some(3_600.0) },
        ..Rules::default()
    }
}

/// Judges a payload; returns it as `serde_json` reads it if it is taken.
fn taken(payload: &[u8], rules: &Rules) -> Option<Map<String, Value>> {
    let claims = Claims::read(payload, rules).ok()?;
    let verdict = rules.judge(&claims, NOW);
    let mut each = Ok(());
    rules.each(&claims, NOW, &mut |_, outcome| {
        each = each.and(outcome);
        true
    });
    assert_eq!(verdict, each, "each rule alone says the same");
    verdict.ok()?;
    Some(object(payload).expect("serde_json takes it"))
}

fn is_for_us(claims: &Map<String, Value>) -> bool {
    match claims.get("aud") {
        Some(Value::String(audience)) => audience == "api",
        Some(Value::Array(audiences)) => audiences.iter().any(|one| one == "api"),
        _ => false,
    }
}

fn is_of_now(claims: &Map<String, Value>) -> bool {
    let date = |name| claims.get(name).map(|date| date.as_f64().expect("dates are numbers"));
    date("exp").is_none_or(|expires| NOW < expires)
        && date("nbf").is_none_or(|from| from <= NOW)
        && date("iat").is_some_and(|issued| issued <= NOW && NOW - issued <= 3_600.0)
}

/// The claims of a token. What is taken is by our issuer, for us, and of now.
pub fn claims(payload: &[u8]) {
    for profile in [Profile::Jwt, Profile::AccessToken, Profile::IdToken] {
        let Some(claims) = taken(payload, &rules(profile)) else { continue };
        assert_eq!(claims.get("iss").and_then(Value::as_str), Some("https://issuer.example"));
        assert!(is_for_us(&claims) && is_of_now(&claims) && claims.contains_key("exp"));
    }
}

/// The claims where proofs are asked for. A token that is bound otherwise than to a key is not
/// taken.
pub fn bound(payload: &[u8]) {
    let rules = Rules { confirms: true, ..rules(Profile::Jwt) };
    let Some(claims) = taken(payload, &rules) else { return };
    let Some(cnf) = claims.get("cnf") else { return };
    assert!(cnf["jkt"].as_str().is_some_and(|jkt| jkt.len() == 43), "{cnf}");
}

/// A logout token: of a user or a session, with the event, without a nonce.
pub fn logout(payload: &[u8]) {
    let Some(claims) = taken(payload, &rules(Profile::Logout)) else { return };
    let is_text = |name| claims.get(name).is_some_and(Value::is_string);
    assert!(is_for_us(&claims) && is_of_now(&claims));
    assert!(!claims.contains_key("nonce") && (is_text("sub") || is_text("sid")));
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert!(claims["events"][event].is_object());
}

/// An issuer's answer about an opaque token, and the shape of such a token.
pub fn introspection(answer: &[u8]) {
    if opaque::is_opaque(answer) {
        assert!(answer.is_ascii() && (8..=4_096).contains(&answer.len()));
    }
    let Some(claims) = taken(answer, &rules(Profile::Introspection)) else { return };
    assert_eq!(claims.get("active"), Some(&Value::Bool(true)));
    assert!(claims.get("iss").is_none_or(|issuer| issuer == "https://issuer.example"));
}

/// A key set. A key that is used is public, and its name is the one in the set.
pub fn keys(text: &[u8]) {
    let named = named_keys(text);
    let Ok(written) = std::str::from_utf8(text) else { return };
    let Ok(keys) = Keys::read(written, Origin::Published) else { return };
    assert!(named.is_ok());
    for key in &keys.keys {
        assert!(key.algorithms != Algorithms::NONE);
        assert_eq!(thumbprint(&key.jwk).map(|name| name.len()), Some(43), "it is no public key");
    }
    for entry in named.expect("looked at just before") {
        let alone = format!(r#"{{"keys":[{}]}}"#, &written[entry.range]);
        let again = Keys::read(&alone, Origin::Published).expect("it is a set of one key");
        let hash = again.keys.first().and_then(|key| key.kid().map(hash_of));
        assert!(again.keys.is_empty() || hash == Some(entry.hash));
    }
    let Some(Value::Array(entries)) = object(text).and_then(|set| set.get("keys").cloned()) else {
        return;
    };
    let symmetric = entries.iter().filter(|key| key["kty"] == "oct").count();
    assert!(keys.keys.len() + symmetric <= entries.len(), "a published secret is used");
    // Given by the caller, all of them may be.
    let given = Keys::read(written, Origin::Given).expect("it is a set");
    assert!(given.keys.len() >= keys.keys.len());
}

/// A proof: its header and its payload, which a line break parts here.
pub fn proof(text: &[u8]) {
    let (header, payload) = match text.iter().position(|&byte| byte == b'\n') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, text),
    };
    if let Ok(prover) = Prover::read(header, all_algorithms()) {
        let theirs = object(header).expect("serde_json takes it");
        let jwk = theirs["jwk"].as_object().expect("it has a key");
        assert_eq!(prover.thumbprint.len(), 43);
        assert!(jwk.get("kty").is_some_and(|kind| kind != "oct"));
        assert!(jwk.get("d").is_none_or(|d| d.is_null() || d == ""), "a private key is taken");
    }
    let hash = token_hash("token");
    let expected = Expected {
        method: "GET",
        target: "https://api.example/x",
        token_hash: Some(&hash),
        time: Time { tolerance: 30.0, max_age: Some(60.0) },
    };
    if let Ok(proof) = Proof::read(payload, expected, NOW) {
        let theirs = object(payload).expect("serde_json takes it");
        assert_eq!(theirs["htm"], "GET");
        assert_eq!(theirs["ath"], hash.as_str());
        assert_eq!(theirs["jti"], proof.jti.as_str());
        assert!((proof.issued - NOW).abs() <= 90.0);
        let target = proof.other_target.as_deref().unwrap_or(expected.target);
        assert_eq!(theirs["htu"], target);
    }
}

/// An encrypted token: five parts, and only what was listed.
pub fn jwe(text: &[u8]) {
    let rules = encrypted::Rules {
        key_management: vec!["RSA-OAEP-256".to_owned(), "ECDH-ES".to_owned(), "dir".to_owned()],
        content_encryption: vec!["A256GCM".to_owned(), "A128CBC-HS256".to_owned()],
        is_nested: true,
        longest: LONGEST,
    };
    if encrypted::read(text, &rules).is_err() {
        return;
    }
    let parts: Vec<&[u8]> = text.split(|&byte| byte == b'.').collect();
    assert_eq!(parts.len(), 5);
    let header = base64url::decode(parts[0]).expect("it was decoded");
    let theirs = object(&header).expect("serde_json takes it");
    let listed = |name, list: &[String]| list.iter().any(|one| theirs[name] == one.as_str());
    assert!(listed("alg", &rules.key_management) && listed("enc", &rules.content_encryption));
    assert!(!theirs.contains_key("zip") && !theirs.contains_key("crit"));
}

/// A nonce: nobody makes one without the secret.
pub fn nonce(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let secret = b"a secret that nobody can guess";
    let ours = nonces::make(secret, NOW);
    if text != ours {
        assert_eq!(nonces::issued_at(text, secret, NOW, 1.0), None, "a nonce was forged");
    }
    let other = nonces::make(text.as_bytes(), NOW);
    assert_eq!(nonces::issued_at(&other, text.as_bytes(), NOW, 300.0), Some(NOW));
}
