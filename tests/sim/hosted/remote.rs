//! The home behind messages (js/hosted/remote.ts): who waits for the worker, and how its loss is
//! noticed.

use tokenkeep::engine::{Millis, SECOND, Wake};

use super::invariants;
use super::page::{Ask, PageTask, Told};
use super::protocol::{ChannelId, FromPage, FromWorker};
use super::serve::{WorkerId, WorkerTask};
use crate::planted::Bug;
use crate::queue::Event;
use crate::trace::tell;
use crate::world::World;

/// How long a worker may be silent.
const SILENCE: Millis = 5 * SECOND;
/// A timer that is later than this: the page slept.
const LATE: Millis = 2 * SECOND;

/// The connection of a page to one worker.
pub struct Home {
    pub worker: WorkerId,
    pub channel: ChannelId,
    /// The ids under which the page waits, and the numbers of its calls.
    pub waiters: Vec<(u32, usize)>,
    last_id: u32,
    /// A new port has no answer yet.
    pub welcome: bool,
    heard_at: Millis,
    /// Serial and due time of its timer.
    timer: Option<(u32, Millis)>,
    timer_serial: u32,
    /// The pings in a row that nothing has answered.
    silent: u32,
    /// When the latest message to the worker arrives: they keep their order.
    arrives_at: Millis,
}

impl World {
    /// The home of a page, which is there once it was first used.
    pub fn home(&mut self, page: usize) -> Option<&mut Home> {
        self.hosted.pages[page].home.as_mut()
    }

    /// Opens a port to the worker, which is made if there is none.
    pub fn connect(&mut self, page: usize) {
        if self.hosted.pages[page].home.is_some() {
            return;
        }
        let worker = self.worker_for(self.hosted.pages[page].shares);
        let channel = ChannelId(self.hosted.next());
        let home = Home {
            worker,
            channel,
            waiters: Vec::new(),
            last_id: 0,
            welcome: false,
            heard_at: 0,
            timer: None,
            timer_serial: 0,
            silent: 0,
            arrives_at: 0,
        };
        tell!(self, self.hosted.pages[page].id, "says hello to {worker}");
        self.hosted.pages[page].home = Some(home);
        self.say(page, FromPage::Hello);
        if !self.hosted.pages[page].visible {
            self.say(page, FromPage::Page(Wake::Hidden));
        }
        self.watch(page);
    }

    /// Posts a message that has no answer.
    pub fn say(&mut self, page: usize, message: FromPage) {
        let delay = self.sixth.between(0, 5);
        let (now, from) = (self.now, self.hosted.pages[page].id);
        let Some(home) = self.home(page) else { return };
        let at = home.arrives_at.max(now + delay);
        home.arrives_at = at;
        let task = WorkerTask::Hear { channel: home.channel, from, message };
        let worker = home.worker;
        self.schedule(at - now, Event::Worker { worker, task });
    }

    /// Posts a call and waits for its answer. An id is taken when its message is posted.
    pub fn post(&mut self, page: usize, number: usize, early: Option<u32>) {
        let Some(home) = self.home(page) else { return };
        let id = early.unwrap_or(home.last_id + 1);
        home.last_id = home.last_id.max(id);
        home.waiters.push((id, number));
        let message = match self.hosted.pages[page].asked[number].what {
            Ask::Settle(input) => FromPage::Settle { id, input },
            Ask::Fetch { url } => FromPage::Fetch { id, url, number },
            Ask::SignIn { user } => FromPage::SignIn { id, user, number },
        };
        self.say(page, message);
        self.watch(page);
    }

    /// Posts a call whose body has to be read first.
    pub fn post_later(&mut self, page: usize, number: usize) {
        let delay = self.sixth.between(0, 30);
        let takes_early = self.bug == Some(Bug::EarlyIds);
        let Some(home) = self.home(page) else { return };
        let early = takes_early.then(|| home.last_id + 1);
        home.last_id = early.unwrap_or(home.last_id);
        let channel = home.channel;
        let page = self.hosted.pages[page].id;
        let task = PageTask::Post { channel, number, early };
        self.schedule(delay, Event::Page { page, task });
    }

    /// Takes out a waiter, and returns the number of its call.
    pub fn take(&mut self, page: usize, id: u32) -> Option<usize> {
        let home = self.home(page)?;
        let at = home.waiters.iter().position(|&(known, _)| known == id)?;
        let (_, number) = home.waiters.swap_remove(at);
        self.stop_watching(page);
        Some(number)
    }

