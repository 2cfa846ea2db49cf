//! Beginning a session: by the application's own sign-in, which takes a turn, or by a token that it
//! hands over.

use super::clock::Now;
use super::contract::{Outcome, WaiterId};
use super::failure::FailureKind;
use super::grant::Grant;
use super::journal::{Note, Step};
use super::machine::Engine;
use super::message::News;
use super::reply::SignInAnswer;
use super::waiters::Attempt;

/// The sign-ins that have not been answered, but for the one whose turn it is.
#[derive(Default)]
pub(super) struct SignIns {
    queued: Vec<WaiterId>,
    /// They took longer than their turn; each with the logouts so far when it began.
    detached: Vec<(WaiterId, u32)>,
}

impl SignIns {
    pub(super) fn first(&self) -> Option<WaiterId> {
        self.queued.first().copied()
    }

    /// The first one has its turn.
    pub(super) fn begin(&mut self) {
        self.queued.remove(0);
    }

    pub(super) fn detach(&mut self, waiter: WaiterId, sign_outs: u32) {
        self.detached.push((waiter, sign_outs));
    }

    fn take_detached(&mut self, waiter: WaiterId) -> Option<u32> {
        let at = self.detached.iter().position(|&(known, _)| known == waiter)?;
        Some(self.detached.swap_remove(at).1)
    }
}

impl Engine {
    /// Takes over a token that the application obtained itself. It begins a session, unless it is
    /// of the `same` session as the token that is there. Returns whether it was taken over.
    pub fn handle_adopt(&mut self, now: Now, grant: Grant, same: bool) -> bool {
        self.begin_input(now);
        // While a token of a sibling's new session is on its way, one of the old session is of no
        // use.
        let accepted = !self.closed && (!same || self.session.access_token().is_some());
        if accepted {
            self.adopt(grant, Step::Adopted, same);
        }
        self.conclude();
        accepted
    }

    /// Somebody wants to sign in: told to proceed when no refresh can run.
    pub fn handle_sign_in(&mut self, now: Now) -> WaiterId {
        self.begin_input(now);
        let waiter = self.waiters.new_id();
        if self.closed {
            self.settle(waiter, Outcome::Failed(FailureKind::Closed.into()));
        } else {
            if self.session.epoch() == 0 {
                // By the time of the answer the siblings have told their epoch, and this sign-in is
                // news to them.
                self.broadcast(News::Asking);
            }
            self.sign_ins.queued.push(waiter);
        }
        self.conclude();
        waiter
    }

    /// The sign-in request of `waiter` was answered. Returns whether a token was taken; a logout in
    /// the meantime goes before.
    pub fn handle_sign_in_answer(
        &mut self,
        now: Now,
        waiter: WaiterId,
        answer: SignInAnswer,
    ) -> bool {
        self.begin_input(now);
        let began = if self.turn.is_sign_in_of(waiter) {
            self.end_turn().map(|call| call.era.sign_outs)
        } else {
            self.sign_ins.take_detached(waiter)
        };
        let overtaken = began != Some(self.session.era().sign_outs) || self.closed;
        let mut accepted = false;
        match answer {
            SignInAnswer::Granted(_) if overtaken => {
                self.write(Step::SignInDiscarded, Some(Note::LogoutSince));
            }
            SignInAnswer::Granted(grant) => {
                self.adopt(grant, Step::SignedIn, false);
                accepted = true;
            }
            SignInAnswer::WithoutToken => self.write(Step::SignInWithoutToken, None),
            SignInAnswer::Unusable => {
                self.write(Step::SignInWithoutToken, Some(Note::Malformed));
            }
            SignInAnswer::Failed => {}
        }
        self.conclude();
        accepted
    }

    /// A token that comes with a session of its own, or a further one of the `same` session, which
    /// is no news to the siblings.
    fn adopt(&mut self, grant: Grant, step: Step, same: bool) {
        let from = self.session.status();
        let doubted = same && self.session.is_doubted();
        if !same {
            self.session.begin_epoch(self.session.next_epoch(self.now));
            self.session.start();
        }
        self.accept(grant);
        self.write_from(step, from, None);
        if !same {
            self.session.begin(self.now.mono);
            self.broadcast(News::SignedIn { subject: self.session.subject() });
        }
        if doubted {
            // The application may have had it since before the doubt.
            self.await_confirmation();
        } else {
            self.settle_waiters(Attempt::Succeeded);
        }
    }

    /// A logout or the end of the keep goes before the sign-ins that have not had their turn.
    pub(super) fn refuse_sign_ins(&mut self, kind: FailureKind) {
        while let Some(waiter) = self.sign_ins.queued.pop() {
            self.settle(waiter, Outcome::Failed(kind.into()));
        }
    }
}
