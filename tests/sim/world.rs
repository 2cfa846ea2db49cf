//! The world: virtual time, the queue of what is to come, and everything that things happen to.
//!
//! A run is one or two storms, in which users act and things go wrong, each followed by a calm, at
//! the end of which everybody has to have found back.

use tokenkeep::engine::{Millis, Origins, Wake};

use crate::authority::{Authority, Cookie};
use crate::device::Device;
use crate::dice::Dice;
use crate::hosted::Hosted;
use crate::invariants::{self, Broken};
use crate::locks::Locks;
use crate::network::Exchange;
use crate::planted::Bug;
use crate::queue::{Event, Queue};
use crate::script::{LockManner, MINUTE, Script};
use crate::tab::{End, Life, Request, Tab, Task};
use crate::trace::{Trace, tell};

/// The APIs that may get the token.
pub const LISTED: [&str; 2] = ["https://api.example", "https://data.example:8443"];

/// How long a calm lasts before everybody is asked: longer than any pause, backoff, budget and
/// hanging connection.
const CALM: Millis = 6 * MINUTE;
/// And how long they have to answer.
pub const PATIENCE: Millis = MINUTE;

fn listed() -> Origins {
    let mut origins = Origins::default();
    for origin in LISTED {
        origins.add(origin.into());
    }
    origins
}

pub struct World {
    pub now: Millis,
    queue: Queue<Event>,
    pub dice: Dice,
    /// For what was added after the first seeds were kept.
    pub second: Dice,
    /// For what was added later still.
    pub third: Dice,
    /// For what was added after the third.
    pub fourth: Dice,
    /// For what was added after the fourth.
    pub fifth: Dice,
    /// For what was added last.
    pub sixth: Dice,
    /// The pages whose engines live in workers.
    pub hosted: Hosted,
    /// The nonce that the API wants in proofs; zero while it wants none.
    pub nonce: u32,
    /// The status with which the authority says that there is no session.
    pub refusal: u16,
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
    pub next_tab: u32,
    /// The cookie, and whether it was good, when everybody was asked.
    pub question: Option<(Cookie, bool)>,
    pub steps: u64,
    /// How often a tab was asked while the cookie was good, and how often it got a valid token.
    pub asked: u64,
    pub served: u64,
    pub broken: Option<Broken>,
}

impl World {
    pub fn new(seed: u64, bug: Option<Bug>, trace: Trace) -> Self {
        let mut dice = Dice::new(seed);
        let mut second = Dice::second(seed);
        let mut third = Dice::third(seed);
        let script = Script::draw(&mut dice, &mut second, &mut third);
        let mut fourth = Dice::fourth(seed);
        let mut fifth = Dice::fifth(seed);
        let mut sixth = Dice::sixth(seed);
        let mut world = Self {
            now: 0,
            queue: Queue::default(),
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
            origins: listed(),
            exchanges: Vec::new(),
            turns: Vec::new(),
            rotations: Vec::new(),
            tabs: Vec::new(),
            next_tab: 0,
            question: None,
            steps: 0,
            asked: 0,
            served: 0,
            broken: None,
            dice,
            second,
            third,
            refusal: fourth.weighted(&[(6, 401), (1, 204), (1, 400), (1, 419)]),
            fourth,
            // Some APIs want proofs, and some of these a nonce in them from the start.
            nonce: fifth.weighted(&[(3, 0), (2, 1)]),
            fifth,
            hosted: Hosted::draw(&mut sixth),
            sixth,
            script,
        };
        tell!(world, "script", "{:?}", world.script);
        if world.script.returning {
            world.jar = Some(world.authority.sign_in(0, 1, None).0);
        }
        for _ in 0..world.script.tabs {
            world.open();
        }
        world.begin_storm();
        world
    }

    /// Lets everything happen that is to come, or until an invariant is broken.
    pub fn run(&mut self) {
        while self.broken.is_none()
            && let Some((at, event)) = self.queue.pop()
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
        self.queue.push(self.now + delay, event);
    }

    /// Notes an invariant that does not hold; the first is the one that counts.
    pub fn hold(&mut self, verdict: Result<(), Broken>) {
        if let Err(broken) = verdict {
            tell!(self, "broken", "{broken}");
            self.broken.get_or_insert(broken);
        }
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
            Event::Early => self.request_everywhere(),
            Event::Question => self.question(),
            Event::Judgement => {
                for tab in 0..self.tabs.len() {
                    let verdict = invariants::nobody_waits_forever(self, tab);
                    self.hold(verdict);
                    if self.tabs[tab].shared.is_none() {
                        let asked = self.tabs[tab].requests.last().copied();
                        self.judge(tab, asked);
                    }
                }
                for page in 0..self.hosted.pages.len() {
                    self.judge_page(page);
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
                let engines = self.tabs.iter().filter(|tab| tab.shared.is_none());
                if engines.count() + self.hosted.pages.len() < 5 {
                    self.open();
                }
            }
            Event::Page { page, task } => self.deliver_to_page(page, task),
            Event::Worker { worker, task } => self.deliver_to_worker(worker, task),
            Event::ThawPage { page } => {
                let resting = |&page: &usize| self.hosted.pages[page].life != Life::Running;
                if let Some(page) = self.find_page(page).filter(resting) {
                    self.thaw_page(page);
                }
            }
            Event::ThawWorker { worker } => self.thaw_worker(worker),
            Event::EndWorker { worker } => self.end_worker(worker),
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
        self.calm_pages();
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].life != Life::Running {
                self.thaw(tab);
            }
            let (tab, is_page) = (self.tabs[tab].id, self.tabs[tab].shared.is_none());
            self.schedule(1, Event::Task { tab, task: Task::Wake(Wake::Online) });
            if is_page {
                self.schedule(2, Event::Task { tab, task: Task::Wake(Wake::Visible) });
            }
        }
        if self.storms_left == 0 {
            self.schedule(invariants::LATEST, Event::Early);
        }
        self.schedule(CALM, Event::Question);
    }

    fn question(&mut self) {
        let good = self.authority.honours(self.now, self.jar);
        self.question = self.jar.map(|cookie| (cookie, good));
        tell!(self, "script", "everybody is asked; the cookie is {:?}, good: {good}", self.jar);
        self.request_everywhere();
        self.schedule(PATIENCE, Event::Judgement);
    }

    /// Judges the request with which a tab, or a page of its, was asked.
    pub fn judge(&mut self, tab: usize, asked: Option<Request>) {
        let served = asked.is_some_and(|request| request.end == Some(End::Status(200)));
        let good = self.question.is_some_and(|(_, good)| good);
        self.asked += u64::from(good);
        self.served += u64::from(good && served);
        let verdict = invariants::everybody_has_found_back(self, tab, asked);
        self.hold(verdict);
    }

    fn request_everywhere(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].shared.is_none() {
                self.request(tab, "https://api.example/question");
            }
        }
        self.ask_pages("https://api.example/question");
    }

    /// Whether the locks of this browser do what the standard says.
    pub fn locks_work(&self) -> bool {
        self.script.config.coordinate && self.script.locks == LockManner::Working
    }
}
