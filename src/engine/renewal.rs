//! When a token is renewed, and what the answers of the authority mean for the session.

use super::clock::{Millis, Now, SECOND};
use super::contract::{CallId, Event, Outcome, WaiterId};
use super::failure::{Blame, Failure, FailureKind};
use super::lifetime;
use super::machine::{ANSWER_BOUND, Engine, RESERVE};
use super::reply::Grant;
use super::session::{SignedOutReason, Status};
use super::sibling::News;
use super::state::{Call, Purpose, Task, Token};
use super::timers::Timer;
use super::waiters::Attempt;

/// Least time between two tries while the browser says that it is offline.
const OFFLINE_WAIT: Millis = 30 * SECOND;

impl Engine {
    /// The refresh endpoint answered `call`.
    pub fn handle_refresh_answer(&mut self, now: Now, call: CallId, answer: Result<Grant, Failure>) {
        let now = self.begin_input(now);
        if let Some(call) = self.end_turn(|known| known.id == call && known.task == Task::Refresh) {
            self.finish_refresh(now, &call, answer);
        }
        self.conclude(now);
    }

    /// The logout endpoint answered `call`.
    pub fn handle_logout_answer(&mut self, now: Now, call: CallId, answer: Result<(), Failure>) {
        let now = self.begin_input(now);
        if self.end_turn(|known| known.id == call && known.task == Task::Logout).is_some() {
            self.finish_logout(now, answer);
        }
        self.conclude(now);
    }

    /// The sign-in request of `waiter` was answered: with a token, or without one (it failed, or the reply has none).
    /// Returns whether the token was taken; a logout in the meantime goes before.
    pub fn handle_sign_in_answer(&mut self, now: Now, waiter: WaiterId, grant: Option<Grant>) -> bool {
        let now = self.begin_input(now);
        let began = match self.end_turn(|call| call.task == Task::SignIn(waiter)) {
            Some(call) => Some(call.sign_outs),
            None => {
                let slow = self.detached.iter().position(|&(known, _)| known == waiter);
                slow.map(|at| self.detached.swap_remove(at).1)
            }
        };
        let taken = match grant {
            Some(grant) if began == Some(self.sign_outs) && !self.closed => {
                self.adopt(now, grant, "signed-in");
                true
            }
            Some(_) => {
                self.write(now, "sign-in-discarded", Some("a logout came after it"));
                false
            }
            None => false,
        };
        self.conclude(now);
        taken
    }

    /// Looks at everything that time brings.
    pub(super) fn look(&mut self, now: Now) {
        if self.timers.take_due(Timer::Call, now.mono) {
            self.time_out(now);
        }
        if self.timers.take_due(Timer::Lock, now.mono) {
            self.bypass_lock(now, "its holder took too long");
        }
        if self.timers.take_due(Timer::Answer, now.mono) && self.doubted {
            self.ask_authority(now);
        }
        if self.timers.take_due(Timer::Retry, now.mono) && self.pursues() {
            let _ = self.want(now, RESERVE);
        }
        if self.timers.take_due(Timer::Renewal, now.mono) {
            self.renew(now);
        }
    }

    /// The token is due. A tab that nobody sees leaves the renewal to a sibling that somebody sees, if there is one.
    fn renew(&mut self, now: Now) {
        let Some(lifetime) = self.token.as_ref().map(|token| token.lifetime) else { return };
        if self.visible || !self.config.coordinate {
            let _ = self.want(now, RESERVE);
            return;
        }
        match self.asked_at.take() {
            None => {
                self.asked_at = Some(now.mono);
                self.broadcast(News::Asking);
                self.timers.set(Timer::Renewal, now.mono + ANSWER_BOUND);
            }
            Some(asked_at) if self.visible_sibling_at >= Some(asked_at) => {
                self.timers.set(Timer::Renewal, now.mono + lifetime.max(ANSWER_BOUND));
                self.write(now, "renewal-left-to-sibling", None);
            }
            Some(_) => {
                let _ = self.want(now, RESERVE);
            }
        }
    }

