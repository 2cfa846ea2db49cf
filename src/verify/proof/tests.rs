use proptest::prelude::*;

use super::*;
use crate::verify::jws::Compact;

/// Figure 2 of RFC 9449.
const TOKEN_REQUEST: &str = concat!(
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo",
    "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW",
    "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0",
    "dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-",
    "FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
);
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const IAT: f64 = 1_562_262_616.0;

const TARGET: &str = "https://server.example.com/token";
const X: &str = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
const Y: &str = "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA";

fn expected() -> Expected<'static> {
    Expected {
        method: "POST",
        target: TARGET,
        token_hash: None,
        time: Time { tolerance: 30.0, max_age: Some(60.0) },
    }
}

const ALGORITHMS: Algorithms = Algorithms::NONE.with(Algorithm::Es256).with(Algorithm::EdDsa);

/// A JSON object of these members; a value without text is left out.
fn object(members: &[(&str, &str)]) -> String {
    let members = members.iter().filter(|(_, value)| !value.is_empty());
    let members: Vec<_> = members.map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}

fn jwk() -> String {
    format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"}}"#)
}

/// The members of a good header or payload, with one of them changed or added.
fn with<'a>(good: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> String {
    let mut members = good.to_vec();
    match members.iter_mut().find(|(known, _)| *known == name) {
        Some(member) => member.1 = value,
        None => members.push((name, value)),
    }
    object(&members)
}

