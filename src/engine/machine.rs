//! The engine itself: what it remembers between inputs, and the first and last step of each.
//!
//! Each `handle_*` is one mutation; the caller then drains [`Engine::poll_output`]. An input that
//! comes in before the end is no harm: its outputs follow those that are left.

use super::budget::Budget;
use super::clock::{Millis, Now, SECOND};
use super::contract::{Config, Event, Output, WaiterId};
use super::failure::Failure;
use super::journal::{Journal, Step, Transition, Why};
use super::random::Random;
use super::session::{Session, SignedOutReason, Status};
use super::sibling::{Message, News};
use super::state::{Call, Lock, Token, Waiter};
use super::timers::{LONGEST_DELAY, NEVER, Timer, Timers};
use crate::token::AccessToken;

/// A wall clock that moved this much against the monotonic one was set, or the machine slept.
const JUMP: Millis = 5 * SECOND;
/// How long siblings have to answer.
pub(super) const ANSWER_BOUND: Millis = SECOND / 2;

/// The session machine of one tab.
// In this order, what is touched most has an offset of one byte in the wasm.
#[repr(C)]
pub struct Engine {
    pub(super) status: Status,
    pub(super) reason: Option<SignedOutReason>,
    pub(super) started: bool,
    pub(super) closed: bool,
    pub(super) wanted: bool,
    pub(super) logout_wanted: bool,
    /// The logout endpoint's answer, of the status below, left open whether the session is over.
    pub(super) logout_doubted: bool,
    pub(super) visible: bool,
    pub(super) online: bool,
    /// A sibling signed in, and our own token of that session is still to come.
    pub(super) joining: bool,
    /// That sibling's user may be another than ours.
    pub(super) stranger: bool,
    /// Something may have been missed: the token rests until a sibling or the authority confirms
    /// the session.
    pub(super) doubted: bool,
    /// A verdict was not believed once already.
    pub(super) disbelieved: bool,

    pub(super) logout_status: u16,
    pub(super) generation: u32,
    /// The first generation of this epoch: a 401 to an older one is of another session.
    pub(super) first_generation: u32,
    /// Counts changes of user; a waiter of another count gets no token.
    pub(super) identity: u32,
    /// Logouts so far, here and elsewhere.
    pub(super) sign_outs: u32,
    /// Refreshes of siblings so far.
    pub(super) heard: u32,
    pub(super) failures: u32,
    pub(super) next_call: u32,
    pub(super) next_ticket: u32,
    pub(super) next_waiter: u32,

    /// The clocks at this input.
    pub(super) now: Now,
    pub(super) epoch: u64,
    /// The authority asked to be left alone until then.
    pub(super) blocked_until: Millis,
    /// Plain backoff after the last failure lasts until then.
    pub(super) backoff_until: Millis,
    pub(super) failure: Option<Failure>,
    pub(super) lock: Lock,
    pub(super) timers: Timers,
    /// When the driver's timer fires; [`NEVER`] when there is none.
    pub(super) armed: Millis,
    pub(super) call: Option<Call>,
    pub(super) token: Option<Token>,
    pub(super) subject: Option<u64>,
    /// A fresh token that an API refused all the same, and when.
    pub(super) refused: Option<(u32, Millis)>,
    /// When the session that this tab has, or the lack of one, began.
    pub(super) began_at: Millis,
    /// When this tab last logged out.
    pub(super) logged_out_at: Millis,
    /// When siblings were asked whether one of them is visible, and when one last said so.
    pub(super) asked_at: Option<Millis>,
    pub(super) visible_sibling_at: Option<Millis>,

