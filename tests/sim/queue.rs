//! The events to come, in the order of time. Events of one moment come in the order of scheduling.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tokenkeep::engine::Millis;

use crate::hosted::{PageId, PageTask, WorkerId, WorkerTask};
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
    /// For a page whose engine lives in a worker.
    Page {
        page: PageId,
        task: PageTask,
    },
    Worker {
        worker: WorkerId,
        task: WorkerTask,
    },
    ThawPage {
        page: PageId,
    },
    ThawWorker {
        worker: WorkerId,
    },
    /// A worker that has no page ends.
    EndWorker {
        worker: WorkerId,
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

struct Scheduled<E> {
    at: Millis,
    order: u64,
    event: E,
}

impl<E> PartialEq for Scheduled<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl<E> Eq for Scheduled<E> {}
impl<E> PartialOrd for Scheduled<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Scheduled<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

pub struct Queue<E> {
    scheduled: BinaryHeap<Reverse<Scheduled<E>>>,
    count: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { scheduled: BinaryHeap::new(), count: 0 }
    }
}

impl<E> Queue<E> {
    pub fn push(&mut self, at: Millis, event: E) {
        self.count += 1;
        self.scheduled.push(Reverse(Scheduled { at, order: self.count, event }));
    }

    pub fn pop(&mut self) -> Option<(Millis, E)> {
        self.scheduled.pop().map(|Reverse(Scheduled { at, event, .. })| (at, event))
    }
}
