//! What users do, and what goes wrong.

use tokenkeep::engine::{Engine, SECOND, Wake};

use crate::hosted::{By, PageId};
use crate::network::Answer;
use crate::queue::Event;
use crate::script::{HOUR, MINUTE};
use crate::tab::{Life, Purpose, Request, Tab, Task};
use crate::trace::tell;
use crate::world::World;

#[derive(Clone, Copy)]
pub enum Act {
    Request,
    ForeignRequest,
    Start,
    StartAgain,
    /// As `StartAgain`, by a page that is new at a shared engine.
    TakeUp,
    Refresh,
    Lend,
    SignIn,
    Logout,
    Adopt,
    Close,
    Hide,
    Show,
}

#[derive(Clone, Copy)]
pub enum Fault {
    Outage,
    Offline,
    Freeze,
    Store,
    Kill,
    Open,
    Sleep,
    WallClock,
    Refusals,
}

/// Origins that look like a listed one, and others.
pub const FOREIGN: [&str; 4] = [
    "https://api.example.evil.test/x",
    "https://evil.test/",
    "http://api.example/x",
    "https://data.example/x",
];
pub const OWN: [&str; 2] = ["https://api.example/x", "https://data.example:8443/y"];

/// Somebody to whom things happen: a tab with its own engine, or a page whose engine is elsewhere.
#[derive(Clone, Copy)]
enum Actor {
    Tab(usize),
    Page(PageId),
}

impl World {
    /// One thing happens in the storm.
    pub fn act(&mut self) {
        if self.second.chance(self.script.weather.forgeries) {
            self.forge();
        }
        if self.dice.chance(self.script.weather.faults) {
            return self.fault();
        }
        self.worker_fault();
        let running: Vec<Actor> = self.actors(|life| life == Life::Running).collect();
        if running.is_empty() || self.device.asleep_until > self.now {
            return;
        }
        let actor = self.dice.pick(&running);
        let act = self.dice.weighted(&[
            (60, Act::Request),
            (4, Act::ForeignRequest),
            (6, Act::Start),
            (6, Act::Refresh),
            (6, Act::Lend),
            (6, Act::SignIn),
            (4, Act::Logout),
            (1, Act::Adopt),
            (1, Act::Close),
            (6, Act::Hide),
            (6, Act::Show),
        ]);
        let tab = match actor {
            Actor::Tab(tab) => tab,
            Actor::Page(page) => return self.act_on(page, act),
        };
        self.perform_act(tab, act, None);
        if self.third.chance(30) && self.tabs.get(tab).is_some_and(|tab| !tab.closed) {
            self.perform_act(tab, Act::StartAgain, None);
        }
        if self.fourth.chance(30) && self.tabs.get(tab).is_some_and(|tab| !tab.closed) {
            self.slide(tab);
        }
    }

    /// Those whose life `is_such`.
    fn actors(&self, is_such: impl Fn(Life) -> bool + Copy) -> impl Iterator<Item = Actor> {
        let tabs = (0..self.tabs.len())
            .filter(move |&tab| self.tabs[tab].shared.is_none() && is_such(self.tabs[tab].life));
        let pages = self.hosted.pages.iter().filter(move |page| is_such(page.life));
        tabs.map(Actor::Tab).chain(pages.map(|page| Actor::Page(page.id)))
    }

