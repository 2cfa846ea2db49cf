//! Opaque tokens, of which only the issuer can say what they are: their shape, and how the issuer's
//! answer about one is judged (RFC 7662 section 2.2).

use super::Failure;
use super::claims::{Claims, Dates};
use super::confirmation::Confirmation;
use super::json::Value;

/// Bytes of an answer that is remembered: a user may have written much of a longer one.
pub const LONGEST_REMEMBERED: usize = 16_384;

/// Seconds for which a refusal is remembered.
const REFUSED_FOR: f64 = 10.0;

/// Whether a text has the shape of an opaque token: 8 to 4096 characters of a `b64token` (RFC 6750
/// section 2.1), and not three or five parts of which the first may be a JSON object. Such a text
/// is a JWS or a JWE, good or bad.
#[must_use]
pub fn is_opaque(token: &[u8]) -> bool {
    let (mut dots, mut is_padding) = (0, false);
    for byte in token {
        match byte {
            b'=' => is_padding = true,
            _ if is_padding => return false,
            b'.' => dots += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'-'..=b'9' | b'_' | b'~' | b'+' => {}
            _ => return false,
        }
    }
    // `{` and a quote, or a space; `{` and a line break.
    let may_be_object = matches!(token, [b'e', b'y' | b'w', ..]);
    matches!(token.len(), 8..=4_096)
        && token[0] != b'='
        && !(may_be_object && (dots == 2 || dots == 4))
}

/// Judges what an answer has beside the claims of a token. `confirms`: proofs of possession are
/// asked for, and a bound token counts.
///
/// # Errors
/// [`Failure::Answer`] for what is no answer, [`Failure::Inactive`], or the member that is not as
/// it should be.
#[inline(never)]
pub fn judge(claims: &Claims<'_>, confirms: bool) -> Result<(), Failure> {
    match claims.find_named("active") {
        Some(Value::Other("true")) => {}
        Some(Value::Other("false")) => return Err(Failure::Inactive),
        _ => return Err(Failure::Answer),
    }
    let confirmation = claims.confirmation();
    match claims.find_named("token_type") {
        // RFC 6749 section 5.1: in any case.
        Some(Value::String(kind)) if kind.written().eq_ignore_ascii_case("bearer") => {}
        // RFC 9449 section 6.2: it has to say what it is bound to.
        Some(Value::String(kind))
            if confirms
                && confirmation != Confirmation::Absent
                && kind.written().eq_ignore_ascii_case("dpop") => {}
        // Whether it must be there is among the required claims.
        None => {}
        _ => return Err(Failure::Claim("token_type")),
    }
    if confirms || confirmation == Confirmation::Absent { Ok(()) } else { Err(Failure::Bound) }
}

/// The dates by which a token is remembered that its issuer calls active: until `latest`, in
/// seconds since the epoch, and never past a date of its own. The slack that the rules will add is
/// taken off. It is the issuer's to use, who is asked again.
#[must_use]
pub fn believed(dates: Dates, latest: f64, tolerance: f64) -> Dates {
    Dates { expires: Some(dates.expires.unwrap_or(latest).min(latest) - tolerance), ..dates }
}

