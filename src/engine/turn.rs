//! The one network call that a tab may have under way, and the origin-wide lock around it.
//!
//! Refresh, logout and sign-in all change the refresh cookie, so they take turns: in this tab by
//! this file, among tabs by the lock. The lock guards the call and nothing else. A tab waits for it
//! within a bound, and then goes on without.

use super::budget::Asker;
use super::clock::{Millis, Now, SECOND};
use super::contract::{CallId, Outcome, Output, Ticket, WaiterId};
use super::failure::FailureKind;
use super::journal::{Note, Step};
use super::machine::Engine;
use super::message::News;
use super::session::Era;
use super::timers::Timer;

/// How much longer than one call may take a tab waits for the lock.
const LOCK_GRACE: Millis = SECOND;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Refresh,
    SignIn(WaiterId),
    Logout,
    /// A refresh on behalf of a logout: it tells whether the session is over, which the endpoint's
    /// answer left open, or brings the token of the logout call. That token goes to nobody else.
    LogoutCheck,
}

pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) task: Task,
    /// The session it belongs to.
    pub(super) era: Era,
    /// Sibling successes heard when it began.
    pub(super) successes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    Free,
    Waiting(Ticket),
    Held(Ticket),
    /// Missing, denied or too slow: this turn goes on without.
    Bypassed,
}

pub(super) struct Turn {
    lock: Lock,
    call: Option<Call>,
    refresh_wanted: bool,
    last_call: u32,
    last_ticket: u32,
}

impl Turn {
    pub(super) fn new() -> Self {
        Self { lock: Lock::Free, call: None, refresh_wanted: false, last_call: 0, last_ticket: 0 }
    }

    pub(super) fn want_refresh(&mut self) {
        self.refresh_wanted = true;
    }

    pub(super) fn drop_refresh(&mut self) {
        self.refresh_wanted = false;
    }

    /// Whether a refresh of the session `era` is wanted or under way.
    pub(super) fn refreshes(&self, era: Era) -> bool {
        let under_way = |call: &Call| call.task == Task::Refresh && call.era == era;
        self.refresh_wanted || self.call.as_ref().is_some_and(under_way)
    }

    /// Whether the server is being told of a logout.
    pub(super) fn tells_logout(&self) -> bool {
        let task = self.call.as_ref().map(|call| call.task);
        matches!(task, Some(Task::Logout | Task::LogoutCheck))
    }

    /// Whether this call is under way for this task.
    pub(super) fn is(&self, id: CallId, task: Task) -> bool {
        self.call.as_ref().is_some_and(|call| call.id == id && call.task == task)
    }

    /// Whether the sign-in of `waiter` has its turn.
    pub(super) fn is_sign_in_of(&self, waiter: WaiterId) -> bool {
        self.call.as_ref().is_some_and(|call| call.task == Task::SignIn(waiter))
    }

    /// The epoch of the session was not known before: a call of it goes on.
    pub(super) fn correct_epoch(&mut self, known: u64, epoch: u64) {
        if let Some(call) = self.call.as_mut().filter(|call| call.era.epoch == known) {
            call.era.epoch = epoch;
        }
    }

    fn new_call(&mut self) -> CallId {
        self.last_call = self.last_call.wrapping_add(1);
        CallId(self.last_call)
    }

    fn new_ticket(&mut self) -> Ticket {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        Ticket(self.last_ticket)
    }
}

impl Engine {
    /// The lock for `ticket` was granted, or can't be had.
    pub fn handle_lock(&mut self, now: Now, ticket: Ticket, granted: bool) {
        self.begin_input(now);
        let awaited = matches!(self.turn.lock, Lock::Waiting(known) if known == ticket);
        if !awaited {
            if granted {
                self.put(Output::ReleaseLock { ticket });
            }
        } else if granted {
            self.turn.lock = Lock::Held(ticket);
            self.timers.clear(Timer::Lock);
        } else {
            self.bypass_lock(Note::NoLock);
        }
        self.conclude();
    }

