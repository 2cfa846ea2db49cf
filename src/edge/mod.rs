//! The rules of [`crate::verify`] as functions for JavaScript, which does everything that has to be awaited.
//!
//! Nothing lives here from one call of the host to the next but what [`read`] and [`judge`] have just seen, and that only until the
//! host has fetched it, before it awaits anything. So no request can meet another's state, a request that is cancelled leaves
//! nothing behind, and after a trap a fresh instance lacks nothing.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::token::base64url;
use crate::verify::claims::{Claims, Dates, Rules, Time};
use crate::verify::keys::{Keys, Origin};
use crate::verify::{Failure, Jws, Profile, digest as hash};

/// Parts lists of texts that cross as one: no header, claim name or audience that the host lets through holds it.
const SEPARATOR: char = '\0';

#[derive(Default)]
struct Seen {
    token: Vec<u8>,
    jws: Option<Jws>,
    issuer: Option<String>,
    payload: Vec<u8>,
    digest_rest: u64,
}

thread_local! {
    static SEEN: RefCell<Seen> = RefCell::default();
}

fn seen<T>(look: impl FnOnce(&mut Seen) -> T) -> T {
    SEEN.with_borrow_mut(look)
}

fn profile(number: u8) -> Profile {
    match number {
        0 => Profile::Jwt,
        1 => Profile::AccessToken,
        2 => Profile::IdToken,
        _ => Profile::Jws,
    }
}

/// Takes a token in, for [`digest`] and [`read`]: as bytes, for the host needs them as bytes itself.
#[wasm_bindgen]
pub fn take(token: Vec<u8>) {
    seen(|seen| seen.token = token);
}

/// Looks at the shape and the header of the token, and for a JWT at whose it says it is. The code of a refusal, or `undefined`.
#[wasm_bindgen]
pub fn read(longest: u32, expected: u8, allowed: &str) -> Option<String> {
    let expected = profile(expected);
    let is_allowed = |name: &str| allowed.split(SEPARATOR).any(|one| one == name);
    let token = seen(|seen| std::mem::take(&mut seen.token));
    let Ok(token) = str::from_utf8(&token) else { return Some(Failure::Malformed.code()) };
    let result = Jws::read(token, longest as usize, expected, is_allowed).and_then(|jws| {
        let issuer = if expected == Profile::Jws { None } else { Claims::read(&jws.parts.payload)?.issuer() };
        Ok((jws, issuer))
    });
    match result {
        Ok((jws, issuer)) => seen(|seen| (seen.jws, seen.issuer) = (Some(jws), issuer)),
        Err(failure) => return Some(failure.code()),
    }
    None
}

fn jws<T>(look: impl FnOnce(&Jws) -> T) -> Option<T> {
    seen(|seen| seen.jws.as_ref().map(look))
}

/// The algorithm of the token that was read.
#[wasm_bindgen]
#[must_use]
pub fn alg() -> Option<String> {
    jws(|jws| jws.algorithm.name.into())
}

/// The name of its key.
#[wasm_bindgen]
#[must_use]
pub fn kid() -> Option<String> {
    jws(|jws| jws.kid.clone()).flatten()
}

/// Its `iss`, unverified.
#[wasm_bindgen]
#[must_use]
pub fn issuer() -> Option<String> {
    seen(|seen| seen.issuer.take())
}

/// Whether its `iss` is this one, for a verifier that knows but one; a text need not cross for it. `undefined`: it has none.
#[wasm_bindgen(js_name = issuedBy)]
#[must_use]
pub fn issued_by(name: &str) -> Option<bool> {
    seen(|seen| seen.issuer.as_deref().map(|issuer| issuer == name))
}

/// Its header as JSON text, checked.
#[wasm_bindgen]
#[must_use]
pub fn header() -> Option<String> {
    jws(|jws| String::from_utf8_lossy(&jws.parts.header).into_owned())
}

/// Its signature; empty when it has not the length of its algorithm.
#[wasm_bindgen]
#[must_use]
pub fn signature() -> Vec<u8> {
    jws(|jws| if jws.is_signature_whole() { jws.parts.signature.clone() } else { Vec::new() }).unwrap_or_default()
}

/// What was signed, as bytes; unverified.
#[wasm_bindgen]
#[must_use]
pub fn bytes() -> Vec<u8> {
    jws(|jws| jws.parts.payload.clone()).unwrap_or_default()
}