fn header(name: &str, value: &str) -> String {
    let jwk = jwk();
    with(&[("typ", r#""dpop+jwt""#), ("alg", r#""ES256""#), ("jwk", &jwk)], name, value)
}

fn payload(name: &str, value: &str) -> String {
    let htu = format!("\"{TARGET}\"");
    let good = [("jti", r#""a""#), ("htm", r#""POST""#), ("htu", &htu), ("iat", "1562262616")];
    with(&good, name, value)
}

fn read(header: &str, payload: &str, expected: Expected<'_>) -> Result<Seen, NotProof> {
    let prover = Prover::read(header.as_bytes(), ALGORITHMS)?;
    let proof = Proof::read(payload.as_bytes(), expected, IAT)?;
    let name = proof.name(&prover.thumbprint);
    let (Prover { algorithm, thumbprint }, Proof { nonce, other_target, .. }) = (prover, proof);
    Ok(Seen { algorithm, thumbprint, nonce, other_target, name })
}

/// What the tests look at.
#[derive(Debug)]
struct Seen {
    algorithm: Algorithm,
    thumbprint: String,
    nonce: Option<String>,
    other_target: Option<String>,
    name: String,
}

fn of_header(name: &str, value: &str) -> Result<Seen, NotProof> {
    read(&header(name, value), &payload("", ""), expected())
}

fn of_payload(name: &str, value: &str) -> Result<Seen, NotProof> {
    read(&header("", ""), &payload(name, value), expected())
}

#[test]
fn edge_q1_reads_the_example_of_rfc_9449() {
    let parts = Compact::read(TOKEN_REQUEST.as_bytes(), 4_096).unwrap();
    let prover = Prover::read(&parts.header, ALGORITHMS).unwrap();
    assert_eq!((prover.algorithm, &*prover.thumbprint), (Algorithm::Es256, THUMBPRINT));
    let judge = |now| Proof::read(&parts.payload, expected(), now);
    let proof = judge(IAT).unwrap();
    assert_eq!(proof.name(THUMBPRINT).len(), 22);
    assert_eq!((&*proof.jti, proof.issued), ("-BwC3ESc6acc2lTc", IAT));
    assert_eq!((proof.nonce, proof.other_target), (None, None));
    assert!(judge(IAT + 90.0).is_ok() && judge(IAT - 30.0).is_ok());
    assert_eq!(judge(IAT + 91.0).unwrap_err(), NotProof::Time);
    assert_eq!(judge(IAT - 31.0).unwrap_err(), NotProof::Time);
    let hash = token_hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
    assert_eq!(hash, "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
}

#[test]
fn edge_q3_takes_one_type_however_it_is_written() {
    for typ in [r#""dpop+jwt""#, r#""DPoP+JWT""#, r#""application/dpop+jwt""#] {
        assert!(of_header("typ", typ).is_ok(), "{typ}");
    }
    for typ in ["", r#""JWT""#, r#""at+jwt""#, r#""dpop""#, r#""""#, "null", "1", r#"["dpop+jwt"]"#]
    {
        assert_eq!(of_header("typ", typ).unwrap_err(), NotProof::Typ, "{typ}");
    }
}

#[test]
fn edge_q4_takes_the_algorithms_of_the_list_that_go_with_the_key() {
    for alg in [r#""none""#, r#""HS256""#, r#""RS256""#, r#""es256""#, r#""EdDSA""#, r#""ES384""#] {
        assert_eq!(of_header("alg", alg).unwrap_err(), NotProof::Algorithm, "{alg}");
    }
    for alg in ["", "null", "1", r#"["ES256"]"#] {
        assert_eq!(of_header("alg", alg).unwrap_err(), NotProof::Malformed, "{alg}");
    }
    let okp = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}"}}"#);
    for alg in ["EdDSA", "Ed25519"] {
        let header = header("jwk", &okp).replace("ES256", alg);
        let proof = read(&header, &payload("", ""), expected()).unwrap();
        assert_eq!(proof.algorithm, Algorithm::EdDsa);
    }
    let pinned = jwk().replace('}', r#","alg":"ES384"}"#);
    assert_eq!(of_header("jwk", &pinned).unwrap_err(), NotProof::Key);
}

#[test]
fn edge_q5_takes_public_keys_of_the_usual_kind_alone() {
    let good = jwk();
    let more = |member: &str| good.replace('}', &format!(",{member}}}"));
    for extra in [
        r#""kid":"a""#,
        r#""x5c":["AA"]"#,
        r#""jku":"https://evil.example/""#,
        r#""ext":true"#,
        r#""key_ops":["verify"]"#,
        r#""use":"sig""#,
        r#""d":null"#,
    ] {
        assert_eq!(of_header("jwk", &more(extra)).unwrap().thumbprint, THUMBPRINT, "{extra}");
    }
    let short = "A".repeat(171);
    for key in [
        String::new(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        format!("\"{THUMBPRINT}\""),
        more(&format!(r#""d":"{X}""#)),
        more(r#""p":"AA""#),
        more(r#""oth":[{"r":"AA"}]"#),
        more(r#""use":"enc""#),
        more(r#""key_ops":["sign"]"#),
        format!(r#"{{"kty":"oct","k":"{X}"}}"#),
        good.replace("P-256", "secp256k1"),
        good.replace("P-256", "P-384"),
        good.replace(Y, "AA"),
        format!(r#"{{"kty":"OKP","crv":"X25519","x":"{X}"}}"#),
        format!(r#"{{"kty":"RSA","e":"AQAB","n":"w{short}"}}"#),
    ] {
        assert_eq!(of_header("jwk", &key).unwrap_err(), NotProof::Key, "{key}");
    }
}

#[test]
fn edge_q6_refuses_what_is_no_strict_json() {
    let doubled = header("", "").replace("{\"typ\"", "{\"alg\":\"ES256\",\"typ\"");
    assert_eq!(read(&doubled, &payload("", ""), expected()).unwrap_err(), NotProof::Malformed);
    let claims = payload("", "");
    for odd in [
        format!("\u{feff}{claims}"),
        format!("{claims} x"),
        format!("{claims}{claims}"),
        claims.replace('{', "{\"jti\":\"b\","),
        claims.replace('{', "{\"\\u006ati\":\"b\","),
        claims.replace('{', &format!("{{\"x\":{}{},", "[".repeat(40), "]".repeat(40))),
        claims.replace("1562262616", "1e999"),
        claims.replace("1562262616", "NaN"),
        String::new(),
        "[]".into(),
    ] {
        let outcome = read(&header("", ""), &odd, expected());
        assert_eq!(outcome.unwrap_err(), NotProof::Malformed, "{odd}");
    }
}

#[test]
fn edge_q7_refuses_extensions() {
    for (name, value) in
        [("crit", r#"["exp"]"#), ("crit", "[]"), ("b64", "false"), ("zip", r#""DEF""#)]
    {
        assert_eq!(of_header(name, value).unwrap_err(), NotProof::Malformed, "{name}");
    }
    for (name, value) in
        [("kid", r#""a""#), ("x5c", r#"["AA"]"#), ("jku", r#""https://evil.example/""#)]
    {
        assert!(of_header(name, value).is_ok(), "{name}");
    }
}

#[test]
fn edge_q8_wants_every_claim_of_its_type() {
    for name in ["jti", "htm", "htu", "iat"] {
        for value in ["", "null", "true", "{}", "[]"] {
            assert_eq!(of_payload(name, value).unwrap_err(), NotProof::Claims, "{name} {value}");
        }
    }
    for (name, value) in [
        ("jti", "1"),
        ("htm", r#"["POST"]"#),
        ("htu", r#"["https://server.example.com/token"]"#),
        ("iat", r#""1562262616""#),
        ("iat", "1e300"),
        ("iat", "-9007199254740994"),
    ] {
        assert_eq!(of_payload(name, value).unwrap_err(), NotProof::Claims, "{name} {value}");
    }
    assert!(of_payload("extra", r#"{"a":[1]}"#).is_ok());
    assert_eq!(of_payload("nonce", r#""n\u0031""#).unwrap().nonce.as_deref(), Some("n1"));
    assert_eq!(of_payload("nonce", "1").unwrap().nonce, None);
}

#[test]
fn edge_q9_compares_the_method_with_its_case() {
    for method in [r#""post""#, r#""GET""#, r#""HEAD""#, r#""POST ""#, r#""""#] {
        assert_eq!(of_payload("htm", method).unwrap_err(), NotProof::Method, "{method}");
    }
    assert!(of_payload("htm", r#""\u0050OST""#).is_ok());
}

#[test]
fn edge_q10_tells_an_address_that_is_written_in_another_way() {
    let other = "HTTPS://server.example.com:443/token?a#b";
    let proof = of_payload("htu", &format!("\"{other}\"")).unwrap();
    assert_eq!(proof.other_target.as_deref(), Some(other));
    assert_eq!(
        of_payload("htu", r#""https:\/\/server.example.com\/token""#).unwrap().other_target,
        None
    );
}

#[test]
fn edge_q12_looks_at_the_date_as_long_as_no_nonce_says_the_age() {
    let at = |iat: f64| of_payload("iat", &format!("{iat}"));
    for iat in [IAT - 90.0, IAT - 89.5, IAT, IAT + 30.0] {
        assert!(at(iat).is_ok(), "{iat}");
    }
    for iat in [IAT - 90.5, IAT - 91.0, IAT + 30.5, IAT + 31.0, 0.0, -1.0] {
        assert_eq!(at(iat).unwrap_err(), NotProof::Time, "{iat}");
    }
    let by_nonce = Expected { time: Time { tolerance: 30.0, max_age: None }, ..expected() };
    assert!(read(&header("", ""), &payload("iat", "0"), by_nonce).is_ok());
    let absent = read(&header("", ""), &payload("iat", ""), by_nonce);
    assert_eq!(absent.unwrap_err(), NotProof::Claims);
}

#[test]
fn edge_q13_bounds_the_jti_and_names_a_proof_by_it_and_its_key() {
    for (length, is_taken) in [(0, false), (1, true), (128, true), (129, false)] {
        for character in ["a", "\u{e9}", "\\n", "\u{1f600}"] {
            let jti = format!("\"{}\"", character.repeat(length));
            assert_eq!(of_payload("jti", &jti).is_ok(), is_taken, "{length} {character}");
        }
    }
    let name_of = |jti| of_payload("jti", jti).unwrap().name;
    assert_ne!(name_of(r#""a""#), name_of(r#""b""#));
    assert_eq!(name_of(r#""a""#), name_of(r#""\u0061""#));
}

#[test]
fn edge_q19_wants_the_hash_of_the_token_that_comes_with_it() {
    let hash = token_hash("t");
    let judge = |ath: &str| {
        let expected = Expected { token_hash: Some(&hash), ..expected() };
        read(&header("", ""), &payload("ath", ath), expected).map(|_| ())
    };
    assert_eq!(judge(&format!("\"{hash}\"")), Ok(()));
    for ath in [
        String::new(),
        "null".into(),
        "1".into(),
        format!("[\"{hash}\"]"),
        format!("\"{hash}=\""),
        format!("\"{}\"", token_hash("u")),
        format!("\"{}\"", &hash[..42]),
        r#""""#.into(),
    ] {
        assert_eq!(judge(&ath), Err(NotProof::Token), "{ath}");
    }
    assert!(of_payload("ath", r#""of another""#).is_ok(), "without a token nobody asks");
}

proptest! {
    #[test]
    fn edge_q6_no_header_and_no_payload_makes_it_panic(
        header in proptest::collection::vec(any::<u8>(), 0..200),
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(Prover::read(&header, ALGORITHMS).is_err());
        prop_assert!(Proof::read(&payload, expected(), IAT).is_err());
    }

    #[test]
    fn edge_q12_takes_a_date_if_and_only_if_it_is_in_the_window(
        shift in -200_i32..200, tolerance in 0_u16..600, age in 1_u16..600,
    ) {
        let (tolerance, age) = (f64::from(tolerance), f64::from(age));
        let time = Time { tolerance, max_age: Some(age) };
        let payload = payload("iat", &format!("{}", IAT + f64::from(shift)));
        let outcome = read(&header("", ""), &payload, Expected { time, ..expected() });
        let shift = f64::from(shift);
        prop_assert_eq!(outcome.is_ok(), shift <= tolerance && -shift <= age + tolerance);
    }

    #[test]
    fn edge_q13_no_two_proofs_share_a_name(
        one in ("[a-c\u{0}]{1,4}", 0_u8..3), other in ("[a-c\u{0}]{1,4}", 0_u8..3),
    ) {
        let name = |(jti, key): &(String, u8)| {
            let (jti, nonce, other_target) = (jti.clone(), None, None);
            let proof = Proof { jti, issued: IAT, nonce, other_target };
            proof.name(&token_hash(&format!("{key}")))
        };
        prop_assert_eq!(name(&one) == name(&other), one == other);
    }
}

const CASES: &[u8] = include_bytes!("../../../tests/shared/proof-cases.json");

/// What of the table passes here.
const JAVASCRIPT_DECIDES: [&str; 6] =
    ["good", "proof.url", "proof.binding", "proof.nonce", "proof.signature", "proof.replayed"];

/// The code of a refusal.
fn code(refusal: NotProof) -> &'static str {
    match refusal {
        NotProof::Malformed => "proof.malformed",
        NotProof::Typ => "proof.typ",
        NotProof::Algorithm => "proof.alg",
        NotProof::Key => "proof.key",
        NotProof::Claims => "proof.claims",
        NotProof::Method => "proof.method",
        NotProof::Time => "proof.time",
        NotProof::Token => "proof.token",
    }
}

/// Every proof of the table that the verifier's suite reads in Node and in workerd.
#[test]
fn edge_q316_gives_the_codes_of_the_shared_table() {
    let mut texts = std::collections::BTreeMap::new();
    let mut cases = Vec::new();
    let mut now = 0.0;
    json::members(CASES, |json::Member { name, value }| match value {
        Value::String(text) => drop(texts.insert(name.copied(), text.copied())),
        Value::Number(number) => now = number.to_f64(),
        Value::Other(list) if name.is("cases") => {
            json::items(list, |item| {
                let Value::Other(case) = item else { panic!("a case is no object") };
                let mut members = std::collections::BTreeMap::new();
                json::members(case.as_bytes(), |json::Member { name, value }| {
                    if let Value::String(text) = value {
                        members.insert(name.copied(), text.copied());
                    }
                })
                .expect("the case is JSON");
                cases.push(members);
            });
        }
        Value::Other(_) => {}
    })
    .expect("the table is JSON");
    assert_eq!(cases.len(), 15);
    let (hash, target) = (token_hash(&texts["token"]), &texts["url"]);
    let expected = Expected { method: "GET", target, token_hash: Some(&hash), ..expected() };
    let mut refused = 0;
    for case in &cases {
        let (wanted, Some(proof)) = (&*case["code"], case.get("proof")) else { continue };
        let read = Compact::read(proof.as_bytes(), 4_096).map_err(|_| NotProof::Malformed);
        let judged = read.and_then(|parts| {
            let prover = Prover::read(&parts.header, ALGORITHMS)?;
            Ok((prover, Proof::read(&parts.payload, expected, now)?))
        });
        match judged {
            Err(refusal) => {
                assert_eq!(code(refusal), wanted);
                refused += 1;
            }
            Ok((_, proof)) => {
                assert!(JAVASCRIPT_DECIDES.contains(&wanted), "{wanted}");
                assert_eq!(proof.other_target.is_some(), wanted == "proof.url");
                assert_eq!(proof.nonce.is_some(), wanted == "proof.nonce");
            }
        }
    }
    assert_eq!(refused, 8);
}
