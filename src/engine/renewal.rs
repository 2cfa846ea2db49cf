//! When a token is renewed, and what the answers of the authority mean for the session.

use super::budget::Cause;
use super::clock::{Millis, Now, SECOND};
use super::contract::{CallId, Event, Outcome, WaiterId};
use super::failure::{Blame, Failure, FailureKind};
use super::journal::{Step, Why};
use super::lifetime;
use super::machine::{ANSWER_BOUND, Engine};
use super::reply::{Grant, LogoutAnswer, SignInAnswer};
use super::session::{SignedOutReason, Status};
use super::sibling::News;
use super::state::{Call, Purpose, Task, Token};
use super::timers::Timer;
use super::waiters::Attempt;

/// Least time between two tries while the browser says that it is offline.
const OFFLINE_WAIT: Millis = 30 * SECOND;

impl Engine {
    /// The refresh endpoint answered `call`.
    pub fn handle_refresh_answer(
        &mut self,
        now: Now,
        call: CallId,
        answer: Result<Grant, Failure>,
    ) {
        self.begin_input(now);
        if let Some(call) = self.end_turn(|known| {
            known.id == call && matches!(known.task, Task::Refresh | Task::LogoutCheck)
        }) {
            if call.task == Task::Refresh {
                self.finish_refresh(&call, answer);
            } else {
                self.finish_logout_check(answer.err());
            }
        }
        self.conclude();
    }

    /// The logout endpoint answered `call`, or will not.
    pub fn handle_logout_answer(&mut self, now: Now, call: CallId, answer: LogoutAnswer) {
        self.begin_input(now);
        let known = self.call.as_ref().map(|known| (known.id, known.task));
        if known == Some((call, Task::Logout)) {
            let over = answer == LogoutAnswer::Done;
            self.logout_status = 0;
            if let LogoutAnswer::Doubtful(status) = answer {
                self.logout_status = status;
                // With the cookie of a newer session the call would tell of that one.
                let ours = self.status == Status::Anonymous && !self.joining;
                self.logout_doubted =
                    ours && !self.logout_wanted && self.may_call(Cause::Request).is_ok();
            }
            self.end_turn(|_| true);
            if !self.logout_doubted {
                self.finish_logout(over);
            }
        }
        self.conclude();
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
        let began = match self.end_turn(|call| call.task == Task::SignIn(waiter)) {
            Some(call) => Some(call.sign_outs),
            None => {
                let slow = self.detached.iter().position(|&(known, _)| known == waiter);
                slow.map(|at| self.detached.swap_remove(at).1)
            }
        };
        let taken = match answer {
            SignInAnswer::Granted(grant) if began == Some(self.sign_outs) && !self.closed => {
                self.adopt(grant, Step::SignedIn);
                true
            }
            SignInAnswer::Granted(_) => {
                self.write(Step::SignInDiscarded, Some(Why::LogoutSince));
                false
            }
            SignInAnswer::WithoutToken => {
                self.write(Step::SignInWithoutToken, None);
                false
            }
            SignInAnswer::Unusable => {
                self.write(Step::SignInWithoutToken, Some(Why::Malformed));
                false
            }
            SignInAnswer::Failed => false,
        };
        self.conclude();
        taken
    }

    /// Looks at everything that time brings.
    pub(super) fn look(&mut self) {
        if self.timers.take_due(Timer::Call, self.now.mono) {
            self.time_out();
        }
        if self.timers.take_due(Timer::Lock, self.now.mono) {
            self.bypass_lock(Why::LockSlow);
        }
        if self.timers.take_due(Timer::Answer, self.now.mono) && self.doubted {
            self.ask_authority();
        }
        if self.timers.take_due(Timer::Retry, self.now.mono) && self.pursues() {
            let _ = self.want(Cause::Schedule);
        }
        if self.timers.take_due(Timer::Renewal, self.now.mono) {
            self.renew();
        }
    }

