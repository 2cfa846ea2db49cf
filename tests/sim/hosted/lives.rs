//! Pages of workers, and workers, as the browser runs them: opened, frozen, stored, closed, gone.

use tokenkeep::engine::{Millis, SECOND, Wake};

use super::page::{Ask, Page, PageId, PageTask};
use super::protocol::{FromPage, Input};
use super::serve::WorkerId;
use crate::acts::Fault;
use crate::queue::Event;
use crate::tab::Life;
use crate::trace::tell;
use crate::world::World;

/// So long after the loss of a worker every call that waited for it has ended: three times five
/// seconds, and what the messages take.
const NOTICED: Millis = 15 * SECOND + SECOND;

impl World {
    pub fn open_page(&mut self, shares: bool) {
        let id = PageId(self.hosted.next());
        self.hosted.pages.push(Page::new(id, shares));
        let page = self.hosted.pages.len() - 1;
        tell!(self, id, "opens");
        // In the calm everybody is seen.
        if !self.calm && self.sixth.chance(200) {
            self.hosted.pages[page].visible = false;
        }
        if self.sixth.chance(800) {
            self.call(page, Ask::Settle(Input::Start));
        }
    }

    /// A task reaches its page, or the pile in front of it. A message to a stored page throws it
    /// out of the back/forward cache.
    pub fn deliver_to_page(&mut self, id: PageId, task: PageTask) {
        let Some(at) = self.find_page(id) else { return };
        match (self.hosted.pages[at].life, task) {
            (Life::Running, _) => self.run_page_task(at, task),
            (Life::Stored, PageTask::Hear { .. }) => {
                tell!(self, id, "is thrown out of the cache");
                self.remove_page(at);
            }
            _ => self.hosted.pages[at].backlog.push_back(task),
        }
    }

    fn run_page_task(&mut self, page: usize, task: PageTask) {
        match task {
            PageTask::Hear { channel, message } => self.hear_worker(page, channel, message),
            PageTask::Timer { serial, due } => self.look(page, serial, due),
            PageTask::Post { channel, number, early } => {
                let here = self.home(page).is_some_and(|home| home.channel == channel);
                self.body_is_read(page, number, early, here);
            }
            PageTask::Overdue { lost_at } => {
                let verdict = super::invariants::a_loss_is_noticed(self, page, lost_at);
                self.hold(verdict);
            }
        }
    }

    pub fn suspend_page_of(&mut self, page: PageId, fault: Fault, lasts: Millis) {
        if let Some(page) = self.find_page(page) {
            self.suspend_page(page, fault, lasts);
        }
    }

    fn suspend_page(&mut self, page: usize, fault: Fault, lasts: Millis) {
        let (id, life) = (self.hosted.pages[page].id, self.hosted.pages[page].life);
        let engine = self.own_engine(page);
        // A browser stores no page whose worker holds a lock or has calls under way: it ends it.
        let busy = engine.is_some_and(|tab| {
            self.tabs[tab].notes.wish.is_some() || !self.tabs[tab].calls.is_empty()
        });
        match fault {
            Fault::Freeze if life == Life::Running => {
                tell!(self, id, "freezes for {lasts} ms");
                self.rest_page(page, Life::Frozen, lasts);
            }
            Fault::Store if life == Life::Running && !busy => {
                tell!(self, id, "is stored for {lasts} ms");
                self.say(page, FromPage::Stored);
                self.rest_page(page, Life::Stored, lasts);
            }
            Fault::Freeze => {}
            _ => {
                // A page that crashes, or is dropped from the cache, says nothing.
                if life == Life::Running && self.sixth.chance(700) {
                    self.say(page, FromPage::Bye);
                }
                tell!(self, id, "is gone");
                self.remove_page(page);
                if self.dice.chance(700) {
                    self.schedule(lasts.min(5 * SECOND), Event::Open);
                }
            }
        }
    }

    fn rest_page(&mut self, page: usize, life: Life, lasts: Millis) {
        let state = &mut self.hosted.pages[page];
        (state.life, state.stalled_at) = (life, self.now);
        let (id, shares) = (state.id, state.shares);
        if let Some(worker) = state.home.as_ref().map(|home| home.worker).filter(|_| !shares) {
            self.suspend_worker(worker, life, None);
        }
        self.schedule(lasts, Event::ThawPage { page: id });
    }

    /// A frozen or stored page runs again, and its own worker with it.
    pub fn thaw_page(&mut self, page: usize) {
        let state = &mut self.hosted.pages[page];
        let life = core::mem::replace(&mut state.life, Life::Running);
        state.stalled_at = self.now;
        let (id, shares) = (state.id, state.shares);
        tell!(self, id, "runs again");
        if let Some(worker) = state.home.as_ref().map(|home| home.worker).filter(|_| !shares) {
            self.thaw_worker(worker);
        }
        let Some(page) = self.find_page(id) else { return };
        if life == Life::Stored {
            self.say(page, FromPage::Back);
        }
        self.say(page, FromPage::Page(Wake::Restored));
        for task in core::mem::take(&mut self.hosted.pages[page].backlog) {
            self.run_page_task(page, task);
        }
    }

