//! One table of timers; the next one is the earliest. A timer is a hint to look again.

use super::clock::Millis;

/// What the engine wants to be woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The token is due for renewal.
    Renewal,
    /// A failed refresh may be tried again.
    Retry,
    /// The lock took too long to get.
    Lock,
    /// The network call took too long.
    Call,
    /// The siblings took too long to answer.
    Answer,
}

const TIMERS: [Timer; 5] = [Timer::Renewal, Timer::Retry, Timer::Lock, Timer::Call, Timer::Answer];

/// A browser fires a longer delay at once (it keeps 31 bits), so the driver is woken earlier and
/// looks again.
pub(super) const LONGEST_DELAY: Millis = 0x7FFF_FFFF;

/// Later than any moment.
pub(super) const NEVER: Millis = Millis::MAX;

pub(super) struct Timers {
    at: [Millis; TIMERS.len()],
    /// When the driver's timer fires; [`NEVER`] when there is none.
    armed: Millis,
}

impl Timers {
    pub(super) fn new() -> Self {
        Self { at: [NEVER; TIMERS.len()], armed: NEVER }
    }

    pub(super) fn set(&mut self, timer: Timer, at: Millis) {
        self.at[timer as usize] = at;
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.at[timer as usize] = NEVER;
    }

    pub(super) fn clear_all(&mut self) {
        self.at = [NEVER; TIMERS.len()];
    }

    pub(super) fn at(&self, timer: Timer) -> Option<Millis> {
        Some(self.at[timer as usize]).filter(|&at| at != NEVER)
    }

    /// Whether `timer` has come; if so it is cleared.
    pub(super) fn take_due(&mut self, timer: Timer, now: Millis) -> bool {
        let due = self.at[timer as usize] <= now;
        if due {
            self.clear(timer);
        }
        due
    }

    /// The driver's timer has fired.
    pub(super) fn disarm(&mut self) {
        self.armed = NEVER;
    }

    /// The timer that the driver is to set, if it is another one than it has set.
    pub(super) fn rearm(&mut self) -> Option<(Millis, Timer)> {
        let next = self.next();
        let other = next.0 != self.armed;
        self.armed = next.0;
        other.then_some(next)
    }

    /// When to look again, and what for; [`NEVER`] when there is nothing to wait for.
    fn next(&self) -> (Millis, Timer) {
        let mut next = (NEVER, Timer::Renewal);
        for (&at, timer) in self.at.iter().zip(TIMERS) {
            if at < next.0 {
                next = (at, timer);
            }
        }
        next
    }
}
