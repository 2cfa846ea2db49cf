//! The ring behind `explain()`: the machine's last transitions, told in words and without a token.

use std::collections::VecDeque;

use super::clock::Millis;
use super::session::Status;

/// How many transitions are kept.
pub const KEPT: usize = 100;

/// One transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// Wall clock, milliseconds since the epoch.
    pub at: Millis,
    /// What happened.
    pub event: &'static str,
    /// The status before.
    pub from: Status,
    /// The status after.
    pub to: Status,
    /// Serial number of the token that was current afterwards.
    pub generation: u32,
    /// Why, where the event alone does not tell.
    pub note: Option<&'static str>,
}

#[derive(Default)]
pub(super) struct Journal(VecDeque<Transition>);

impl Journal {
    /// A run of the same transition (fifty parallel calls that are all refused) is told once, by its first.
    pub(super) fn write(&mut self, transition: Transition) {
        if self.0.back().is_some_and(|last| Transition { at: last.at, ..transition } == *last) {
            return;
        }
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(transition);
    }

    pub(super) fn read(&self) -> impl Iterator<Item = &Transition> {
        self.0.iter()
    }
}
