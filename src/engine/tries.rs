//! What became of the latest refresh calls, and when the next one may be made.

use super::budget::{Asker, Budget};
use super::clock::Millis;
use super::failure::{Blame, Failure};

#[derive(Default)]
pub(super) struct Tries {
    budget: Budget,
    /// The latest failure since a call last succeeded.
    failure: Option<Failure>,
    /// Failures in a row.
    failures: u32,
    /// Plain backoff after the latest failure lasts until then.
    backoff_until: Millis,
    /// The authority asked to be left alone until then.
    paused_until: Millis,
    /// A verdict was not believed once already.
    disbelieved: bool,
}

impl Tries {
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// When a call may be made, by the rate bound and by what the authority asked for.
    pub(super) fn ready_at(&self, now: Millis, asker: Asker) -> Millis {
        self.budget.ready_at(now, asker).max(self.paused_until)
    }

    /// The failure after which plain backoff holds such a call back.
    pub(super) fn backs_off(&self, now: Millis, asker: Asker) -> Option<Failure> {
        let failure = self.failure?;
        // Backoff grows with an outage, and the wait of a request must not. A wrong configuration
        // is not mended by trying soon.
        let gives_way = match asker {
            Asker::Engine => false,
            Asker::Request => {
                self.budget.is_rested(now) && failure.kind.blame() != Blame::Misconfigured
            }
            Asker::Application => true,
        };
        (now < self.backoff_until && !gives_way && !self.is_paused(now)).then_some(failure)
    }

    /// A call goes out.
    pub(super) fn spend(&mut self, now: Millis) {
        self.budget.spend(now);
    }

    /// A call failed; returns how many have in a row.
    pub(super) fn fail(&mut self, failure: Failure) -> u32 {
        self.failures = self.failures.saturating_add(1);
        self.failure = Some(failure);
        self.failures
    }

    /// Plain backoff lasts until then; 0 for none.
    pub(super) fn back_off(&mut self, until: Millis) {
        self.backoff_until = until;
    }

    pub(super) fn is_paused(&self, now: Millis) -> bool {
        self.paused_until > now
    }

    /// What is left of what the authority asked for.
    pub(super) fn pause(&self, now: Millis) -> Option<Millis> {
        Some(self.paused_until.saturating_sub(now)).filter(|&rest| rest > 0)
    }

    /// The authority asked to be left alone until then. Returns whether that is news.
    pub(super) fn lengthen_pause(&mut self, until: Millis) -> bool {
        let longer = until > self.paused_until;
        if longer {
            self.paused_until = until;
        }
        longer
    }

    /// The first time: a verdict is not to be believed.
    pub(super) fn disbelieve(&mut self) -> bool {
        !core::mem::replace(&mut self.disbelieved, true)
    }

    /// A call succeeded, or the session ended. The rate bound and a pause stay.
    pub(super) fn forget(&mut self) {
        self.failure = None;
        self.failures = 0;
        self.disbelieved = false;
    }
}
