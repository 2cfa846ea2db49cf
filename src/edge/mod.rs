//! The rules of [`crate::verify`] as functions for JavaScript, which does everything that has to be
//! awaited.
//!
//! A token comes in once, as bytes that the host writes into [`room`], and leaves as numbers: a
//! verdict, and where in this memory lies what the host needs. Strings cross only for what is new
//! to it. Nothing lives here from one call of the host to the next but the token or the key set
//! that came in last, what was seen in it, and the rules a token was judged by, and that only until
//! the host awaits something. So no request can meet another's state, a request that is cancelled
//! leaves nothing behind, and after a trap a fresh instance lacks nothing.

pub mod keys;

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::verify::algorithm::ALGORITHMS;
use crate::verify::claims::{Claims, Dates, Rules, Time};
use crate::verify::json::Text;
use crate::verify::jws::Compact;
use crate::verify::{Algorithm, Algorithms, Failure, Header, Profile, digest as hash};

/// What parts the texts of a list, and the lists, that cross as one: no text that the host lets
/// through has either, but for the last.
const SEPARATOR: char = '\0';
const LISTS: char = '\u{1}';

struct Seen {
    gate: Gate,
    rules: Rules,
    token: Vec<u8>,
    digest_rest: f64,
    /// Of the refusal.
    code: String,
    parts: Compact,
    header: Option<Header>,
    issuer: Option<String>,
    dates: Dates,
}

/// What is asked of every token, whoever made it.
struct Gate {
    /// The most bytes.
    longest: usize,
    /// The allow-list.
    algorithms: Algorithms,
}

impl Seen {
    const NOTHING: Self = Self {
        gate: Gate { longest: 0, algorithms: Algorithms::from_bits(0) },
        rules: Rules {
            profile: Profile::AccessToken,
            issuer: String::new(),
            audiences: Vec::new(),
            required: Vec::new(),
            allow_no_expiry: false,
            time: Time { tolerance: 0.0, max_age: None },
        },
        token: Vec::new(),
        digest_rest: 0.0,
        code: String::new(),
        parts: Compact::EMPTY,
        header: None,
        issuer: None,
        dates: Dates::NONE,
    };
}

