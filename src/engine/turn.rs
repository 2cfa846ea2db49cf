//! The one network call that a tab may have under way, and the origin-wide lock around it.
//!
//! Refresh, logout and sign-in all change the refresh cookie, so they take turns: in this tab by
//! this file, among tabs by the lock. The lock guards the call and nothing else; it is waited for
//! within a bound and then done without.

use super::budget::Cause;
use super::clock::{Millis, SECOND};
use super::contract::{CallId, Outcome, Output, Ticket};
use super::failure::{Failure, FailureKind};
use super::journal::{Step, Why};
use super::machine::Engine;
use super::sibling::News;
use super::state::{Call, Lock, Task};
use super::timers::Timer;

/// What the lock is waited for beyond the time that its holder's call may take.
const LOCK_GRACE: Millis = SECOND;

impl Engine {
    /// Whether a refresh of this session is wanted or under way.
    pub(super) fn refreshing(&self) -> bool {
        self.wanted
            || self
                .call
                .as_ref()
                .is_some_and(|call| call.task == Task::Refresh && self.is_current(call))
    }

    /// Whether the session that `call` belongs to has not ended. A sibling's logout may have come
    /// at the very epoch at which another signed in, so the epoch alone does not tell.
    pub(super) fn is_current(&self, call: &Call) -> bool {
        call.epoch == self.epoch && call.sign_outs == self.sign_outs
    }

    pub(super) fn logging_out(&self) -> bool {
        self.logout_wanted || self.leaving()
    }

    /// Whether the server is being told of a logout.
    pub(super) fn leaving(&self) -> bool {
        self.call.as_ref().is_some_and(|call| matches!(call.task, Task::Logout | Task::LogoutCheck))
    }

    /// Gives the next task its turn, if nobody has one.
    pub(super) fn advance(&mut self) {
        while self.call.is_none() {
            let Some(task) = self.next_task() else {
                self.free_lock();
                return;
            };
            match self.lock {
                Lock::Waiting(_) => return,
                Lock::Free if self.config.coordinate => {
                    let ticket = self.new_ticket();
                    self.lock = Lock::Waiting(ticket);
                    self.put(Output::AcquireLock { ticket });
                    self.watch_lock();
                    return;
                }
                Lock::Free | Lock::Held(_) | Lock::Bypassed => self.begin(task),
            }
        }
    }

    fn next_task(&self) -> Option<Task> {
        if self.logout_doubted {
            Some(Task::LogoutCheck)
        } else if self.logout_wanted {
            Some(Task::Logout)
        } else if let Some(&waiter) = self.sign_ins.first() {
            Some(Task::SignIn(waiter))
        } else {
            self.wanted.then_some(Task::Refresh)
        }
    }

    fn begin(&mut self, task: Task) {
        if task == Task::Refresh
            && let Err(failure) = self.may_call(Cause::Name)
        {
            // A sibling was told to wait while we queued for the lock.
            self.wanted = false;
            self.refuse(failure);
            return;
        }
        self.next_call = self.next_call.wrapping_add(1);
        let id = CallId(self.next_call);
        match task {
            Task::Refresh => {
                self.wanted = false;
                self.budget.spend(self.now.mono);
                self.put(Output::SendRefresh { call: id });
            }
            Task::SignIn(waiter) => {
                self.sign_ins.remove(0);
                self.settle(waiter, Outcome::Proceed);
            }
            Task::Logout => {
                self.logout_wanted = false;
                self.leavers.append(&mut self.logouts);
                self.put(Output::SendLogout { call: id });
            }
            Task::LogoutCheck => {
                self.logout_doubted = false;
                self.budget.spend(self.now.mono);
                self.put(Output::SendRefresh { call: id });
            }
        }
        let unlocked = (self.lock == Lock::Bypassed).then_some(Why::Unlocked);
        self.call = Some(Call {
            id,
            task,
            epoch: self.epoch,
            sign_outs: self.sign_outs,
            heard: self.heard,
        });
        self.timers.set(Timer::Call, self.now.mono + self.config.timeout);
        self.write(task.begins(), unlocked);
    }