    /// The token is due. A tab that nobody sees leaves the renewal to a sibling that somebody sees,
    /// if there is one.
    fn renew(&mut self) {
        let Some(lifetime) = self.token.as_ref().map(|token| token.lifetime) else { return };
        if self.visible || !self.config.coordinate {
            let _ = self.want(Cause::Schedule);
            return;
        }
        match self.asked_at.take() {
            None => {
                self.asked_at = Some(self.now.mono);
                self.broadcast(News::Asking);
                self.timers.set(Timer::Renewal, self.now.mono + ANSWER_BOUND);
            }
            Some(asked_at) if self.visible_sibling_at >= Some(asked_at) => {
                self.timers.set(Timer::Renewal, self.now.mono + lifetime.max(ANSWER_BOUND));
                self.write(Step::RenewalLeftToSibling, None);
            }
            Some(_) => {
                let _ = self.want(Cause::Schedule);
            }
        }
    }

    /// A renewal that was left to a sibling is ours again.
    pub(super) fn resume_renewal(&mut self) {
        let due = self.token.as_ref().is_some_and(|token| token.due_at <= self.now.mono);
        if due && self.timers.at(Timer::Renewal).is_some() {
            self.timers.set(Timer::Renewal, self.now.mono);
        }
    }

    /// Wants a refresh. `Failed`: none will be made now, and this is why.
    pub(super) fn want(&mut self, cause: Cause) -> Attempt {
        if self.closed || self.refreshing() {
            return Attempt::Pending;
        }
        if let Some(failure) = self.failure.filter(|&failure| self.backs_off(failure, cause)) {
            return Attempt::Failed(failure);
        }
        if let Err(failure) = self.may_call(cause) {
            return Attempt::Failed(failure);
        }
        self.timers.clear(Timer::Renewal);
        self.timers.clear(Timer::Retry);
        self.wanted = true;
        Attempt::Pending
    }

    /// Whether plain backoff after this failure holds such a call back.
    fn backs_off(&self, failure: Failure, cause: Cause) -> bool {
        // Backoff grows with an outage, and what a request waits for after it must not. Trying
        // again soon mends no wrong configuration.
        let gives_way = match cause {
            Cause::Schedule => false,
            Cause::Request => {
                self.budget.is_rested(self.now.mono) && failure.kind.blame() != Blame::Misconfigured
            }
            Cause::Name => true,
        };
        let paused = self.blocked_until > self.now.mono;
        self.now.mono < self.backoff_until && !gives_way && !paused
    }

    pub(super) fn finish_refresh(&mut self, call: &Call, answer: Result<Grant, Failure>) {
        if !self.is_current(call) || self.closed {
            self.write(Step::AnswerDiscarded, Some(Why::SessionOver));
            return;
        }
        match answer {
            Ok(grant) => {
                let from = self.status;
                self.accept(grant);
                self.write_from(Step::Refreshed, from, None);
                self.emit(Event::Refreshed { generation: self.generation, by_sibling: false });
                self.broadcast(News::Refreshed { visible: self.visible });
                self.settle_waiters(Attempt::Succeeded);
            }
            Err(failure) if failure.kind.blame() == Blame::Terminal => self.reject(call, failure),
            Err(failure) => self.set_back(failure),
        }
    }

    /// A token says that the session is not over. It has been dropped: the logout stands here.
    fn finish_logout_check(&mut self, failure: Option<Failure>) {
        if let Some(failure) = failure {
            self.heed(failure);
        }
        self.finish_logout(failure.is_some_and(|failure| failure.kind == FailureKind::Rejected));
    }

    /// Tells those who wait whether the session is over.
    pub(super) fn finish_logout(&mut self, over: bool) {
        let (step, outcome) = if over {
            (Step::LogoutTold, Outcome::Done)
        } else {
            let failure = Failure::from(FailureKind::LogoutFailed).answered(self.logout_status);
            (Step::LogoutFailed, Outcome::Failed(failure))
        };
        self.write(step, None);
        self.settle_leavers(outcome);
    }

