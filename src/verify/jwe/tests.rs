#![expect(non_snake_case, reason = "tests bear the ids of behaviours")]

use proptest::prelude::*;

use super::super::jws::Compact;
use super::*;
use crate::verify::jwe;

fn rules() -> Rules {
    Rules {
        key_management: KEY_MANAGEMENT.map(|one| one.name.to_owned()).to_vec(),
        content_encryption: CONTENT_ENCRYPTION.map(|one| one.name.to_owned()).to_vec(),
        is_nested: true,
        longest: 16_384,
    }
}

/// base64url of so many zeros.
fn zeros(bytes: usize) -> String {
    "A".repeat((bytes * 4).div_ceil(3))
}

fn encoded(text: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let symbols = text.as_bytes().chunks(3).flat_map(|chunk| {
        let word = (0..3).fold(0, |word, at| word << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        (0..=chunk.len()).map(move |at| alphabet[(word >> (18 - 6 * at) & 63) as usize] as char)
    });
    symbols.collect()
}

/// A token whose parts after the header have so many bytes.
fn token(header: &str, lengths: [usize; 4]) -> String {
    let [key, iv, ciphertext, tag] = lengths.map(zeros);
    [encoded(header), key, iv, ciphertext, tag].join(".")
}

fn read(text: &str) -> Result<Parts, Failure> {
    jwe::read(text.as_bytes(), &rules())
}

const DIR: [usize; 4] = [0, 12, 5, 16];
const WRAPPED: [usize; 4] = [40, 12, 5, 16];

fn wrapped(more: &str) -> Result<Parts, Failure> {
    let header = [r#"{"alg":"A256KW","enc":"A256GCM","cty":"JWT""#, more, "}"].concat();
    read(&token(&header, WRAPPED))
}

fn agreed(epk: &str) -> Result<Parts, Failure> {
    let header = [r#"{"alg":"ECDH-ES","enc":"A256GCM","cty":"JWT","epk":"#, epk, "}"].concat();
    read(&token(&header, DIR))
}

#[test]
fn edge_X300_shows_the_header_and_each_part() {
    let x = zeros(32);
    let epk = [r#"{"kty":"OKP","crv":"X25519","x":""#, &x, r#"","kid":"e"}"#].concat();
    let header = [
        r#"{"alg":"ECDH-ES+A128KW","enc":"A128CBC-HS256","kid":"\u006b","cty":"JWT","epk":"#,
        &epk,
        r#","apu":"AAA","apv":"AA"}"#,
    ]
    .concat();
    let found = read(&token(&header, [40, 16, 32, 16])).unwrap();
    let expected = Parts {
        header: header.into(),
        key: vec![0; 40],
        iv: vec![0; 16],
        sealed: vec![0; 32 + 16],
        apu: vec![0; 2],
        apv: vec![0; 1],
    };
    assert_eq!(found, expected);
}

#[test]
fn edge_X301_wants_five_parts_of_canonical_base64url() {
    let good = token(r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#, [0, 12, 6, 16]);
    assert!(read(&good).is_ok());
    let parts: Vec<_> = good.split('.').collect();
    for place in 0..5 {
        for odd in ["=", "!", "A", "AB", "\u{e9}", " "] {
            let mut parts = parts.clone();
            let changed = [parts[place], odd].concat();
            parts[place] = &changed;
            assert_eq!(read(&parts.join(".")), Err(Failure::Malformed), "{place} {odd}");
        }
    }
    for text in ["", "....", &parts[..4].join("."), &[&good, ".AA"].concat()] {
        assert_eq!(read(text), Err(Failure::Malformed), "{text}");
    }
}

#[test]
fn edge_X302_bounds_the_whole_and_the_header() {
    let dots = ".".repeat(1_000_000);
    let unbounded = Rules { longest: usize::MAX, ..rules() };
    assert_eq!(read(&dots), Err(Failure::TooLarge));
    assert_eq!(jwe::read(dots.as_bytes(), &unbounded), Err(Failure::Malformed));
    let long = [r#"{"alg":"dir","enc":"A256GCM","cty":"JWT","x":""#, &zeros(4_096), r#""}"#];
    assert_eq!(read(&token(&long.concat(), DIR)), Err(Failure::TooLarge));
}

#[test]
fn edge_X303_wants_the_lengths_of_the_algorithms() {
    for management in KEY_MANAGEMENT {
        for encryption in CONTENT_ENCRYPTION {
            let x = zeros(66);
            let epk = [r#","epk":{"kty":"EC","crv":"P-521","x":""#, &x, r#"","y":""#, &x, r#""}"#];
            let header = [
                r#"{"alg":""#,
                management.name,
                r#"","enc":""#,
                encryption.name,
                r#"","cty":"JWT""#,
                &if management.is_agreement { epk.concat() } else { String::new() },
                "}",
            ]
            .concat();
            let key = management.encrypted_key_bytes(encryption.key_bytes).0;
            let good = [key, encryption.iv_bytes, 16, encryption.tag_bytes];
            assert!(read(&token(&header, good)).is_ok(), "{header}");
            for place in [0, 1, 3] {
                for odd in [good[place] + 1, good[place].wrapping_sub(1)] {
                    // An encrypted key of RSA may be longer.
                    if odd == usize::MAX || (place == 0 && odd > 256) {
                        continue;
                    }
                    let mut lengths = good;
                    lengths[place] = odd;
                    let outcome = read(&token(&header, lengths));
                    assert_eq!(outcome, Err(Failure::Malformed), "{header} {lengths:?}");
                }
            }
            let with_ciphertext = |bytes| read(&token(&header, [good[0], good[1], bytes, good[3]]));
            assert_eq!(with_ciphertext(0), Err(Failure::Malformed));
            assert_eq!(with_ciphertext(17).is_ok(), encryption.block_bytes == 1, "{header}");
        }
    }
    let rsa = |bytes| {
        read(&token(r#"{"alg":"RSA-OAEP","enc":"A256GCM","cty":"JWT"}"#, [bytes, 12, 5, 16]))
    };
    assert!(rsa(255).is_err() && rsa(1_024).is_ok() && rsa(1_025).is_err());
}

#[test]
fn edge_X304_takes_the_listed_algorithms_alone() {
    for (alg, enc) in [
        ("RSA1_5", "A256GCM"),
        ("PBES2-HS256+A128KW", "A256GCM"),
        ("A192KW", "A256GCM"),
        ("A256GCMKW", "A256GCM"),
        ("a256kw", "A256GCM"),
        ("none", "A256GCM"),
        ("A256KW", "A192GCM"),
        ("A256KW", "A192CBC-HS384"),
        ("A256KW", "a256gcm"),
    ] {
        let header =
            [r#"{"alg":""#, alg, r#"","enc":""#, enc, r#"","p2c":1000000000,"cty":"JWT"}"#];
        let outcome = read(&token(&header.concat(), WRAPPED));
        assert_eq!(outcome, Err(Failure::Algorithm), "{alg} {enc}");
    }
    let few = Rules {
        key_management: vec!["dir".to_owned()],
        content_encryption: vec!["A128GCM".to_owned()],
        ..rules()
    };
    for (header, lengths, is_taken) in [
        (r#"{"alg":"dir","enc":"A128GCM","cty":"JWT"}"#, DIR, true),
        (r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#, DIR, false),
        (r#"{"alg":"A256KW","enc":"A128GCM","cty":"JWT"}"#, [24, 12, 5, 16], false),
    ] {
        let outcome = jwe::read(token(header, lengths).as_bytes(), &few).map(|_| ());
        assert_eq!(outcome, if is_taken { Ok(()) } else { Err(Failure::Algorithm) }, "{header}");
    }
}

#[test]
fn edge_X8_refuses_what_changes_the_meaning_of_the_rest() {
    for name in EXTENSION_NAMES {
        for value in ["[\"exp\"]", "true", "false", "\"DEF\"", "1000000000", "null", "{}"] {
            let more = [",\"", name, "\":", value].concat();
            assert_eq!(wrapped(&more), Err(Failure::Header(name)), "{more}");
        }
    }
    assert_eq!(wrapped(r#","zip":"DEF","crit":["zip"]"#), Err(Failure::Header("crit")));
    assert_eq!(wrapped(r#","crit":["zip"],"zip":"DEF""#), Err(Failure::Header("crit")));
    assert_eq!(wrapped(r#","\u007aip":"DEF""#), Err(Failure::Header("zip")));
    for source in ["jwk", "jku", "x5c", "x5u", "x5t", "iss", "sub", "aud"] {
        assert!(wrapped(&[",\"", source, "\":{}"].concat()).is_ok(), "{source}");
    }
}

const EXTENSION_NAMES: [&str; 5] = ["crit", "b64", "zip", "p2c", "p2s"];

#[test]
fn edge_X305_refuses_a_header_that_is_no_strict_json() {
    for header in [
        "",
        "[]",
        r#"{"enc":"A256GCM","cty":"JWT"}"#,
        r#"{"alg":"A256KW","cty":"JWT"}"#,
        r#"{"alg":7,"enc":"A256GCM","cty":"JWT"}"#,
        r#"{"alg":"A256KW","enc":null,"cty":"JWT"}"#,
        r#"{"alg":"A256KW","alg":"A256KW","enc":"A256GCM","cty":"JWT"}"#,
        r#"{"alg":"A256KW","enc":"A256GCM","cty":"JWT","kid":7}"#,
        r#"{"alg":"A256KW","enc":"A256GCM","cty":"JWT"} x"#,
    ] {
        assert_eq!(read(&token(header, WRAPPED)), Err(Failure::Malformed), "{header}");
    }
}

#[test]
fn edge_X7_wants_a_jwt_inside_by_cty() {
    let with = |more: &str| {
        let header = [r#"{"alg":"A256KW","enc":"A256GCM""#, more, "}"].concat();
        let token = token(&header, WRAPPED);
        let bare = Rules { is_nested: false, ..rules() };
        assert!(jwe::read(token.as_bytes(), &bare).is_ok(), "{more}");
        read(&token).map(|_| ())
    };
    for cty in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/jwt", "Application/At+Jwt"] {
        assert_eq!(with(&[r#","cty":""#, cty, r#"""#].concat()), Ok(()), "{cty}");
        let both = [r#","cty":"JWT","typ":""#, cty, r#"""#].concat();
        assert_eq!(with(&both), Ok(()), "{both}");
    }
    for cty in ["", r#","cty":"""#, r#","cty":"json""#, r#","cty":null"#, r#","cty":["JWT"]"#] {
        assert_eq!(with(cty), Err(Failure::Header("cty")), "{cty}");
    }
    for typ in ["\"JWE\"", "\"logout+jwt\"", "\"dpop+jwt\"", "\"JOSE\"", "null", "7"] {
        let more = [r#","cty":"JWT","typ":"#, typ].concat();
        assert_eq!(with(&more), Err(Failure::Header("typ")), "{typ}");
    }
}

#[test]
fn edge_X9_takes_an_epk_that_is_whole_and_where_it_belongs() {
    let of = |kty: &str, crv: &str, x: usize, y: Option<usize>, more: &str| {
        let y = y.map_or(String::new(), |y| [r#","y":""#, &zeros(y), r#"""#].concat());
        let start = [r#"{"kty":""#, kty, r#"","crv":""#, crv, r#"","x":""#].concat();
        [&start, &zeros(x), r#"""#, &y, more, "}"].concat()
    };
    for (kty, crv, x, y) in [
        ("EC", "P-256", 32, Some(32)),
        ("EC", "P-384", 48, Some(48)),
        ("EC", "P-521", 66, Some(66)),
        ("OKP", "X25519", 32, None),
    ] {
        assert!(agreed(&of(kty, crv, x, y, "")).is_ok(), "{crv}");
        assert!(agreed(&of(kty, crv, x, y, r#","use":"enc""#)).is_ok(), "{crv}");
        for epk in [
            of(kty, crv, x - 1, y, ""),
            of(kty, crv, x + 1, y, ""),
            of(kty, crv, x, if y.is_some() { None } else { Some(32) }, ""),
            of(kty, crv, x, y.map(|y| y - 1).or(Some(1)), ""),
            of(kty, crv, x, y, r#","d":"AA""#),
            of(kty, crv, x, y, r#","d":null"#),
            of(if kty == "EC" { "OKP" } else { "EC" }, crv, x, y, ""),
        ] {
            assert_eq!(agreed(&epk), Err(Failure::Header("epk")), "{epk}");
        }
    }
    for epk in [
        "null",
        "[]",
        "\"P-256\"",
        "{}",
        &of("EC", "secp256k1", 32, Some(32), ""),
        &of("OKP", "Ed25519", 32, None, ""),
        &of("OKP", "X448", 56, None, ""),
        &of("RSA", "P-256", 32, Some(32), ""),
        r#"{"kty":"OKP","crv":"X25519","x":7}"#,
    ] {
        assert_eq!(agreed(epk), Err(Failure::Header("epk")), "{epk}");
    }
    let with_epk = [r#","epk":"#, &of("EC", "P-256", 32, Some(32), "")].concat();
    assert_eq!(wrapped(&with_epk), Err(Failure::Header("epk")));
    let without = r#"{"alg":"ECDH-ES","enc":"A256GCM","cty":"JWT"}"#;
    assert_eq!(read(&token(without, DIR)), Err(Failure::Header("epk")));
}

#[test]
fn edge_X306_bounds_what_the_parties_are_called() {
    for name in ["apu", "apv"] {
        for (value, is_taken) in [
            (r#""""#.to_owned(), true),
            ([r#"""#, &zeros(256), r#"""#].concat(), true),
            ([r#"""#, &zeros(257), r#"""#].concat(), false),
            (r#""A""#.to_owned(), false),
            (r#""AB""#.to_owned(), false),
            (r#""AA==""#.to_owned(), false),
            ("7".to_owned(), false),
            ("null".to_owned(), false),
        ] {
            let outcome = wrapped(&[",\"", name, "\":", &value].concat()).map(|_| ());
            let expected = if is_taken { Ok(()) } else { Err(Failure::Header(name)) };
            assert_eq!(outcome, expected, "{name} {value}");
        }
    }
}

#[test]
fn compares_all_bytes() {
    assert!(is_same(b"", b"") && is_same(b"abc", b"abc"));
    assert!(!is_same(b"abc", b"abd") && !is_same(b"abc", b"bbc") && !is_same(b"abc", b"ab"));
}

proptest! {
    #[test]
    fn takes_any_bytes_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = jwe::read(&bytes, &rules());
    }

    #[test]
    fn takes_any_parts_without_a_panic(parts in proptest::collection::vec("[A-Za-z0-9_-]{0,60}", 5)) {
        let _ = read(&parts.join("."));
    }

    #[test]
    fn takes_any_header_without_a_panic(more in ".{0,80}", epk in ".{0,80}") {
        let _ = (wrapped(&more), agreed(&epk));
    }

    #[test]
    fn reads_base64url_as_the_reader_of_a_jws_does(part in "[A-Za-z0-9_=-]{1,12}") {
        let jws = ["e30.", &part, ".AA"].concat();
        let payload = Compact::read(jws.as_bytes(), 100).map(|compact| compact.payload);
        let header = encoded(r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#);
        let jwe = [&header, "", &zeros(12), &part, &zeros(16)].join(".");
        let ciphertext = read(&jwe).map(|Parts { sealed, .. }| sealed[..sealed.len() - 16].to_vec());
        prop_assert_eq!(payload.ok(), ciphertext.ok());
    }

    #[test]
    fn is_same_means_equal(some in any::<[u8; 4]>(), others in any::<[u8; 4]>()) {
        prop_assert_eq!(is_same(&some, &others), some == others);
        prop_assert!(is_same(&some, &some));
    }
}
