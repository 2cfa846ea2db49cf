//! What sets a logout token apart from every other token (OpenID Connect Back-Channel Logout 1.0,
//! sections 2.4 and 2.6). The rules that it shares with them are in [`super::rules`].

use super::Failure;
use super::claims::Registered::{Events, Iat, Jti, Nonce, Sid, Sub};
use super::claims::{Claims, Registered};
use super::json::{self, Value};

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims that a logout token must have, beside `sub` or `sid`, and `events`.
pub(super) const NEEDED: &[Registered] = &[Jti, Iat];

/// Whether a token has the event of a logout, whatever its value. Such a token lets nobody in.
pub(super) fn has_event(claims: &Claims<'_>) -> bool {
    claims.find(Events).and_then(event).is_some()
}

/// Judges whose session has ended. The types of `jti`, `sub` and `sid` were judged before.
///
/// # Errors
/// The first rule that is broken.
#[inline(never)]
pub(super) fn judge(claims: &Claims<'_>) -> Result<(), Failure> {
    let is_empty = |claim| matches!(claims.find(claim), Some(Value::String(text)) if text.is(""));
    if let Some(claim) = [Jti, Sub, Sid].into_iter().find(|&claim| is_empty(claim)) {
        return Err(Failure::Claim(claim.name()));
    }
    let broken = match () {
        () if claims.find(Sub).is_none() && claims.find(Sid).is_none() => Sub,
        // An ID token has one. Whatever its value, the token could be taken for such.
        () if claims.find(Nonce).is_some() => Nonce,
        () if claims.find(Events).and_then(event) != Some(true) => Events,
        () => return Ok(()),
    };
    Err(Failure::Claim(broken.name()))
}

