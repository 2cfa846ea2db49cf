//! The rules of [`crate::verify`] as functions for JavaScript, which does everything that has to be awaited.
//!
//! A token comes in once, as bytes that the host writes into [`room`], and leaves as numbers: a verdict, and where in this memory lies
//! what the host needs. Strings cross only for what is new to it. Nothing lives here from one call of the host to the next but the token
//! that came in last and what [`read`] saw in it, and that only until the host awaits something. So no request can meet another's
//! state, a request that is cancelled leaves nothing behind, and after a trap a fresh instance lacks nothing.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::verify::claims::{Claims, Dates, Rules, Time};
use crate::verify::keys::{self, Keys, Origin};
use crate::verify::{Algorithms, Failure, Gate, Jws, Profile, digest as hash};

/// What parts the texts of a list, and the lists, that cross as one: no text that the host lets through has either, but for the last.
const SEPARATOR: char = '\0';
const LISTS: char = '\u{1}';

struct Seen {
    token: Vec<u8>,
    digest_rest: f64,
    /// Of the refusal.
    code: String,
    jws: Option<Jws>,
    issuer: Option<String>,
    dates: Dates,
}

impl Seen {
    const NOTHING: Self = Self {
        token: Vec::new(),
        digest_rest: 0.0,
        code: String::new(),
        jws: None,
        issuer: None,
        dates: Dates { expires: None, not_before: None, issued: None },
    };
}

thread_local! {
    // A constant: what makes others at first use is among the functions that scripts/lib/panics.mjs takes out.
    static SEEN: RefCell<Seen> = const { RefCell::new(Seen::NOTHING) };
}

fn seen<T>(look: impl FnOnce(&mut Seen) -> T) -> T {
    SEEN.with_borrow_mut(look)
}

/// What [`read`] says of a token.
#[derive(Clone, Copy)]
enum Verdict {
    /// Refused, whatever its signature is.
    Unfit = 0,
    /// By another issuer than the one whose rules were given.
    Foreign = 1,
    /// To be refused by its claims, once it is known that the signature holds.
    Broken = 2,
    /// Nothing speaks against it, if the signature holds.
    Good = 3,
}

/// Makes room for a token of so many bytes and says where. The place stays as long as no larger one is asked for.
#[wasm_bindgen]
#[must_use]
pub fn room(bytes: usize) -> *const u8 {
    seen(|seen| {
        if seen.token.len() < bytes {
            seen.token.resize(bytes, 0);
        }
        seen.token.as_ptr()
    })
}

/// Half of what the token is remembered by, of which `length` bytes are in the room; [`digest_rest`] is the other. As doubles of 53 bits:
/// whole numbers of 64 would come as objects. The key is 128 bits in four parts.
#[wasm_bindgen]
#[must_use]
pub fn digest(length: usize, a: u32, b: u32, c: u32, d: u32) -> f64 {
    let key = [[a, b], [c, d]].map(|[low, high]| u64::from(low) | u64::from(high) << 32);
    seen(|seen| {
        let [first, rest] =
            hash::digest(seen.token.get(..length).unwrap_or_default(), key).map(|half| (half >> 11) as f64);
        seen.digest_rest = rest;
        first
    })
}

/// The other half.
#[wasm_bindgen(js_name = digestRest)]
#[must_use]
pub fn digest_rest() -> f64 {
    seen(|seen| seen.digest_rest)
}

