//! The claims of a JWT (RFC 7519 section 4.1), read and not judged yet: [`super::rules`] does that.

use super::Failure;
use super::Profile;
use super::confirmation::Confirmation;
use super::json::{self, NotJson, Text, Value};
use super::rules::Rules;

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
pub(super) enum Registered {
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
    Events,
    Nonce,
    Cnf,
}

use Registered::{Aud, Azp, ClientId, Cnf, Events, Exp, Iat, Iss, Jti, Nbf, Nonce, Sid, Sub};

const REGISTERED: [Registered; 13] =
    [Iss, Sub, Aud, Exp, Nbf, Iat, Jti, Sid, ClientId, Azp, Events, Nonce, Cnf];

impl Registered {
    pub(super) const fn name(self) -> &'static str {
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
            Events => "events",
            Nonce => "nonce",
            Cnf => "cnf",
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
            b"events" => Events,
            b"nonce" => Nonce,
            b"cnf" => Cnf,
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

impl<'a> Claims<'a> {
    /// Reads a payload. Keeps the claims that the rules look at.
    ///
    /// # Errors
    /// It is not one strict JSON object.
    pub fn read(payload: &'a [u8], rules: &Rules) -> Result<Self, NotJson> {
        let is_named = |name: Text<'_>| {
            // An answer has members beside the claims.
            rules.profile == Profile::Introspection
                || rules.required.iter().any(|required| name.is(required))
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

    /// What the token is bound to.
    #[must_use]
    pub fn confirmation(&self) -> Confirmation {
        Confirmation::read(self.find(Cnf))
    }

    /// `iss`, for finding the issuer.
    #[must_use]
    pub fn issuer(&self) -> Option<Text<'a>> {
        self.text(Iss).ok().flatten()
    }

    fn read_dates(&self) -> Result<Dates, Failure> {
        Ok(Dates { expires: self.date(Exp)?, not_before: self.date(Nbf)?, issued: self.date(Iat)? })
    }

    pub(super) fn find(&self, claim: Registered) -> Option<Value<'a>> {
        self.registered[claim as usize]
    }

    /// Not inlined: two rules need it, and few tokens do.
    #[inline(never)]
    pub(super) fn find_named(&self, name: &str) -> Option<Value<'a>> {
        match Registered::named(name.as_bytes()) {
            Some(claim) => self.find(claim),
            None => self.others.iter().find(|(found, _)| found.is(name)).map(|&(_, value)| value),
        }
    }

    /// A claim that must be a text if it is there.
    pub(super) fn text(&self, claim: Registered) -> Result<Option<Text<'a>>, Failure> {
        match self.find(claim) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Failure::Claim(claim.name())),
        }
    }

    /// Whether a claim is a whole number that JavaScript writes as it is written here: it keeps
    /// more than fifteen digits of some numbers only.
    pub(super) fn is_number(&self, claim: Registered) -> bool {
        matches!(self.find(claim), Some(Value::Number(number))
            if number.written().len() <= 15
                && number.written().bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn date(&self, claim: Registered) -> Result<Option<f64>, Failure> {
        match self.find(claim) {
            None => Ok(None),
            Some(value) => match date_of(value) {
                None => Err(Failure::Claim(claim.name())),
                date => Ok(date),
            },
        }
    }
}

/// A date in seconds since the epoch; `None` for what is none.
pub(super) fn date_of(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number.to_f64()).filter(|date| date.abs() <= LATEST),
        _ => None,
    }
}