    /// Ends the turn of the call that `is` names; `None` when it has ended before (a late answer).
    pub(super) fn end_turn(&mut self, is: impl FnOnce(&Call) -> bool) -> Option<Call> {
        let call = self.call.take_if(|call| is(call))?;
        self.timers.clear(Timer::Call);
        if matches!(self.lock, Lock::Held(_)) {
            // A sign of life for those who queue: whoever is next has the whole bound again.
            self.broadcast(News::TurnOver);
        }
        // A logout, and the look whether it worked, follow on under the same lock, so that no
        // sibling's refresh slips in between.
        if !self.logout_wanted && !self.logout_doubted {
            self.free_lock();
        }
        Some(call)
    }

    /// The network call took too long.
    pub(super) fn time_out(&mut self) {
        let Some(call) = self.end_turn(|_| true) else { return };
        match call.task {
            Task::Refresh => {
                self.put(Output::AbortCall { call: call.id });
                self.finish_refresh(&call, Err(FailureKind::TimedOut.into()));
            }
            Task::Logout | Task::LogoutCheck => {
                self.put(Output::AbortCall { call: call.id });
                self.finish_logout(false);
            }
            // The request is the application's and goes on; only its turn is over. Its answer still
            // counts.
            Task::SignIn(waiter) => {
                self.detached.push((waiter, call.sign_outs));
                self.write(Step::SignInSlow, None);
            }
        }
    }

    /// The lock took too long, or can't be had.
    pub(super) fn bypass_lock(&mut self, why: Why) {
        if let Lock::Waiting(ticket) = self.lock {
            self.put(Output::ReleaseLock { ticket });
        }
        self.lock = Lock::Bypassed;
        self.timers.clear(Timer::Lock);
        self.write(Step::LockBypassed, Some(why));
    }

    /// As long as the holders of the lock give signs of life, waiting is right.
    pub(super) fn watch_lock(&mut self) {
        if matches!(self.lock, Lock::Waiting(_)) {
            self.timers.set(Timer::Lock, self.now.mono + self.config.timeout + LOCK_GRACE);
        }
    }

    /// Gives the lock back, or the wish for it.
    pub(super) fn free_lock(&mut self) {
        if let Lock::Held(ticket) | Lock::Waiting(ticket) = self.lock {
            self.put(Output::ReleaseLock { ticket });
        }
        self.lock = Lock::Free;
        self.timers.clear(Timer::Lock);
    }

    /// Whether a refresh call may go out now, by the rate bound and by what the authority asked for.
    pub(super) fn may_call(&mut self, cause: Cause) -> Result<(), Failure> {
        let ready = self.budget.ready_at(self.now.mono, cause).max(self.blocked_until);
        if ready <= self.now.mono {
            return Ok(());
        }
        // The engine goes on by itself as soon as it may.
        let own = self.budget.ready_at(self.now.mono, Cause::Schedule).max(self.blocked_until);
        let retry = self.timers.at(Timer::Retry).unwrap_or(0);
        self.timers.set(Timer::Retry, retry.max(own));
        let last = self.failure.unwrap_or(FailureKind::Unreachable.into());
        Err(last.pausing(ready - self.now.mono))
    }

    fn new_ticket(&mut self) -> Ticket {
        self.next_ticket = self.next_ticket.wrapping_add(1);
        Ticket(self.next_ticket)
    }
}

impl Task {
    fn begins(self) -> Step {
        match self {
            Self::Refresh => Step::RefreshSent,
            Self::SignIn(_) => Step::SignInSent,
            Self::Logout => Step::LogoutSent,
            Self::LogoutCheck => Step::LogoutDoubted,
        }
    }
}
