//! The browser's lock manager: one exclusive lock for the origin, dealt out in the order of asking.

use std::collections::VecDeque;

use tokenkeep::engine::{Millis, Ticket};

use crate::tab::TabId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub tab: TabId,
    pub ticket: Ticket,
}

#[derive(Default)]
pub struct Locks {
    holder: Option<Wish>,
    queue: VecDeque<Wish>,
    /// When its holder last could not run, could not run on time, or was gone without releasing it.
    pub stalled_at: Option<Millis>,
}

impl Locks {
    pub fn holder(&self) -> Option<TabId> {
        self.holder.map(|wish| wish.tab)
    }

    /// Asks for the lock; returns whose turn it has become.
    pub fn ask(&mut self, wish: Wish) -> Option<Wish> {
        self.queue.push_back(wish);
        self.deal()
    }

    /// Gives up a lock or the wish for it; returns whose turn it has become.
    pub fn release(&mut self, tab: TabId, ticket: Ticket) -> Option<Wish> {
        self.drop_where(|wish| wish.tab == tab && wish.ticket == ticket)
    }

    /// A tab is gone with all that it held and wished.
    pub fn bury(&mut self, tab: TabId) -> Option<Wish> {
        self.drop_where(|wish| wish.tab == tab)
    }

    fn drop_where(&mut self, gone: impl Fn(&Wish) -> bool) -> Option<Wish> {
        self.queue.retain(|wish| !gone(wish));
        if self.holder.as_ref().is_some_and(gone) {
            self.holder = None;
        }
        self.deal()
    }

    fn deal(&mut self) -> Option<Wish> {
        if self.holder.is_some() {
            return None;
        }
        self.holder = self.queue.pop_front();
        self.holder
    }
}
