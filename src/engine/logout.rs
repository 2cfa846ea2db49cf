//! Ending the session: here at once, then at the siblings and at the server.

use super::budget::Cause;
use super::clock::{Millis, Now};
use super::contract::{CallId, Outcome, WaiterId};
use super::failure::{Failure, FailureKind};
use super::journal::Step;
use super::machine::Engine;
use super::message::News;
use super::reply::LogoutAnswer;
use super::snapshot::{SignedOutReason, Status};
use super::turn::Task;

/// What the server is still to be told, and who waits for it.
#[derive(Default)]
pub(super) struct Logout {
    wanted: bool,
    /// The endpoint's answer left open whether the session is over.
    doubted: bool,
    /// The status of that answer.
    status: u16,
    /// They wait for a call that is still to be made.
    queued: Vec<WaiterId>,
    /// They wait for the call under way.
    leavers: Vec<WaiterId>,
    /// When this tab last logged out.
    at: Millis,
}

impl Logout {
    pub(super) fn next_task(&self) -> Option<Task> {
        if self.doubted { Some(Task::LogoutCheck) } else { self.wanted.then_some(Task::Logout) }
    }

    /// The call goes out.
    pub(super) fn begin(&mut self) {
        self.wanted = false;
        self.leavers.append(&mut self.queued);
    }

    /// The look whether the session is over goes out.
    pub(super) fn begin_check(&mut self) {
        self.doubted = false;
    }

    /// How long ago this tab logged out, while the server is not told yet.
    pub(super) fn ago(&self, now: Millis) -> Millis {
        now.saturating_sub(self.at)
    }
}

impl Engine {
    /// Ends this tab's session at once, then the siblings' and the server's.
    pub fn handle_logout(&mut self, now: Now) -> WaiterId {
        self.begin_input(now);
        let waiter = self.waiters.new_id();
        if self.closed {
            self.settle(waiter, Outcome::Failed(FailureKind::Closed.into()));
        } else {
            // A call that is under way ends this session too, unless another one began since.
            let told = self.turn.tells_logout()
                && !self.logout.wanted
                && self.session.status() == Status::Anonymous;
            self.session.begin_epoch(self.session.next_epoch(self.now));
            self.sign_out(SignedOutReason::Logout);
            self.logout.at = self.now.mono;
            self.broadcast(News::SignedOut { ago: Some(0) });
            if !self.config.logout_endpoint {
                self.settle(waiter, Outcome::Done);
            } else if told {
                self.logout.leavers.push(waiter);
            } else {
                self.logout.queued.push(waiter);
                self.logout.wanted = true;
            }
        }
        self.conclude();
        waiter
    }

    /// The logout endpoint answered `call`, or will not.
    pub fn handle_logout_answer(&mut self, now: Now, call: CallId, answer: LogoutAnswer) {
        self.begin_input(now);
        if self.turn.is(call, Task::Logout) {
            self.logout.status = 0;
            if let LogoutAnswer::Doubtful(status) = answer {
                self.logout.status = status;
                // With the cookie of a newer session the call would tell of that one.
                self.logout.doubted = self.session.is_over()
                    && !self.logout.wanted
                    && self.may_call(Cause::Request).is_ok();
            }
            self.end_turn(|_| true);
            if !self.logout.doubted {
                self.finish_logout(answer == LogoutAnswer::Done);
            }
        }
        self.conclude();
    }

    /// The look whether the session is over came to this. A token says that it is not, and has been
    /// dropped: the logout stands here.
    pub(super) fn finish_logout_check(&mut self, failure: Option<Failure>) {
        if let Some(failure) = failure {
            self.heed(failure);
        }
        self.finish_logout(failure.is_some_and(|failure| failure.kind == FailureKind::Rejected));
    }

    /// Tells those who wait whether the session at the server is over.
    pub(super) fn finish_logout(&mut self, over: bool) {
        let (step, outcome) = if over {
            (Step::LogoutTold, Outcome::Done)
        } else {
            let failure = Failure::from(FailureKind::LogoutFailed).answered(self.logout.status);
            (Step::LogoutFailed, Outcome::Failed(failure))
        };
        self.write(step, None);
        self.settle_leavers(outcome);
    }

    /// The cookie is a newer session's now: a logout that still queues would end that one.
    pub(super) fn drop_logout(&mut self) {
        if core::mem::take(&mut self.logout.wanted) {
            for waiter in core::mem::take(&mut self.logout.queued) {
                self.settle(waiter, Outcome::Failed(FailureKind::LogoutFailed.into()));
            }
            self.write(Step::LogoutFailed, None);
        }
    }

    /// The keep is closed: nobody is told of anything any more.
    pub(super) fn close_logout(&mut self) {
        self.logout.wanted = false;
        self.logout.leavers.append(&mut self.logout.queued);
        self.settle_leavers(Outcome::Failed(FailureKind::Closed.into()));
    }

    /// Whether the server is to be told of a logout, or is being told.
    pub(super) fn logging_out(&self) -> bool {
        self.logout.wanted || self.turn.tells_logout()
    }

    fn settle_leavers(&mut self, outcome: Outcome) {
        while let Some(waiter) = self.logout.leavers.pop() {
            self.settle(waiter, outcome);
        }
    }
}
