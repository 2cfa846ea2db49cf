//! One tab under test: an engine, its clocks, and everything that it has asked for so far.

use std::collections::HashMap;

use tokenkeep::engine::{
    Backoff, CallId, Config, Engine, Event, Failure, FailureKind, Grant, Lead, LogoutAnswer,
    Message, Millis, News, Now, Outcome, Output, SignedOutReason, Status, Step, Ticket, WaiterId,
};

/// Any moment will do; it is not zero, so that nothing relies on that.
const BEGIN: Now = Now { mono: 5_000, wall: 1_800_000_000_000 };

pub(crate) const CONFIG: Config = Config {
    lead: Lead { leeway: 60_000, jitter: 0 },
    default_lifetime: 300_000,
    timeout: 10_000,
    backoff: Backoff { base: 1_000, max: 60_000 },
    coordinate: false,
    logout_endpoint: true,
    logout_authorization: false,
};

pub(crate) struct Tab {
    pub(crate) engine: Engine,
    pub(crate) now: Now,
    timer: Option<Millis>,
    outcomes: HashMap<WaiterId, Outcome>,
    /// Refresh calls under way, oldest first, and all that were ever sent with their moments.
    pub(crate) refreshes: Vec<CallId>,
    pub(crate) sent: Vec<Millis>,
    /// Logout calls, and how many of them have been answered.
    pub(crate) logouts: Vec<CallId>,
    told_of_logout: usize,
    pub(crate) aborted: Vec<CallId>,
    pub(crate) locks: Vec<Ticket>,
    pub(crate) released: Vec<Ticket>,
    pub(crate) told: Vec<Message>,
    pub(crate) events: Vec<Event>,
    pub(crate) changes: usize,
    /// The epoch of the last message; 0 before the first.
    epoch: u64,
}

impl Tab {
    pub(crate) fn new() -> Self {
        Self::with(CONFIG)
    }

    /// A tab that coordinates with siblings.
    pub(crate) fn coordinating() -> Self {
        Self::with(Config { coordinate: true, ..CONFIG })
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::seeded(7, config)
    }

    /// A tab whose jitter and backoff follow from `seed`.
    pub(crate) fn seeded(seed: u64, config: Config) -> Self {
        Self {
            engine: Engine::new(config, seed, BEGIN),
            now: BEGIN,
            timer: None,
            outcomes: HashMap::new(),
            refreshes: Vec::new(),
            sent: Vec::new(),
            logouts: Vec::new(),
            told_of_logout: 0,
            aborted: Vec::new(),
            locks: Vec::new(),
            released: Vec::new(),
            told: Vec::new(),
            events: Vec::new(),
            changes: 0,
            epoch: 0,
        }
    }

    /// A tab that is signed in with a token of so many seconds.
    pub(crate) fn signed_in(seconds: u64) -> Self {
        let mut tab = Self::new();
        tab.sign_in(seconds);
        tab
    }