thread_local! {
    // A constant: what makes others at first use is among the functions that scripts/lib/panics.mjs
    // takes out.
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

/// Makes room for a token, or a key set, of so many bytes and says where. The place stays as long
/// as no larger one is asked for.
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

/// Half of what the token is remembered by, of which
/// `length` bytes are in the room; [`digest_rest`] is the other. As doubles of 53 bits: whole
/// numbers of 64 would come as objects. The key is 128 bits in four parts.
#[wasm_bindgen]
#[must_use]
pub fn digest(length: usize, a: u32, b: u32, c: u32, d: u32) -> f64 {
    let key = [[a, b], [c, d]].map(|[low, high]| u64::from(low) | u64::from(high) << 32);
    seen(|seen| {
        let [first, rest] = hash::digest(seen.token.get(..length).unwrap_or_default(), key)
            .map(|half| (half >> 11) as f64);
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

/// Takes the rules by which the tokens after this are read.
///
/// `texts` are the audiences, the claims that must be there, and the issuer, all as one text. Times
/// are in seconds; a `max_age` of NaN is none.
#[wasm_bindgen]
pub fn follow(
    longest: usize,
    profile: u8,
    algorithms: u32,
    texts: &str,
    allow_no_expiry: bool,
    tolerance: f64,
    max_age: f64,
) {
    let mut lists = texts.splitn(3, LISTS);
    let mut next = || lists.next().unwrap_or_default();
    let [audiences, required] = [next(), next()].map(split);
    let (issuer, time) = (next().to_owned(), Time { tolerance, max_age: number(max_age) });
    let rules =
        Rules { profile: profile_of(profile), issuer, audiences, required, allow_no_expiry, time };
    seen(|seen| {
        seen.gate = Gate { longest, algorithms: Algorithms::from_bits(algorithms) };
        seen.rules = rules;
    });
}

fn split(list: &str) -> Vec<String> {
    if list.is_empty() { Vec::new() } else { list.split(SEPARATOR).map(str::to_owned).collect() }
}

fn profile_of(number: u8) -> Profile {
    match number {
        0 => Profile::Jwt,
        1 => Profile::AccessToken,
        2 => Profile::IdToken,
        _ => Profile::Jws,
    }
}

fn number(number: f64) -> Option<f64> {
    (!number.is_nan()).then_some(number)
}

/// Reads the token, of which `length` bytes are in the room, and judges its header and its claims:
/// those are not to be believed before the signature is found to hold, which is the host's to find
/// out. `now` is in seconds since the epoch.
///
/// Of a header that this function let pass under the same rules before, `known` is the place of its
/// algorithm; else it is below zero.
#[wasm_bindgen]
#[must_use]
pub fn read(length: usize, now: f64, known: i32) -> u8 {
    seen(|seen| {
        match seen.open(
            length,
            usize::try_from(known).ok().and_then(|place| ALGORITHMS.get(place).copied()),
        ) {
            Ok(()) if seen.rules.profile == Profile::Jws => Verdict::Good as u8,
            Ok(()) => seen.judge(now),
            Err(failure) => seen.refuse(Verdict::Unfit, failure),
        }
    })
}

impl Seen {
    fn open(&mut self, length: usize, known: Option<Algorithm>) -> Result<(), Failure> {
        self.header = None;
        self.parts.refill(
            self.token.get(..length).unwrap_or_default(),
            self.gate.longest,
            known.is_some(),
        )?;
        self.header = Some(match known {
            Some(algorithm) => Header { algorithm, kid: None },
            None => Header::read(&self.parts.header, self.rules.profile, self.gate.algorithms)?,
        });
        Ok(())
    }

    fn judge(&mut self, now: f64) -> u8 {
        let rules = &self.rules;
        let verdict = match Claims::read(&self.parts.payload, &rules.required) {
            Err(reason) => Err((Verdict::Unfit, reason.into())),
            Ok(claims) => {
                let issuer = claims.issuer();
                // Rules without an issuer are nobody's, and no token is by their issuer.
                let is_ours =
                    |issuer: Text<'_>| !rules.issuer.is_empty() && issuer.is(&rules.issuer);
                if !issuer.is_some_and(is_ours) {
                    self.issuer = issuer.map(|issuer| issuer.chars().collect());
                    return Verdict::Foreign as u8;
                }
                self.dates = claims.dates.unwrap_or(Dates::NONE);
                rules.judge(&claims, now).map_err(|failure| (Verdict::Broken, failure))
            }
        };
        match verdict {
            Ok(()) => Verdict::Good as u8,
            Err((verdict, failure)) => self.refuse(verdict, failure),
        }
    }

    fn refuse(&mut self, verdict: Verdict, failure: Failure) -> u8 {
        self.code = self.code_of(failure);
        verdict as u8
    }

    fn code_of(&self, failure: Failure) -> String {
        match failure {
            Failure::Required(place) => {
                failure.code() + self.rules.required.get(place).map_or("", String::as_str)
            }
            failure => failure.code(),
        }
    }
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

fn header_read<T>(look: impl FnOnce(&Header) -> T) -> Option<T> {
    seen(|seen| seen.header.as_ref().map(look))
}

/// The algorithm of the token that was read, by its place in the table.
#[wasm_bindgen]
#[must_use]
pub fn algorithm() -> usize {
    header_read(|header| header.algorithm.place()).unwrap_or_default()
}

/// The name of its key.
#[wasm_bindgen]
#[must_use]
pub fn kid() -> Option<String> {
    header_read(|header| header.kid.clone()).flatten()
}

/// Its header as JSON text, checked; empty when the host knew it.
#[wasm_bindgen]
#[must_use]
pub fn header() -> String {
    seen(|seen| String::from_utf8_lossy(&seen.parts.header).into_owned())
}

/// Where its signature lies.
#[wasm_bindgen(js_name = signatureAt)]
#[must_use]
pub fn signature_at() -> *const u8 {
    seen(|seen| seen.parts.signature.as_ptr())
}

/// How many bytes it has; none when it has not the length of its algorithm.
#[wasm_bindgen(js_name = signatureLength)]
#[must_use]
pub fn signature_length() -> usize {
    seen(|seen| match &seen.header {
        Some(header) if header.algorithm.is_whole(&seen.parts.signature) => {
            seen.parts.signature.len()
        }
        _ => 0,
    })
}

/// Where its payload lies.
#[wasm_bindgen(js_name = payloadAt)]
#[must_use]
pub fn payload_at() -> *const u8 {
    seen(|seen| seen.parts.payload.as_ptr())
}

/// How many bytes that has.
#[wasm_bindgen(js_name = payloadLength)]
#[must_use]
pub fn payload_length() -> usize {
    seen(|seen| seen.parts.payload.len())
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

/// Judges the dates of a token that was verified before, by the rules that are followed.
/// `false`: [`code`] says why not.
#[wasm_bindgen]
#[must_use]
pub fn alive(expires: f64, not_before: f64, issued: f64, now: f64) -> bool {
    let dates =
        Dates { expires: number(expires), not_before: number(not_before), issued: number(issued) };
    seen(|seen| match seen.rules.time.judge(dates, now) {
        Ok(()) => true,
        Err(failure) => {
            seen.code = failure.code();
            false
        }
    })
}

/// Every rule for the claims of the token that was read: a name, a tab, the code of a refusal or
/// nothing, a line each.
#[wasm_bindgen]
#[must_use]
pub fn explain(now: f64) -> String {
    let mut lines = String::new();
    seen(|seen| {
        let Ok(claims) = Claims::read(&seen.parts.payload, &seen.rules.required) else { return };
        seen.rules.each(&claims, now, &mut |name, outcome| {
            let refusal = outcome.err().map(|failure| seen.code_of(failure)).unwrap_or_default();
            lines += &[name, "\t", &refusal, "\n"].concat();
            true
        });
    });
    lines
}
