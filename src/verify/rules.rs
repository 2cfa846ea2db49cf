//! The rules that the tokens of an issuer must keep (RFC 7519 section 4.1, RFC 9068 section 4,
//! OpenID Connect Core section 3.1.3.7).

use super::claims::Registered::{Aud, Azp, ClientId, Cnf, Iat, Iss, Jti, Sid, Sub};
use super::claims::{Claims, Dates, Registered};
use super::confirmation::Confirmation;
use super::json::{self, Value};
use super::{Failure, Header, Profile, Typ, introspection, logout};

/// The rules by which the tokens of an issuer are judged.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The kind of token.
    pub profile: Profile,
    /// The values of `typ`, as [`media_type`](super::media_type) gives them, in place of the
    /// profile's; empty for those.
    pub types: Vec<String>,
    /// What its tokens may do against the RFCs.
    pub tolerance: Tolerance,
    /// The `iss` that a token must have, compared exactly. Without it, every token is by somebody
    /// else.
    pub issuer: Option<String>,
    /// One of these must be in `aud`; `None`: `aud` is not looked at.
    pub audiences: Option<Vec<String>>,
    /// Claims that must have certain values.
    pub wanted: Vec<Wanted>,
    /// Claims that must be present and not null.
    pub required: Vec<String>,
    /// Whether `exp` may be absent.
    pub allow_no_expiry: bool,
    /// Whether `cnf` has to be what a DPoP proof can confirm, if it is there.
    pub confirms: bool,
    /// The clock's slack, and the oldest age.
    pub time: Time,
}

/// A claim that must be one of these texts, or a list that holds one of them.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The claim.
    pub name: String,
    /// The texts, compared exactly.
    pub values: Vec<String>,
}

/// What an issuer is known to do against the RFCs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tolerance {
    /// Pads base64url.
    pub padding: bool,
    /// Writes `sub` as a number.
    pub numeric_sub: bool,
    /// Writes `jti` as a number.
    pub numeric_jti: bool,
}

/// The rules for dates, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Time {
    /// The slack on each date.
    pub tolerance: f64,
    /// The oldest age by `iat`.
    pub max_age: Option<f64>,
}

impl Time {
    /// Whether a token of these dates may be used `now`, in seconds since the epoch. Fractions of a
    /// second count.
    ///
    /// # Errors
    /// The date that rules it out.
    #[inline]
    pub fn judge(self, dates: Dates, now: f64) -> Result<(), Failure> {
        let Self { tolerance, max_age } = self;
        if dates.expires.is_some_and(|expires| now >= expires + tolerance) {
            return Err(Failure::Expired);
        }
        if dates.not_before.is_some_and(|not_before| now + tolerance < not_before) {
            return Err(Failure::NotYetValid);
        }
        let Some(max_age) = max_age else { return Ok(()) };
        match dates.issued {
            Some(issued) if issued <= now + tolerance => {
                if now - issued > max_age + tolerance {
                    Err(Failure::Expired)
                } else {
                    Ok(())
                }
            }
            _ => Err(Failure::Claim("iat")),
        }
    }
}

/// What a claim holds that is a text or a list of texts.
struct Texts {
    /// Whether one of the wanted texts is there.
    found: bool,
    /// Whether something is there that is no text.
    odd: bool,
    /// How many things are there.
    count: usize,
}

impl Texts {
    /// Not inlined: two rules need it, and the reading of a list is long.
    #[inline(never)]
    fn of(claim: Option<Value<'_>>, wanted: &[String]) -> Self {
        let mut texts = Self { found: false, odd: false, count: 0 };
        let mut see = |item: Value<'_>| {
            texts.count += 1;
            match item {
                Value::String(one) => texts.found |= wanted.iter().any(|text| one.is(text)),
                _ => texts.odd = true,
            }
        };
        let is_list = match claim {
            Some(Value::Other(list)) => json::items(list, see),
            Some(one) => {
                see(one);
                true
            }
            None => true,
        };
        texts.odd |= !is_list;
        texts
    }
}

/// Is shown each rule with its outcome, and returns `false` to end the judging.
type Witness<'w> = dyn FnMut(&'static str, Result<(), Failure>) -> bool + 'w;

