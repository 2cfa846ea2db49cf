//! Engines that live in workers. A dedicated worker serves one page, and sleeps and wakes with it.
//! A shared worker serves several pages. Both stand in the same world as engines of pages, and
//! share the cookie, the lock and the channel with them.
//!
//! The engine is the real one. What TypeScript does around it is done here in the same order: that
//! of js/worker in `serve` and `channel`, that of js/client/keep.ts and js/hosted/remote.ts in
//! `keep` and `remote`. Whatever is new in a run with workers is drawn from the sixth dice.

mod acts;
mod channel;
pub mod invariants;
mod keep;
mod lives;
mod page;
mod protocol;
mod remote;
mod serve;

pub use channel::{By, Shared};
pub use page::{Page, PageId, PageTask};
pub use serve::{Worker, WorkerId, WorkerTask};

use crate::dice::Dice;

/// Where the engines of a run live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Pages,
    Dedicated,
    Shared,
    /// Each tab that opens picks one of the three: several versions are open side by side.
    Mixed,
}

/// The pages of workers, and the workers.
pub struct Hosted {
    pub manner: Manner,
    pub pages: Vec<Page>,
    pub workers: Vec<Worker>,
    /// How many pages, workers and channels there have been.
    next: u32,
}

impl Hosted {
    pub fn draw(sixth: &mut Dice) -> Self {
        let manner = sixth.weighted(&[
            (12, Manner::Pages),
            (1, Manner::Dedicated),
            (5, Manner::Shared),
            (2, Manner::Mixed),
        ]);
        Self { manner, pages: Vec::new(), workers: Vec::new(), next: 0 }
    }

    fn next(&mut self) -> u32 {
        self.next += 1;
        self.next
    }
}