    /// One input, its outputs drained.
    pub(crate) fn input<T>(&mut self, input: impl FnOnce(&mut Engine, Now) -> T) -> T {
        let result = input(&mut self.engine, self.now);
        while let Some(output) = self.engine.poll_output() {
            self.take(output);
        }
        result
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::SendRefresh { call } => {
                self.refreshes.push(call);
                self.sent.push(self.now.mono);
            }
            Output::SendLogout { call } => self.logouts.push(call),
            Output::AbortCall { call } => self.aborted.push(call),
            Output::AcquireLock { ticket } => self.locks.push(ticket),
            Output::ReleaseLock { ticket } => self.released.push(ticket),
            Output::SetTimer { delay, .. } => self.timer = Some(self.now.mono + delay),
            Output::ClearTimer => self.timer = None,
            Output::Broadcast(message) => {
                self.epoch = message.epoch;
                self.told.push(message);
            }
            Output::Settle { waiter, outcome } => {
                assert_eq!(
                    self.outcomes.insert(waiter, outcome),
                    None,
                    "a waiter is answered once"
                );
            }
            Output::Changed => self.changes += 1,
            Output::Emit(event) => self.events.push(event),
            _ => panic!("an output that this driver does not know"),
        }
    }

    /// Lets `duration` pass on both clocks, with every timer on time.
    pub(crate) fn pass(&mut self, duration: Millis) {
        let end = self.now.mono + duration;
        while let Some(at) = self.timer.filter(|&at| at <= end) {
            let step = at.saturating_sub(self.now.mono);
            self.now = Now { mono: self.now.mono + step, wall: self.now.wall + step };
            self.timer = None;
            self.input(Engine::handle_timer);
        }
        let rest = end - self.now.mono;
        self.now = Now { mono: end, wall: self.now.wall + rest };
    }

    /// Sleeps: no timer fires; the monotonic clock stands still unless it `ticks`.
    pub(crate) fn sleep(&mut self, duration: Millis, ticks: bool) {
        self.now.wall += duration;
        self.now.mono += if ticks { duration } else { 0 };
        if ticks && self.timer.is_some_and(|at| at <= self.now.mono) {
            self.timer = None;
            self.input(Engine::handle_timer);
        }
    }

    pub(crate) fn timer_in(&self) -> Option<Millis> {
        self.timer.map(|at| at.saturating_sub(self.now.mono))
    }

    pub(crate) fn outcome(&self, waiter: WaiterId) -> Option<Outcome> {
        self.outcomes.get(&waiter).copied()
    }

    /// Answers the oldest refresh under way.
    pub(crate) fn answer(&mut self, answer: Result<Grant, Failure>) {
        let call = self.refreshes.remove(0);
        self.input(|engine, now| engine.handle_refresh_answer(now, call, answer));
    }

    pub(crate) fn grant(&mut self, seconds: u64) {
        self.answer(Ok(token(seconds)));
    }

    pub(crate) fn fail(&mut self, kind: FailureKind) {
        self.answer(Err(kind.into()));
    }

    pub(crate) fn refuse_for(&mut self, retry_after: Millis) {
        let failure = Failure::from(FailureKind::Unreachable).answered(503).pausing(retry_after);
        self.answer(Err(failure));
    }

    /// Answers the oldest logout call with this status.
    pub(crate) fn logged_out(&mut self, status: u16) {
        let call = *self.logouts.get(self.told_of_logout).expect("the server is told");
        self.told_of_logout += 1;
        let answer = LogoutAnswer::judge(status, b"", false);
        self.input(|engine, now| engine.handle_logout_answer(now, call, answer));
    }

    pub(crate) fn sign_in(&mut self, seconds: u64) {
        self.input(|engine, now| engine.handle_adopt(now, token(seconds), false));
    }

    pub(crate) fn request(&mut self) -> WaiterId {
        self.input(Engine::handle_request)
    }

    pub(crate) fn refused(&mut self, generation: u32) -> WaiterId {
        self.input(|engine, now| engine.handle_unauthorized(now, generation))
    }

    /// A sibling says something, its epoch so far ahead of the last that this tab has told.
    pub(crate) fn hear(&mut self, ahead: i64, news: News) {
        let epoch = self.epoch.saturating_add_signed(ahead);
        self.input(|engine, now| engine.handle_sibling(now, Message { epoch, news }));
    }

    /// A sibling, or somebody who passes for one, says something at this epoch.
    pub(crate) fn hear_at(&mut self, epoch: u64, news: News) {
        self.input(|engine, now| engine.handle_sibling(now, Message { epoch, news }));
    }

    /// The lock is granted for the latest wish.
    pub(crate) fn lock(&mut self) {
        let ticket = *self.locks.last().expect("the lock was asked for");
        self.input(|engine, now| engine.handle_lock(now, ticket, true));
    }

    pub(crate) fn status(&self) -> Status {
        self.engine.session().status
    }

    pub(crate) fn reason(&self) -> Option<SignedOutReason> {
        self.engine.session().reason
    }

    pub(crate) fn generation(&self) -> u32 {
        self.engine.session().generation
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn saw(&self, step: Step) -> bool {
        self.engine.explain().iter().any(|entry| entry.step == step)
    }
}

/// An opaque token of so many seconds.
pub(crate) fn token(seconds: u64) -> Grant {
    Grant::new(b"opaque-token", Some(seconds)).expect("it is a token")
}

/// A JWT of alice or bob that lives fifteen minutes.
pub(crate) fn token_of(user: &str) -> Grant {
    // {"sub":"alice"} and {"sub":"bob"}
    let payload = if user == "alice" { "eyJzdWIiOiJhbGljZSJ9" } else { "eyJzdWIiOiJib2IifQ" };
    Grant::new(format!("e30.{payload}.c2ln").as_bytes(), Some(900)).expect("it is a token")
}

pub(crate) fn failed(kind: FailureKind) -> Option<Outcome> {
    Some(Outcome::Failed(kind.into()))
}
