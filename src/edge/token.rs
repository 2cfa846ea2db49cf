//! Reading tokens. JavaScript writes a token into the input, the memory that [`reserve_input`]
//! gives it. What most tokens need crosses as a word, numbers, and views into this memory. What is
//! new crosses once, as an object.

use std::cell::RefCell;

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::object_of;
use super::rules::{self, Registered};
use super::words::{self, Verdict};
use crate::verify::claims::{Claims, Dates};
use crate::verify::confirmation::Confirmation;
use crate::verify::json::Text;
use crate::verify::jws::Compact;
use crate::verify::proof::{NotProof, Prover};
use crate::verify::remembered::TokenDigest;
use crate::verify::rules::Rules;
use crate::verify::{Algorithm, Failure, Header, Profile, Typ};

/// The objects of this file as TypeScript sees them.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The dates of a token, in seconds since the epoch; null for one that it does not have. */
export interface Dates {
  readonly expires: number | null;
  readonly notBefore: number | null;
  readonly issued: number | null;
}

/** What a token says of itself. Nothing of it is to be believed before the signature holds. */
export interface Opened {
  /** The JSON text of the header, checked. */
  readonly header: string;
  readonly algorithm: Algorithm;
  readonly kid: string | null;
  readonly issuer: string | null;
  readonly dates: Dates;
}

/** A rule for claims, and what a token makes of it. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** The code of the refusal. */
  readonly detail?: string;
}
"#;

/// What was written into the input last, and what was seen in it. No call of JavaScript's relies on
/// it once something was awaited: another request may have read another token.
pub(super) struct Seen {
    pub(super) input: Vec<u8>,
    pub(super) code: String,
    parts: Compact,
    header: Option<Header>,
    issuer: Option<String>,
    pub(super) dates: Dates,
    bound_to: Option<String>,
    /// The digest of the token, when `recall` was the first to look at it.
    pub(super) recalled: Option<TokenDigest>,
}

thread_local! {
    static SEEN: RefCell<Seen> = const {
        RefCell::new(Seen {
            input: Vec::new(),
            code: String::new(),
            parts: Compact::EMPTY,
            header: None,
            issuer: None,
            dates: Dates::NONE,
            bound_to: None,
            recalled: None,
        })
    };
}

pub(super) fn seen<T>(look: impl FnOnce(&mut Seen) -> T) -> T {
    SEEN.with_borrow_mut(look)
}

/// Makes room for a token, or a key set, of so many bytes and says where. It stays there as long as
/// no more is asked for.
#[wasm_bindgen(js_name = reserveInput)]
#[must_use]
pub fn reserve_input(bytes: usize) -> *const u8 {
    seen(|seen| {
        if seen.input.len() < bytes {
            seen.input.resize(bytes, 0);
        }
        seen.input.as_ptr()
    })
}

/// Reads the token in the first `length` bytes of the input, and judges its header and its claims.
/// `now` is in seconds since the epoch. `passed`: the algorithm of a header that passed under the
/// same rules before. `is_recalled`: it is the token that `recall` has just looked for.
/// `undefined`: the rules are not registered.
#[wasm_bindgen]
#[must_use]
pub fn read(
    rules: u32,
    length: usize,
    now: f64,
    passed: Option<words::Algorithm>,
    is_recalled: bool,
) -> Option<Verdict> {
    let passed = passed.and_then(words::Algorithm::read);
    rules::with(rules, |registered| {
        seen(|seen| {
            if !is_recalled {
                seen.recalled = None;
            }
            match seen.open(registered, length, passed) {
                Ok(()) if registered.rules.profile == Profile::Jws => Verdict::Good,
                Ok(()) => seen.judge(&registered.rules, now),
                Err(failure) => seen.refuse(Verdict::Unfit, &registered.rules, failure),
            }
        })
    })
}

