//! What the page goes through.

use super::clock::Now;
use super::contract::Wake;
use super::machine::Engine;

/// Where the page stands, as far as the browser has told.
pub(super) struct Page {
    visible: bool,
    online: bool,
}

impl Page {
    pub(super) fn new() -> Self {
        Self { visible: true, online: true }
    }

    pub(super) fn is_visible(&self) -> bool {
        self.visible
    }

    pub(super) fn is_online(&self) -> bool {
        self.online
    }
}

impl Engine {
    /// The page went through something.
    pub fn handle_wake(&mut self, now: Now, wake: Wake) {
        self.begin_input(now);
        match wake {
            _ if self.closed => {}
            Wake::Visible => {
                self.page.visible = true;
                self.resume_renewal();
            }
            Wake::Hidden => self.page.visible = false,
            Wake::Online => {
                self.page.online = true;
                self.retry_online();
            }
            Wake::Offline => self.page.online = false,
            Wake::Restored => self.doubt_session(),
        }
        self.look();
        self.conclude();
    }
}