    /// A renewal that was left to a sibling is ours again.
    pub(super) fn resume_renewal(&mut self, now: Now) {
        let due = self.token.as_ref().is_some_and(|token| token.due_at <= now.mono);
        if due && self.timers.at(Timer::Renewal).is_some() {
            self.timers.set(Timer::Renewal, now.mono);
        }
    }

    /// Wants a refresh, keeping `reserve` calls of the budget. `Failed`: none will be made now, and this is why.
    pub(super) fn want(&mut self, now: Now, reserve: usize) -> Attempt {
        if self.closed || self.refreshing() {
            return Attempt::Pending;
        }
        let backing_off = self.timers.at(Timer::Retry).is_some_and(|at| at > now.mono);
        if let Some(failure) = self.failure.filter(|_| backing_off && self.blocked_until <= now.mono) {
            return Attempt::Failed(failure);
        }
        if let Err(failure) = self.may_call(now, reserve) {
            return Attempt::Failed(failure);
        }
        self.timers.clear(Timer::Renewal);
        self.timers.clear(Timer::Retry);
        self.wanted = true;
        Attempt::Pending
    }

    pub(super) fn finish_refresh(&mut self, now: Now, call: &Call, answer: Result<Grant, Failure>) {
        if !self.is_current(call) || self.closed {
            self.write(now, "answer-discarded", Some("its session is over"));
            return;
        }
        match answer {
            Ok(grant) => {
                let from = self.status;
                self.accept(now, grant);
                self.write_from(now, "refreshed", from, None);
                self.emit(Event::Refreshed { generation: self.generation, by_sibling: false });
                self.broadcast(News::Refreshed { visible: self.visible });
                self.settle_waiters(now, Attempt::Succeeded);
            }
            Err(failure) if failure.kind.blame() == Blame::Terminal => self.reject(now, call, failure),
            Err(failure) => self.set_back(now, failure),
        }
    }

    pub(super) fn finish_logout(&mut self, now: Now, answer: Result<(), Failure>) {
        let (event, outcome) = match answer {
            Ok(()) => ("logout-told", Outcome::Done),
            Err(failure) => ("logout-failed", Outcome::Failed(failure)),
        };
        self.write(now, event, None);
        for waiter in core::mem::take(&mut self.logouts) {
            self.settle(waiter, outcome);
        }
    }

    /// A token that comes with a session of its own: a sign-in's, or the application's.
    pub(super) fn adopt(&mut self, now: Now, grant: Grant, event: &'static str) {
        let from = self.status;
        self.raise_epoch(self.next_epoch(now));
        self.started = true;
        self.accept(now, grant);
        self.write_from(now, event, from, None);
        self.broadcast(News::SignedIn { subject: self.subject });
        self.settle_waiters(now, Attempt::Succeeded);
    }

