//! When a token is due for renewal. Its lifetime is a duration that is counted from its receipt;
//! `exp` is never compared with a local clock.

use super::clock::{Millis, SECOND};

/// A lifetime longer than this (366 days) is taken as this long.
pub const LONGEST_LIFETIME: Millis = 366 * 24 * 3_600 * SECOND;

/// How far ahead of expiry a token is renewed.
#[derive(Debug, Clone, Copy)]
pub struct Lead {
    /// Least time before expiry; never more than half the lifetime.
    pub leeway: Millis,
    /// Most time that chance adds to it; never more than a tenth of the lifetime.
    pub jitter: Millis,
}

/// The lifetime of a token: what the reply told, else what the token tells, else `default`; all in
/// milliseconds.
///
/// Zero counts as not told.
#[must_use]
pub(super) fn lifetime(told: Option<u64>, read: Option<u64>, default: Millis) -> Millis {
    let seconds = told.filter(|&told| told > 0).or(read.filter(|&read| read > 0));
    seconds
        .map_or(default, |seconds| seconds.min(LONGEST_LIFETIME / SECOND) * SECOND)
        .clamp(1, LONGEST_LIFETIME)
}

/// How long after its receipt a token of `lifetime` is due. `chance` draws a number from 0 to its
/// argument.
#[must_use]
pub(super) fn due_after(
    lifetime: Millis,
    lead: Lead,
    chance: impl FnOnce(Millis) -> Millis,
) -> Millis {
    let leeway = lead.leeway.min(lifetime / 2);
    let jitter = chance(lead.jitter.min(lifetime / 10));
    lifetime - leeway - jitter
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[expect(non_snake_case, reason = "tests bear the ids of behaviours")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefers_what_the_reply_told() {
        assert_eq!(lifetime(Some(900), Some(60), 300_000), 900_000);
        assert_eq!(lifetime(None, Some(60), 300_000), 60_000);
        assert_eq!(lifetime(Some(0), Some(60), 300_000), 60_000);
        assert_eq!(lifetime(Some(0), None, 300_000), 300_000);
        assert_eq!(lifetime(Some(u64::MAX), None, 300_000), LONGEST_LIFETIME);
    }

    proptest! {
        #[test]
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "any number up to `most` will do"
        )]
        fn client_B9_a_token_is_due_between_four_tenths_of_its_life_and_its_end(
            life in 1..=LONGEST_LIFETIME,
            leeway in 0..u64::MAX,
            jitter in 0..u64::MAX,
            part in 0.0..=1.0_f64,
        ) {
            let due = due_after(life, Lead { leeway, jitter }, |most| (most as f64 * part) as u64);
            prop_assert!(due <= life && due >= life / 10 * 4, "{due} of {life}");
        }
    }
}