    pub(super) waiters: Vec<Waiter>,
    pub(super) sign_ins: Vec<WaiterId>,
    pub(super) detached: Vec<(WaiterId, u32)>,
    /// Whose logout call is still to be made, and who waits for the one under way.
    pub(super) logouts: Vec<WaiterId>,
    pub(super) leavers: Vec<WaiterId>,
    outputs: Vec<Output>,
    /// How many of them have been taken.
    polled: usize,
    events: Vec<Event>,
    shown: Session,
    journal: Journal,
    pub(super) config: Config,
    pub(super) random: Random,
    pub(super) budget: Budget,
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
            backoff_until: 0,
            refused: None,
            wanted: false,
            sign_ins: Vec::new(),
            detached: Vec::new(),
            logouts: Vec::new(),
            leavers: Vec::new(),
            logout_wanted: false,
            logout_doubted: false,
            logout_status: 0,
            lock: Lock::Free,
            call: None,
            next_call: 0,
            next_ticket: 0,
            next_waiter: 0,
            waiters: Vec::new(),
            timers: Timers::new(),
            visible: true,
            online: true,
            sign_outs: 0,
            heard: 0,
            joining: false,
            stranger: false,
            doubted: false,
            disbelieved: false,
            began_at: now.mono,
            logged_out_at: 0,
            asked_at: None,
            visible_sibling_at: None,
            now,
            shown: Session::default(),
            armed: NEVER,
            outputs: Vec::new(),
            polled: 0,
            events: Vec::new(),
        }
    }

    /// What to do next; `None` when everything is done.
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.outputs.get(self.polled).copied();
        if output.is_some() {
            self.polled += 1;
        } else {
            self.outputs.clear();
            self.polled = 0;
        }
        output
    }

    /// The session as the application sees it.
    #[must_use]
    pub fn session(&self) -> Session {
        self.shown
    }

    /// The claims of the current token as JSON text, unverified; `None` when there is no token or
    /// it is opaque.
    #[must_use]
    pub fn claims(&self) -> Option<&[u8]> {
        self.token.as_ref()?.grant.payload.as_ref().map(|payload| payload.json.as_slice())
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

    /// First step of every input: the clocks.
    pub(super) fn begin_input(&mut self, now: Now) {
        let passed = now.mono.saturating_sub(self.now.mono);
        let wall_passed = now.wall.saturating_sub(self.now.wall);
        self.now = Now { mono: self.now.mono + passed, wall: now.wall };
        // The wall clock ran ahead: either it was set, or the machine slept and the monotonic clock
        // stood still.
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
            self.write(Step::ClockJumped, None);
        }
    }

    /// Last step of every input: the next network call, and what has changed.
    pub(super) fn conclude(&mut self) {
        if !self.closed {
            self.advance();
        }
        let session = self.snapshot();
        if session != self.shown {
            self.shown = session;
            self.put(Output::Changed);
        }
        for event in core::mem::take(&mut self.events) {
            self.put(Output::Emit(event));
        }
        let (at, timer) = self.timers.next();
        if self.armed != at {
            self.armed = at;
            self.put(if at == NEVER {
                Output::ClearTimer
            } else {
                Output::SetTimer {
                    delay: at.saturating_sub(self.now.mono).min(LONGEST_DELAY),
                    timer,
                }
            });
        }
    }

    fn snapshot(&self) -> Session {
        let retry_at = self.failure.and(self.timers.at(Timer::Retry)).filter(|_| self.pursues());
        Session {
            status: self.status,
            generation: self.generation,
            expires_at: self.token.as_ref().map(|token| token.expires_at_wall),
            refreshing: self.refreshing(),
            // The wall clock moves on its own; a snapshot that differs only by that is the same.
            retry_at: retry_at.map(|at| match self.shown.retry_at {
                Some(shown) if shown.abs_diff(self.now.wall_at(at)) < SECOND => shown,
                _ => self.now.wall_at(at),
            }),
            reason: self.reason,
        }
    }

    /// Whether requests may go out with the token as it is.
    pub(super) fn is_good(&self, validity: Millis) -> bool {
        !self.doubted
            && self.token.as_ref().is_some_and(|token| {
                !token.refused && self.now.mono.saturating_add(validity) < token.fresh_until
            })
    }

    /// Whether the token has not expired, as far as one can tell: good enough when no better one
    /// can be had.
    pub(super) fn is_alive(&self, validity: Millis) -> bool {
        self.token
            .as_ref()
            .is_some_and(|token| self.now.mono.saturating_add(validity) < token.expires_at)
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

    /// Above every epoch that was heard of. A tab that has just opened has heard of none; the wall
    /// clock, which is one for all tabs of a browser, puts its logout above what its siblings know
    /// all the same.
    pub(super) fn next_epoch(&self) -> u64 {
        if self.epoch == 0 { self.now.wall.max(1) } else { self.epoch + 1 }
    }

    pub(super) fn broadcast(&mut self, news: News) {
        if self.config.coordinate {
            self.put(Output::Broadcast(Message { epoch: self.epoch, news }));
        }
    }

    /// Asks the driver for something.
    pub(super) fn put(&mut self, output: Output) {
        self.outputs.push(output);
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Notes that something happened which left the status alone.
    pub(super) fn write(&mut self, step: Step, why: Option<Why>) {
        self.write_from(step, self.status, why);
    }

    pub(super) fn write_from(&mut self, step: Step, from: Status, why: Option<Why>) {
        self.journal.write(Transition {
            at: self.now.wall,
            step,
            from,
            to: self.status,
            generation: self.generation,
            why,
        });
    }
}
