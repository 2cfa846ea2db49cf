//! The engine itself: its inputs, its outputs, and what it remembers between them.
//!
//! Each `handle_*` is one mutation; the caller then drains [`Engine::poll_output`] to the end before the next one.

use std::collections::VecDeque;

use super::backoff::Backoff;
use super::budget::Budget;
use super::clock::{Millis, Now, SECOND};
use super::failure::{Failure, FailureKind};
use super::journal::{Journal, Transition};
use super::lifetime::Lead;
use super::random::Random;
use super::reply::Grant;
use super::session::{Session, SignedOutReason, Status};
use super::sibling::{Message, News};
use super::timers::{LONGEST_DELAY, Timer, Timers};
use super::turn::{Call, CallId, Lock, Ticket};
use super::waiters::{Attempt, Outcome, Purpose, Waiter, WaiterId};
use crate::token::AccessToken;

/// A wall clock that moved this much against the monotonic one was set, or the machine slept.
const JUMP: Millis = 5 * SECOND;
/// How long siblings have to answer.
pub(super) const ANSWER_BOUND: Millis = SECOND / 2;
/// For so long after a fresh token was refused too, its 401s start no further refresh.
const REFUSAL_MEMORY: Millis = 10 * SECOND;
/// Calls of the budget that renewals on the engine's own account leave to requests.
pub(super) const RESERVE: usize = 4;

/// How the engine shall behave; times in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// When to renew.
    pub lead: Lead,
    /// Lifetime of a token that tells none.
    pub default_lifetime: Millis,
    /// After this a network call is given up.
    pub timeout: Millis,
    /// How to wait after failures.
    pub backoff: Backoff,
    /// Whether there may be siblings to keep in step with.
    pub coordinate: bool,
    /// Whether there is an endpoint to tell of a logout.
    pub logout_endpoint: bool,
}

/// What the page went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wake {
    /// It can be seen.
    Visible,
    /// It can't be seen.
    Hidden,
    /// The network is there.
    Online,
    /// The network is gone.
    Offline,
    /// It comes back from the back/forward cache or from being frozen, and may have missed anything.
    Restored,
}

/// What the driver has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// POST to the refresh endpoint; the answer goes to [`Engine::handle_refresh_answer`].
    SendRefresh {
        /// The call.
        call: CallId,
    },
    /// POST to the logout endpoint; the answer goes to [`Engine::handle_logout_answer`].
    SendLogout {
        /// The call.
        call: CallId,
    },
    /// Abort that call.
    AbortCall {
        /// The call.
        call: CallId,
    },
    /// Ask for the origin-wide lock; the answer goes to [`Engine::handle_lock`].
    AcquireLock {
        /// The wish.
        ticket: Ticket,
    },
    /// Give the lock back, or stop asking for it.
    ReleaseLock {
        /// The wish.
        ticket: Ticket,
    },
    /// Call [`Engine::handle_timer`] after `delay` milliseconds, instead of what was set before.
    SetTimer {
        /// How long from now.
        delay: Millis,
        /// What for.
        timer: Timer,
    },
    /// No timer is needed any more.
    ClearTimer,
    /// Tell the siblings.
    Broadcast(Message),
    /// Answer a waiter.
    Settle {
        /// Who.
        waiter: WaiterId,
        /// What.
        outcome: Outcome,
    },
    /// [`Engine::session`] has changed.
    Changed,
    /// Tell the application.
    Emit(Event),
}

/// What the application is told beyond the changed session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// There is a session now.
    SignedIn,
    /// The session ended.
    SignedOut(SignedOutReason),
    /// A token was renewed, here or by a sibling for itself.
    Refreshed {
        /// The serial number of our token.
        generation: u32,
        /// Whether it was a sibling's.
        by_sibling: bool,
    },
    /// A refresh failed and the session stands.
    RefreshFailed {
        /// How.
        failure: Failure,
        /// When the next attempt is due on the wall clock.
        retry_at: Option<Millis>,
    },
    /// The session is another user's now.
    UserChanged,
}

