//! The keep of a page (js/client/keep.ts): what the application calls, and what it is told.

use tokenkeep::engine::{Millis, Status};

use super::invariants;
use super::page::{Ask, Asked, Told};
use super::protocol::{FromPage, FromWorker, Input};
use crate::script::MINUTE;
use crate::tab::Life;
use crate::trace::tell;
use crate::world::World;

impl World {
    /// The application calls its keep. A body is read before its call is posted.
    pub fn call(&mut self, page: usize, what: Ask) {
        let number = self.hosted.pages[page].asked.len();
        let since = self.now;
        self.hosted.pages[page].asked.push(Asked { what, since, told: None, begun: 0 });
        if self.hosted.pages[page].closed {
            return self.told(page, number, Told::Closed);
        }
        self.connect(page);
        if matches!(what, Ask::Fetch { .. }) && self.sixth.chance(200) {
            self.post_later(page, number);
        } else {
            self.post(page, number, None);
        }
    }

    /// The body of a call is read. Its home may be lost meanwhile.
    pub fn body_is_read(&mut self, page: usize, number: usize, early: Option<u32>, here: bool) {
        if here && !self.hosted.pages[page].closed {
            self.post(page, number, early);
        } else {
            let told = if here { Told::Closed } else { Told::Lost };
            self.told(page, number, told);
        }
    }

    /// The application gives up one of its calls.
    pub fn abort(&mut self, page: usize) {
        let Some(home) = self.home(page) else { return };
        let Some(&(id, number)) = home.waiters.first() else { return };
        if matches!(self.hosted.pages[page].asked[number].what, Ask::Settle(_)) {
            return;
        }
        self.take(page, id);
        self.say(page, FromPage::Abort { id });
        self.told(page, number, Told::Aborted);
    }

    /// A call of the application ends.
    pub fn told(&mut self, page: usize, number: usize, told: Told) {
        let verdict = invariants::a_call_ends_once(self, page, number, told);
        self.hold(verdict);
        let page = &mut self.hosted.pages[page];
        let asked = &mut page.asked[number];
        asked.told = Some(told);
        tell!(self, page.id, "{:?}: {told:?}", asked.what);
    }

    /// What concerns the session, and not one call.
    pub fn inform(&mut self, page: usize, message: FromWorker) {
        let verdict = invariants::an_event_is_told_once(self, page, message);
        self.hold(verdict);
        let state = &mut self.hosted.pages[page];
        match message {
            FromWorker::Welcome(Some(seen)) | FromWorker::Changed(seen) => {
                state.status = seen.status;
                if matches!(message, FromWorker::Welcome(_)) && seen.status == Status::Authenticated
                {
                    self.inform(page, FromWorker::SignedIn);
                }
            }
            FromWorker::SignedIn => (state.signed_in, state.signed_out) = (true, false),
            FromWorker::SignedOut(_) => (state.signed_in, state.signed_out) = (false, true),
            _ => {}
        }
    }

    /// The home is lost. The session lives on, by its cookie, and is started again.
    pub fn lost(&mut self, page: usize) {
        let now = self.now;
        let state = &mut self.hosted.pages[page];
        let was = core::mem::replace(&mut state.status, Status::Unknown);
        let before = state.lost_at.replace(now);
        (state.signed_in, state.signed_out) = (false, false);
        let rested = before.is_none_or(|before: Millis| now - before > MINUTE);
        if was == Status::Authenticated && rested {
            self.call(page, Ask::Settle(Input::Start));
        }
    }

    /// The application closes its keep.
    pub fn close_keep(&mut self, page: usize) {
        let state = &mut self.hosted.pages[page];
        state.closed = true;
        (state.status, state.signed_in) = (Status::Anonymous, false);
        self.say(page, FromPage::Close);
        if self.home(page).is_some_and(|home| home.welcome && home.waiters.is_empty()) {
            self.hosted.pages[page].home = None;
        }
    }

    /// Whether a page can't run now, or can't run on time.
    pub fn page_is_late(&self, page: usize) -> bool {
        let page = &self.hosted.pages[page];
        page.life != Life::Running || !page.visible && self.script.throttle > 1
    }
}