/// The dates by which a token is remembered that is refused `now`: until it becomes valid, if that
/// is sooner than the refusal is forgotten.
#[must_use]
pub fn refused(dates: Dates, now: f64, tolerance: f64) -> Dates {
    let valid = dates.not_before.map(|not_before| not_before - tolerance);
    let latest = valid.filter(|&valid| valid > now).unwrap_or(f64::INFINITY).min(now + REFUSED_FOR);
    Dates { issued: Some(now), ..believed(Dates::NONE, latest, tolerance) }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verify::Profile;
    use crate::verify::rules::{Rules, Time};

    const NOW: f64 = 1_800_000_000.0;

    fn rules() -> Rules {
        Rules {
            profile: Profile::Introspection,
            issuer: Some("i".into()),
            audiences: Some(vec!["a".into()]),
            required: vec!["aud".into(), "token_type".into()],
            allow_no_expiry: true,
            time: Time { tolerance: 30.0, max_age: None },
            ..Rules::default()
        }
    }

    fn answer(more: &str) -> String {
        format!(r#"{{"active":true,"aud":"a","token_type":"Bearer"{more}}}"#)
    }

    fn outcome(rules: &Rules, answer: &str) -> Result<(), Failure> {
        let claims = Claims::read(answer.as_bytes(), rules).map_err(|_| Failure::Answer)?;
        rules.judge(&claims, NOW)
    }

    #[test]
    fn edge_v300_tells_an_opaque_token_by_its_shape() {
        let long = "a".repeat(4_096);
        for token in [
            "12345678",
            "a.b-c_d~e+f/g==",
            "a.b.c.d.e.f",
            "eyJ.only-two",
            "eyJhbGciOiJub25lIn0",
            "ab.cdefg.hi",
            "abc.d.e.f.g",
            long.as_str(),
        ] {
            assert!(is_opaque(token.as_bytes()), "{token}");
        }
        let longer = "a".repeat(4_097);
        for token in [
            "",
            "1234567",
            "========",
            "a=b=c=d=",
            "with space",
            "line\nbreak",
            "caf\u{e9}cafe",
            "percent%20",
            "{\"a\":\"b\"}",
            "eyJ.eyJ.sig",
            "ewo.ewo.sig",
            "eyJ....tag-of-it",
            longer.as_str(),
        ] {
            assert!(!is_opaque(token.as_bytes()), "{token}");
        }
    }

    #[test]
    fn edge_v3_takes_no_active_but_true() {
        assert_eq!(outcome(&rules(), &answer("")), Ok(()));
        assert_eq!(outcome(&rules(), r#"{"active":false}"#), Err(Failure::Inactive));
        assert_eq!(outcome(&rules(), r#"{"active":false,"exp":"x"}"#), Err(Failure::Inactive));
        for active in [r#""true""#, "1", "null", r#""""#, "[true]", "{}", "0", r#""false""#] {
            let answer = format!(r#"{{"active":{active},"aud":"a","token_type":"Bearer"}}"#);
            assert_eq!(outcome(&rules(), &answer), Err(Failure::Answer), "{active}");
        }
        for odd in [
            "",
            "{}",
            "[]",
            "true",
            r#""active""#,
            "{\"active\":true,\"active\":true}",
            "\u{feff}{}",
        ] {
            assert_eq!(outcome(&rules(), odd), Err(Failure::Answer), "{odd}");
        }
        assert_eq!(outcome(&rules(), &answer(",\"active\":true")), Err(Failure::Answer));
        assert_eq!(
            outcome(&rules(), r#"{"\u0061ctive":true,"aud":"a","token_type":"bEARER"}"#),
            Ok(())
        );
    }

    #[test]
    fn edge_v4_wants_an_audience_of_ours() {
        let of = |aud: &str| format!(r#"{{"active":true,"token_type":"Bearer"{aud}}}"#);
        let lax = Rules { required: vec![], ..rules() };
        for (aud, strict, tolerant) in [
            ("", false, true),
            (r#","aud":"a""#, true, true),
            (r#","aud":["b","a"]"#, true, true),
            (r#","aud":"b""#, false, false),
            (r#","aud":[]"#, false, false),
            (r#","aud":{"a":"a"}"#, false, false),
            (r#","aud":null"#, false, false),
            (r#","aud":["a",1]"#, false, false),
        ] {
            assert_eq!(outcome(&rules(), &of(aud)).is_ok(), strict, "{aud}");
            assert_eq!(outcome(&lax, &of(aud)).is_ok(), tolerant, "{aud}");
        }
        assert_eq!(outcome(&rules(), &of("")), Err(Failure::Required(0)));
    }

    #[test]
    fn edge_v6_wants_a_bearer_token() {
        let of = |kind: &str| format!(r#"{{"active":true,"aud":"a"{kind}}}"#);
        let lax = Rules { required: vec![], ..rules() };
        assert_eq!(outcome(&rules(), &of("")), Err(Failure::Required(1)));
        assert_eq!(outcome(&lax, &of("")), Ok(()));
        for kind in [r#""DPoP""#, r#""Refresh""#, r#""Bearer ""#, "null", "1", r#"["Bearer"]"#] {
            let answer = of(&format!(r#","token_type":{kind}"#));
            for rules in [rules(), lax.clone()] {
                assert_eq!(outcome(&rules, &answer), Err(Failure::Claim("token_type")), "{kind}");
            }
        }
    }

    #[test]
    fn edge_v301_wants_the_issuer_and_texts_where_they_are_there() {
        for (more, claim) in [
            (r#","iss":"other""#, "iss"),
            (r#","iss":null"#, "iss"),
            (r#","iss":["i"]"#, "iss"),
            (r#","sub":7"#, "sub"),
            (r#","jti":null"#, "jti"),
            (r#","sid":{}"#, "sid"),
            (r#","client_id":true"#, "client_id"),
        ] {
            assert_eq!(outcome(&rules(), &answer(more)), Err(Failure::Claim(claim)), "{more}");
        }
        for cnf in [r#"{"jkt":"x"}"#, "null", "{}"] {
            let answer = answer(&format!(r#","cnf":{cnf}"#));
            assert_eq!(outcome(&rules(), &answer), Err(Failure::Bound), "{cnf}");
            let confirming = Rules { confirms: true, ..rules() };
            assert_eq!(outcome(&confirming, &answer), Err(Failure::Claim("cnf")), "{cnf}");
        }
        assert_eq!(outcome(&rules(), &answer(r#","iss":"i","sub":"s","extra":[1]"#)), Ok(()));
    }

    #[test]
    fn edge_v308_takes_a_bound_token_where_proofs_are_asked_for() {
        let bound = r#""cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#;
        let of = |kind: &str, cnf: &str| {
            format!(r#"{{"active":true,"aud":"a","token_type":"{kind}"{cnf}}}"#)
        };
        let confirming = Rules { confirms: true, ..rules() };
        for kind in ["DPoP", "dpop", "Bearer"] {
            let answer = of(kind, &format!(",{bound}"));
            assert_eq!(outcome(&confirming, &answer), Ok(()), "{kind}");
            assert!(outcome(&rules(), &answer).is_err(), "{kind}");
        }
        let unbound = of("DPoP", "");
        assert_eq!(outcome(&confirming, &unbound), Err(Failure::Claim("token_type")));
    }

    #[test]
    fn edge_v7_judges_the_dates_as_those_of_a_jwt() {
        for (more, expected) in [
            (r#","exp":1800000001"#, Ok(())),
            (r#","exp":1799999970"#, Err(Failure::Expired)),
            (r#","exp":"1900000000""#, Err(Failure::Claim("exp"))),
            (r#","exp":1e999"#, Err(Failure::Answer)),
            (r#","exp":1e17"#, Err(Failure::Claim("exp"))),
            (r#","exp":null"#, Err(Failure::Claim("exp"))),
            (r#","nbf":1800000031"#, Err(Failure::NotYetValid)),
            (r#","nbf":[]"#, Err(Failure::Claim("nbf"))),
            (r#","iat":"now""#, Err(Failure::Claim("iat"))),
        ] {
            assert_eq!(outcome(&rules(), &answer(more)), expected, "{more}");
        }
    }

    #[test]
    fn edge_v8_believes_no_answer_past_a_date_of_the_token() {
        let time = Time { tolerance: 30.0, max_age: Some(60.0) };
        for (exp, issued, seconds) in [
            (None, 0.0, 30.0),
            (Some(7.0), 0.0, 7.0),
            (Some(100.0), 0.0, 30.0),
            // Within the slack.
            (Some(-10.0), 0.0, -10.0),
            // Too old, with the slack, as a JWT would be.
            (Some(100.0), -70.0, 20.0),
        ] {
            let [expires, issued] = [exp, Some(issued)].map(|date| date.map(|date| NOW + date));
            let dates = Dates { expires, issued, ..Dates::NONE };
            let believed = believed(dates, NOW + 30.0, time.tolerance);
            let is_believed = |at| time.judge(believed, NOW + at).is_ok();
            assert!(is_believed(seconds - 0.001), "{exp:?}");
            assert!(!is_believed(seconds + 0.001), "{exp:?}");
        }
    }

    #[test]
    fn edge_v2_remembers_a_refusal_for_ten_seconds_or_until_the_token_becomes_valid() {
        for max_age in [None, Some(0.0)] {
            let time = Time { tolerance: 30.0, max_age };
            for (not_before, seconds) in [
                (None, 10.0),
                (Some(32.0), 2.0),
                (Some(50.0), 10.0),
                // Within the slack, and refused for another reason.
                (Some(30.0), 10.0),
                (Some(-5.0), 10.0),
            ] {
                let dates = Dates {
                    expires: Some(NOW - 60.0),
                    not_before: not_before.map(|date| NOW + date),
                    issued: Some(NOW + 900.0),
                };
                let refused = refused(dates, NOW, time.tolerance);
                let is_remembered = |at| time.judge(refused, NOW + at).is_ok();
                assert!(is_remembered(0.0) && is_remembered(seconds - 0.001), "{not_before:?}");
                assert!(!is_remembered(seconds + 0.001), "{not_before:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn edge_v3_never_panics_and_lets_in_no_answer_that_does_not_say_so(
            answer in proptest::collection::vec(any::<u8>(), 0..80),
            now in any::<f64>(),
        ) {
            let rules = rules();
            let judged = Claims::read(&answer, &rules).map(|claims| rules.judge(&claims, now));
            prop_assert!(judged != Ok(Ok(())));
            prop_assert!(!is_opaque(&answer) || answer.is_ascii());
        }
    }
}