pub(super) struct Token {
    pub(super) grant: Grant,
    pub(super) lifetime: Millis,
    /// From here on a renewal is due.
    pub(super) due_at: Millis,
    /// From here on requests wait for a renewal. Moves ahead of `expires_at` when the machine may have slept.
    pub(super) fresh_until: Millis,
    pub(super) expires_at: Millis,
    pub(super) expires_at_wall: Millis,
    /// An API refused it.
    pub(super) refused: bool,
}

/// The session machine of one tab.
pub struct Engine {
    pub(super) config: Config,
    pub(super) random: Random,
    pub(super) budget: Budget,
    journal: Journal,

    pub(super) status: Status,
    pub(super) reason: Option<SignedOutReason>,
    pub(super) epoch: u64,
    pub(super) generation: u32,
    /// The first generation of this epoch: a 401 to an older one is of another session.
    pub(super) first_generation: u32,
    pub(super) token: Option<Token>,
    /// Counts changes of user; a waiter of another count gets no token.
    pub(super) identity: u32,
    pub(super) subject: Option<u64>,
    pub(super) started: bool,
    pub(super) closed: bool,

    pub(super) failure: Option<Failure>,
    pub(super) failures: u32,
    pub(super) blocked_until: Millis,
    /// A fresh token that an API refused all the same, and when.
    refused: Option<(u32, Millis)>,

    pub(super) wanted: bool,
    pub(super) sign_ins: VecDeque<WaiterId>,
    pub(super) detached: Vec<(WaiterId, u32)>,
    pub(super) logouts: Vec<WaiterId>,
    pub(super) logout_wanted: bool,
    pub(super) lock: Lock,
    pub(super) call: Option<Call>,
    pub(super) next_call: u32,
    pub(super) next_ticket: u32,
    pub(super) next_waiter: u32,
    pub(super) waiters: Vec<Waiter>,
    pub(super) timers: Timers,

    pub(super) visible: bool,
    pub(super) online: bool,
    /// Logouts so far, here and elsewhere.
    pub(super) sign_outs: u32,
    /// Refreshes of siblings so far.
    pub(super) heard: u32,
    /// A sibling signed in, and our own token of that session is still to come.
    pub(super) joining: bool,
    /// That sibling's user may be another than ours.
    pub(super) stranger: bool,
    /// Something may have been missed: the token rests until a sibling or the authority confirms the session.
    pub(super) doubted: bool,
    /// A verdict was not believed once already.
    pub(super) disbelieved: bool,
    /// When siblings were asked whether one of them is visible, and when one last said so.
    pub(super) asked_at: Option<Millis>,
    pub(super) visible_sibling_at: Option<Millis>,

    last: Now,
    shown: Session,
    armed: Option<Millis>,
    pub(super) outputs: VecDeque<Output>,
    events: Vec<Event>,
}

impl Engine {
    /// A new engine; `seed` spreads its jitter and backoff.
    #[must_use]
    pub fn new(config: Config, seed: u64, now: Now) -> Self {
        Self {
            config,
            random: Random::new(seed),
            budget: Budget::default(),
            journal: Journal::default(),
            status: Status::Unknown,
            reason: None,
            epoch: 0,
            generation: 0,
            first_generation: 1,
            token: None,
            identity: 0,
            subject: None,
            started: false,
            closed: false,
            failure: None,
            failures: 0,
            blocked_until: 0,
            refused: None,
            wanted: false,
            sign_ins: VecDeque::new(),
            detached: Vec::new(),
            logouts: Vec::new(),
            logout_wanted: false,
            lock: Lock::Free,
            call: None,
            next_call: 0,
            next_ticket: 0,
            next_waiter: 0,
            waiters: Vec::new(),
            timers: Timers::default(),
            visible: true,
            online: true,
            sign_outs: 0,
            heard: 0,
            joining: false,
            stranger: false,
            doubted: false,
            disbelieved: false,
            asked_at: None,
            visible_sibling_at: None,
            last: now,
            shown: Session::default(),
            armed: None,
            outputs: VecDeque::new(),
            events: Vec::new(),
        }
    }

