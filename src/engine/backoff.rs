//! How long to wait after a transient failure: full-jitter exponential.

use super::clock::Millis;
use super::random::Random;

/// The bounds of the waiting times.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The most that the first waiting time can be.
    pub base: Millis,
    /// The most that any waiting time can be.
    pub max: Millis,
}

impl Backoff {
    /// The longest that the wait after `failures` failures in a row (counted from 1) can be.
    #[must_use]
    pub fn ceiling(self, failures: u32) -> Millis {
        let doublings = failures.saturating_sub(1).min(32);
        if self.base > self.max >> doublings { self.max } else { self.base << doublings }
    }

    pub(super) fn wait(self, failures: u32, random: &mut Random) -> Millis {
        random.up_to(self.ceiling(failures))
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[expect(non_snake_case, reason = "tests bear the ids of behaviours")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn client_F49_waits_stay_under_a_growing_ceiling(
            base in 1..10_000_u64, max in 1..10_000_000_u64, seed: u64,
        ) {
            let backoff = Backoff { base, max };
            let mut random = Random::new(seed);
            for failures in 1..100 {
                prop_assert!(backoff.wait(failures, &mut random) <= backoff.ceiling(failures));
                prop_assert!(backoff.ceiling(failures) <= backoff.ceiling(failures + 1));
                prop_assert!(backoff.ceiling(failures) <= max);
            }
        }
    }

    #[test]
    fn the_whole_range_is_used() {
        let mut random = Random::new(7);
        let waits: Vec<_> =
            (0..1_000).map(|_| Backoff { base: 100, max: 100 }.wait(1, &mut random)).collect();
        assert!(waits.contains(&0) && waits.contains(&100));
    }
}