    fn accept(&mut self, now: Now, grant: Grant) {
        let read = grant.payload.as_ref().and_then(|payload| payload.lifetime);
        let lifetime = lifetime::lifetime(grant.expires_in, read, self.config.default_lifetime);
        let due_at = now.mono + lifetime::due_after(lifetime, self.config.lead, |most| self.random.up_to(most));
        let expires_at = now.mono + lifetime;
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
            expires_at_wall: now.wall_at(expires_at),
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
            self.emit(Event::SignedIn);
        }
    }

    /// The session is over: wiped here, and whoever waits is told. The epoch is the caller's to raise.
    pub(super) fn sign_out(&mut self, now: Now, reason: SignedOutReason) {
        let from = self.status;
        self.token = None;
        self.subject = None;
        self.status = Status::Anonymous;
        self.reason = Some(reason);
        self.wanted = false;
        self.forget_troubles();
        self.timers.clear(Timer::Renewal);
        let logout = matches!(reason, SignedOutReason::Logout | SignedOutReason::LogoutElsewhere);
        self.sign_outs += u32::from(logout);
        self.write_from(now, reason.event(), from, None);
        if from == Status::Authenticated || from == Status::Unknown && logout {
            self.emit(Event::SignedOut(reason));
        }
        self.settle_waiters(now, Attempt::Pending);
    }

    /// The authority says that the session is over.
    fn reject(&mut self, now: Now, call: &Call, failure: Failure) {
        let from = self.status;
        if call.heard != self.heard && !self.disbelieved {
            // A sibling was given a token while this call was out: the verdict may be about a cookie that is gone.
            self.disbelieved = true;
            self.wanted = true;
            self.write(now, "rejection-doubted", Some("a sibling has just been given a token"));
            return;
        }
        let waiters = Attempt::Failed(failure);
        match from {
            Status::Authenticated => {
                self.settle_refreshers(now, waiters);
                self.sign_out(now, SignedOutReason::Rejected);
                self.broadcast(News::Rejected);
            }
            Status::Unknown => {
                self.settle_refreshers(now, waiters);
                self.sign_out(now, SignedOutReason::NoSession);
            }
            Status::Anonymous => {
                self.forget_troubles();
                self.write(now, "no-session", None);
                self.settle_waiters(now, waiters);
            }
        }
    }

    /// A failure that the session outlives.
    fn set_back(&mut self, now: Now, failure: Failure) {
        self.failures = self.failures.saturating_add(1);
        self.failure = Some(failure);
        self.doubted = false;
        self.pardon();
        let wait = match (failure.retry_after, failure.kind.blame()) {
            (Some(wait), _) => {
                self.blocked_until = now.mono + wait;
                self.broadcast(News::Pause { retry_after: wait });
                wait.saturating_add(self.config.backoff.wait(1, &mut self.random))
            }
            (None, Blame::Misconfigured) => self.config.backoff.max,
            // A network that is known to be off tells when it is back; a try now and then is for when it does not.
            (None, _) if !self.online => self.config.backoff.max.max(OFFLINE_WAIT),
            (None, _) => self.config.backoff.wait(self.failures, &mut self.random),
        };
        let retry_at = now.mono + wait;
        self.timers.set(Timer::Retry, retry_at);
        let retry_at = self.pursues().then(|| now.wall_at(retry_at));
        self.write(now, "refresh-failed", Some(failure.kind.note()));
        self.emit(Event::RefreshFailed { failure, retry_at });
        self.settle_waiters(now, Attempt::Failed(failure));
    }

    /// The session may have ended while we could not listen: siblings are asked, else the authority.
    pub(super) fn doubt(&mut self, now: Now) {
        self.write(now, "restored", None);
        self.broadcast(News::Asking);
        if self.status == Status::Authenticated {
            self.doubted = true;
            if self.config.coordinate {
                self.timers.set(Timer::Answer, now.mono + ANSWER_BOUND);
            } else {
                self.ask_authority(now);
            }
        }
    }

    fn ask_authority(&mut self, now: Now) {
        if let Attempt::Failed(failure) = self.want(now, 0) {
            self.doubted = false;
            self.settle_waiters(now, Attempt::Failed(failure));
        }
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

    /// Those who asked for the refresh by name are told how it failed; the others are told what that means for them.
    fn settle_refreshers(&mut self, now: Now, attempt: Attempt) {
        let (refreshers, others) =
            core::mem::take(&mut self.waiters).into_iter().partition(|waiter| waiter.purpose == Purpose::Refresh);
        self.waiters = refreshers;
        self.settle_waiters(now, attempt);
        self.waiters = others;
    }
}

impl SignedOutReason {
    fn event(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::LogoutElsewhere => "logout-elsewhere",
            Self::Rejected => "rejected",
            Self::NoSession => "no-session",
            Self::Closed => "closed",
        }
    }
}

impl FailureKind {
    fn note(self) -> &'static str {
        match self {
            Self::Rejected => "the authority refused it",
            Self::Unreachable => "the authority can't be reached or asks to wait",
            Self::TimedOut => "no answer in time",
            Self::Malformed => "a 200 without a usable token",
            Self::Misconfigured => "no answer of a refresh endpoint",
            Self::LogoutFailed => "the authority was not told",
            Self::SignedOut => "there is no session",
            Self::Closed => "the keep is closed",
        }
    }
}