/// Reads the token, of which `length` bytes are in the room, and judges its header and its claims: those are not to be believed before
/// the signature is found to hold, which is the host's to find out.
///
/// `texts` are the audiences, the claims that must be there, and the issuer, all as one text. A `max_age` of NaN is none.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "an object would cost more to cross than the rest of the reading")]
pub fn read(
    length: usize,
    longest: usize,
    profile: u8,
    algorithms: u32,
    texts: &str,
    allow_no_expiry: bool,
    now: f64,
    tolerance: f64,
    max_age: f64,
) -> u8 {
    let gate = Gate { longest, profile: profile_of(profile), algorithms: Algorithms::from_bits(algorithms) };
    seen(|seen| {
        let jws = match Jws::read(seen.token.get(..length).unwrap_or_default(), gate) {
            Ok(jws) => jws,
            Err(failure) => return seen.refuse(Verdict::Unfit, failure, &[]),
        };
        let verdict = match gate.profile {
            Profile::Jws => Verdict::Good as u8,
            profile => with_rules(profile, texts, allow_no_expiry, time(now, tolerance, max_age), |rules| {
                seen.judge(&jws.parts.payload, rules)
            }),
        };
        seen.jws = Some(jws);
        verdict
    })
}

impl Seen {
    fn judge(&mut self, payload: &[u8], rules: &Rules<'_>) -> u8 {
        let claims = match Claims::read(payload) {
            Ok(claims) => claims,
            Err(reason) => return self.refuse(Verdict::Unfit, reason.into(), &[]),
        };
        let issuer = claims.issuer();
        if !issuer.is_some_and(|issuer| issuer.is(rules.issuer)) {
            self.issuer = issuer.map(|issuer| issuer.chars().collect());
            return Verdict::Foreign as u8;
        }
        self.dates = claims.dates().unwrap_or_default();
        match rules.judge(&claims) {
            Ok(()) => Verdict::Good as u8,
            Err(failure) => self.refuse(Verdict::Broken, failure, rules.required),
        }
    }

    fn refuse(&mut self, verdict: Verdict, failure: Failure, required: &[&str]) -> u8 {
        self.code = code_of(failure, required);
        verdict as u8
    }
}

fn code_of(failure: Failure, required: &[&str]) -> String {
    match failure {
        Failure::Required(place) => failure.code() + required.get(place).copied().unwrap_or_default(),
        failure => failure.code(),
    }
}

fn profile_of(number: u8) -> Profile {
    match number {
        0 => Profile::Jwt,
        1 => Profile::AccessToken,
        2 => Profile::IdToken,
        _ => Profile::Jws,
    }
}

