//! The decisions of [`crate::verify::freshness`] as functions for JavaScript.
//!
//! JavaScript keeps the state of each key set, a [`Freshness`] as numbers that it never looks into,
//! and passes them in with each call. So no state dies with an instance of the wasm, and none has
//! to be freed when a verifier or a tenant goes. Times are in milliseconds.

use wasm_bindgen::prelude::*;

use super::words::{Look, Reception, Step};
use crate::verify::freshness::{Bounds, Fetch, Freshness, Means, NUMBERS};

/// What the numbers stand for.
fn freshness(numbers: &[f64]) -> Freshness {
    let numbers = numbers.first_chunk().expect("JavaScript keeps them as they were given");
    Freshness::from_numbers(*numbers)
}

/// Changes what the numbers stand for.
fn change<T>(numbers: &mut [f64], change: impl FnOnce(&mut Freshness) -> T) -> T {
    let mut freshness = freshness(numbers);
    let result = change(&mut freshness);
    numbers.copy_from_slice(&freshness.to_numbers());
    result
}

/// The numbers of a key set that nobody has asked for.
#[wasm_bindgen(js_name = freshnessOf)]
#[must_use]
pub fn freshness_of(max_age: f64, max_stale: f64, cooldown: f64, timeout: f64) -> Box<[f64]> {
    let numbers: [f64; NUMBERS] =
        Freshness::new(Bounds { max_age, max_stale, cooldown, timeout }).to_numbers();
    Box::new(numbers)
}

/// See [`Freshness::ask`].
#[wasm_bindgen]
#[must_use]
pub fn ask(
    numbers: &[f64],
    now: f64,
    under_way: Option<f64>,
    kept_alive: bool,
    has_tried: bool,
    has_bundled: bool,
) -> Step {
    freshness(numbers).ask(now, Means { under_way, kept_alive, has_tried, has_bundled }).into()
}

/// See [`Freshness::look`].
#[wasm_bindgen]
#[must_use]
pub fn look(
    numbers: &[f64],
    asked: f64,
    now: f64,
    under_way: Option<f64>,
    has_tried: bool,
) -> Look {
    freshness(numbers).look(asked, now, Means { under_way, has_tried, ..Means::default() }).into()
}

/// See [`Freshness::renewing`].
#[wasm_bindgen]
pub fn renewing(numbers: &mut [f64], now: f64) {
    change(numbers, |freshness| freshness.renewing(now));
}

/// See [`Freshness::began`]. Returns the number of the fetch.
#[wasm_bindgen]
#[must_use]
pub fn began(numbers: &mut [f64], now: f64) -> u32 {
    change(numbers, |freshness| freshness.began(now).number)
}

/// See [`Freshness::answered`].
#[wasm_bindgen]
#[must_use]
pub fn answered(numbers: &mut [f64], number: u32, began: f64, lifetime: Option<f64>) -> Reception {
    change(numbers, |freshness| freshness.answered(Fetch { number, began }, lifetime)).into()
}

/// See [`Freshness::failed`].
#[wasm_bindgen]
pub fn failed(numbers: &mut [f64], number: u32, began: f64, now: f64) {
    change(numbers, |freshness| freshness.failed(Fetch { number, began }, now));
}

/// See [`Freshness::stored`].
#[wasm_bindgen]
#[must_use]
pub fn stored(numbers: &mut [f64], now: f64, fetched_at: f64, lifetime: Option<f64>) -> Reception {
    change(numbers, |freshness| freshness.stored(now, fetched_at, lifetime)).into()
}

/// See [`Freshness::use_bundled`].
#[wasm_bindgen(js_name = useBundled)]
pub fn use_bundled(numbers: &mut [f64], now: f64) {
    change(numbers, |freshness| freshness.use_bundled(now));
}

/// From when on the set in memory is fresh; see [`Freshness::fresh`].
#[wasm_bindgen(js_name = freshFrom)]
#[must_use]
pub fn fresh_from(numbers: &[f64]) -> f64 {
    freshness(numbers).fresh().0
}

/// The moment at which the set in memory stops being fresh.
#[wasm_bindgen(js_name = freshUntil)]
#[must_use]
pub fn fresh_until(numbers: &[f64]) -> f64 {
    freshness(numbers).fresh().1
}

/// See [`Freshness::usable_for`].
#[wasm_bindgen(js_name = usableFor)]
#[must_use]
pub fn usable_for(numbers: &[f64]) -> f64 {
    freshness(numbers).usable_for()
}

/// See [`Freshness::retry_after`].
#[wasm_bindgen(js_name = retryAfter)]
#[must_use]
pub fn retry_after(numbers: &[f64], now: f64) -> f64 {
    freshness(numbers).retry_after(now)
}