/// Judges the claims of the token that was read last by other rules: those of its own issuer.
/// `undefined`: they are not registered.
#[wasm_bindgen]
#[must_use]
pub fn judge(rules: u32, now: f64) -> Option<Verdict> {
    rules::with(rules, |registered| seen(|seen| seen.judge(&registered.rules, now)))
}

/// Judges the dates of a token. `undefined`: the rules are not registered.
#[wasm_bindgen(js_name = judgeDates)]
#[must_use]
pub fn judge_dates(rules: u32, dates: &DatesObject, now: f64) -> Option<Verdict> {
    let dates =
        Dates { expires: dates.expires(), not_before: dates.not_before(), issued: dates.issued() };
    rules::with(rules, |Registered { rules, .. }| match rules.time.judge(dates, now) {
        Ok(()) => Verdict::Good,
        Err(failure) => seen(|seen| seen.refuse(Verdict::Broken, rules, failure)),
    })
}

#[wasm_bindgen]
extern "C" {
    /// An object of TypeScript's `Dates`.
    #[wasm_bindgen(typescript_type = "Dates")]
    pub type DatesObject;

    #[wasm_bindgen(method, getter)]
    fn expires(this: &DatesObject) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = notBefore)]
    fn not_before(this: &DatesObject) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn issued(this: &DatesObject) -> Option<f64>;
}

impl Seen {
    fn open(
        &mut self,
        registered: &Registered,
        length: usize,
        passed: Option<Algorithm>,
    ) -> Result<(), Failure> {
        (self.header, self.issuer, self.dates) = (None, None, Dates::NONE);
        let token = self.input.get(..length).unwrap_or_default();
        self.parts.refill(token, registered.longest, passed.is_some(), registered.with_padding)?;
        self.header = Some(match passed {
            Some(algorithm) => Header { algorithm, kid: None, typ: Typ::Passed },
            None => {
                Header::read(&self.parts.header, registered.rules.profile, registered.algorithms)?
            }
        });
        Ok(())
    }

    /// Judges an answer about a token like the claims of one. "unfit": it is no answer.
    pub(super) fn judge_answer(&mut self, rules: &Rules, answer: Vec<u8>, now: f64) -> Verdict {
        self.parts.payload = answer;
        match self.judge(rules, now) {
            Verdict::Unfit => self.refuse(Verdict::Unfit, rules, Failure::Answer),
            Verdict::Foreign => self.refuse(Verdict::Broken, rules, Failure::Claim("iss")),
            verdict => verdict,
        }
    }

    fn judge(&mut self, rules: &Rules, now: f64) -> Verdict {
        let claims = match Claims::read(&self.parts.payload, rules) {
            Ok(claims) => claims,
            Err(reason) => return self.refuse(Verdict::Unfit, rules, reason.into()),
        };
        self.dates = claims.dates.unwrap_or(Dates::NONE);
        self.bound_to = match claims.confirmation() {
            Confirmation::Key(thumbprint) => Some(thumbprint),
            _ => None,
        };
        if !rules.is_by_issuer(&claims) {
            self.issuer = claims.issuer().map(Text::copied);
            return Verdict::Foreign;
        }
        let form = match &self.header {
            // An answer has none.
            _ if rules.profile == Profile::Introspection => Ok(()),
            Some(header) => rules.form(header, self.parts.is_padded),
            None => Err(Failure::Malformed),
        };
        if let Err(failure) = form {
            return self.refuse(Verdict::Unfit, rules, failure);
        }
        match rules.judge(&claims, now) {
            Ok(()) => Verdict::Good,
            Err(Failure::Answer) => Verdict::Unfit,
            Err(failure) => self.refuse(Verdict::Broken, rules, failure),
        }
    }