    /// What to do next; `None` when everything is done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The session as the application sees it.
    #[must_use]
    pub fn session(&self) -> Session {
        self.shown
    }

    /// The claims of the current token as JSON text, unverified; `None` when there is no token or it is opaque.
    #[must_use]
    pub fn claims(&self) -> Option<&str> {
        self.token.as_ref()?.grant.payload.as_ref().map(|payload| payload.json.as_str())
    }

    /// The current token with its generation, which a 401 to it must bring back.
    #[must_use]
    pub fn token(&self) -> Option<(&AccessToken, u32)> {
        self.token.as_ref().map(|token| (&token.grant.access_token, self.generation))
    }

    /// The last transitions, oldest first.
    pub fn explain(&self) -> impl Iterator<Item = &Transition> {
        self.journal.read()
    }

    /// Asks the authority for the session, at most once however often it is called.
    pub fn handle_start(&mut self, now: Now) -> WaiterId {
        let now = self.begin_input(now);
        let attempt = self.start(now);
        // Plain backoff is joined; a pause that the authority asked for is told.
        let attempt = match attempt {
            Attempt::Failed(failure) if failure.retry_after.is_none() => Attempt::Pending,
            other => other,
        };
        let waiter = self.wait(now, Purpose::Start, attempt);
        self.conclude(now);
        waiter
    }

    /// Somebody wants to send a request with the token.
    pub fn handle_request(&mut self, now: Now) -> WaiterId {
        self.demand(now, Purpose::Request, 0)
    }

    /// Somebody wants to borrow the token, valid for at least `validity` more milliseconds.
    pub fn handle_lend(&mut self, now: Now, validity: Millis) -> WaiterId {
        self.demand(now, Purpose::Lend { validity }, validity)
    }

    /// A refresh was asked for by name. It goes through plain backoff, but not through `Retry-After` or the budget.
    pub fn handle_refresh(&mut self, now: Now) -> WaiterId {
        let now = self.begin_input(now);
        self.started = true;
        self.timers.clear(Timer::Retry);
        let attempt = self.want(now, 0);
        let waiter = self.wait(now, Purpose::Refresh, attempt);
        self.conclude(now);
        waiter
    }

    /// An API answered 401 to the token of this generation.
    pub fn handle_unauthorized(&mut self, now: Now, generation: u32) -> WaiterId {
        let now = self.begin_input(now);
        self.write(now, "unauthorized", None);
        let current = generation >= self.first_generation && self.status == Status::Authenticated;
        let refused_again = self.refused.is_some_and(|(known, at)| known == generation && now.mono < at + REFUSAL_MEMORY);
        let waiter = if !current || refused_again && generation == self.generation {
            let waiter = self.new_waiter();
            self.settle(waiter, Outcome::GiveUp);
            waiter
        } else {
            if generation == self.generation
                && let Some(token) = &mut self.token
            {
                token.refused = true;
            }
            let attempt = if self.is_good(now.mono, 0) { Attempt::Pending } else { self.want(now, 0) };
            if matches!(attempt, Attempt::Failed(_)) {
                self.pardon();
            }
            self.wait(now, Purpose::Retry { generation }, attempt)
        };
        self.conclude(now);
        waiter
    }

    /// The retry with the token of this generation was refused too.
    pub fn handle_retry_refused(&mut self, now: Now, generation: u32) {
        let now = self.begin_input(now);
        if generation == self.generation {
            self.refused = Some((generation, now.mono));
        }
        self.write(now, "fresh-token-rejected", None);
        self.conclude(now);
    }

    /// An API took the token of this generation: it is no stranger to all of them.
    pub fn handle_accepted(&mut self, generation: u32) {
        self.refused.take_if(|&mut (known, _)| known == generation);
    }

    /// Takes over a token that the application obtained itself.
    pub fn handle_adopt(&mut self, now: Now, grant: Grant) {
        let now = self.begin_input(now);
        if !self.closed {
            self.adopt(now, grant, "adopted");
        }
        self.conclude(now);
    }