    /// Gives the next task its turn, if nobody has one.
    pub(super) fn advance(&mut self) {
        while self.turn.call.is_none() {
            let Some(task) = self.next_task() else {
                self.free_lock();
                return;
            };
            match self.turn.lock {
                Lock::Waiting(_) => return,
                Lock::Free if self.config.coordinate => {
                    let ticket = self.turn.new_ticket();
                    self.turn.lock = Lock::Waiting(ticket);
                    self.put(Output::AcquireLock { ticket });
                    self.watch_lock();
                    return;
                }
                Lock::Free | Lock::Held(_) | Lock::Bypassed => self.begin_turn(task),
            }
        }
    }

    fn next_task(&self) -> Option<Task> {
        if let Some(task) = self.logout.next_task() {
            Some(task)
        } else if let Some(waiter) = self.sign_ins.first() {
            Some(Task::SignIn(waiter))
        } else {
            self.turn.refresh_wanted.then_some(Task::Refresh)
        }
    }

    fn begin_turn(&mut self, task: Task) {
        if task == Task::Refresh
            && let Err(failure) = self.may_call(Asker::Application)
        {
            // A sibling was told to wait while this tab queued for the lock.
            self.turn.refresh_wanted = false;
            self.refuse(failure);
            return;
        }
        let call = self.turn.new_call();
        match task {
            Task::Refresh | Task::LogoutCheck => {
                if task == Task::Refresh {
                    self.turn.refresh_wanted = false;
                } else {
                    self.logout.begin(true);
                }
                self.tries.spend(self.now.mono);
                self.put(Output::SendRefresh { call });
            }
            Task::SignIn(waiter) => {
                self.sign_ins.begin();
                self.settle(waiter, Outcome::Proceed);
            }
            Task::Logout => {
                self.logout.begin(false);
                self.put(Output::SendLogout { call });
            }
        }
        let step = match task {
            Task::LogoutCheck if self.logout.is_untold() => Step::RefreshSent,
            _ => task.begins(),
        };
        let unlocked = matches!(self.turn.lock, Lock::Bypassed).then_some(Note::Unlocked);
        self.turn.call = Some(Call {
            id: call,
            task,
            era: self.session.era(),
            successes: self.siblings.successes(),
        });
        self.timers.set(Timer::Call, self.now.mono + self.config.timeout);
        self.write(step, unlocked);
    }

    /// Ends the turn of the call that is under way.
    pub(super) fn end_turn(&mut self) -> Option<Call> {
        let call = self.turn.call.take()?;
        self.timers.clear(Timer::Call);
        if matches!(self.turn.lock, Lock::Held(_)) {
            // A sign of life for those who queue: the next one has the whole bound again.
            self.broadcast(News::TurnOver);
        }
        // A logout and its check go on under the same lock: no sibling may refresh between them.
        if self.logout.next_task().is_none() {
            self.free_lock();
        }
        Some(call)
    }

    /// The network call took too long.
    pub(super) fn time_out(&mut self) {
        let Some(Call { id: call, task, era, .. }) = self.turn.call else { return };
        if let Task::SignIn(waiter) = task {
            // The request is the application's and goes on; only its turn is over. Its answer still
            // counts.
            self.end_turn();
            self.sign_ins.detach(waiter, era.sign_outs);
            self.write(Step::SignInSlow, None);
            return;
        }
        self.put(Output::AbortCall { call });
        if task == Task::Logout {
            self.end_turn();
            self.finish_logout(false);
        } else {
            self.take_refresh_answer(call, Err(FailureKind::TimedOut.into()));
        }
    }

    /// The lock took too long, or can't be had.
    pub(super) fn bypass_lock(&mut self, note: Note) {
        if let Lock::Waiting(ticket) = self.turn.lock {
            self.put(Output::ReleaseLock { ticket });
        }
        self.turn.lock = Lock::Bypassed;
        self.timers.clear(Timer::Lock);
        self.write(Step::LockBypassed, Some(note));
    }

    /// Waits for the lock for the whole bound again: its holder gave a sign of life.
    pub(super) fn watch_lock(&mut self) {
        if matches!(self.turn.lock, Lock::Waiting(_)) {
            self.timers.set(Timer::Lock, self.now.mono + self.config.timeout + LOCK_GRACE);
        }
    }

    /// Gives the lock back, or the wish for it.
    pub(super) fn free_lock(&mut self) {
        if let Lock::Held(ticket) | Lock::Waiting(ticket) = self.turn.lock {
            self.put(Output::ReleaseLock { ticket });
        }
        self.turn.lock = Lock::Free;
        self.timers.clear(Timer::Lock);
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
