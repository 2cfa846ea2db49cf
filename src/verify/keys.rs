//! Reading a key set (RFC 7517 section 5) key by key, so that one odd key costs itself and not the
//! set, as long as the whole is JSON.

use core::ops::Range;

pub use super::jwk::{Key, Skipped, thumbprint};

use super::json::{self, Text, Value};

/// A set of more keys than this is refused: all of them may have to be read for one token.
/// Authorities publish two or three, and large ones ten.
pub const MAX_KEYS: usize = 1_000;

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
pub struct Keys {
    /// Those to use.
    pub keys: Vec<Key>,
    /// Those not to.
    pub skipped: Vec<Skipped>,
}

impl Keys {
    /// Reads the text of a key set.
    ///
    /// # Errors
    /// [`NotKeySet`].
    pub fn read(text: &str, origin: Origin) -> Result<Self, NotKeySet> {
        let mut keys = Self::default();
        each_entry(text.as_bytes(), &mut |json::Item { range, .. }| match Key::read(
            &text[range],
            origin,
        ) {
            Ok(key) => keys.keys.push(key),
            Err(skipped) => keys.skipped.push(skipped),
        })?;
        Ok(keys)
    }
}

/// A key that bears a `kid`, and where it stands in the text of its set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey {
    /// The [`hash_of`] its `kid`. Copying each name of a large set would take longer than finding
    /// it; the key itself is read before it is used, and its `kid` compared.
    pub hash: u32,
    /// Where it begins and ends, in bytes.
    pub range: Range<usize>,
}

/// The hash by which the keys of a `kid` are found.
#[must_use]
pub fn hash_of(kid: &str) -> u32 {
    short(Text::unescaped(kid))
}

#[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
fn short(kid: Text<'_>) -> u32 {
    kid.hash() as u32
}

/// Finds the keys with a `kid` in the text of a key set, so that one key of a thousand can be read
/// without the others.
///
/// # Errors
/// [`NotKeySet`].
pub fn named_keys(text: &[u8]) -> Result<Vec<NamedKey>, NotKeySet> {
    let mut named = Vec::new();
    each_entry(text, &mut |json::Item { range, member }| {
        if let Some(Value::String(kid)) = member {
            named.push(NamedKey { hash: short(kid), range });
        }
    })?;
    Ok(named)
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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn read(text: &str, origin: Origin) -> Keys {
        Keys::read(text, origin).unwrap()
    }

    fn set_of(count: usize) -> String {
        format!("{{\"keys\":[{}]}}", vec!["{}"; count].join(","))
    }

    #[test]
    fn edge_e125_a_set_has_a_thousand_keys_at_most() {
        for (count, outcome) in [
            (0, Err(NotKeySet::Malformed)),
            (MAX_KEYS, Ok(MAX_KEYS)),
            (MAX_KEYS + 1, Err(NotKeySet::TooLarge)),
        ] {
            let text = set_of(count);
            let skipped = |keys: Keys| keys.skipped.len();
            assert_eq!(Keys::read(&text, Origin::Published).map(skipped), outcome);
            assert_eq!(named_keys(text.as_bytes()).map(|_| count), outcome);
        }
    }

    #[test]
    fn edge_e39_finds_the_keys_with_a_kid_where_they_stand() {
        let text =
            r#"{"keys":[{"kid":"a\u0062\n"},{"kid":null}, {"x":{"kid":"c"}},7,{"kid":"d"} ]}"#;
        let found = named_keys(text.as_bytes()).unwrap();
        let found: Vec<_> = found.iter().map(|key| (key.hash, &text[key.range.clone()])).collect();
        let [ab, d] = ["ab\n", "d"].map(hash_of);
        assert_eq!(found, [(ab, r#"{"kid":"a\u0062\n"}"#), (d, r#"{"kid":"d"}"#)]);
    }

    #[test]
    fn edge_e160_reads_the_issuer_of_a_key_and_refuses_what_is_no_text() {
        let issuer_of = |member: &str| {
            let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
            let key = [r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":""#, x, r#"""#, member, "}]}"];
            let Keys { keys, skipped } = read(&key.concat(), Origin::Published);
            let reasons = skipped.iter().map(|key| key.reason).collect::<Vec<_>>();
            (keys.first().map(|key| key.issuer.clone()), reasons)
        };
        assert_eq!(issuer_of(""), (Some(None), vec![]));
        assert_eq!(issuer_of(r#","issuer":null"#), (Some(None), vec![]));
        assert_eq!(issuer_of(r#","issuer":"\u0061\/b""#), (Some(Some("a/b".to_owned())), vec![]));
        for odd in ["7", "[\"a\"]", "{}", "true"] {
            let member = [r#","issuer":"#, odd].concat();
            assert_eq!(issuer_of(&member), (None, vec!["issuer is no text"]));
        }
    }

    #[test]
    fn gives_the_thumbprint_of_the_example_of_rfc_7638() {
        let n = [
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1",
            "L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4",
            "QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO",
            "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF",
            "Cur-kEgU8awapJzKnqDKgw",
        ]
        .concat();
        let key = r#"{"kty":"RSA","alg":"RS256","kid":"2011-04-29","e":"AQAB","n":""#;
        let text = [r#"{"keys":["#, key, &n, r#""}]}"#].concat();
        let Keys { keys, skipped } = read(&text, Origin::Published);
        assert_eq!(skipped, []);
        assert_eq!(keys[0].kid(), Some("2011-04-29"));
        let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        assert_eq!(thumbprint(&keys[0].jwk).as_deref(), Some(expected));
    }

    #[test]
    fn keeps_the_public_half_of_a_given_key_and_no_thumbprint_of_a_secret() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let text = [r#"{"keys":[{"kty":"OKP","crv":"Ed25519","d":""#, x, r#"","x":""#, x].concat()
            + r#""},{"kty":"oct","k":""#
            + x
            + r#""}]}"#;
        let Keys { keys, skipped } = read(&text, Origin::Given);
        assert_eq!(skipped, []);
        assert!(matches!(&keys[0].jwk.key, jose_jwk::Key::Okp(okp) if okp.d.is_none()));
        assert!(thumbprint(&keys[0].jwk).is_some());
        assert_eq!(thumbprint(&keys[1].jwk), None);
        let reasons = read(&text, Origin::Published).skipped.into_iter().map(|key| key.reason);
        assert_eq!(reasons.collect::<Vec<_>>(), ["a private key", "a symmetric key"]);
    }
}