    /// Somebody wants to sign in: told to proceed when no refresh can run.
    pub fn handle_sign_in(&mut self, now: Now) -> WaiterId {
        let now = self.begin_input(now);
        let waiter = self.new_waiter();
        if self.closed {
            self.settle(waiter, Outcome::Failed(FailureKind::Closed.into()));
        } else {
            self.sign_ins.push_back(waiter);
        }
        self.conclude(now);
        waiter
    }

    /// Ends this tab's session at once, then the siblings' and the server's.
    pub fn handle_logout(&mut self, now: Now) -> WaiterId {
        let now = self.begin_input(now);
        let waiter = self.new_waiter();
        if self.closed {
            self.settle(waiter, Outcome::Failed(FailureKind::Closed.into()));
        } else {
            let told = self.logging_out() && self.status == Status::Anonymous;
            self.raise_epoch(self.epoch + 1);
            self.sign_out(now, SignedOutReason::Logout);
            self.broadcast(News::SignedOut);
            if self.config.logout_endpoint {
                self.logouts.push(waiter);
                self.logout_wanted |= !told;
            } else {
                self.settle(waiter, Outcome::Done);
            }
        }
        self.conclude(now);
        waiter
    }

    /// The lock for `ticket` was granted, or can't be had.
    pub fn handle_lock(&mut self, now: Now, ticket: Ticket, granted: bool) {
        let now = self.begin_input(now);
        if self.lock != Lock::Waiting(ticket) {
            if granted {
                self.outputs.push_back(Output::ReleaseLock { ticket });
            }
        } else if granted {
            self.lock = Lock::Held(ticket);
            self.timers.clear(Timer::Lock);
        } else {
            self.bypass_lock(now, "there is none to be had");
        }
        self.conclude(now);
    }

    /// The timer fired.
    pub fn handle_timer(&mut self, now: Now) {
        let now = self.begin_input(now);
        self.armed = None;
        self.look(now);
        self.conclude(now);
    }

    /// The page went through something.
    pub fn handle_wake(&mut self, now: Now, wake: Wake) {
        let now = self.begin_input(now);
        match wake {
            Wake::Visible => {
                self.visible = true;
                self.resume_renewal(now);
            }
            Wake::Hidden => self.visible = false,
            Wake::Online => {
                self.online = true;
                if self.pursues() && self.failure.is_some() {
                    self.timers.clear(Timer::Retry);
                    let _ = self.want(now, RESERVE);
                }
            }
            Wake::Offline => self.online = false,
            Wake::Restored => self.doubt(now),
        }
        self.look(now);
        self.conclude(now);
    }

    /// Ends everything. After the outputs of this input there is none any more.
    pub fn handle_close(&mut self, now: Now) {
        let now = self.begin_input(now);
        if !self.closed {
            self.raise_epoch(self.epoch + 1);
            let call = self.end_turn(|_| true);
            if let Some(call) = call {
                self.outputs.push_back(Output::AbortCall { call: call.id });
            }
            self.logout_wanted = false;
            self.sign_out(now, SignedOutReason::Closed);
            self.closed = true;
            for waiter in self.sign_ins.drain(..).chain(self.logouts.drain(..)).collect::<Vec<_>>() {
                self.settle(waiter, Outcome::Failed(FailureKind::Closed.into()));
            }
            self.settle_waiters(now, Attempt::Pending);
            self.timers.clear_all();
        }
        self.conclude(now);
    }

    /// First step of every input: the clocks.
    pub(super) fn begin_input(&mut self, now: Now) -> Now {
        debug_assert!(self.outputs.is_empty(), "outputs are drained before the next input");
        let mono = now.mono.max(self.last.mono);
        let passed = mono - self.last.mono;
        let wall_passed = now.wall.saturating_sub(self.last.wall);
        let now = Now { mono, wall: now.wall };
        self.last = now;
        // The wall clock ran ahead: either it was set, or the machine slept and the monotonic clock stood still.
        let jump = wall_passed.saturating_sub(passed);
        if jump > JUMP
            && let Some(token) = &mut self.token
        {
            token.due_at = token.due_at.saturating_sub(jump);
            token.fresh_until = token.fresh_until.saturating_sub(jump);
            let due_at = token.due_at;
            if self.timers.at(Timer::Renewal).is_some() {
                self.timers.set(Timer::Renewal, due_at);
            }
            self.write(now, "clock-jumped", None);
        }
        now
    }