fn with_rules<T>(
    profile: Profile,
    texts: &str,
    allow_no_expiry: bool,
    time: Time,
    look: impl FnOnce(&Rules<'_>) -> T,
) -> T {
    let mut lists = texts.splitn(3, LISTS);
    let mut next = || lists.next().unwrap_or_default();
    let [audiences, required, issuer] = [next(), next(), next()];
    let [audiences, required] = [audiences, required].map(split);
    look(&Rules { profile, issuer, audiences: &audiences, required: &required, allow_no_expiry, time })
}

fn split(list: &str) -> Vec<&str> {
    if list.is_empty() { Vec::new() } else { list.split(SEPARATOR).collect() }
}

fn time(now: f64, tolerance: f64, max_age: f64) -> Time {
    Time { now, tolerance, max_age: number(max_age) }
}

fn number(number: f64) -> Option<f64> {
    (!number.is_nan()).then_some(number)
}

/// The code of the last refusal.
#[wasm_bindgen]
#[must_use]
pub fn code() -> String {
    seen(|seen| seen.code.clone())
}

/// The `iss` of a foreign token, unverified.
#[wasm_bindgen]
#[must_use]
pub fn issuer() -> Option<String> {
    seen(|seen| seen.issuer.take())
}

fn jws<T>(look: impl FnOnce(&Jws) -> T) -> Option<T> {
    seen(|seen| seen.jws.as_ref().map(look))
}

/// The algorithm of the token that was read, by its place in the table.
#[wasm_bindgen]
#[must_use]
pub fn algorithm() -> usize {
    jws(|jws| jws.algorithm.place()).unwrap_or_default()
}

/// The name of its key.
#[wasm_bindgen]
#[must_use]
pub fn kid() -> Option<String> {
    jws(|jws| jws.kid.clone()).flatten()
}

/// Its header as JSON text, checked.
#[wasm_bindgen]
#[must_use]
pub fn header() -> Option<String> {
    jws(|jws| String::from_utf8_lossy(&jws.parts.header).into_owned())
}

/// Where its signature lies.
#[wasm_bindgen(js_name = signatureAt)]
#[must_use]
pub fn signature_at() -> *const u8 {
    jws(|jws| jws.parts.signature.as_ptr()).unwrap_or(std::ptr::null())
}

/// How many bytes it has; none when it has not the length of its algorithm.
#[wasm_bindgen(js_name = signatureLength)]
#[must_use]
pub fn signature_length() -> usize {
    jws(|jws| if jws.is_signature_whole() { jws.parts.signature.len() } else { 0 }).unwrap_or_default()
}

/// Where its payload lies.
#[wasm_bindgen(js_name = payloadAt)]
#[must_use]
pub fn payload_at() -> *const u8 {
    jws(|jws| jws.parts.payload.as_ptr()).unwrap_or(std::ptr::null())
}

/// How many bytes that has.
#[wasm_bindgen(js_name = payloadLength)]
#[must_use]
pub fn payload_length() -> usize {
    jws(|jws| jws.parts.payload.len()).unwrap_or_default()
}

/// Its `exp`, in seconds since the epoch; NaN when it has none.
#[wasm_bindgen]
#[must_use]
pub fn expires() -> f64 {
    seen(|seen| seen.dates.expires.unwrap_or(f64::NAN))
}

/// Its `nbf`, likewise.
#[wasm_bindgen(js_name = notBefore)]
#[must_use]
pub fn not_before() -> f64 {
    seen(|seen| seen.dates.not_before.unwrap_or(f64::NAN))
}

/// Its `iat`, likewise.
#[wasm_bindgen]
#[must_use]
pub fn issued() -> f64 {
    seen(|seen| seen.dates.issued.unwrap_or(f64::NAN))
}

/// Judges the dates of a token that was verified before. `false`: [`code`] says why not.
#[wasm_bindgen]
#[must_use]
pub fn alive(expires: f64, not_before: f64, issued: f64, now: f64, tolerance: f64, max_age: f64) -> bool {
    let dates = Dates { expires: number(expires), not_before: number(not_before), issued: number(issued) };
    match time(now, tolerance, max_age).judge(dates) {
        Ok(()) => true,
        Err(failure) => {
            seen(|seen| seen.code = failure.code());
            false
        }
    }
}

/// Every rule for the claims of the token that was read: a name, a tab, the code of a refusal or nothing, a line each.
#[wasm_bindgen]
#[must_use]
pub fn explain(profile: u8, texts: &str, allow_no_expiry: bool, now: f64, tolerance: f64, max_age: f64) -> String {
    let payload = jws(|jws| jws.parts.payload.clone()).unwrap_or_default();
    let mut lines = String::new();
    let Ok(claims) = Claims::read(&payload) else { return lines };
    with_rules(profile_of(profile), texts, allow_no_expiry, time(now, tolerance, max_age), |rules| {
        rules.each(&claims, &mut |name, outcome| {
            let refusal = outcome.err().map(|failure| code_of(failure, rules.required)).unwrap_or_default();
            lines += &[name, "\t", &refusal, "\n"].concat();
            true
        });
    });
    lines
}

/// Reads a key set: which keys may be used with what, and which not and why, as JSON text. `undefined`: it is no key set.
#[wasm_bindgen(js_name = readKeys)]
#[must_use]
pub fn read_keys(text: &str, given: bool) -> Option<String> {
    Some(Keys::read(text, if given { Origin::Given } else { Origin::Published })?.to_json())
}

/// The thumbprint of a public key (RFC 7638), given its canonical text.
#[wasm_bindgen]
#[must_use]
pub fn thumbprint(jwk: &str) -> String {
    keys::thumbprint(jwk)
}