    /// By an application, or for the call of a page.
    pub fn perform_act(&mut self, tab: usize, act: Act, by: Option<By>) {
        let id = self.tabs[tab].id;
        match act {
            Act::Request => {
                for _ in 0..self.dice.pick(&[1, 1, 1, 4]) {
                    let url = self.dice.pick(&OWN);
                    self.request(tab, url);
                }
            }
            Act::ForeignRequest => {
                let url = self.dice.pick(&FOREIGN);
                self.request(tab, url);
            }
            Act::Start => {
                self.ask_by(tab, Purpose::Start { again: false }, by, Engine::handle_start);
            }
            Act::StartAgain | Act::TakeUp => {
                if matches!(act, Act::StartAgain) {
                    self.redirect();
                }
                self.tabs[tab].notes.invited_at = self.now;
                self.ask_by(tab, Purpose::Start { again: true }, by, Engine::handle_start_again);
            }
            Act::Refresh => {
                let mono = self.clocks(tab).mono;
                let notes = &mut self.tabs[tab].notes;
                (notes.invited_at, notes.named_mono) = (self.now, Some(mono));
                self.ask_by(tab, Purpose::Refresh, by, Engine::handle_refresh);
            }
            Act::Lend => {
                let validity = self.dice.pick(&[0, 30 * SECOND, HOUR]);
                self.ask(tab, Purpose::Lend, |engine, now| engine.handle_lend(now, validity));
            }
            Act::SignIn => {
                let user = self.dice.pick(&[1, 1, 2]);
                tell!(self, id, "the user signs in as {user}");
                self.ask(tab, Purpose::SignIn { user }, Engine::handle_sign_in);
            }
            Act::Logout => {
                tell!(self, id, "the user logs out");
                if !self.tabs[tab].closed {
                    let mono = self.clocks(tab).mono;
                    let notes = &mut self.tabs[tab].notes;
                    notes.fences += 1;
                    notes.sign_outs += 1;
                    (notes.ended_at, notes.logged_out_at) = (self.now, self.now);
                    notes.left_at = self.now;
                    notes.sign_in_heard = None;
                    notes.turned(self.now, mono);
                    notes.may_end = true;
                }
                self.ask_by(tab, Purpose::Logout, by, Engine::handle_logout);
            }
            Act::Adopt => self.adopt(tab),
            Act::Close => {
                tell!(self, id, "closes its keep");
                self.close_tab(tab);
            }
            Act::Hide => self.schedule(0, Event::Task { tab: id, task: Task::Wake(Wake::Hidden) }),
            Act::Show => {
                // Browsers tell it by several events: focus, visibilitychange, pageshow.
                self.schedule(0, Event::Task { tab: id, task: Task::Wake(Wake::Visible) });
                self.schedule(0, Event::Task { tab: id, task: Task::Wake(Wake::Visible) });
            }
        }
    }

    /// The engine of a tab is over.
    pub fn close_tab(&mut self, tab: usize) {
        self.tabs[tab].notes.may_end = true;
        self.input(tab, Engine::handle_close);
        self.tabs[tab].closed = true;
        // The application's own sign-in is not aborted: it goes on, and nobody waits for it.
        for (_, number) in core::mem::take(&mut self.tabs[tab].calls) {
            self.leave(number, false);
        }
    }

    /// The application calls `fetch`.
    pub fn request(&mut self, tab: usize, url: &'static str) {
        self.request_by(tab, url, None);
    }

    pub fn request_by(&mut self, tab: usize, url: &'static str, by: Option<By>) {
        let request = self.tabs[tab].requests.len();
        self.tabs[tab].requests.push(Request { url, by, ..Request::default() });
        if self.origins.allow(url.as_bytes()) {
            self.ask(tab, Purpose::First { request }, Engine::handle_request);
        } else {
            self.send_request(tab, request);
        }
    }

    /// The user signs in by a redirect, or turns back. It is a navigation: no tab knows of it.
    fn redirect(&mut self) {
        // A call that overlaps with it may overwrite its cookie, and nobody can prevent that.
        let busy = |tab: &Tab| tab.notes.wish.is_some() || !tab.calls.is_empty();
        let overlaps = self.open_turns().next().is_some() || self.tabs.iter().any(busy);
        if overlaps || self.third.chance(300) {
            return;
        }
        let (cookie, _) = self.authority.sign_in(self.now, self.third.pick(&[1, 1, 2]), self.jar);
        self.jar = Some(cookie);
        tell!(self, "browser", "a redirect sets the cookie {cookie:?}");
    }

    /// The application brings a token that came with the page. It belongs to the session of the
    /// cookie.
    fn adopt(&mut self, tab: usize) {
        let Some(cookie) = self.jar.filter(|_| self.authority.honours(self.now, self.jar)) else {
            return;
        };
        if self.tabs[tab].closed {
            return;
        }
        let token = self.authority.issue(self.now, cookie.family);
        self.authority.families[cookie.family].brought_at = self.now;
        tell!(self, self.tabs[tab].id, "the page brings {:?}", Answer::Token(token));
        let grant = self.judged(Answer::Token(token)).expect("it is a token reply");
        let mono = self.clocks(tab).mono;
        let notes = &mut self.tabs[tab].notes;
        notes.fences += 1;
        (notes.signed_in_at, notes.invited_at) = (self.now, self.now);
        notes.turned(self.now, mono);
        self.input(tab, |engine, now| engine.handle_adopt(now, grant, false));
    }

