//! Opaque tokens for JavaScript, which asks their issuer about them.

use wasm_bindgen::prelude::*;

use super::rules::{self, Registered};
use super::token::seen;
use super::words::Verdict;
use crate::verify::claims::Dates;
use crate::verify::introspection;

/// Seconds for which a refusal is remembered.
const REFUSED_FOR: f64 = 10.0;

/// Whether the token in the first `length` bytes of the input has the shape of an opaque one.
#[wasm_bindgen(js_name = isOpaque)]
#[must_use]
pub fn is_opaque(length: usize) -> bool {
    seen(|seen| introspection::is_opaque(seen.input.get(..length).unwrap_or_default()))
}

/// Judges an issuer's answer about the token that was recalled last. Until when the token can be
/// remembered then is judged by the same rules. `now` is in seconds since the epoch, `lifetime` the
/// seconds for which a good answer is believed at most. `undefined`: the rules are not registered.
#[wasm_bindgen(js_name = judgeAnswer)]
#[must_use]
pub fn judge_answer(rules: u32, answer: Vec<u8>, now: f64, lifetime: f64) -> Option<Verdict> {
    rules::with(rules, |Registered { rules, .. }| {
        seen(|seen| {
            let verdict = seen.judge_answer(rules, answer, now);
            let until = match verdict {
                Verdict::Good => now + lifetime,
                _ => {
                    seen.dates = Dates { issued: Some(now), ..Dates::NONE };
                    now + REFUSED_FOR
                }
            };
            seen.dates.expires = Some(introspection::believed_until(until, seen.dates, rules.time));
            verdict
        })
    })
}
