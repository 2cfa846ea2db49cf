//! Tabs as the browser runs them: opened, frozen and thawed, with timers that are late and tasks
//! that pile up.

use tokenkeep::engine::{Engine, Millis, Now, Wake};

use crate::hosted::Shared;
use crate::queue::Event;
use crate::tab::{Life, Purpose, Tab, TabId, Task};
use crate::trace::tell;
use crate::world::World;

impl World {
    /// Both clocks as the page of this tab reads them now.
    pub fn clocks(&self, tab: usize) -> Now {
        self.tabs[tab].clocks(self.device.mono(self.now), self.device.wall(self.now))
    }

    /// The monotonic clock of the machine, by which pages of workers and their workers count.
    pub fn mono(&self) -> Millis {
        self.device.mono(self.now)
    }

    pub fn find(&self, id: TabId) -> Option<usize> {
        self.tabs.iter().position(|tab| tab.id == id)
    }

    pub fn open_tab(&mut self) {
        let tab = self.add_tab(None);
        if !self.device.online {
            self.run_task(tab, Task::Wake(Wake::Offline));
        }
        if self.dice.chance(800) {
            self.ask(tab, Purpose::Start { again: false }, Engine::handle_start);
        }
    }

    /// A new engine, in a page of its own or in a worker.
    pub fn add_tab(&mut self, shared: Option<Shared>) -> usize {
        self.next_tab += 1;
        let id = TabId(self.next_tab);
        let mono = self.device.mono(self.now);
        let now = Now { mono: 0, wall: self.device.wall(self.now) };
        let engine = Engine::new(self.script.config, self.dice.next(), now);
        self.tabs.push(Tab::new(id, engine, shared, mono, self.now));
        tell!(self, id, "opens");
        self.tabs.len() - 1
    }

    /// A task reaches its tab, or the pile in front of it.
    pub fn deliver(&mut self, tab: TabId, task: Task) {
        let Some(at) = self.find(tab) else { return };
        if self.tabs[at].life == Life::Running {
            self.run_task(at, task);
        } else {
            self.tabs[at].backlog.push_back(task);
        }
    }

    /// A frozen or stored tab runs again. It is told so before or after the tasks that have piled
    /// up, as the browser chooses.
    pub fn thaw(&mut self, tab: usize) {
        self.note_stalls();
        tell!(self, self.tabs[tab].id, "runs again");
        self.tabs[tab].life = Life::Running;
        self.tabs[tab].notes.stirred_at = self.now;
        if self.dice.chance(500) {
            self.tabs[tab].backlog.push_front(Task::Wake(Wake::Restored));
        } else {
            self.tabs[tab].backlog.push_back(Task::Wake(Wake::Restored));
        }
        for task in core::mem::take(&mut self.tabs[tab].backlog) {
            self.run_task(tab, task);
        }
    }

    /// Notes which tabs can't run, or not on time, and whether one of them holds the lock.
    pub fn note_stalls(&mut self) {
        if self.locks.holder().is_some_and(|holder| self.is_late(holder)) {
            self.locks.stalled_at = Some(self.now);
        }
        for tab in 0..self.tabs.len() {
            if self.is_late(self.tabs[tab].id) {
                self.tabs[tab].notes.stalled_at = Some(self.now);
            }
        }
    }

    /// Sets the one timer of a tab, or clears it.
    pub fn arm(&mut self, tab: usize, delay: Option<Millis>) {
        let mono = self.clocks(tab).mono;
        // The timers of workers are not throttled.
        let on_time = self.tabs[tab].visible || self.tabs[tab].shared.is_some();
        let throttle = if on_time { 1 } else { self.script.throttle };
        let state = &mut self.tabs[tab];
        state.timer_serial += 1;
        state.timer = delay.map(|delay| mono + delay);
        if let Some(delay) = delay {
            let late = (self.now + delay).next_multiple_of(throttle) - self.now;
            let (tab, serial) = (state.id, state.timer_serial);
            self.schedule(late, Event::Task { tab, task: Task::Timer { serial } });
        }
    }

    /// A tab that is seen has its timers on time again.
    pub fn show(&mut self, tab: usize) {
        let mono = self.clocks(tab).mono;
        let state = &mut self.tabs[tab];
        state.visible = true;
        if let Some(due) = state.timer {
            let (tab, serial) = (state.id, state.timer_serial);
            self.schedule(
                due.saturating_sub(mono),
                Event::Task { tab, task: Task::Timer { serial } },
            );
        }
    }

    /// The timer goes off, unless it was set anew, or the tab's clock stood still meanwhile.
    pub fn fire(&mut self, tab: usize, serial: u32) {
        let state = &self.tabs[tab];
        let Some(due) = state.timer.filter(|_| state.timer_serial == serial) else { return };
        let (id, mono) = (state.id, self.clocks(tab).mono);
        if mono < due {
            self.schedule(due - mono, Event::Task { tab: id, task: Task::Timer { serial } });
            return;
        }
        self.tabs[tab].timer = None;
        self.input(tab, Engine::handle_timer);
    }
}