    /// Nobody is waited for any more. A page whose keep was closed lets go of its port.
    fn stop_watching(&mut self, page: usize) {
        let closed = self.hosted.pages[page].closed;
        let Some(home) = self.home(page) else { return };
        if home.waiters.is_empty() && home.welcome {
            home.timer = None;
            home.silent = 0;
            if closed {
                self.hosted.pages[page].home = None;
            }
        }
    }

    /// Looks after the worker while it has to answer, and at no other time.
    fn watch(&mut self, page: usize) {
        self.watch_for(page, SILENCE);
    }

    fn watch_for(&mut self, page: usize, delay: Millis) {
        let now = self.mono();
        let Some(home) = self.home(page) else { return };
        if home.timer.is_none() && !(home.welcome && home.waiters.is_empty()) {
            home.timer_serial += 1;
            let (serial, due) = (home.timer_serial, now + delay);
            home.timer = Some((serial, due));
            self.fire_at(page, serial, due);
        }
    }

    /// The timers of a hidden page are late.
    fn fire_at(&mut self, page: usize, serial: u32, due: Millis) {
        let throttle = if self.hosted.pages[page].visible { 1 } else { self.script.throttle };
        let at = self.now + due.saturating_sub(self.mono());
        let page = self.hosted.pages[page].id;
        let task = PageTask::Timer { serial, due };
        let late = at.next_multiple_of(throttle) - self.now;
        self.schedule(late, Event::Page { page, task });
    }

    /// A page that is seen has its timer on time again.
    pub fn hasten(&mut self, page: usize) {
        if let Some((serial, due)) = self.home(page).and_then(|home| home.timer) {
            self.fire_at(page, serial, due);
        }
    }

    /// The timer has gone off.
    pub fn look(&mut self, page: usize, serial: u32, due: Millis) {
        let now = self.mono();
        let Some(home) = self.home(page) else { return };
        if home.timer != Some((serial, due)) {
            return;
        }
        if now < due {
            // The clock stood still meanwhile.
            return self.fire_at(page, serial, due);
        }
        home.timer = None;
        let rest = (home.heard_at + SILENCE).saturating_sub(now);
        // The page slept, and can have missed an answer.
        if now - due > LATE {
            home.silent = 0;
        }
        if rest > 0 {
            return self.watch_for(page, rest);
        }
        if home.silent == if home.welcome { 2 } else { 1 } {
            let verdict = invariants::no_well_worker_is_taken_for_lost(self, page);
            self.hold(verdict);
            return self.fall(page);
        }
        home.silent += 1;
        self.say(page, FromPage::Ping);
        self.watch(page);
    }

    /// Ends the home: the worker does not answer, or its engine has trapped. Nothing is sent again:
    /// nobody knows whether it was sent.
    pub fn fall(&mut self, page: usize) {
        tell!(self, self.hosted.pages[page].id, "has lost its worker");
        // A worker that was only slow lets go of its engine.
        self.say(page, FromPage::Close);
        let Some(home) = self.hosted.pages[page].home.take() else { return };
        for &(_, number) in &home.waiters {
            if self.bug != Some(Bug::ForgottenCalls) && self.bug != Some(Bug::RepeatsAfterLoss) {
                self.told(page, number, Told::Lost);
            }
        }
        if !self.hosted.pages[page].closed {
            self.lost(page);
        }
        if self.bug == Some(Bug::RepeatsAfterLoss) {
            for (_, number) in home.waiters {
                self.connect(page);
                self.post(page, number, None);
            }
        }
    }

    /// The worker says something.
    pub fn hear_worker(&mut self, page: usize, channel: ChannelId, message: FromWorker) {
        let now = self.mono();
        let Some(home) = self.home(page).filter(|home| home.channel == channel) else { return };
        (home.heard_at, home.silent) = (now, 0);
        tell!(self, self.hosted.pages[page].id, "hears {message:?}");
        if let Some(id) = message.answered() {
            let number = self.take(page, id);
            let verdict = invariants::an_answer_is_awaited(self, page, number, message);
            self.hold(verdict);
            let Some(number) = number else { return };
            let verdict = invariants::the_news_come_before_the_answer(self, page, message);
            self.hold(verdict);
            let told = match message {
                FromWorker::Settled { done: true, .. } => Told::Done,
                FromWorker::Head { end, .. } => Told::Answer(end),
                _ => Told::Failed,
            };
            return self.told(page, number, told);
        }
        match message {
            FromWorker::Lost => return self.fall(page),
            FromWorker::Ping => return self.say(page, FromPage::Pong),
            FromWorker::Welcome(_) => {
                self.home(page).expect("it hears").welcome = true;
                self.stop_watching(page);
            }
            _ => {}
        }
        if !self.hosted.pages[page].closed {
            self.inform(page, message);
        }
    }
}