/// A clock and its slack, in seconds; no `max_age` is NaN.
fn time(now: f64, tolerance: f64, max_age: f64) -> Time {
    Time { now, tolerance, max_age: number(max_age) }
}

fn number(number: f64) -> Option<f64> {
    (!number.is_nan()).then_some(number)
}

/// Judges the claims of a token whose signature holds; `part` is its second. The code of a refusal, or `undefined`, and then
/// [`payload`] has the claims.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "an object would cost more to cross than the rest of the judging")]
pub fn judge(
    part: &[u8],
    expected: u8,
    issuer: &str,
    audiences: &str,
    required: &str,
    allow_no_expiry: bool,
    now: f64,
    tolerance: f64,
    max_age: f64,
) -> Option<String> {
    let lists = [split(audiences), split(required)];
    let rules = Rules {
        profile: profile(expected),
        issuer,
        audiences: &lists[0],
        required: &lists[1],
        allow_no_expiry,
        time: time(now, tolerance, max_age),
    };
    let payload = base64url::decode(part).unwrap_or_default();
    match Claims::read(&payload).map_err(Failure::from).and_then(|claims| rules.judge(&claims)) {
        Ok(()) => seen(|seen| seen.payload = payload),
        Err(failure) => return Some(code(failure, &lists[1])),
    }
    None
}

/// The claims that [`judge`] let pass, as the bytes of a JSON text; once. They become a text when somebody asks for them.
#[wasm_bindgen]
#[must_use]
pub fn payload() -> Vec<u8> {
    seen(|seen| std::mem::take(&mut seen.payload))
}

/// Every rule for the claims of the token that was read: a name, a tab, the code of a refusal or nothing, a line each.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "as `judge`")]
pub fn explain(
    expected: u8,
    issuer: &str,
    audiences: &str,
    required: &str,
    allow_no_expiry: bool,
    now: f64,
    tolerance: f64,
    max_age: f64,
) -> String {
    let lists = [split(audiences), split(required)];
    let rules = Rules {
        profile: profile(expected),
        issuer,
        audiences: &lists[0],
        required: &lists[1],
        allow_no_expiry,
        time: time(now, tolerance, max_age),
    };
    let payload = bytes();
    let mut lines = String::new();
    if let Ok(claims) = Claims::read(&payload) {
        rules.each(&claims, &mut |name, outcome| {
            let refusal = outcome.err().map(|failure| code(failure, &lists[1])).unwrap_or_default();
            lines += &[name, "\t", &refusal, "\n"].concat();
            true
        });
    }
    lines
}

fn split(list: &str) -> Vec<&str> {
    if list.is_empty() { Vec::new() } else { list.split(SEPARATOR).collect() }
}

fn code(failure: Failure, required: &[&str]) -> String {
    match failure {
        Failure::Required(place) => failure.code() + required.get(place).copied().unwrap_or_default(),
        failure => failure.code(),
    }
}

/// Judges the dates of a token that was verified before; NaN for one that it does not have.
#[wasm_bindgen]
#[must_use]
pub fn alive(expires: f64, not_before: f64, issued: f64, now: f64, tolerance: f64, max_age: f64) -> Option<String> {
    let dates = Dates { expires: number(expires), not_before: number(not_before), issued: number(issued) };
    time(now, tolerance, max_age).judge(dates).err().map(Failure::code)
}

/// Reads a key set: which keys may be used with what, and which not and why, as JSON text. `undefined`: it is no key set.
#[wasm_bindgen(js_name = readKeys)]
#[must_use]
pub fn read_keys(text: &str, given: bool) -> Option<String> {
    Some(Keys::read(text, if given { Origin::Given } else { Origin::Published })?.to_json())
}

/// Half of what the token is remembered by; [`digest_rest`] is the other.
#[wasm_bindgen]
#[must_use]
pub fn digest(key: u64, more_key: u64) -> u64 {
    seen(|seen| {
        let [first, rest] = hash::digest(&seen.token, [key, more_key]);
        seen.digest_rest = rest;
        first
    })
}

/// The other half.
#[wasm_bindgen(js_name = digestRest)]
#[must_use]
pub fn digest_rest() -> u64 {
    seen(|seen| seen.digest_rest)
}
