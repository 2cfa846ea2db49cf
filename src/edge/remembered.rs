//! Remembered tokens for JavaScript. A verification begins with [`recall`]; one that has to be made
//! anew [`begin`]s, and is remembered under the number that it got then. JavaScript keeps what it
//! knows of a token in a list, by the place that it is told.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use super::ring::Ring;
use super::rules::{self, Registered};
use super::token::seen;
use crate::verify::remembered::{Remembered, TokenDigest, Validity};

/// More than any application has verifiers in use at a time.
const MOST_CACHES: usize = 256;
/// More than one isolate has signatures to wait for at a time.
const MOST_BEGUN: usize = 1_024;

/// A verification whose signature is being looked at.
#[derive(Clone, Copy)]
struct Begun {
    cache: u32,
    digest: TokenDigest,
    validity: Validity,
}

struct State {
    caches: Ring<Remembered, MOST_CACHES>,
    /// `None`: its token will not be remembered.
    begun: Ring<Option<Begun>, MOST_BEGUN>,
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State { caches: Ring::EMPTY, begun: Ring::EMPTY })
    };
}

/// Makes a cache of at most `most` tokens, with a random key of 128 bits in four parts. It stays
/// until hundreds of others were made; then [`begin`] says that it is gone.
#[wasm_bindgen(js_name = newCache)]
#[must_use]
pub fn new_cache(most: usize, a: u32, b: u32, c: u32, d: u32) -> u32 {
    let key = [[a, b], [c, d]].map(|[low, high]| u64::from(low) | u64::from(high) << 32);
    STATE.with_borrow_mut(|state| state.caches.push(Remembered::new(most, key)))
}

/// The place of the token in the first `length` bytes of the input, if its signature was found to
/// hold before and its dates are good still. `now` is in seconds since the epoch. `is_same`: it is
/// the token that was looked for last, in this cache, and its digest is known.
#[wasm_bindgen]
#[must_use]
pub fn recall(cache: u32, length: usize, now: f64, is_same: bool) -> Option<u32> {
    STATE.with_borrow_mut(|state| {
        let tokens = state.caches.get_mut(cache);
        let digest = seen(|seen| {
            if !is_same {
                let token = seen.input.get(..length).unwrap_or_default();
                seen.recalled = tokens.as_ref().and_then(|tokens| tokens.digest(token));
            }
            seen.recalled
        });
        tokens?.recall(digest?, |Validity { dates, rules }| {
            let judge = |Registered { rules, .. }: &Registered| rules.time.judge(dates, now);
            rules::with(rules, judge).is_some_and(|outcome| outcome.is_ok())
        })
    })
}

/// The number of a verification that has begun: of the token that was recalled last, and then read
/// by these rules. `undefined`: the cache is gone.
#[wasm_bindgen]
#[must_use]
pub fn begin(cache: u32, rules: u32) -> Option<u32> {
    STATE.with_borrow_mut(|state| {
        state.caches.get_mut(cache)?;
        let (digest, dates) = seen(|seen| (seen.recalled, seen.dates));
        let begun =
            digest.map(|digest| Begun { cache, digest, validity: Validity { dates, rules } });
        Some(state.begun.push(begun))
    })
}

/// Has a verification of an encrypted token go by the token inside, which was read last: by its
/// dates, and by these rules.
#[wasm_bindgen(js_name = goByInside)]
pub fn go_by_inside(begun: u32, rules: u32) {
    STATE.with_borrow_mut(|state| {
        if let Some(Some(begun)) = state.begun.get_mut(begun) {
            begun.validity = Validity { dates: seen(|seen| seen.dates), rules };
        }
    });
}

/// Remembers the token of a verification whose signature was found to hold, and says in which
/// place. `undefined`: it is not remembered; it is too long, or too many others have begun since.
#[wasm_bindgen]
#[must_use]
pub fn remember(begun: u32) -> Option<u32> {
    STATE.with_borrow_mut(|state| {
        let Begun { cache, digest, validity } = (*state.begun.get_mut(begun)?)?;
        Some(state.caches.get_mut(cache)?.remember(digest, validity))
    })
}