    /// Last step of every input: the next network call, and what has changed.
    pub(super) fn conclude(&mut self, now: Now) {
        if !self.closed {
            self.advance(now);
        }
        let session = self.snapshot(now);
        if session != self.shown {
            self.shown = session;
            self.outputs.push_back(Output::Changed);
        }
        self.outputs.extend(self.events.drain(..).map(Output::Emit));
        let next = self.timers.next();
        if self.armed != next.map(|(at, _)| at) {
            self.armed = next.map(|(at, _)| at);
            self.outputs.push_back(match next {
                Some((at, timer)) => Output::SetTimer { delay: at.saturating_sub(now.mono).min(LONGEST_DELAY), timer },
                None => Output::ClearTimer,
            });
        }
    }

    fn snapshot(&self, now: Now) -> Session {
        let retry_at = self.failure.and(self.timers.at(Timer::Retry)).filter(|_| self.pursues());
        Session {
            status: self.status,
            generation: self.generation,
            expires_at: self.token.as_ref().map(|token| token.expires_at_wall),
            refreshing: self.refreshing(),
            // The wall clock moves on its own; a snapshot that differs only by that is the same.
            retry_at: retry_at.map(|at| match self.shown.retry_at {
                Some(shown) if shown.abs_diff(now.wall_at(at)) < SECOND => shown,
                _ => now.wall_at(at),
            }),
            reason: self.reason,
        }
    }

    fn demand(&mut self, now: Now, purpose: Purpose, validity: Millis) -> WaiterId {
        let now = self.begin_input(now);
        let attempt = match self.status {
            Status::Unknown => self.start(now),
            Status::Authenticated if !self.is_good(now.mono, validity) && !self.doubted => self.want(now, 0),
            Status::Authenticated | Status::Anonymous => Attempt::Pending,
        };
        self.look(now);
        let waiter = self.wait(now, purpose, attempt);
        self.conclude(now);
        waiter
    }

    fn start(&mut self, now: Now) -> Attempt {
        self.started = true;
        if self.status == Status::Unknown { self.want(now, 0) } else { Attempt::Pending }
    }

    /// Whether requests may go out with the token as it is.
    pub(super) fn is_good(&self, now: Millis, validity: Millis) -> bool {
        !self.doubted && self.token.as_ref().is_some_and(|token| !token.refused && now.saturating_add(validity) < token.fresh_until)
    }

    /// Whether the token has not expired, as far as one can tell: good enough when no better one can be had.
    pub(super) fn is_alive(&self, now: Millis, validity: Millis) -> bool {
        self.token.as_ref().is_some_and(|token| now.saturating_add(validity) < token.expires_at)
    }

    /// Whether the engine itself is after a token, without anybody asking.
    pub(super) fn pursues(&self) -> bool {
        match self.status {
            Status::Unknown => self.started,
            Status::Anonymous => self.joining,
            Status::Authenticated => true,
        }
    }

    /// Another session begins, or none: what belongs to an older epoch has no effect any more.
    pub(super) fn raise_epoch(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.first_generation = self.generation + 1;
    }

    pub(super) fn broadcast(&mut self, news: News) {
        if self.config.coordinate {
            self.outputs.push_back(Output::Broadcast(Message { epoch: self.epoch, news }));
        }
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Notes that something happened which left the status alone.
    pub(super) fn write(&mut self, now: Now, event: &'static str, note: Option<&'static str>) {
        self.write_from(now, event, self.status, note);
    }

    pub(super) fn write_from(&mut self, now: Now, event: &'static str, from: Status, note: Option<&'static str>) {
        self.journal.write(Transition { at: now.wall, event, from, to: self.status, generation: self.generation, note });
    }
}
