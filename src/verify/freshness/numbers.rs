//! A [`Freshness`] as plain numbers, for whoever keeps it where no type of Rust can live. Only this
//! file knows what they mean.

use super::{Bounds, Freshness, Loaded, Millis, Origin};

/// How many they are.
pub const NUMBERS: usize = 15;

impl Freshness {
    /// All that is known, for [`from_numbers`](Self::from_numbers).
    #[must_use]
    pub fn to_numbers(&self) -> [f64; NUMBERS] {
        let Bounds { max_age, max_stale, cooldown, timeout } = self.bounds;
        let loaded =
            self.loaded.map_or([f64::NAN; 2], |loaded| [loaded.fetched_at, loaded.fresh_until]);
        let is_bundled = self.loaded.is_some_and(|loaded| loaded.origin == Origin::Bundled);
        [
            max_age,
            max_stale,
            cooldown,
            timeout,
            loaded[0],
            loaded[1],
            f64::from(is_bundled),
            f64::from(self.begun),
            self.began_at,
            f64::from(self.is_open),
            f64::from(self.newest_answer),
            f64::from(self.begun_before_copy),
            self.not_before,
            f64::from(self.failures),
            f64::from(self.begun_before_failure),
        ]
    }

    /// What [`to_numbers`](Self::to_numbers) was made of.
    #[must_use]
    pub fn from_numbers(numbers: [f64; NUMBERS]) -> Self {
        let [
            max_age,
            max_stale,
            cooldown,
            timeout,
            fetched_at,
            fresh_until,
            is_bundled,
            begun,
            began_at,
            is_open,
            newest_answer,
            begun_before_copy,
            not_before,
            failures,
            begun_before_failure,
        ] = numbers;
        let origin = if is(is_bundled) { Origin::Bundled } else { Origin::Published };
        Self {
            bounds: Bounds { max_age, max_stale, cooldown, timeout },
            loaded: loaded(origin, fetched_at, fresh_until),
            begun: count(begun),
            began_at,
            is_open: is(is_open),
            newest_answer: count(newest_answer),
            begun_before_copy: count(begun_before_copy),
            not_before,
            failures: count(failures),
            begun_before_failure: count(begun_before_failure),
        }
    }
}

fn loaded(origin: Origin, fetched_at: Millis, fresh_until: Millis) -> Option<Loaded> {
    (!fetched_at.is_nan()).then_some(Loaded { origin, fetched_at, fresh_until })
}

fn is(number: f64) -> bool {
    number > 0.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it was a u32 before it was a number"
)]
const fn count(number: f64) -> u32 {
    number as u32
}
