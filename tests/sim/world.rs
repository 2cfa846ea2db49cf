//! The world: virtual time, the queue of what is to come, and everything that things happen to.
//!
//! A run is one or two storms, in which users act and things go wrong, each followed by a calm, at the end of which
//! everybody has to have found back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tokenkeep::engine::{Engine, Millis, Now, Origins, Wake};

use crate::authority::{Authority, Cookie};
use crate::device::Device;
use crate::dice::Dice;
use crate::invariants::{self, Broken};
use crate::locks::Locks;
use crate::network::Exchange;
use crate::planted::Bug;
use crate::script::{LockManner, MINUTE, Script};
use crate::tab::{Life, Tab, TabId, Task};
use crate::trace::{Trace, tell};

/// The APIs that may get the token.
pub const LISTED: [&str; 2] = ["https://api.example", "https://data.example:8443"];

/// How long a calm lasts before everybody is asked: longer than any pause, backoff, budget and hanging connection.
const CALM: Millis = 6 * MINUTE;
/// And how long they have to answer.
const PATIENCE: Millis = MINUTE;

#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// A user or a fault acts; so many times more in this storm.
    Act {
        left: u64,
    },
    /// The storm is over.
    Calm,
    /// Every tab is asked for a request.
    Question,
    /// And what became of it.
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
    /// It happens elsewhere, whether the machine sleeps or not.
    fn is_remote(self) -> bool {
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
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

pub struct World {
    pub now: Millis,
    queue: BinaryHeap<Reverse<Scheduled>>,
    order: u64,
    pub dice: Dice,
    pub script: Script,
    pub trace: Trace,
    pub bug: Option<Bug>,
    pub calm: bool,
    storms_left: u64,
    pub device: Device,
    pub jar: Option<Cookie>,
    /// When a call that nobody waits for any more last set the cookie.
    pub jar_spoilt_at: Option<Millis>,
    pub locks: Locks,
    pub authority: Authority,
    pub api_refuses_until: Millis,
    pub origins: Origins,
    pub exchanges: Vec<Exchange>,
    /// The numbers of those that change the refresh cookie.
    pub turns: Vec<usize>,
    /// Who rotated which refresh token, and whether that was the second copy of a request.
    pub rotations: Vec<(Cookie, usize, bool)>,
    pub tabs: Vec<Tab>,
    next_tab: u32,
    /// The cookie, and whether it was good, when everybody was asked.
    pub question: Option<(Cookie, bool)>,
    pub steps: u64,
    pub broken: Option<Broken>,
}

impl World {
    pub fn new(seed: u64, bug: Option<Bug>, trace: Trace) -> Self {
        let mut dice = Dice::new(seed);
        let script = Script::draw(&mut dice);
        let mut world = Self {
            now: 0,
            queue: BinaryHeap::new(),
            order: 0,
            trace,
            bug,
            calm: false,
            storms_left: script.storms,
            device: Device::new(&script),
            jar: None,
            jar_spoilt_at: None,
            locks: Locks::default(),
            authority: Authority::new(&script),
            api_refuses_until: 0,
            origins: Origins::new(LISTED.map(str::to_owned)),
            exchanges: Vec::new(),
            turns: Vec::new(),
            rotations: Vec::new(),
            tabs: Vec::new(),
            next_tab: 0,
            question: None,
            steps: 0,
            broken: None,
            dice,
            script,
        };
        tell!(world, "script", "{:?}", world.script);
        if world.script.returning {
            world.jar = Some(world.authority.sign_in(0, 1, None).0);
        }
        for _ in 0..world.script.tabs {
            world.open_tab();
        }
        world.begin_storm();
        world
    }

    /// Lets everything happen that is to come, or until an invariant is broken.
    pub fn run(&mut self) {
        while self.broken.is_none()
            && let Some(Reverse(Scheduled { at, event, .. })) = self.queue.pop()
        {
            self.now = at;
            if self.device.asleep_until > at && !event.is_remote() {
                self.schedule(self.device.asleep_until - at, event);
            } else if !self.happen(event) {
                return;
            }
        }
    }

    pub fn schedule(&mut self, delay: Millis, event: Event) {
        self.order += 1;
        self.queue.push(Reverse(Scheduled { at: self.now + delay, order: self.order, event }));
    }

    /// Notes an invariant that does not hold; the first is the one that counts.
    pub fn hold(&mut self, verdict: Result<(), Broken>) {
        if let Err(broken) = verdict {
            tell!(self, "broken", "{broken}");
            self.broken.get_or_insert(broken);
        }
    }

    /// Both clocks as the page of this tab reads them now.
    pub fn clocks(&self, tab: usize) -> Now {
        self.tabs[tab].clocks(self.device.mono(self.now), self.device.wall(self.now))
    }

    /// False at the end of the last calm.
    fn happen(&mut self, event: Event) -> bool {
        match event {
            Event::Act { left: 0 } => self.schedule(0, Event::Calm),
            Event::Act { left } => {
                self.act();
                let pause = self.dice.between(0, self.script.pace);
                self.schedule(pause, Event::Act { left: left - 1 });
            }
            Event::Calm => self.calm_down(),
            Event::Question => self.question(),
            Event::Judgement => {
                for tab in 0..self.tabs.len() {
                    let verdict = invariants::everybody_has_found_back(self, tab);
                    self.hold(verdict);
                }
                return self.begin_storm();
            }
            Event::Arrive { exchange, again } => self.arrive(exchange, again),
            Event::Return { exchange } => self.come_back(exchange),
            Event::Fail { exchange } => self.fail(exchange),
            Event::Task { tab, task } => self.deliver(tab, task),
            Event::Thaw { tab } => {
                if let Some(at) = self.find(tab).filter(|&at| self.tabs[at].life != Life::Running) {
                    self.thaw(at);
                }
            }
            Event::Open => {
                if self.tabs.len() < 5 {
                    self.open_tab();
                }
            }
        }
        true
    }

    fn begin_storm(&mut self) -> bool {
        let more = self.storms_left > 0;
        if more {
            self.storms_left -= 1;
            self.calm = false;
            tell!(self, "script", "the storm begins");
            self.schedule(1, Event::Act { left: self.script.actions });
        }
        more
    }

    /// Everything that was wrong is put right, and the users sit back.
    fn calm_down(&mut self) {
        tell!(self, "script", "the calm begins");
        self.calm = true;
        self.authority.outage = None;
        self.device.online = true;
        self.tabs.retain(|tab| !tab.closed);
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].life != Life::Running {
                self.thaw(tab);
            }
            let tab = self.tabs[tab].id;
            self.schedule(1, Event::Task { tab, task: Task::Wake(Wake::Online) });
            self.schedule(2, Event::Task { tab, task: Task::Wake(Wake::Visible) });
        }
        self.schedule(CALM, Event::Question);
    }

    fn question(&mut self) {
        let good = self.authority.honours(self.now, self.jar);
        self.question = self.jar.map(|cookie| (cookie, good));
        tell!(self, "script", "everybody is asked; the cookie is {:?}, good: {good}", self.jar);
        for tab in 0..self.tabs.len() {
            self.request(tab, "https://api.example/question");
        }
        self.schedule(PATIENCE, Event::Judgement);
    }

    pub fn find(&self, id: TabId) -> Option<usize> {
        self.tabs.iter().position(|tab| tab.id == id)
    }

    pub fn open_tab(&mut self) {
        self.next_tab += 1;
        let id = TabId(self.next_tab);
        let mono = self.device.mono(self.now);
        let now = Now { mono: 0, wall: self.device.wall(self.now) };
        let engine = Engine::new(self.script.config, self.dice.next(), now);
        self.tabs.push(Tab::new(id, engine, mono, self.now));
        tell!(self, id, "opens");
        let tab = self.tabs.len() - 1;
        if !self.device.online {
            self.run_task(tab, Task::Wake(Wake::Offline));
        }
        if self.dice.chance(800) {
            self.ask(tab, crate::tab::Purpose::Start, Engine::handle_start);
        }
    }

    /// A task reaches its tab, or the pile in front of it.
    fn deliver(&mut self, tab: TabId, task: Task) {
        let Some(at) = self.find(tab) else { return };
        if self.tabs[at].life == Life::Running {
            self.run_task(at, task);
        } else {
            self.tabs[at].backlog.push_back(task);
        }
    }

    /// A frozen or stored tab runs again. Whether it is told so before it finds what has piled up is the browser's choice.
    fn thaw(&mut self, tab: usize) {
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

    /// Notes who can't run, or not on time: the lock's holder, and each that waits.
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
        let throttle = if self.tabs[tab].visible { 1 } else { self.script.throttle };
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
            self.schedule(due.saturating_sub(mono), Event::Task { tab, task: Task::Timer { serial } });
        }
    }

    /// The timer goes off, unless it is another by now or its clock stood still meanwhile.
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

    /// Whether the locks of this browser do what the standard says.
    pub fn locks_work(&self) -> bool {
        self.script.config.coordinate && self.script.locks == LockManner::Working
    }
}
