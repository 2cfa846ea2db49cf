//! A DPoP proof (RFC 9449 section 4): what it says, and the checks of section 4.3 that need nothing
//! but its text. JavaScript checks the nonce, the signature, and that it is the first use.

use super::claims::{Dates, date_of};
use super::header::{Parameters, Typ};
use super::json::{self, NotJson, Text, Value};
use super::keys::{Key, Origin, thumbprint};
use super::rules::Time;
use super::sha256::{encoded, sha256};
use super::{Algorithm, Algorithms, Failure, Header, Profile};

/// Characters that a `jti` has at most.
const LONGEST_JTI: usize = 128;

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotProof {
    /// No compact JWS, no strict JSON, or a header that changes what the other bytes mean.
    Malformed,
    /// `typ` is not dpop+jwt.
    Typ,
    /// `alg` is not allowed, or does not go with the key.
    Algorithm,
    /// `jwk` is missing, or no public key that may be used.
    Key,
    /// A claim is missing or of the wrong type.
    Claims,
    /// `htm` is another method.
    Method,
    /// `iat` is outside the window.
    Time,
    /// `ath` is missing, or the hash of another token.
    Token,
}

/// Who has made a proof, as its header says.
#[derive(Debug, Clone)]
pub struct Prover {
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
    /// The thumbprint of the key.
    pub thumbprint: String,
}

impl Prover {
    /// Reads the decoded header of a proof, and judges it. `algorithms` is the allow-list.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn read(header: &[u8], algorithms: Algorithms) -> Result<Self, NotProof> {
        let parameters = Parameters::read(header)?;
        let Header { algorithm, typ, .. } = Header::of(&parameters, Profile::Jws, algorithms)?;
        if !matches!(typ, Typ::Named(typ) if typ == "dpop+jwt") {
            return Err(NotProof::Typ);
        }
        let Some(Value::Other(jwk)) = parameters.jwk else { return Err(NotProof::Key) };
        let key = Key::read(jwk, Origin::Published).map_err(|_| NotProof::Key)?;
        if !key.algorithms.has(algorithm) {
            return Err(NotProof::Algorithm);
        }
        let thumbprint = thumbprint(&key.jwk).ok_or(NotProof::Key)?;
        Ok(Self { algorithm, thumbprint })
    }
}

/// What a proof has to be for.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The method of the request, case and all.
    pub method: &'a str,
    /// The address of the request: origin and path.
    pub target: &'a str,
    /// The hash of the access token that comes with it.
    pub token_hash: Option<&'a str>,
    /// The window of `iat`. Without an oldest age any date will do: a nonce says how old the proof
    /// is.
    pub time: Time,
}

/// The claims of a proof that keep the rules.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Its name among the proofs by its key.
    pub jti: String,
    /// When it was made, in seconds since the epoch.
    pub issued: f64,
    /// The nonce that it was made with, if that is a text.
    pub nonce: Option<String>,
    /// The address in it, where that is not the very text that is expected.
    pub other_target: Option<String>,
}

impl Proof {
    /// Reads the decoded payload of a proof, and judges it. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn read(payload: &[u8], expected: Expected<'_>, now: f64) -> Result<Self, NotProof> {
        let Claims { jti, htm, htu, issued, ath, nonce } = Claims::read(payload)?;
        let jti = jti.copied();
        if jti.is_empty() || jti.chars().count() > LONGEST_JTI {
            return Err(NotProof::Claims);
        }
        if !htm.is(expected.method) {
            return Err(NotProof::Method);
        }
        let dates = Dates { issued: Some(issued), ..Dates::NONE };
        expected.time.judge(dates, now).map_err(|_| NotProof::Time)?;
        if let Some(hash) = expected.token_hash
            && !matches!(ath, Some(Value::String(ath)) if ath.is(hash))
        {
            return Err(NotProof::Token);
        }
        let other_target = (!htu.is(expected.target)).then(|| htu.copied());
        Ok(Self { jti, issued, nonce, other_target })
    }

    /// A name that no other proof has, by the key of this thumbprint or another one. 128 bits:
    /// proofs of two names can't be made to share it. A thumbprint has always the same length,
    /// which keeps it apart from the `jti`.
    #[must_use]
    pub fn name(&self, thumbprint: &str) -> String {
        encoded(&sha256(&[thumbprint.as_bytes(), &[0], self.jti.as_bytes()])[..16])
    }
}

/// The claims of RFC 9449 section 4.2.
struct Claims<'a> {
    jti: Text<'a>,
    htm: Text<'a>,
    htu: Text<'a>,
    issued: f64,
    ath: Option<Value<'a>>,
    nonce: Option<String>,
}

impl<'a> Claims<'a> {
    fn read(payload: &'a [u8]) -> Result<Self, NotProof> {
        let [mut jti, mut htm, mut htu, mut iat, mut ath, mut nonce] = [None; 6];
        json::strict_members(payload, |json::Member { name, value }| {
            let known = match () {
                () if name.is("jti") => &mut jti,
                () if name.is("htm") => &mut htm,
                () if name.is("htu") => &mut htu,
                () if name.is("iat") => &mut iat,
                () if name.is("ath") => &mut ath,
                () if name.is("nonce") => &mut nonce,
                () => return,
            };
            *known = Some(value);
        })?;
        let text = |claim| match claim {
            Some(Value::String(text)) => Ok(text),
            _ => Err(NotProof::Claims),
        };
        Ok(Self {
            jti: text(jti)?,
            htm: text(htm)?,
            htu: text(htu)?,
            issued: iat.and_then(date_of).ok_or(NotProof::Claims)?,
            ath,
            nonce: text(nonce).ok().map(Text::copied),
        })
    }
}

/// What `ath` says of an access token (RFC 9449 section 4.2).
#[must_use]
pub fn token_hash(token: &str) -> String {
    encoded(&sha256(&[token.as_bytes()]))
}

impl From<NotJson> for NotProof {
    fn from(_: NotJson) -> Self {
        Self::Malformed
    }
}

impl From<Failure> for NotProof {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Algorithm => Self::Algorithm,
            _ => Self::Malformed,
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
