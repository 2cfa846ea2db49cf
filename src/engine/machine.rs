//! The engine itself: what it remembers between inputs, and the first and last step of each.
//!
//! Each `handle_*` is one mutation; the caller then drains [`Engine::poll_output`] to the end before the next one.

use std::collections::VecDeque;

use super::budget::Budget;
use super::clock::{Millis, Now, SECOND};
use super::contract::{Config, Event, Output, WaiterId};
use super::failure::Failure;
use super::journal::{Journal, Transition};
use super::random::Random;
use super::session::{Session, SignedOutReason, Status};
use super::sibling::{Message, News};
use super::state::{Call, Lock, Token, Waiter};
use super::timers::{LONGEST_DELAY, Timer, Timers};
use crate::token::AccessToken;

/// A wall clock that moved this much against the monotonic one was set, or the machine slept.
const JUMP: Millis = 5 * SECOND;
/// How long siblings have to answer.
pub(super) const ANSWER_BOUND: Millis = SECOND / 2;
/// Calls of the budget that renewals on the engine's own account leave to requests.
pub(super) const RESERVE: usize = 4;

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
    pub(super) refused: Option<(u32, Millis)>,

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
    pub(super) armed: Option<Millis>,
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

    /// Whether requests may go out with the token as it is.
    pub(super) fn is_good(&self, now: Millis, validity: Millis) -> bool {
        !self.doubted
            && self
                .token
                .as_ref()
                .is_some_and(|token| !token.refused && now.saturating_add(validity) < token.fresh_until)
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

    /// Above every epoch that was heard of. A tab that has just opened has heard of none; the wall clock, which is one for
    /// all tabs of a browser, puts its logout above what its siblings know all the same.
    pub(super) fn next_epoch(&self, now: Now) -> u64 {
        if self.epoch == 0 { now.wall.max(1) } else { self.epoch + 1 }
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
        self.journal.write(Transition {
            at: now.wall,
            event,
            from,
            to: self.status,
            generation: self.generation,
            note,
        });
    }
}