    /// The engine of the dedicated worker of a page.
    fn own_engine(&self, page: usize) -> Option<usize> {
        let page = &self.hosted.pages[page];
        let home = page.home.as_ref().filter(|_| !page.shares)?;
        let worker = &self.hosted.workers[self.find_worker(home.worker)?];
        worker.engine.and_then(|tab| self.find(tab))
    }

    /// A page is gone. A dedicated worker goes with it, a shared one with its last page.
    fn remove_page(&mut self, page: usize) {
        let Page { shares, home, .. } = self.hosted.pages.remove(page);
        if !shares {
            if let Some(home) = home {
                self.kill_worker(home.worker);
            }
        } else if !self.hosted.pages.iter().any(|page| page.shares) {
            let shared = self.hosted.workers.iter().find(|worker| worker.shared);
            if let Some(worker) = shared.map(|worker| worker.id) {
                // With `extendedLifetime` it waits for a reload.
                let lasts = self.sixth.pick(&[0, 40 * SECOND]);
                self.schedule(lasts, Event::EndWorker { worker });
            }
        }
    }

    /// No page needs a shared worker any more, unless one has come meanwhile.
    pub fn end_worker(&mut self, worker: WorkerId) {
        if !self.hosted.pages.iter().any(|page| page.shares) {
            self.kill_worker(worker);
        }
    }

    /// A worker is gone, with its engine and the calls of it.
    pub fn kill_worker(&mut self, id: WorkerId) {
        let Some(at) = self.find_worker(id) else { return };
        tell!(self, id, "is gone");
        self.hosted.workers.remove(at);
        while let Some(tab) = self.engine_in(id) {
            self.bury_tab(tab, false);
        }
        let lost_at = self.now;
        for page in 0..self.hosted.pages.len() {
            let state = &self.hosted.pages[page];
            if state.home.as_ref().is_some_and(|home| home.worker == id) {
                let page = state.id;
                let task = PageTask::Overdue { lost_at };
                self.schedule(NOTICED, Event::Page { page, task });
            }
        }
    }

    fn engine_in(&self, worker: WorkerId) -> Option<usize> {
        self.tabs
            .iter()
            .position(|tab| tab.shared.as_ref().is_some_and(|shared| shared.worker == worker))
    }

    /// A worker can't run.
    pub fn suspend_worker(&mut self, id: WorkerId, life: Life, lasts: Option<Millis>) {
        let Some(at) = self.find_worker(id) else { return };
        tell!(self, id, "{life:?}");
        let worker = &mut self.hosted.workers[at];
        (worker.life, worker.stalled_at) = (life, self.now);
        for tab in &mut self.tabs {
            if tab.shared.as_ref().is_some_and(|shared| shared.worker == id) {
                tab.life = life;
            }
        }
        self.note_stalls();
        if let Some(lasts) = lasts {
            self.schedule(lasts, Event::ThawWorker { worker: id });
        }
    }

    /// A worker runs again: its engines first, then what its pages have said.
    pub fn thaw_worker(&mut self, id: WorkerId) {
        let Some(at) = self.find_worker(id) else { return };
        self.note_stalls();
        let worker = &mut self.hosted.workers[at];
        worker.life = Life::Running;
        worker.stalled_at = self.now;
        let tasks = core::mem::take(&mut worker.backlog);
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].shared.as_ref().is_some_and(|shared| shared.worker == id) {
                self.tabs[tab].life = Life::Running;
                self.tabs[tab].notes.stirred_at = self.now;
                for task in core::mem::take(&mut self.tabs[tab].backlog) {
                    self.run_task(tab, task);
                }
            }
        }
        for task in tasks {
            self.run_worker_task(id, task);
        }
    }

    /// Every page makes this request.
    pub fn ask_pages(&mut self, url: &'static str) {
        for page in 0..self.hosted.pages.len() {
            self.call(page, Ask::Fetch { url });
        }
    }

    /// Judges the request with which a page was asked.
    pub fn judge_page(&mut self, page: usize) {
        let verdict = super::invariants::a_page_is_up_to_date(self, page);
        self.hold(verdict);
        if let Some((tab, request)) = super::invariants::question_to(self, page) {
            self.judge(tab, request);
        }
    }

    /// Everybody runs again, and each page notices if its worker is gone.
    pub fn calm_pages(&mut self) {
        self.hosted.pages.retain(|page| !page.closed);
        let workers: Vec<WorkerId> = self.hosted.workers.iter().map(|worker| worker.id).collect();
        for worker in workers {
            self.thaw_worker(worker);
        }
        let pages: Vec<PageId> = self.hosted.pages.iter().map(|page| page.id).collect();
        for id in pages {
            let Some(page) = self.find_page(id) else { continue };
            if self.hosted.pages[page].life != Life::Running {
                self.thaw_page(page);
            }
            let Some(page) = self.find_page(id) else { continue };
            self.show_page(page, true);
            self.call(page, Ask::Fetch { url: "https://api.example/calm" });
        }
    }
}
