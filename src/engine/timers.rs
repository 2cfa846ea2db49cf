//! One table of timers, next = min. A timer is a hint to look again, never a fact.

use super::clock::Millis;

/// What the engine wants to be woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
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

/// A browser fires a longer delay at once (it keeps 31 bits), so the driver is woken earlier and looks again.
pub(super) const LONGEST_DELAY: Millis = 0x7FFF_FFFF;

#[derive(Default)]
pub(super) struct Timers([Option<Millis>; TIMERS.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Millis) {
        self.0[timer as usize] = Some(at);
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(super) fn clear_all(&mut self) {
        *self = Self::default();
    }

    pub(super) fn at(&self, timer: Timer) -> Option<Millis> {
        self.0[timer as usize]
    }

    /// Whether `timer` has come; if so it is cleared.
    pub(super) fn take_due(&mut self, timer: Timer, now: Millis) -> bool {
        let due = self.at(timer).is_some_and(|at| at <= now);
        if due {
            self.clear(timer);
        }
        due
    }

    pub(super) fn next(&self) -> Option<(Millis, Timer)> {
        TIMERS.into_iter().filter_map(|timer| self.at(timer).map(|at| (at, timer))).min_by_key(|&(at, _)| at)
    }
}
