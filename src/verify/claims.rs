//! The claims of a JWT and the rules they must keep (RFC 7519 section 4.1, RFC 9068 section 4,
//! OpenID Connect Core section 3.1.3.7).

use super::json::{self, NotJson, Text, Value};
use super::{Failure, Header, Profile, Typ};

/// Dates further than this many seconds from the epoch are refused: a double skips whole seconds
/// there.
const LATEST: f64 = 9_007_199_254_740_992.0;

/// A payload that is one JSON object. Its claims are not judged yet.
pub struct Claims<'a> {
    /// By their index in [`REGISTERED`].
    registered: [Option<Value<'a>>; REGISTERED.len()],
    others: Vec<(Text<'a>, Value<'a>)>,
    /// The dates, or the refusal of one that is no date.
    pub dates: Result<Dates, Failure>,
}

/// The claims that some rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Registered {
    Iss,
    Sub,
    Aud,
    Exp,
    Nbf,
    Iat,
    Jti,
    Sid,
    ClientId,
    Azp,
}

use Registered::{Aud, Azp, ClientId, Exp, Iat, Iss, Jti, Nbf, Sid, Sub};

const REGISTERED: [Registered; 10] = [Iss, Sub, Aud, Exp, Nbf, Iat, Jti, Sid, ClientId, Azp];

impl Registered {
    const fn name(self) -> &'static str {
        match self {
            Iss => "iss",
            Sub => "sub",
            Aud => "aud",
            Exp => "exp",
            Nbf => "nbf",
            Iat => "iat",
            Jti => "jti",
            Sid => "sid",
            ClientId => "client_id",
            Azp => "azp",
        }
    }

    /// Compares bytes: this runs for each claim of each token.
    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"iss" => Iss,
            b"sub" => Sub,
            b"aud" => Aud,
            b"exp" => Exp,
            b"nbf" => Nbf,
            b"iat" => Iat,
            b"jti" => Jti,
            b"sid" => Sid,
            b"client_id" => ClientId,
            b"azp" => Azp,
            _ => return None,
        })
    }

    fn of(name: Text<'_>) -> Option<Self> {
        match name.plain() {
            Some(plain) => Self::named(plain.as_bytes()),
            None => REGISTERED.into_iter().find(|known| name.is(known.name())),
        }
    }
}

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

/// The dates of a token, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dates {
    /// `exp`.
    pub expires: Option<f64>,
    /// `nbf`.
    pub not_before: Option<f64>,
    /// `iat`.
    pub issued: Option<f64>,
}

impl Dates {
    /// The dates of a token that has none.
    pub const NONE: Self = Self { expires: None, not_before: None, issued: None };
}

impl Time {
    /// Whether a token of these dates may be used `now`, in seconds since the epoch. Fractions of a
    /// second count.
    ///
    /// # Errors
    /// The date that rules it out.
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
            Typ::Known => true,
            Typ::Odd => false,
            Typ::Absent => self.types.is_empty() && self.profile != Profile::AccessToken,
            Typ::Named(typ) if !self.types.is_empty() => self.types.contains(typ),
            Typ::Named(typ) => match self.profile {
                Profile::AccessToken => typ == "at+jwt",
                Profile::IdToken => typ == "jwt",
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
            _ => false,
        }
    }

    fn audience(&self, claims: &Claims<'_>) -> Result<(), Failure> {
        let Some(audiences) = &self.audiences else { return Ok(()) };
        let Texts { found, odd, count } = Texts::of(claims.find(Aud), audiences);
        if odd || !found {
            return Err(Failure::Claim("aud"));
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
        match needed.iter().find(|claim| claims.find(**claim).is_none()) {
            Some(claim) => Err(Failure::Claim(claim.name())),
            None => Ok(()),
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

impl<'a> Claims<'a> {
    /// Reads a payload. Keeps the claims that the rules look at.
    ///
    /// # Errors
    /// It is not one strict JSON object.
    pub fn read(payload: &'a [u8], rules: &Rules) -> Result<Self, NotJson> {
        let is_named = |name: Text<'_>| {
            rules.required.iter().any(|required| name.is(required))
                || rules.wanted.iter().any(|wanted| name.is(&wanted.name))
        };
        let mut claims = Self {
            registered: [None; REGISTERED.len()],
            others: Vec::new(),
            dates: Ok(Dates::NONE),
        };
        json::strict_members(payload, |json::Member { name, value, .. }| {
            match Registered::of(name) {
                Some(known) => claims.registered[known as usize] = Some(value),
                None if is_named(name) => claims.others.push((name, value)),
                None => {}
            }
        })?;
        claims.dates = claims.read_dates();
        Ok(claims)
    }

    /// `iss`, for finding the issuer.
    #[must_use]
    pub fn issuer(&self) -> Option<Text<'a>> {
        self.text(Iss).ok().flatten()
    }

    fn read_dates(&self) -> Result<Dates, Failure> {
        Ok(Dates { expires: self.date(Exp)?, not_before: self.date(Nbf)?, issued: self.date(Iat)? })
    }

    fn find(&self, claim: Registered) -> Option<Value<'a>> {
        self.registered[claim as usize]
    }

    /// Not inlined: two rules need it, and few tokens do.
    #[inline(never)]
    fn find_named(&self, name: &str) -> Option<Value<'a>> {
        match Registered::named(name.as_bytes()) {
            Some(claim) => self.find(claim),
            None => self.others.iter().find(|(found, _)| found.is(name)).map(|&(_, value)| value),
        }
    }

    /// A claim that must be a text if it is there.
    fn text(&self, claim: Registered) -> Result<Option<Text<'a>>, Failure> {
        match self.find(claim) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Failure::Claim(claim.name())),
        }
    }

    /// Whether a claim is a whole number that JavaScript writes as it is written here: it keeps
    /// more than fifteen digits of some numbers only.
    fn is_number(&self, claim: Registered) -> bool {
        matches!(self.find(claim), Some(Value::Number(number))
            if number.written().len() <= 15
                && number.written().bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn date(&self, claim: Registered) -> Result<Option<f64>, Failure> {
        match self.find(claim) {
            None => Ok(None),
            Some(Value::Number(number)) => match number.to_f64() {
                date if date.abs() <= LATEST => Ok(Some(date)),
                _ => Err(Failure::Claim(claim.name())),
            },
            Some(_) => Err(Failure::Claim(claim.name())),
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
            assert!(of(&["jose", "x"], profile, Typ::Known));
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
