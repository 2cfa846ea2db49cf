//! The store that isolates share: it lags, it forgets, and the last write stays.

use crate::edge::authority::Version;
use crate::edge::world::{Moment, Truth};

/// A key set as an isolate left it.
#[derive(Debug, Clone, Copy)]
pub struct Copy {
    pub version: Version,
    /// By the clock of the isolate that fetched it.
    pub fetched_at: f64,
    pub lifetime: f64,
    pub truth: Truth,
}

struct Write {
    copy: Copy,
    until: Moment,
    /// For each isolate when it sees the write.
    seen_from: Vec<Moment>,
}

#[derive(Default)]
pub struct Store {
    writes: Vec<Write>,
}

impl Store {
    pub fn write(&mut self, copy: Copy, until: Moment, seen_from: Vec<Moment>) {
        self.writes.push(Write { copy, until, seen_from });
    }

    /// What an isolate finds now.
    pub fn read(&self, now: Moment, isolate: usize) -> Option<Copy> {
        let last = self.writes.iter().rev().find(|write| write.seen_from[isolate] <= now);
        last.filter(|write| now < write.until).map(|write| write.copy)
    }

    pub fn forget(&mut self) {
        self.writes.clear();
    }
}
