//! Opaque tokens for JavaScript, which asks their issuer about them.

use wasm_bindgen::prelude::*;

use super::rules::{self, Registered};
use super::token::seen;
use super::words::Verdict;
use crate::verify::introspection::{self, believed, refused};
use crate::verify::rules::Time;

/// Whether the token in the first `length` bytes of the input has the shape of an opaque one.
#[wasm_bindgen(js_name = isOpaque)]
#[must_use]
pub fn is_opaque(length: usize) -> bool {
    seen(|seen| introspection::is_opaque(seen.input.get(..length).unwrap_or_default()))
}

/// Judges an issuer's answer about the token that was recalled last, and says by which dates it can
/// be remembered. The call `began` and has ended `now`, in seconds since the epoch. `lifetime`: the
/// seconds for which a good answer is believed at most. "unfit": it is no answer. `undefined`: the
/// rules are not registered.
#[wasm_bindgen(js_name = judgeAnswer)]
#[must_use]
pub fn judge_answer(
    rules: u32,
    answer: Vec<u8>,
    began: f64,
    now: f64,
    lifetime: f64,
) -> Option<Verdict> {
    rules::with(rules, |Registered { rules, .. }| {
        seen(|seen| {
            if answer.len() > introspection::LONGEST_REMEMBERED {
                seen.recalled = None;
            }
            let verdict = seen.judge_answer(rules, answer, now);
            let Time { tolerance, .. } = rules.time;
            seen.dates = match verdict {
                Verdict::Good => believed(seen.dates, began.min(now) + lifetime, tolerance),
                _ => refused(seen.dates, now, tolerance),
            };
            verdict
        })
    })
}
