//! The engine itself: its parts, and the first and last step of each input.
//!
//! Each `handle_*` is one mutation; the caller then drains [`Engine::poll_output`]. An input may
//! come in before the last output is polled: its outputs follow those that are left. Each input
//! stands in the file of its subject.

use super::budget::Asker;
use super::clock::{Millis, Now, SECOND};
use super::contract::{Config, Event, Output};
use super::failure::FailureKind;
use super::journal::{Journal, Note, Step, Transition};
use super::logout::Logout;
use super::outbox::Outbox;
use super::page::Page;
use super::random::Random;
use super::session::SessionState;
use super::siblings::Siblings;
use super::sign_in::SignIns;
use super::snapshot::{Session, SignedOutReason, Status};
use super::timers::{LONGEST_DELAY, NEVER, Timer, Timers};
use super::tries::Tries;
use super::turn::Turn;
use super::waiters::Waiters;
use crate::token::AccessToken;

/// A wall clock that moved this much against the monotonic one was set, or the machine slept.
const JUMP: Millis = 5 * SECOND;

/// The session machine of one tab.
pub struct Engine {
    pub(super) config: Config,
    /// The clocks at this input.
    pub(super) now: Now,
    pub(super) closed: bool,
    pub(super) session: SessionState,
    pub(super) tries: Tries,
    pub(super) turn: Turn,
    pub(super) logout: Logout,
    pub(super) sign_ins: SignIns,
    pub(super) siblings: Siblings,
    pub(super) page: Page,
    pub(super) waiters: Waiters,
    pub(super) timers: Timers,
    pub(super) random: Random,
    journal: Journal,
    outbox: Outbox,
    /// The snapshot that the application has.
    shown: Session,
}

impl Engine {
    /// A new engine; `seed` spreads its jitter and backoff.
    #[must_use]
    pub fn new(config: Config, seed: u64, now: Now) -> Self {
        Self {
            config,
            now,
            closed: false,
            session: SessionState::new(now),
            tries: Tries::default(),
            turn: Turn::new(),
            logout: Logout::default(),
            sign_ins: SignIns::default(),
            siblings: Siblings::default(),
            page: Page::new(),
            waiters: Waiters::default(),
            timers: Timers::new(),
            random: Random::new(seed),
            journal: Journal::default(),
            outbox: Outbox::default(),
            shown: Session::default(),
        }
    }

    /// What to do next; `None` when everything is done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outbox.poll()
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
        self.session.claims()
    }

    /// The current token with its generation, which a 401 to it must bring back.
    #[must_use]
    pub fn token(&self) -> Option<(&AccessToken, u32)> {
        self.session.access_token().map(|token| (token, self.session.generation()))
    }

    /// The last transitions, oldest first.
    #[must_use]
    pub fn explain(&self) -> &[Transition] {
        self.journal.read()
    }

    /// The timer fired.
    pub fn handle_timer(&mut self, now: Now) {
        self.begin_input(now);
        self.timers.disarm();
        self.look();
        self.conclude();
    }

    /// Ends everything. After the outputs of this input there is none any more.
    pub fn handle_close(&mut self, now: Now) {
        self.begin_input(now);
        if !self.closed {
            self.session.begin_epoch(self.session.next_epoch(self.now));
            let call = self.end_turn();
            if let Some(call) = call {
                self.put(Output::AbortCall { call: call.id });
            }
            // Also a lock that is only asked for: a closed keep would never give it back.
            self.free_lock();
            self.closed = true;
            self.sign_out(SignedOutReason::Closed);
            self.refuse_sign_ins(FailureKind::Closed);
            self.close_logout();
            self.timers.clear_all();
        }
        self.conclude();
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
            && let Some(due_at) = self.session.grow_older(jump)
        {
            if self.timers.at(Timer::Renewal).is_some() {
                self.timers.set(Timer::Renewal, due_at);
            }
            self.write(Step::ClockJumped, None);
        }
    }

    /// Looks at everything that time brings.
    pub(super) fn look(&mut self) {
        let now = self.now.mono;
        if self.timers.take_due(Timer::Call, now) {
            self.time_out();
        }
        if self.timers.take_due(Timer::Lock, now) {
            self.bypass_lock(Note::LockSlow);
        }
        if self.timers.take_due(Timer::Answer, now) && self.session.is_doubted() {
            self.ask_authority();
        }
        if self.timers.take_due(Timer::Retry, now) && self.session.is_pursued() {
            let _ = self.want(Asker::Engine);
        }
        if self.timers.take_due(Timer::Renewal, now) {
            self.renew();
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
        self.outbox.put_events();
        if let Some((at, timer)) = self.timers.rearm() {
            self.put(if at == NEVER {
                Output::ClearTimer
            } else {
                let delay = at.saturating_sub(self.now.mono).min(LONGEST_DELAY);
                Output::SetTimer { delay, timer }
            });
        }
    }

    fn snapshot(&self) -> Session {
        let retry_at = self.tries.failure().and(self.timers.at(Timer::Retry));
        let retry_at = retry_at.filter(|_| self.session.is_pursued());
        // The wall clock moves on its own; a snapshot that differs only by that is the same.
        let retry_at = retry_at.map(|at| self.now.wall_at(at));
        let retry_at = retry_at.map(|at| match self.shown.retry_at {
            Some(shown) if shown.abs_diff(at) < SECOND => shown,
            _ => at,
        });
        self.session.snapshot(self.refreshing(), retry_at)
    }

    /// Asks the driver for something.
    pub(super) fn put(&mut self, output: Output) {
        self.outbox.put(output);
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.outbox.emit(event);
    }

    /// Notes that something happened which left the status alone.
    pub(super) fn write(&mut self, step: Step, note: Option<Note>) {
        self.write_from(step, self.session.status(), note);
    }

    pub(super) fn write_from(&mut self, step: Step, from: Status, note: Option<Note>) {
        self.journal.write(Transition {
            at: self.now.wall,
            step,
            from,
            to: self.session.status(),
            generation: self.session.generation(),
            note,
        });
    }
}