    /// Reads a proof in the place of a token, its header too unless that `has_passed` before.
    pub(super) fn open_proof(
        &mut self,
        registered: &Registered,
        length: usize,
        has_passed: bool,
    ) -> Result<Option<Prover>, NotProof> {
        (self.header, self.recalled) = (None, None);
        let proof = self.input.get(..length).unwrap_or_default();
        self.parts.refill(proof, registered.longest, has_passed, false).map_err(Failure::from)?;
        if has_passed {
            Ok(None)
        } else {
            Prover::read(&self.parts.header, registered.algorithms).map(Some)
        }
    }

    /// The payload of what was read last.
    pub(super) fn read_payload(&self) -> &[u8] {
        &self.parts.payload
    }

    fn refuse(&mut self, verdict: Verdict, rules: &Rules, failure: Failure) -> Verdict {
        self.code = code_of(rules, failure);
        verdict
    }
}

fn code_of(rules: &Rules, failure: Failure) -> String {
    let claim = match failure {
        Failure::Required(place) => rules.required.get(place),
        Failure::Wanted(place) => rules.wanted.get(place).map(|wanted| &wanted.name),
        _ => None,
    };
    failure.code() + claim.map_or("", String::as_str)
}

/// The code of the last refusal.
#[wasm_bindgen]
#[must_use]
pub fn code() -> String {
    seen(|seen| seen.code.clone())
}

/// The thumbprint of the key that the token is bound to that was read last.
#[wasm_bindgen(js_name = boundTo)]
#[must_use]
pub fn bound_to() -> Option<String> {
    seen(|seen| seen.bound_to.clone())
}

/// Where the signature of the token lies that was read last.
#[wasm_bindgen(js_name = signatureAt)]
#[must_use]
pub fn signature_at() -> *const u8 {
    seen(|seen| seen.parts.signature.as_ptr())
}

/// How many bytes it has; none when it has not the length of its algorithm, as far as that is known
/// here.
#[wasm_bindgen(js_name = signatureLength)]
#[must_use]
pub fn signature_length() -> usize {
    seen(|seen| match &seen.header {
        Some(header) if !header.algorithm.is_whole(&seen.parts.signature) => 0,
        _ => seen.parts.signature.len(),
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

#[derive(Serialize)]
struct Opened<'a> {
    header: &'a str,
    algorithm: &'static str,
    kid: Option<&'a str>,
    issuer: Option<&'a str>,
    dates: OpenedDates,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenedDates {
    expires: Option<f64>,
    not_before: Option<f64>,
    issued: Option<f64>,
}

impl From<Dates> for OpenedDates {
    fn from(Dates { expires, not_before, issued }: Dates) -> Self {
        Self { expires, not_before, issued }
    }
}

/// What the token says of itself that was read last, its header with the rest. `undefined`: it was
/// unfit.
#[wasm_bindgen(unchecked_return_type = "Opened | undefined")]
#[must_use]
pub fn opened() -> JsValue {
    seen(|seen| match &seen.header {
        Some(header) => object_of(&Opened {
            header: str::from_utf8(&seen.parts.header).unwrap_or_default(),
            algorithm: header.algorithm.name(),
            kid: header.kid.as_deref(),
            issuer: seen.issuer.as_deref(),
            dates: seen.dates.into(),
        }),
        None => JsValue::UNDEFINED,
    })
}

#[derive(Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Every rule for the claims of a payload, with its outcome. `undefined`: the rules are not
/// registered.
#[wasm_bindgen(unchecked_return_type = "Finding[] | undefined")]
#[must_use]
pub fn explain(rules: u32, payload: &[u8], now: f64) -> JsValue {
    let findings = rules::with(rules, |Registered { rules, .. }| {
        let mut findings = Vec::new();
        if let Ok(claims) = Claims::read(payload, rules) {
            rules.each(&claims, now, &mut |check, outcome| {
                let detail = outcome.err().map(|failure| code_of(rules, failure));
                findings.push(Finding { check, ok: detail.is_none(), detail });
                true
            });
        }
        findings
    });
    findings.map_or(JsValue::UNDEFINED, |findings| object_of(&findings))
}
