//! The claims of a JWT and the rules they must keep (RFC 7519 section 4.1, RFC 9068 section 4,
//! OpenID Connect Core section 3.1.3.7).

use super::json::{self, NotJson, Text, Value};
use super::{Failure, Profile};

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

/// The rules by which claims are judged.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The kind of token.
    pub profile: Profile,
    /// The `iss` that a token must have, compared exactly. Without it, every token is by somebody
    /// else.
    pub issuer: Option<String>,
    /// One of these must be in `aud`.
    pub audiences: Vec<String>,
    /// Claims that must be present and not null.
    pub required: Vec<String>,
    /// Whether `exp` may be absent.
    pub allow_no_expiry: bool,
    /// The clock's slack, and the oldest age.
    pub time: Time,
}

/// The rules for dates, in seconds.
#[derive(Debug, Clone, Copy)]
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
        match (max_age, dates.issued) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(Failure::Claim("iat")),
            (Some(_), Some(issued)) if issued > now + tolerance => Err(Failure::Claim("iat")),
            (Some(max_age), Some(issued)) if now - issued > max_age + tolerance => {
                Err(Failure::Expired)
            }
            _ => Ok(()),
        }
    }
}

/// Is shown each rule with its outcome, and returns `false` to end the judging.
type Witness<'w> = dyn FnMut(&'static str, Result<(), Failure>) -> bool + 'w;

impl Rules {
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
        let wanted = |text: Text<'_>| self.audiences.iter().any(|audience| text.is(audience));
        let (mut found, mut odd, mut count) = (false, false, 0);
        let mut see = |item: Value<'_>| {
            count += 1;
            match item {
                Value::String(one) => found |= wanted(one),
                _ => odd = true,
            }
        };
        match claims.find(Aud) {
            Some(Value::Other(list)) => odd |= !json::items(list, see),
            Some(one) => see(one),
            None => {}
        }
        if odd || !found {
            return Err(Failure::Claim("aud"));
        }
        // OpenID Connect Core section 3.1.3.7: `azp` names the client that the token was issued to.
        // With several audiences it is mandatory.
        match claims.find(Azp) {
            _ if self.profile != Profile::IdToken => Ok(()),
            None if count == 1 => Ok(()),
            Some(Value::String(party)) if wanted(party) => Ok(()),
            _ => Err(Failure::Claim("azp")),
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
        // A number would not match a revocation of the same text.
        for claim in [Sub, Jti, Sid, ClientId] {
            claims.text(claim)?;
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
    /// Reads a payload. Keeps the claims that the rules look at, and those that `required` names.
    ///
    /// # Errors
    /// It is not one strict JSON object.
    pub fn read(payload: &'a [u8], required: &[String]) -> Result<Self, NotJson> {
        let mut claims = Self {
            registered: [None; REGISTERED.len()],
            others: Vec::new(),
            dates: Ok(Dates::NONE),
        };
        json::strict_members(payload, |json::Member { name, value, .. }| {
            match Registered::of(name) {
                Some(known) => claims.registered[known as usize] = Some(value),
                None if required.iter().any(|wanted| name.is(wanted)) => {
                    claims.others.push((name, value))
                }
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