    pub(super) fn settle_leavers(&mut self, outcome: Outcome) {
        while let Some(waiter) = self.leavers.pop() {
            self.settle(waiter, outcome);
        }
    }

    /// A token that comes with a session of its own: a sign-in's, or the application's.
    pub(super) fn adopt(&mut self, grant: Grant, step: Step) {
        let from = self.status;
        self.raise_epoch(self.next_epoch());
        self.started = true;
        self.accept(grant);
        self.began_at = self.now.mono;
        self.write_from(step, from, None);
        self.broadcast(News::SignedIn { subject: self.subject });
        self.settle_waiters(Attempt::Succeeded);
    }

    fn accept(&mut self, grant: Grant) {
        let read = grant.payload.as_ref().and_then(|payload| payload.lifetime);
        let lifetime = lifetime::lifetime(grant.expires_in, read, self.config.default_lifetime);
        let due_at = self.now.mono
            + lifetime::due_after(lifetime, self.config.lead, |most| self.random.up_to(most));
        let expires_at = self.now.mono + lifetime;
        let subject = grant.payload.as_ref().and_then(|payload| payload.subject);
        let known = self.subject.zip(subject);
        let was_authenticated = self.status == Status::Authenticated;
        let changed = was_authenticated && known.map_or(self.stranger, |(old, new)| old != new);

        self.token = Some(Token {
            grant,
            lifetime,
            due_at,
            fresh_until: expires_at,
            expires_at,
            expires_at_wall: self.now.wall_at(expires_at),
            refused: false,
        });
        self.generation += 1;
        self.subject = subject;
        self.status = Status::Authenticated;
        self.reason = None;
        self.forget_troubles();
        self.timers.set(Timer::Renewal, due_at);
        if changed {
            self.identity += 1;
            self.emit(Event::UserChanged);
        }
        if !was_authenticated {
            self.began_at = self.now.mono;
            self.emit(Event::SignedIn);
        }
    }

    /// The session is over: wiped here, and whoever waits is told. The epoch is the caller's to
    /// raise.
    pub(super) fn sign_out(&mut self, reason: SignedOutReason) {
        let from = self.status;
        self.token = None;
        self.subject = None;
        self.status = Status::Anonymous;
        self.began_at = self.now.mono;
        self.reason = Some(reason);
        self.wanted = false;
        self.forget_troubles();
        self.timers.clear(Timer::Renewal);
        let logout = matches!(reason, SignedOutReason::Logout | SignedOutReason::LogoutElsewhere);
        self.sign_outs = self.sign_outs.wrapping_add(u32::from(logout));
        self.write_from(reason.step(), from, None);
        if from == Status::Authenticated || from == Status::Unknown && logout {
            self.emit(Event::SignedOut(reason));
        }
        self.settle_waiters(Attempt::Pending);
    }

    /// The authority says that the session is over.
    fn reject(&mut self, call: &Call, failure: Failure) {
        let from = self.status;
        if call.heard != self.heard && !self.disbelieved {
            // A sibling was given a token while this call was out: the verdict may be about a
            // cookie that is gone.
            self.disbelieved = true;
            self.wanted = true;
            self.write(Step::RejectionDoubted, Some(Why::SiblingSucceeded));
            return;
        }
        let waiters = Attempt::Failed(failure);
        match from {
            Status::Authenticated => {
                self.settle_refreshers(waiters);
                self.sign_out(SignedOutReason::Rejected);
                self.broadcast(News::Rejected);
            }
            Status::Unknown => {
                self.settle_refreshers(waiters);
                self.sign_out(SignedOutReason::NoSession);
            }
            Status::Anonymous => {
                self.forget_troubles();
                self.write(Step::NoSession, None);
                self.settle_waiters(waiters);
            }
        }
    }