/// Whether the event's value is an object, as it must be (RFC 8417 section 2.2); `None` where
/// `events` has no such event.
#[inline(never)]
fn event(events: Value<'_>) -> Option<bool> {
    let Value::Other(events) = events else { return None };
    let mut found = None;
    let read = json::strict_members(events.as_bytes(), |json::Member { name, value, .. }| {
        if name.is(EVENT) {
            found = Some(matches!(value, Value::Other(text) if text.starts_with('{')));
        }
    });
    read.ok().and(found)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::super::{Algorithm, Header, Profile, Typ, rules::Rules, rules::Time};
    use super::*;

    const NOW: f64 = 1_800_000_000.0;

    fn rules(profile: Profile) -> Rules {
        Rules {
            profile,
            issuer: Some("i".into()),
            audiences: Some(vec!["app".into()]),
            time: Time { tolerance: 0.0, max_age: Some(300.0) },
            ..Rules::default()
        }
    }

    fn judged(rules: &Rules, payload: &str) -> Result<(), Failure> {
        rules.judge(&Claims::read(payload.as_bytes(), rules).unwrap(), NOW)
    }

    const DATES: &str = r#""iss":"i","aud":"app","iat":1800000000,"exp":1800000120"#;
    const LOGOUT: &str = r#""events":{"http://schemas.openid.net/event/backchannel-logout":{}}"#;

    /// A logout token with these members for the usual ones of that name.
    fn token(subject: &str, jti: &str, events: &str) -> String {
        let members = [DATES, subject, jti, events].into_iter().filter(|part| !part.is_empty());
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn edge_w3_takes_a_logout_token_and_refuses_each_rule_that_is_broken() {
        let rules = rules(Profile::Logout);
        let jti = r#""jti":"j""#;
        for whose in [r#""sub":"a""#, r#""sid":"s""#, r#""sub":"a","sid":"s""#] {
            assert_eq!(judged(&rules, &token(whose, jti, LOGOUT)), Ok(()), "{whose}");
        }
        let alice = r#""sub":"a""#;
        for (whose, jti, events, claim) in [
            ("", jti, LOGOUT, "sub"),
            (r#""sub":"""#, jti, LOGOUT, "sub"),
            (r#""sub":7"#, jti, LOGOUT, "sub"),
            (r#""sub":"a","sid":"""#, jti, LOGOUT, "sid"),
            (r#""sub":"a","sid":null"#, jti, LOGOUT, "sid"),
            (r#""sid":"s","sub":null"#, jti, LOGOUT, "sub"),
            (alice, "", LOGOUT, "jti"),
            (alice, r#""jti":"""#, LOGOUT, "jti"),
            (alice, r#""jti":1"#, LOGOUT, "jti"),
            (r#""sub":"a","nonce":"n""#, jti, LOGOUT, "nonce"),
            (r#""sub":"a","nonce":null"#, jti, LOGOUT, "nonce"),
            (alice, jti, "", "events"),
        ] {
            let payload = token(whose, jti, events);
            assert_eq!(judged(&rules, &payload), Err(Failure::Claim(claim)), "{payload}");
        }
    }

    #[test]
    fn edge_w6_wants_an_object_under_the_name_of_the_event() {
        let of =
            |events: &str| token(r#""sub":"a""#, r#""jti":"j""#, &format!(r#""events":{events}"#));
        let logout = rules(Profile::Logout);
        for events in [
            format!(r#"{{"{EVENT}":{{}}}}"#),
            format!(r#"{{"{EVENT}":{{"more":1}},"https://other.example":[]}}"#),
            format!(r#"{{"{}":{{ }}}}"#, EVENT.replace('b', "\\u0062")),
        ] {
            assert_eq!(judged(&logout, &of(&events)), Ok(()), "{events}");
        }
        for events in [
            "null".into(),
            "true".into(),
            "{}".into(),
            format!(r#""{EVENT}""#),
            format!(r#"["{EVENT}"]"#),
            format!(r#"[{{"{EVENT}":{{}}}}]"#),
            format!(r#"{{"{EVENT}":[]}}"#),
            format!(r#"{{"{EVENT}":null}}"#),
            format!(r#"{{"{EVENT}":"{{}}"}}"#),
            format!(r#"{{"{EVENT}/":{{}}}}"#),
            format!(r#"{{"e":{{"{EVENT}":{{}}}}}}"#),
        ] {
            let payload = of(&events);
            assert_eq!(judged(&logout, &payload), Err(Failure::Claim("events")), "{payload}");
        }
    }

    #[test]
    fn edge_w13_refuses_the_event_of_a_logout_under_every_other_profile() {
        let payload = |events: &str| {
            let more = r#""sub":"a","client_id":"c","jti":"j""#;
            format!("{{{DATES},{more},{events}}}")
        };
        for profile in [Profile::Jwt, Profile::AccessToken, Profile::IdToken] {
            for value in ["{}", "null", "[]", "1"] {
                let events = LOGOUT.replace("{}", value);
                let outcome = judged(&rules(profile), &payload(&events));
                assert_eq!(outcome, Err(Failure::Claim("events")), "{profile:?} {value}");
            }
            for other in [r#""events":{"https://other.example":{}}"#, r#""events":null"#] {
                assert_eq!(judged(&rules(profile), &payload(other)), Ok(()), "{profile:?}");
            }
        }
    }

    #[test]
    fn edge_w2_takes_its_own_types_and_no_other_profile_takes_them() {
        let fits = |profile, typ: Typ| {
            let header = Header { algorithm: Algorithm::Es256, kid: None, typ };
            rules(profile).form(&header, false).is_ok()
        };
        let named = |typ: &str| Typ::Named(typ.into());
        for typ in [named("logout+jwt"), named("jwt"), Typ::Absent] {
            assert!(fits(Profile::Logout, typ));
        }
        for typ in [named("at+jwt"), named("dpop+jwt"), named("secevent+jwt"), Typ::Odd] {
            assert!(!fits(Profile::Logout, typ));
        }
        for profile in [Profile::Jwt, Profile::AccessToken, Profile::IdToken] {
            assert!(!fits(profile, named("logout+jwt")), "{profile:?}");
        }
    }

    proptest! {
        #[test]
        fn edge_w6_never_panics_over_events(events in ".{0,40}") {
            event(Value::Other(&events));
        }
    }
}
