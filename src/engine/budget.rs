//! The bound that holds whatever the server or the clocks do: at most ten refresh calls in any
//! sixty seconds.
//!
//! The engine may spend six of them on its own account, in any rhythm. The other four are a
//! reserve for requests, which spend one call of it every fifteen seconds. Four such calls go round
//! in sixty seconds, so there is always one left within fifteen, however long an outage was and
//! however many requests it saw. A refresh by name may spend all ten at once.

use super::clock::{Millis, SECOND};

/// Refresh calls that a tab may make within [`WINDOW`].
pub const CALLS: usize = 10;
/// The time in which they are counted.
pub const WINDOW: Millis = 60 * SECOND;
/// Calls that the engine's own account leaves to the others.
const RESERVE: usize = 4;
/// The time between two calls of the reserve: when the fifth is made, the first has left the
/// window.
const SPACING: Millis = WINDOW / RESERVE as Millis + 1;

/// Who asks for a refresh call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// The engine itself: a token is due, or a failed call is tried again.
    Engine,
    /// A caller that can't go on without it.
    Request,
    /// The application, by `refresh()`.
    Application,
}

#[derive(Default)]
pub(super) struct Budget {
    /// When each of the latest calls will have left the window; 0 for none.
    leave: [Millis; CALLS],
    next: usize,
    /// From here on a request may spend a call of the reserve.
    reserve_at: Millis,
    /// From here on the latest call lies back far enough for a request to try its luck.
    rested_at: Millis,
}

impl Budget {
    /// The first moment from `now` on when a call may be made.
    pub(super) fn ready_at(&self, now: Millis, asker: Asker) -> Millis {
        let (share, all) = (self.leaves_at(now, RESERVE), self.leaves_at(now, 0));
        match asker {
            Asker::Engine => share,
            Asker::Request => share.min(all.max(self.reserve_at)),
            Asker::Application => all,
        }
    }

    /// Whether the latest call lies back so far that a request need not wait for the next try.
    pub(super) fn is_rested(&self, now: Millis) -> bool {
        self.rested_at <= now
    }

    pub(super) fn spend(&mut self, now: Millis) {
        self.rested_at = now + SPACING;
        if self.leaves_at(now, RESERVE) > now {
            self.reserve_at = self.rested_at;
        }
        if let Some(oldest) = self.leave.get_mut(self.next) {
            *oldest = now + WINDOW + 1;
        }
        self.next = (self.next + 1) % CALLS;
    }

    /// The first moment from `now` on when a call leaves at least `reserve` further ones (fewer
    /// than [`CALLS`]) in its window.
    fn leaves_at(&self, now: Millis, reserve: usize) -> Millis {
        // The call that must have left the window: counted back from the latest by what may be
        // spent.
        let oldest = (self.next + reserve) % CALLS;
        self.leave.get(oldest).map_or(now, |&at| now.max(at))
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[expect(non_snake_case, reason = "tests bear the ids of behaviours")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asker() -> impl Strategy<Value = Asker> {
        prop_oneof![Just(Asker::Engine), Just(Asker::Request), Just(Asker::Application)]
    }

    /// Spends what may be spent, step by step; returns when.
    fn spend(budget: &mut Budget, steps: &[(Millis, Asker)]) -> Vec<Millis> {
        let (mut now, mut spent) = (1_000_000, Vec::new());
        for &(step, asker) in steps {
            now += step;
            if budget.ready_at(now, asker) <= now {
                budget.spend(now);
                spent.push(now);
            }
        }
        spent
    }

    fn in_window(spent: &[Millis], now: Millis) -> usize {
        spent.iter().filter(|&&at| at <= now && at + WINDOW >= now).count()
    }

    proptest! {
        #[test]
        fn client_F55_no_window_holds_more_than_ten_calls(
            steps in prop::collection::vec((0..20_000_u64, asker()), 1..300),
        ) {
            let spent = spend(&mut Budget::default(), &steps);
            for &at in &spent {
                prop_assert!(in_window(&spent, at) <= CALLS);
            }
        }

        #[test]
        fn client_F55_the_engine_leaves_four_of_them(
            steps in prop::collection::vec(0..20_000_u64, 1..300),
        ) {
            let steps: Vec<_> = steps.into_iter().map(|step| (step, Asker::Engine)).collect();
            let spent = spend(&mut Budget::default(), &steps);
            for &at in &spent {
                prop_assert!(in_window(&spent, at) <= CALLS - RESERVE);
            }
        }

        /// Steps are short as often as long, so that each way to use the budget up is tried.
        #[test]
        fn client_F90_a_request_has_a_call_fifteen_seconds_after_the_latest_one(
            steps in prop::collection::vec(
                (prop_oneof![0..500_u64, 0..16_000_u64], any::<bool>()), 1..300,
            ),
        ) {
            let mut budget = Budget::default();
            let (mut now, mut latest) = (1_000_000, None);
            for (step, scheduled) in steps {
                now += step;
                let ready = budget.ready_at(now, Asker::Request);
                prop_assert!(ready <= latest.map_or(now, |at: Millis| now.max(at + SPACING)));
                let asker = if scheduled { Asker::Engine } else { Asker::Request };
                if budget.ready_at(now, asker) <= now {
                    budget.spend(now);
                    latest = Some(now);
                }
            }
        }
    }

    #[test]
    fn opens_again_when_the_first_call_has_left_the_window() {
        let mut budget = Budget::default();
        (0..10).for_each(|at| budget.spend(at * 100));
        assert_eq!(budget.ready_at(1_000, Asker::Application), WINDOW + 1);
        assert_eq!(budget.ready_at(1_000, Asker::Engine), 400 + WINDOW + 1);
        assert_eq!(budget.ready_at(90_000, Asker::Application), 90_000);
    }

    #[test]
    fn requests_spend_the_reserve_one_by_one() {
        let mut budget = Budget::default();
        for _ in 0..CALLS - RESERVE {
            assert_eq!(budget.ready_at(0, Asker::Request), 0, "the common share needs no spacing");
            budget.spend(0);
        }
        for call in 0..8 {
            let at = call * SPACING;
            assert_eq!(budget.ready_at(at, Asker::Request), at);
            budget.spend(at);
            assert!(call > 2 || budget.ready_at(at, Asker::Request) == at + SPACING);
        }
    }
}