    /// A failure that the session outlives.
    fn set_back(&mut self, failure: Failure) {
        self.failures = self.failures.saturating_add(1);
        self.failure = Some(failure);
        self.doubted = false;
        self.pardon();
        self.heed(failure);
        let wait = match (failure.retry_after(), failure.kind.blame()) {
            (Some(wait), _) => {
                // All clients were told the same moment; a second spreads them.
                let spread = self.config.backoff.base.min(SECOND);
                wait.saturating_add(self.random.up_to(spread))
            }
            (None, Blame::Misconfigured) => self.config.backoff.max,
            // A network that is known to be off tells when it is back; a try now and then is for
            // when it does not.
            (None, _) if !self.online => self.config.backoff.max.max(OFFLINE_WAIT),
            (None, _) => self.config.backoff.wait(self.failures, &mut self.random),
        };
        let retry_at = self.now.mono + wait;
        self.backoff_until = if failure.retry_after().is_some() { 0 } else { retry_at };
        self.timers.set(Timer::Retry, retry_at);
        let retry_at = self.pursues().then(|| self.now.wall_at(retry_at));
        self.write(Step::RefreshFailed, Some(failure.kind.why()));
        self.emit(Event::RefreshFailed { failure, retry_at });
        self.settle_waiters(Attempt::Failed(failure));
    }

    /// The authority asked to be left alone for a while: all tabs do.
    fn heed(&mut self, failure: Failure) {
        if let Some(wait) = failure.retry_after() {
            self.blocked_until = self.blocked_until.max(self.now.mono + wait);
            self.broadcast(News::Pause { retry_after: wait });
        }
    }

    /// The session may have ended while we could not listen: siblings are asked, else the
    /// authority.
    pub(super) fn doubt(&mut self) {
        self.write(Step::Restored, None);
        self.broadcast(News::Asking);
        if self.status == Status::Authenticated {
            self.doubted = true;
            if self.config.coordinate {
                self.timers.set(Timer::Answer, self.now.mono + ANSWER_BOUND);
            } else {
                self.ask_authority();
            }
        }
    }

    fn ask_authority(&mut self) {
        if let Attempt::Failed(failure) = self.want(Cause::Request) {
            self.refuse(failure);
        }
    }

    /// Nobody can be asked now: the session stands, and whoever waits is told.
    pub(super) fn refuse(&mut self, failure: Failure) {
        self.doubted = false;
        self.settle_waiters(Attempt::Failed(failure));
    }

    /// A refused token is the best there is when no other can be had: other APIs may take it.
    pub(super) fn pardon(&mut self) {
        if let Some(token) = &mut self.token {
            token.refused = false;
        }
    }

    pub(super) fn forget_troubles(&mut self) {
        self.failure = None;
        self.failures = 0;
        self.wanted = false;
        self.joining = false;
        self.stranger = false;
        self.doubted = false;
        self.disbelieved = false;
        self.asked_at = None;
        self.timers.clear(Timer::Retry);
        self.timers.clear(Timer::Answer);
    }

    /// Those who asked for the refresh by name are told how it failed; the others are told what
    /// that means for them.
    fn settle_refreshers(&mut self, attempt: Attempt) {
        self.settle_those(attempt, |waiter| waiter.purpose == Purpose::Refresh);
    }
}

impl SignedOutReason {
    fn step(self) -> Step {
        match self {
            Self::Logout => Step::Logout,
            Self::LogoutElsewhere => Step::LogoutElsewhere,
            Self::Rejected => Step::Rejected,
            Self::NoSession => Step::NoSession,
            Self::Closed => Step::Closed,
        }
    }
}

impl FailureKind {
    fn why(self) -> Why {
        match self {
            Self::Rejected => Why::Rejected,
            Self::Unreachable => Why::Unreachable,
            Self::TimedOut => Why::TimedOut,
            Self::Malformed => Why::Malformed,
            Self::Misconfigured => Why::Misconfigured,
            Self::LogoutFailed => Why::LogoutFailed,
            Self::SignedOut => Why::SignedOut,
            Self::Closed => Why::Closed,
        }
    }
}
