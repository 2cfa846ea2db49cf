//! Everybody who waits for the engine, and the one rule by which each of them is answered.

use super::clock::Millis;
use super::contract::{Outcome, Output, WaiterId};
use super::failure::{Failure, FailureKind};
use super::machine::Engine;
use super::snapshot::Status;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Wants to know whether there is a session; `again`: whatever was known of it.
    Start { again: bool },
    /// Asked for a refresh by name.
    Refresh,
    /// Wants to send a request.
    Request,
    /// Wants the token itself, valid for so long.
    Lend { validity: Millis },
    /// Was refused with the token of this generation.
    Retry { generation: u32 },
}

struct Waiter {
    id: WaiterId,
    purpose: Purpose,
    /// The user whose session it was when the wait began; `None` when there was none.
    identity: Option<u32>,
}

#[derive(Default)]
pub(super) struct Waiters {
    waiting: Vec<Waiter>,
    last: u32,
}

impl Waiters {
    pub(super) fn new_id(&mut self) -> WaiterId {
        self.last = self.last.wrapping_add(1);
        WaiterId(self.last)
    }

    pub(super) fn is_any(&self) -> bool {
        !self.waiting.is_empty()
    }
}

/// What has just become of a refresh, for those who wait for one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attempt {
    Pending,
    Succeeded,
    Failed(Failure),
}

impl Engine {
    /// Answers at once where that can be, else lets the caller wait.
    pub(super) fn wait(&mut self, purpose: Purpose, attempt: Attempt) -> WaiterId {
        let id = self.waiters.new_id();
        let identity = self.session.is_authenticated().then(|| self.session.identity());
        let waiter = Waiter { id, purpose, identity };
        match self.answer(&waiter, attempt) {
            Some(outcome) => self.settle(id, outcome),
            None => self.waiters.waiting.push(waiter),
        }
        id
    }

    pub(super) fn settle(&mut self, waiter: WaiterId, outcome: Outcome) {
        self.put(Output::Settle { waiter, outcome });
    }

    /// Answers all who can be answered now.
    pub(super) fn settle_waiters(&mut self, attempt: Attempt) {
        self.settle_those(attempt, |_| true);
    }

    /// Tells those who asked for the refresh by name how it failed; the others are told what that
    /// means for them.
    pub(super) fn settle_refreshers(&mut self, attempt: Attempt) {
        self.settle_those(attempt, |waiter| waiter.purpose == Purpose::Refresh);
    }

    /// Answers the waiters that `among` accepts, if they can be answered now. The others keep their
    /// order.
    fn settle_those(&mut self, attempt: Attempt, among: fn(&Waiter) -> bool) {
        for waiter in core::mem::take(&mut self.waiters.waiting) {
            let outcome = if among(&waiter) { self.answer(&waiter, attempt) } else { None };
            match outcome {
                Some(outcome) => self.settle(waiter.id, outcome),
                None => self.waiters.waiting.push(waiter),
            }
        }
    }

    /// How the wait ends; `None` while something is under way that will end it.
    fn answer(&self, waiter: &Waiter, attempt: Attempt) -> Option<Outcome> {
        if self.closed {
            return Some(failed(FailureKind::Closed));
        }
        let stranger = waiter.identity.is_some_and(|known| known != self.session.identity());
        match waiter.purpose {
            Purpose::Start { again } => self.answer_start(again, attempt),
            Purpose::Refresh => match attempt {
                Attempt::Succeeded => Some(Outcome::Done),
                Attempt::Failed(failure) => Some(Outcome::Failed(failure)),
                Attempt::Pending => (!self.refreshing()).then(|| failed(FailureKind::SignedOut)),
            },
            Purpose::Retry { .. } if stranger => Some(Outcome::GiveUp),
            _ if stranger => Some(failed(FailureKind::SignedOut)),
            Purpose::Request => self.answer_request(0, attempt, Outcome::Anonymous),
            Purpose::Lend { validity } => {
                self.answer_request(validity, attempt, failed(FailureKind::SignedOut))
            }
            Purpose::Retry { generation } => self.answer_retry(generation, attempt),
        }
    }

    fn answer_start(&self, again: bool, attempt: Attempt) -> Option<Outcome> {
        let known = self.session.status() != Status::Unknown;
        match attempt {
            _ if known && !(again && self.session.is_sought()) => Some(Outcome::Done),
            Attempt::Failed(failure) if !self.waits_for_the_network(failure) => {
                Some(Outcome::Failed(failure))
            }
            _ => None,
        }
    }

    fn answer_request(
        &self,
        validity: Millis,
        attempt: Attempt,
        anonymous: Outcome,
    ) -> Option<Outcome> {
        let now = self.now.mono;
        match self.session.status() {
            Status::Unknown => match attempt {
                Attempt::Failed(failure) if !self.waits_for_the_network(failure) => {
                    Some(Outcome::Failed(failure))
                }
                _ => None,
            },
            Status::Anonymous => (!self.refreshing()).then_some(anonymous),
            Status::Authenticated if self.session.is_good(now, validity) => Some(Outcome::Token),
            Status::Authenticated => match attempt {
                Attempt::Pending => None,
                // A token whose whole life is shorter than what was asked for is the best there is.
                Attempt::Succeeded => Some(Outcome::Token),
                Attempt::Failed(_) if self.session.is_unexpired(now, validity) => {
                    Some(Outcome::Token)
                }
                Attempt::Failed(failure) => Some(Outcome::Failed(failure)),
            },
        }
    }

    fn answer_retry(&self, generation: u32, attempt: Attempt) -> Option<Outcome> {
        let renewed = self.session.is_renewed(generation);
        match attempt {
            _ if !self.session.is_authenticated() => Some(Outcome::GiveUp),
            _ if renewed && self.session.is_good(self.now.mono, 0) => Some(Outcome::Token),
            Attempt::Pending => None,
            Attempt::Succeeded if renewed => Some(Outcome::Token),
            _ => Some(Outcome::GiveUp),
        }
    }

    /// Before the first answer, a network that is known to be off is waited for.
    fn waits_for_the_network(&self, failure: Failure) -> bool {
        !self.page.is_online()
            && matches!(failure.kind, FailureKind::Unreachable | FailureKind::TimedOut)
            && failure.status == 0
            && failure.retry_after().is_none()
    }
}

fn failed(kind: FailureKind) -> Outcome {
    Outcome::Failed(kind.into())
}