impl Rules {
    /// Judges what of a token's form its issuer decides: its `typ`, and its padding.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn form(&self, header: &Header, is_padded: bool) -> Result<(), Failure> {
        if is_padded && !self.tolerance.padding {
            return Err(Failure::Malformed);
        }
        let is_taken = match &header.typ {
            Typ::Passed => true,
            Typ::Odd => false,
            Typ::Absent => self.types.is_empty() && self.profile != Profile::AccessToken,
            Typ::Named(typ) if !self.types.is_empty() => self.types.contains(typ),
            Typ::Named(typ) => match self.profile {
                Profile::AccessToken => typ == "at+jwt",
                Profile::IdToken => typ == "jwt",
                Profile::Logout => typ == "jwt" || typ == "logout+jwt",
                _ => typ == "jwt" || typ == "at+jwt",
            },
        };
        if is_taken { Ok(()) } else { Err(Failure::Header("typ")) }
    }

    /// Judges all claims.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn judge(&self, claims: &Claims<'_>, now: f64) -> Result<(), Failure> {
        let mut verdict = Ok(());
        self.each(claims, now, &mut |_, outcome| {
            verdict = outcome;
            outcome.is_ok()
        });
        verdict
    }

    /// Shows every rule with its outcome, for explaining a refusal.
    pub fn each(&self, claims: &Claims<'_>, now: f64, witness: &mut Witness<'_>) {
        let issuer = if self.is_by_issuer(claims) { Ok(()) } else { Err(Failure::Claim("iss")) };
        let dates = claims.dates;
        let _ = witness("issuer", issuer)
            && witness("answer", self.answer(claims))
            && witness("audience", self.audience(claims))
            && witness("claims", self.wanted(claims))
            && witness("dates", dates.and_then(|dates| self.dates(dates)))
            && witness("time", self.time.judge(dates.unwrap_or(Dates::NONE), now))
            && witness("profile", self.profile(claims))
            && witness("required claims", self.required(claims));
    }

    /// Whether the token says that it is by the issuer of these rules.
    #[must_use]
    pub fn is_by_issuer(&self, claims: &Claims<'_>) -> bool {
        match (claims.issuer(), &self.issuer) {
            (Some(issuer), Some(expected)) => issuer.is(expected),
            // RFC 7662 section 2.2: the issuer that was asked need not name itself.
            _ => self.may_lack(claims, Iss),
        }
    }

    /// Whether a claim is missing where it may: in an issuer's answer about a token.
    #[cold]
    #[inline(never)]
    fn may_lack(&self, claims: &Claims<'_>, claim: Registered) -> bool {
        self.profile == Profile::Introspection && claims.find(claim).is_none()
    }

    fn answer(&self, claims: &Claims<'_>) -> Result<(), Failure> {
        match self.profile {
            Profile::Introspection => introspection::judge(claims, self.confirms),
            _ => Ok(()),
        }
    }

    fn audience(&self, claims: &Claims<'_>) -> Result<(), Failure> {
        let Some(audiences) = &self.audiences else { return Ok(()) };
        let Texts { found, odd, count } = Texts::of(claims.find(Aud), audiences);
        if odd || !found {
            // Whether an answer may be without is among the required claims.
            return if self.may_lack(claims, Aud) { Ok(()) } else { Err(Failure::Claim("aud")) };
        }
        // OpenID Connect Core section 3.1.3.7: with several audiences, `azp` says which client the
        // token was issued to. With one, some authorities name there who asked for the token.
        match claims.find(Azp) {
            _ if self.profile != Profile::IdToken => Ok(()),
            None | Some(Value::String(_)) if count == 1 => Ok(()),
            Some(party @ Value::String(_)) if Texts::of(Some(party), audiences).found => Ok(()),
            _ => Err(Failure::Claim("azp")),
        }
    }

    fn wanted(&self, claims: &Claims<'_>) -> Result<(), Failure> {
        let has =
            |Wanted { name, values }: &Wanted| Texts::of(claims.find_named(name), values).found;
        match self.wanted.iter().position(|wanted| !has(wanted)) {
            Some(place) => Err(Failure::Wanted(place)),
            None => Ok(()),
        }
    }

    fn dates(&self, dates: Dates) -> Result<(), Failure> {
        let needed = !self.allow_no_expiry || self.profile == Profile::AccessToken;
        match dates {
            Dates { expires: None, .. } if needed => Err(Failure::Claim("exp")),
            Dates { expires: Some(expires), not_before: Some(not_before), .. }
                if expires < not_before =>
            {
                Err(Failure::Claim("exp"))
            }
            _ => Ok(()),
        }
    }

    fn profile(&self, claims: &Claims<'_>) -> Result<(), Failure> {
        let needed: &[Registered] = match self.profile {
            Profile::AccessToken => &[Sub, ClientId, Jti, Iat],
            Profile::IdToken => &[Sub, Iat],
            Profile::Logout => logout::NEEDED,
            _ => &[],
        };
        // A number would not match a revocation of the same text, unless the caller makes it one.
        let Tolerance { numeric_sub, numeric_jti, .. } = self.tolerance;
        for (claim, may_be_number) in
            [(Sub, numeric_sub), (Jti, numeric_jti), (Sid, false), (ClientId, false)]
        {
            if !(may_be_number && claims.is_number(claim)) {
                claims.text(claim)?;
            }
        }
        if self.confirms && claims.confirmation() == Confirmation::Other {
            return Err(Failure::Claim(Cnf.name()));
        }
        if let Some(claim) = needed.iter().find(|claim| claims.find(**claim).is_none()) {
            return Err(Failure::Claim(claim.name()));
        }
        match self.profile {
            Profile::Logout => logout::judge(claims),
            // It says that a session has ended, and lets nobody in. Its `typ` may be anything.
            _ if logout::has_event(claims) => Err(Failure::Claim("events")),
            _ => Ok(()),
        }
    }

    fn required(&self, claims: &Claims<'_>) -> Result<(), Failure> {
        let missing =
            |name: &String| matches!(claims.find_named(name), None | Some(Value::Other("null")));
        match self.required.iter().position(missing) {
            Some(place) => Err(Failure::Required(place)),
            None => Ok(()),
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judge(rules: &Rules, payload: &str) -> Result<(), Failure> {
        rules.judge(&Claims::read(payload.as_bytes(), rules).unwrap(), 0.0)
    }

    fn rules(wanted: Vec<Wanted>, tolerance: Tolerance) -> Rules {
        let issuer = Some("i".into());
        Rules { issuer, wanted, tolerance, allow_no_expiry: true, ..Rules::default() }
    }

    /// Every character as an escape.
    fn escaped(text: &str) -> String {
        text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat()
    }

    #[test]
    fn edge_h141_wants_every_claim_and_tells_the_first_that_is_missed() {
        let wanted = ["a", "b"].map(|name| Wanted { name: name.into(), values: vec!["x".into()] });
        let rules = rules(wanted.into(), Tolerance::default());
        assert_eq!(judge(&rules, r#"{"iss":"i","a":"x","b":["y","x"]}"#), Ok(()));
        assert_eq!(judge(&rules, r#"{"iss":"i","b":"x"}"#), Err(Failure::Wanted(0)));
        for odd in [r#""y""#, "[]", r#"{"x":1}"#, r#"[["x"]]"#, "null", "true", "1", r#""x ""#] {
            let payload = format!(r#"{{"iss":"i","a":"x","b":{odd}}}"#);
            assert_eq!(judge(&rules, &payload), Err(Failure::Wanted(1)), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn edge_h141_takes_a_claim_if_and_only_if_it_is_one_of_the_values(
            values in proptest::collection::vec("[ab\u{e9}\"\\\\]{1,2}", 1..4),
            claim in "[ab\u{e9}\"\\\\]{1,2}",
        ) {
            let is_wanted = values.contains(&claim);
            let wanted = vec![Wanted { name: "c".into(), values }];
            let rules = rules(wanted, Tolerance::default());
            let text = escaped(&claim);
            for written in [
                format!(r#""{text}""#),
                format!(r#"["{text}"]"#),
                format!(r#"[7, "{text}", {{}}]"#),
            ] {
                let payload = format!(r#"{{"iss":"i","c":{written}}}"#);
                prop_assert_eq!(judge(&rules, &payload).is_ok(), is_wanted, "{}", payload);
            }
        }

        #[test]
        fn edge_h147_takes_a_number_if_and_only_if_its_text_is_kept(number in any::<i64>()) {
            let tolerance = Tolerance { numeric_sub: true, ..Tolerance::default() };
            for shift in 0..60 {
                let written = (number >> shift).to_string();
                let payload = format!(r#"{{"iss":"i","sub":{written}}}"#);
                let is_kept = written.len() <= 15 && !written.starts_with('-');
                prop_assert_eq!(judge(&rules(vec![], tolerance), &payload).is_ok(), is_kept);
                prop_assert!(judge(&rules(vec![], Tolerance::default()), &payload).is_err());
            }
        }
    }

    #[test]
    fn edge_d145_takes_the_types_of_the_rules_in_place_of_the_profiles() {
        let of = |types: &[&str], profile, typ: Typ| {
            let types = types.iter().map(|&typ| typ.into()).collect();
            let rules = Rules { profile, types, ..Rules::default() };
            let algorithm = crate::verify::Algorithm::Es256;
            rules.form(&Header { algorithm, kid: None, typ }, false).is_ok()
        };
        let named = |typ: &str| Typ::Named(typ.into());
        for profile in [Profile::Jwt, Profile::AccessToken, Profile::IdToken] {
            assert!(of(&["jose", "x"], profile, named("jose")));
            assert!(of(&["jose", "x"], profile, Typ::Passed));
            for typ in [named("jwt"), named("at+jwt"), named(""), Typ::Absent, Typ::Odd] {
                assert!(!of(&["jose", "x"], profile, typ.clone()), "{typ:?}");
            }
            assert!(!of(&[], profile, named("logout+jwt")));
            assert!(!of(&[], profile, Typ::Odd));
        }
        assert!(of(&[], Profile::Jwt, Typ::Absent) && of(&[], Profile::IdToken, Typ::Absent));
        assert!(!of(&[], Profile::AccessToken, Typ::Absent));
    }
}
