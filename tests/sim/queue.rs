//! The events to come, in the order of time. Events of one moment come in the order of scheduling.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tokenkeep::engine::Millis;

use crate::tab::{TabId, Task};

#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// A user or a fault acts; `left` times more in this storm.
    Act {
        left: u64,
    },
    /// The storm is over.
    Calm,
    /// Every tab makes a request, at the earliest moment of a calm at which it must be served.
    Early,
    /// Every tab is asked for a request.
    Question,
    /// The requests of the question are judged.
    Judgement,
    /// A request reaches its server; `again` for a second copy.
    Arrive {
        exchange: usize,
        again: bool,
    },
    /// A reply reaches the browser.
    Return {
        exchange: usize,
    },
    /// The browser learns that there will be none.
    Fail {
        exchange: usize,
    },
    Task {
        tab: TabId,
        task: Task,
    },
    Thaw {
        tab: TabId,
    },
    /// A tab is opened, as far as there is room.
    Open,
}

impl Event {
    /// Whether it happens elsewhere, so that it does not wait for the machine to wake.
    pub fn is_remote(self) -> bool {
        matches!(self, Self::Act { .. } | Self::Arrive { .. })
    }
}

struct Scheduled {
    at: Millis,
    order: u64,
    event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Scheduled {}
impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[derive(Default)]
pub struct Queue {
    scheduled: BinaryHeap<Reverse<Scheduled>>,
    count: u64,
}

impl Queue {
    pub fn push(&mut self, at: Millis, event: Event) {
        self.count += 1;
        self.scheduled.push(Reverse(Scheduled { at, order: self.count, event }));
    }

    pub fn pop(&mut self) -> Option<(Millis, Event)> {
        self.scheduled.pop().map(|Reverse(Scheduled { at, event, .. })| (at, event))
    }
}
