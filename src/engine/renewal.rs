//! When a token is renewed, and what the answers of the authority mean for the session.

use super::budget::Asker;
use super::clock::{Millis, Now, SECOND};
use super::contract::{CallId, Event, Output};
use super::failure::{Blame, Failure, FailureKind};
use super::grant::Grant;
use super::journal::{Note, Step};
use super::lifetime;
use super::machine::Engine;
use super::message::News;
use super::snapshot::{SignedOutReason, Status};
use super::timers::Timer;
use super::turn::{Call, Task};
use super::waiters::Attempt;

/// How long siblings have to answer.
const ANSWER_BOUND: Millis = SECOND / 2;
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
        self.take_refresh_answer(call, answer);
        self.conclude();
    }

    /// The answer goes to whom the call was made for. No call is under way for a late one.
    pub(super) fn take_refresh_answer(&mut self, call: CallId, answer: Result<Grant, Failure>) {
        if self.turn.is(call, Task::LogoutCheck) {
            self.finish_logout_check(answer);
        } else if self.turn.is(call, Task::Refresh)
            && let Some(call) = self.end_turn()
        {
            self.finish_refresh(&call, answer);
        }
    }

    /// The token is due. A tab that nobody sees leaves the renewal to a sibling that somebody sees,
    /// if there is one.
    pub(super) fn renew(&mut self) {
        let Some(lifetime) = self.session.lifetime() else { return };
        if self.page.is_visible() || !self.config.coordinate {
            let _ = self.want(Asker::Engine);
            return;
        }
        match self.siblings.seek_visible(self.now.mono) {
            None => {
                self.broadcast(News::Asking);
                self.timers.set(Timer::Renewal, self.now.mono + ANSWER_BOUND);
            }
            Some(true) => {
                self.timers.set(Timer::Renewal, self.now.mono + lifetime.max(ANSWER_BOUND));
                self.write(Step::RenewalLeftToSibling, None);
            }
            Some(false) => {
                let _ = self.want(Asker::Engine);
            }
        }
    }

    /// A renewal that was left to a sibling is this tab's again.
    pub(super) fn resume_renewal(&mut self) {
        let due = self.session.is_due(self.now.mono);
        if due && self.timers.at(Timer::Renewal).is_some() {
            self.timers.set(Timer::Renewal, self.now.mono);
        }
    }

    /// The network is back: what has failed is tried again at once.
    pub(super) fn retry_online(&mut self) {
        if self.session.is_pursued() && self.tries.failure().is_some() {
            self.timers.clear(Timer::Retry);
            self.tries.back_off(0);
            // Callers that waited for the network are not made to wait for a pause that the
            // authority asked for.
            if let Attempt::Failed(failure) = self.want(Asker::Request) {
                self.settle_waiters(Attempt::Failed(failure));
            }
        }
    }

    /// Whether a refresh of this session is wanted or under way.
    pub(super) fn refreshing(&self) -> bool {
        self.turn.refreshes(self.session.era())
    }

    /// Wants a refresh. `Failed`: none will be made now, and this is why.
    pub(super) fn want(&mut self, asker: Asker) -> Attempt {
        if self.closed || self.refreshing() {
            return Attempt::Pending;
        }
        if let Some(failure) = self.tries.backs_off(self.now.mono, asker) {
            return Attempt::Failed(failure);
        }
        if let Err(failure) = self.may_call(asker) {
            return Attempt::Failed(failure);
        }
        self.timers.clear(Timer::Renewal);
        self.timers.clear(Timer::Retry);
        self.turn.want_refresh();
        Attempt::Pending
    }

    /// Whether the rate bound, and what the authority asked for, let a refresh call go out now.
    pub(super) fn may_call(&mut self, asker: Asker) -> Result<(), Failure> {
        let now = self.now.mono;
        let ready = self.tries.ready_at(now, asker);
        if ready <= now {
            return Ok(());
        }
        // The engine goes on by itself as soon as it may.
        let own = self.tries.ready_at(now, Asker::Engine);
        let retry = self.timers.at(Timer::Retry).unwrap_or(0);
        self.timers.set(Timer::Retry, retry.max(own));
        let last = self.tries.failure().unwrap_or(FailureKind::Unreachable.into());
        Err(last.pausing(ready - now))
    }

    fn finish_refresh(&mut self, call: &Call, answer: Result<Grant, Failure>) {
        if call.era != self.session.era() || self.closed {
            self.write(Step::AnswerDiscarded, Some(Note::SessionOver));
            return;
        }
        match answer {
            Ok(grant) => {
                let from = self.session.status();
                let again = self.session.is_asked_again();
                if again {
                    // At a higher epoch siblings join that are signed out, or hold the session of
                    // another user. Those that hold this one stay as they are.
                    self.session.correct_epoch(self.session.next_epoch(self.now));
                }
                self.accept(grant);
                self.session.prove();
                if again {
                    self.tell_standing();
                }
                self.write_from(Step::Refreshed, from, None);
                let generation = self.session.generation();
                self.emit(Event::Refreshed { generation, by_sibling: false });
                self.broadcast(News::Refreshed { visible: self.page.is_visible() });
                self.settle_waiters(Attempt::Succeeded);
            }
            Err(failure) if failure.kind.blame() == Blame::Terminal => self.reject(call, failure),
            Err(failure) => self.set_back(failure),
        }
    }

    pub(super) fn accept(&mut self, grant: Grant) {
        let read = grant.payload.as_ref().and_then(|payload| payload.lifetime);
        let lifetime = lifetime::lifetime(grant.expires_in, read, self.config.default_lifetime);
        let random = &mut self.random;
        let due_after = lifetime::due_after(lifetime, self.config.lead, |most| random.up_to(most));
        let due_at = self.now.mono + due_after;
        let change = self.session.accept(grant, lifetime, due_at, self.now);
        self.forget_troubles();
        self.timers.set(Timer::Renewal, due_at);
        if change.other_user {
            self.emit(Event::UserChanged);
        }
        if change.signed_in {
            self.emit(Event::SignedIn);
        }
    }

    /// The session is over: wiped here, and those who wait are told. The epoch is the caller's to
    /// raise.
    pub(super) fn sign_out(&mut self, reason: SignedOutReason) {
        let from = self.session.status();
        self.session.end(reason, self.now.mono);
        self.drop_renewal();
        self.write_from(reason.step(), from, None);
        if from == Status::Authenticated || from == Status::Unknown && reason.is_logout() {
            self.emit(Event::SignedOut(reason));
        }
        self.settle_waiters(Attempt::Pending);
    }

    /// The authority says that the session is over.
    fn reject(&mut self, call: &Call, failure: Failure) {
        if call.successes != self.siblings.successes() && self.tries.disbelieve() {
            // A sibling was given a token while this call was out: the verdict may be about a
            // cookie that is gone.
            self.turn.want_refresh();
            self.write(Step::RejectionDoubted, Some(Note::SiblingSucceeded));
            return;
        }
        let waiters = Attempt::Failed(failure);
        match self.session.status() {
            Status::Authenticated => {
                if self.session.is_unproven() {
                    self.write(Step::CookieNotKept, None);
                    self.emit(Event::CookieNotKept { status: failure.status });
                }
                self.settle_refreshers(waiters);
                self.sign_out(SignedOutReason::Rejected);
                self.broadcast(News::Rejected);
            }
            Status::Unknown => {
                self.settle_refreshers(waiters);
                self.sign_out(SignedOutReason::NoSession);
            }
            Status::Anonymous => {
                if self.session.is_asked_again() {
                    self.session.note_no_session();
                }
                self.session.settle();
                self.forget_troubles();
                self.write(Step::NoSession, None);
                self.settle_waiters(waiters);
            }
        }
    }

    /// A failure that the session outlives.
    fn set_back(&mut self, failure: Failure) {
        let failures = self.tries.fail(failure);
        self.session.confirm();
        self.session.pardon();
        self.heed(failure);
        let backoff = self.config.backoff;
        let wait = match (failure.retry_after(), failure.kind.blame()) {
            (Some(wait), _) => {
                // All clients were told the same moment; a second spreads them.
                let spread = backoff.base.min(SECOND);
                wait.saturating_add(self.random.up_to(spread))
            }
            (None, Blame::Misconfigured) => backoff.max,
            // A network that is known to be off tells when it is back; a try now and then is for
            // when it does not.
            (None, _) if !self.page.is_online() => backoff.max.max(OFFLINE_WAIT),
            (None, _) => backoff.wait(failures, &mut self.random),
        };
        let retry_at = self.now.mono + wait;
        self.tries.back_off(if failure.retry_after().is_some() { 0 } else { retry_at });
        self.timers.set(Timer::Retry, retry_at);
        let retry_at = self.session.is_pursued().then(|| self.now.wall_at(retry_at));
        self.write(Step::RefreshFailed, Some(failure.kind.note()));
        // Before the changed session, which shows it.
        self.put(Output::Emit(Event::RefreshFailed { failure, retry_at }));
        self.settle_waiters(Attempt::Failed(failure));
    }

    /// The authority asked to be left alone for a while: all tabs do.
    pub(super) fn heed(&mut self, failure: Failure) {
        if let Some(wait) = failure.retry_after() {
            self.tries.lengthen_pause(self.now.mono + wait);
            self.broadcast(News::Pause { retry_after: wait });
        }
    }

    /// The session may have ended while this tab could not listen: siblings are asked, else the
    /// authority.
    pub(super) fn doubt_session(&mut self) {
        self.write(Step::Restored, None);
        self.broadcast(News::Asking);
        if self.session.is_authenticated() {
            self.await_confirmation();
        }
    }

    /// The token rests until a sibling confirms the session, else the authority.
    pub(super) fn await_confirmation(&mut self) {
        self.session.doubt();
        if self.config.coordinate {
            self.timers.set(Timer::Answer, self.now.mono + ANSWER_BOUND);
        } else {
            self.ask_authority();
        }
    }

    pub(super) fn ask_authority(&mut self) {
        if let Attempt::Failed(failure) = self.want(Asker::Request) {
            self.refuse(failure);
        }
    }

    /// A sibling holds the session that this tab holds: it stands.
    pub(super) fn confirm(&mut self) {
        if self.session.confirm() {
            self.timers.clear(Timer::Answer);
            self.settle_waiters(Attempt::Pending);
            // Who still waits needs another token, which may be out of reach.
            if self.waiters.is_any()
                && let Attempt::Failed(failure) = self.want(Asker::Request)
            {
                self.settle_waiters(Attempt::Failed(failure));
            }
        }
    }

    /// Nobody can be asked now: the session stands, and those who wait are told.
    pub(super) fn refuse(&mut self, failure: Failure) {
        self.session.confirm();
        self.settle_waiters(Attempt::Failed(failure));
    }

    /// No token is there to be renewed.
    pub(super) fn drop_renewal(&mut self) {
        self.forget_troubles();
        self.timers.clear(Timer::Renewal);
    }

    fn forget_troubles(&mut self) {
        self.tries.forget();
        self.turn.drop_refresh();
        self.siblings.forget_question();
        self.timers.clear(Timer::Retry);
        self.timers.clear(Timer::Answer);
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
    fn note(self) -> Note {
        match self {
            Self::Rejected => Note::Rejected,
            Self::Unreachable => Note::Unreachable,
            Self::TimedOut => Note::TimedOut,
            Self::Malformed => Note::Malformed,
            Self::Misconfigured => Note::Misconfigured,
            Self::LogoutFailed => Note::LogoutFailed,
            Self::SignedOut => Note::SignedOut,
            Self::Closed => Note::Closed,
        }
    }
}