    /// An API answers with a further token of the session, and the application hands it over.
    fn slide(&mut self, tab: usize) {
        let Some((token, _)) = self.tabs[tab].token() else { return };
        let family = self.authority.issued[token].family;
        if self.authority.families[family].revoked {
            return;
        }
        let token = self.authority.issue(self.now, family);
        tell!(self, self.tabs[tab].id, "an API brings {:?}", Answer::Token(token));
        let grant = self.judged(Answer::Token(token)).expect("it is a token reply");
        self.input(tab, |engine, now| engine.handle_adopt(now, grant, true));
    }

    fn fault(&mut self) {
        let weather = self.script.weather;
        let fault = self.dice.weighted(&[
            (3 * weather.outages, Fault::Outage),
            (weather.outages, Fault::Offline),
            (2 * weather.lives, Fault::Freeze),
            (weather.lives, Fault::Store),
            (weather.lives, Fault::Kill),
            (1, Fault::Open),
            (weather.clocks, Fault::Sleep),
            (2 * weather.clocks, Fault::WallClock),
            (2 * weather.refusals, Fault::Refusals),
        ]);
        let most = self.dice.pick(&[3 * SECOND, 40 * SECOND, 10 * MINUTE]);
        let lasts = self.dice.between(1, most);
        if self.device.asleep_until > self.now {
            return;
        }
        match fault {
            Fault::Outage => {
                let outage = self.authority.fail(&mut self.dice, self.now + lasts);
                tell!(self, "authority", "fails with {outage:?} for {lasts} ms");
            }
            Fault::Offline => self.switch_network(),
            Fault::Refusals => self.api_refuses_until = self.now + lasts,
            Fault::Open => self.schedule(0, Event::Open),
            Fault::Sleep => {
                self.note_stalls();
                let lasts = lasts * self.dice.pick(&[1, 100]);
                tell!(self, "device", "sleeps for {lasts} ms");
                self.device.sleep(self.now, self.now + lasts);
            }
            Fault::WallClock => {
                let by = self.dice.between(0, 24 * HOUR) as i64 - 12 * HOUR as i64;
                tell!(self, "device", "the wall clock is set by {by} ms");
                self.device.set_wall_clock(by);
            }
            Fault::Freeze | Fault::Store | Fault::Kill => {
                let all: Vec<Actor> = self.actors(|_| true).collect();
                if !all.is_empty() {
                    match self.dice.pick(&all) {
                        Actor::Tab(tab) => self.suspend(tab, fault, lasts),
                        Actor::Page(page) => self.suspend_page_of(page, fault, lasts),
                    }
                }
            }
        }
    }

    /// Offline, or online again; each tab is told on a task of its own.
    fn switch_network(&mut self) {
        self.device.online = !self.device.online;
        let wake = if self.device.online { Wake::Online } else { Wake::Offline };
        for tab in 0..self.tabs.len() {
            let tab = self.tabs[tab].id;
            self.schedule(0, Event::Task { tab, task: Task::Wake(wake) });
        }
    }

    fn suspend(&mut self, tab: usize, fault: Fault, lasts: u64) {
        let id = self.tabs[tab].id;
        // A browser stores no page that holds a lock or has calls under way: it ends it.
        let busy = self.tabs[tab].notes.wish.is_some() || !self.tabs[tab].calls.is_empty();
        match fault {
            Fault::Freeze if self.tabs[tab].life == Life::Running => {
                tell!(self, id, "freezes for {lasts} ms");
                self.tabs[tab].life = Life::Frozen;
                self.note_stalls();
                self.schedule(lasts, Event::Thaw { tab: id });
            }
            Fault::Store if self.tabs[tab].life == Life::Running && !busy => {
                tell!(self, id, "is stored for {lasts} ms");
                self.tabs[tab].life = Life::Stored;
                self.note_stalls();
                self.schedule(lasts, Event::Thaw { tab: id });
            }
            Fault::Freeze => {}
            _ => {
                tell!(self, id, "is gone");
                self.bury_tab(tab, true);
                if self.dice.chance(700) {
                    self.schedule(lasts.min(5 * SECOND), Event::Open);
                }
            }
        }
    }

    /// A tab is gone, with its engine. `keepalive`: its calls may go on.
    pub fn bury_tab(&mut self, tab: usize, keepalive: bool) {
        let id = self.tabs.remove(tab).id;
        self.orphan(id, keepalive);
        if self.locks.holder() == Some(id) {
            self.locks.stalled_at = Some(self.now);
        }
        let next = self.locks.bury(id);
        self.grant(next);
    }
}
