//! Another script of the origin, which writes any message to the channel. It can sign tabs out,
//! make them refresh and make them wait. It can't break an invariant.

use tokenkeep::engine::{Message, Millis, News, SECOND};

use crate::queue::Event;
use crate::script::{HOUR, MINUTE};
use crate::tab::{Heard, Life, TabId, Task};
use crate::trace::tell;
use crate::world::World;

/// The name that it goes by in the story.
const FORGER: TabId = TabId(0);

/// The largest whole number that the channel carries: `Number.MAX_SAFE_INTEGER`.
pub const LARGEST: u64 = (1 << 53) - 1;

impl World {
    /// Sends one message to every tab.
    pub fn forge(&mut self) {
        let known = self.tabs.iter().map(|tab| tab.notes.epoch).max().unwrap_or(0);
        let wall = self.device.wall(self.now);
        let epoch = self.second.pick(&[
            0,
            known.saturating_sub(1),
            known,
            known + 1,
            wall + 23 * HOUR,
            wall + 25 * HOUR,
            LARGEST,
        ]);
        let news = self.forged_news();
        let message = Message { epoch, news };
        tell!(self, "forger", "says {message:?}");
        let heard = Heard { message, from: FORGER, since: self.now, family: None };
        for tab in 0..self.tabs.len() {
            // Without siblings there is no channel, and a stored page has closed its own.
            if self.script.config.coordinate && self.tabs[tab].life != Life::Stored {
                let (delay, tab) = (self.second.between(0, 5), self.tabs[tab].id);
                self.schedule(delay, Event::Task { tab, task: Task::Hear(heard) });
            }
        }
    }

    fn forged_news(&mut self) -> News {
        // The engine cuts longer waits off at a day, which its own tests show. Here all tabs must
        // be back after a few minutes.
        let wait: Option<Millis> = self.second.pick(&[None, Some(0), Some(SECOND), Some(MINUTE)]);
        let subject = self.second.pick(&[None, Some(u64::MAX)]);
        let (signed_in, visible) = (self.second.chance(500), self.second.chance(500));
        self.second.pick(&[
            News::Asking,
            News::Standing { signed_in, visible, subject, retry_after: wait },
            News::Standing { signed_in, visible, subject, retry_after: None },
            News::SignedIn { subject },
            News::SignedOut { ago: wait.filter(|&wait| wait == 0) },
            News::Refreshed { visible },
            News::Rejected,
            News::Pause { retry_after: wait.unwrap_or(0) },
            News::TurnOver,
        ])
    }
}
