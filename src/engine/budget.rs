//! The bound that holds whatever the server or the clocks do: at most ten refresh calls in any
//! sixty seconds.

use super::clock::{Millis, SECOND};

/// Refresh calls that a tab may make within [`WINDOW`].
pub const CALLS: usize = 10;
/// The time in which they are counted.
pub const WINDOW: Millis = 60 * SECOND;

/// When each of the latest calls will have left the window; 0 for none.
#[derive(Default)]
pub(super) struct Budget {
    leave: [Millis; CALLS],
    next: usize,
}

impl Budget {
    /// The first moment from `now` on when a call leaves at least `reserve` further ones (fewer
    /// than [`CALLS`]) in its window.
    pub(super) fn ready_at(&self, now: Millis, reserve: usize) -> Millis {
        // The call that must have left the window: counted back from the latest by what may be
        // spent.
        let oldest = (self.next + reserve) % CALLS;
        self.leave.get(oldest).map_or(now, |&at| now.max(at))
    }

    pub(super) fn spend(&mut self, now: Millis) {
        if let Some(oldest) = self.leave.get_mut(self.next) {
            *oldest = now + WINDOW + 1;
        }
        self.next = (self.next + 1) % CALLS;
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[expect(non_snake_case, reason = "tests bear the ids of behaviours")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn client_F55_no_window_holds_more_than_ten_calls(steps in prop::collection::vec((0..20_000_u64, 0..CALLS), 1..300)) {
            let (mut budget, mut now, mut spent) = (Budget::default(), 0, Vec::new());
            for (step, reserve) in steps {
                now += step;
                if budget.ready_at(now, reserve) <= now {
                    budget.spend(now);
                    spent.push(now);
                    let recent = spent.iter().filter(|&&at| at + WINDOW >= now).count();
                    prop_assert!(recent <= CALLS - reserve, "{recent} with {reserve} kept back");
                }
            }
        }
    }

    #[test]
    fn opens_again_when_the_first_call_has_left_the_window() {
        let mut budget = Budget::default();
        (0..10).for_each(|at| budget.spend(at * 100));
        assert_eq!(budget.ready_at(1_000, 0), WINDOW + 1);
        assert_eq!(budget.ready_at(1_000, 4), 400 + WINDOW + 1);
        assert_eq!(budget.ready_at(90_000, 0), 90_000);
    }
}
