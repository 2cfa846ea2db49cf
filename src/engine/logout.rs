//! Ending the session: here at once, then at the siblings and at the server.

use super::budget::Asker;
use super::clock::{Millis, Now};
use super::contract::{CallId, Outcome, WaiterId};
use super::failure::{Failure, FailureKind};
use super::grant::Grant;
use super::journal::Step;
use super::machine::Engine;
use super::message::News;
use super::reply::LogoutAnswer;
use super::snapshot::{SignedOutReason, Status};
use super::turn::Task;
use crate::token::AccessToken;

/// What the server is still to be told, and who waits for it.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "any of the four may hold beside any other")]
pub(super) struct Logout {
    wanted: bool,
    /// A refresh call comes first: it looks whether the session is over, and brings the token that
    /// the call is to take along.
    doubted: bool,
    /// The call has not been made yet.
    untold: bool,
    /// The token that the call takes along.
    grant: Option<Grant>,
    /// A refresh call has brought a token for it.
    renewed: bool,
    /// The status of the endpoint's answer to the latest call; 0 while there is none.
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

    /// The call goes out, or the refresh call that comes before it (`checks`).
    pub(super) fn begin(&mut self, checks: bool) {
        self.untold = checks && self.wanted;
        if self.wanted {
            self.status = 0;
        }
        (self.doubted, self.wanted) = (false, false);
        self.leavers.append(&mut self.queued);
    }

    /// Whether the refresh call under way comes before the logout call.
    pub(super) fn is_untold(&self) -> bool {
        self.untold
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
            if self.session.is_authenticated() {
                // An earlier session's, whose logout call is still out.
                self.logout.grant = None;
            }
            if self.config.logout_authorization && self.session.is_good(self.now.mono, 0) {
                self.logout.grant = self.session.take_grant();
            }
            self.session.begin_epoch(self.session.next_epoch(self.now));
            self.sign_out(SignedOutReason::Logout);
            self.refuse_sign_ins(FailureKind::SignedOut);
            self.logout.at = self.now.mono;
            self.broadcast(News::SignedOut { ago: Some(0) });
            if !self.config.logout_endpoint {
                self.settle(waiter, Outcome::Done);
            } else if told {
                self.logout.leavers.push(waiter);
            } else {
                self.logout.queued.push(waiter);
                self.logout.wanted = true;
                self.logout.renewed = false;
                // An expired token is renewed first, as for any other request.
                self.logout.doubted = self.config.logout_authorization
                    && self.logout.grant.is_none()
                    && self.may_call(Asker::Request).is_ok();
            }
        }
        self.conclude();
        waiter
    }

    /// The token that goes along with the logout call under way, if one shall.
    #[must_use]
    pub fn logout_token(&self) -> Option<&AccessToken> {
        self.logout.grant.as_ref().map(|grant| &grant.access_token)
    }

    /// The logout endpoint answered `call`, or will not. Returns whether anybody still waited.
    pub fn handle_logout_answer(&mut self, now: Now, call: CallId, answer: LogoutAnswer) -> bool {
        self.begin_input(now);
        let awaited = self.turn.is(call, Task::Logout);
        if awaited {
            if let LogoutAnswer::Doubtful(status) = answer {
                self.logout.status = status;
                // With the cookie of a newer session the call would tell of that one.
                self.logout.doubted = self.session.is_over()
                    && !self.logout.wanted
                    && self.may_call(Asker::Request).is_ok();
            }
            self.end_turn();
            if !self.logout.doubted {
                self.finish_logout(answer == LogoutAnswer::Done);
            }
        }
        self.conclude();
        awaited
    }

    /// The refresh call before a logout call, or after a doubtful one, came to this. A token says
    /// that the session is not over. It goes along with one further call, or to nobody: the logout
    /// stands here.
    pub(super) fn finish_logout_check(&mut self, answer: Result<Grant, Failure>) {
        let mut over = false;
        let mut tells = self.logout.untold;
        match answer {
            Ok(grant) => {
                let wants = self.config.logout_authorization && !self.logout.renewed;
                if wants {
                    self.logout.grant = Some(grant);
                    self.logout.renewed = true;
                }
                tells |= wants;
            }
            Err(failure) => {
                over = failure.kind == FailureKind::Rejected;
                self.heed(failure);
            }
        }
        // With the cookie of a newer session the call would end that one.
        tells &= !over && self.session.is_over();
        self.logout.wanted |= tells;
        self.end_turn();
        if !tells {
            self.finish_logout(over);
        }
    }

    /// Tells those who wait whether the session at the server is over.
    pub(super) fn finish_logout(&mut self, over: bool) {
        if !self.logout.wanted {
            self.logout.grant = None;
        }
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
        self.logout.grant = None;
        if core::mem::take(&mut self.logout.wanted) {
            while let Some(waiter) = self.logout.queued.pop() {
                self.settle(waiter, Outcome::Failed(FailureKind::LogoutFailed.into()));
            }
            self.write(Step::LogoutFailed, None);
        }
    }

    /// The keep is closed: nobody is told of anything any more.
    pub(super) fn close_logout(&mut self) {
        self.logout.wanted = false;
        self.logout.grant = None;
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
