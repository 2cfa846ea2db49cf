//! The machine under the browser: its clocks, its sleep and its network cable.

use tokenkeep::engine::Millis;

use crate::script::Script;

/// The moment 0 of the simulation, in milliseconds since 1970.
const BEGINNING: i64 = 1_800_000_000_000;

pub struct Device {
    /// How far the monotonic clock is behind, by standing still in sleep.
    behind: Millis,
    wall_error: i64,
    clock_runs_in_sleep: bool,
    /// Asleep until then.
    pub asleep_until: Millis,
    /// When it last woke up.
    pub woke_at: Option<Millis>,
    pub online: bool,
    /// Somebody set the wall clock back.
    pub was_set_back: bool,
}

impl Device {
    pub fn new(script: &Script) -> Self {
        Self {
            behind: 0,
            wall_error: script.wall_error,
            clock_runs_in_sleep: script.clock_runs_in_sleep,
            asleep_until: 0,
            woke_at: None,
            online: true,
            was_set_back: false,
        }
    }

    /// The monotonic clock at the moment `now`, which lies outside of sleep.
    pub fn mono(&self, now: Millis) -> Millis {
        now - self.behind
    }

    /// The wall clock. It is never negative: browsers count from 1970.
    pub fn wall(&self, now: Millis) -> Millis {
        (BEGINNING + now as i64 + self.wall_error).max(0) as Millis
    }

    pub fn sleep(&mut self, now: Millis, until: Millis) {
        self.asleep_until = until;
        self.woke_at = Some(until);
        if !self.clock_runs_in_sleep {
            self.behind += until - now;
        }
    }

    pub fn set_wall_clock(&mut self, by: i64) {
        self.wall_error += by;
        self.was_set_back |= by < 0;
    }

    /// Whether it slept at any time since `then`.
    pub fn slept_since(&self, then: Millis) -> bool {
        self.woke_at.is_some_and(|woke_at| woke_at >= then)
    }
}
