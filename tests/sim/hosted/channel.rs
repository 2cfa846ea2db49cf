//! One page of a worker, as the worker knows it (js/worker/channel.ts and js/worker/messages.ts):
//! its calls, and what is kept for it while it is stored.

use tokenkeep::engine::{Engine, Millis, Outcome, SECOND, SignInAnswer, Status, WaiterId, Wake};

use super::invariants;
use super::page::{PageId, PageTask};
use super::protocol::{ChannelId, FromPage, FromWorker, Input, Seen};
use super::serve::{WorkerId, WorkerTask};
use crate::acts::Act;
use crate::network::Errand;
use crate::planted::Bug;
use crate::queue::Event;
use crate::script::MINUTE;
use crate::tab::{End, Purpose};
use crate::trace::tell;
use crate::world::World;

/// A silent page with calls is asked whether it is there, and is gone if it does not answer.
const SILENCE: Millis = 30 * SECOND;
const GONE: Millis = 5 * MINUTE;
/// A timer that is later than this: the worker slept, and could hear nobody.
const LATE: Millis = 2 * SECOND;

/// For which call of which page something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By {
    pub channel: ChannelId,
    pub id: u32,
    pub page: PageId,
    pub work: Work,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Settle,
    Fetch { url: &'static str, number: usize },
    SignIn { user: u32, number: usize },
}

/// An engine that pages share.
pub struct Shared {
    pub worker: WorkerId,
    pub channels: Vec<Channel>,
    /// The session, once the engine has told of one.
    pub session: Option<Seen>,
    /// The page that has logged out.
    pub leaver: Option<ChannelId>,
}

struct Call {
    id: u32,
    aborted: bool,
}

pub struct Channel {
    pub id: ChannelId,
    pub page: PageId,
    pub hidden: bool,
    /// It has said that it is stored.
    pub stored: bool,
    pub open: bool,
    /// It has said that it goes for good.
    pub gone: bool,
    /// Nothing was asked yet.
    fresh: bool,
    last_id: u32,
    /// What is kept while it is stored.
    kept: Option<Vec<FromWorker>>,
    /// The status that it knows of.
    known: Option<Status>,
    calls: Vec<Call>,
    /// Who waits for the engine.
    waiting: Vec<u32>,
    heard_at: Millis,
    watched: bool,
    arrives_at: Millis,
}

impl Channel {
    pub fn new(id: ChannelId, page: PageId) -> Self {
        Self {
            id,
            page,
            hidden: false,
            stored: false,
            open: true,
            gone: false,
            fresh: true,
            last_id: 0,
            kept: None,
            known: None,
            calls: Vec::new(),
            waiting: Vec::new(),
            heard_at: 0,
            watched: false,
            arrives_at: 0,
        }
    }
}

impl World {
    pub fn shared(&mut self, tab: usize) -> &mut Shared {
        self.tabs[tab].shared.as_mut().expect("it lives in a worker")
    }

    pub fn channel(&mut self, tab: usize, id: ChannelId) -> Option<&mut Channel> {
        let shared = self.tabs[tab].shared.as_mut()?;
        shared.channels.iter_mut().find(|channel| channel.id == id)
    }

    /// Posts a message to a page: the only way there.
    fn post_to_page(&mut self, tab: usize, id: ChannelId, message: FromWorker) {
        let delay = self.sixth.between(0, 5);
        let now = self.now;
        let message = message.as_of(self.tabs[tab].status());
        let Some(channel) = self.channel(tab, id) else { return };
        let verdict = invariants::a_page_hears_what_it_may(channel, message);
        let at = channel.arrives_at.max(now + delay);
        channel.arrives_at = at;
        let page = channel.page;
        self.hold(verdict);
        let task = PageTask::Hear { channel: id, message };
        self.schedule(at - now, Event::Page { page, task });
    }

    /// Tells a page what it is told anew when it is back.
    pub fn tell_page(&mut self, tab: usize, id: ChannelId, message: FromWorker) {
        let posts_to_stored = self.bug == Some(Bug::PostsToStored);
        let Some(channel) = self.channel(tab, id) else { return };
        if channel.kept.is_some() && !posts_to_stored {
            return;
        }
        if let FromWorker::Changed(seen) = message {
            channel.known = Some(seen.status);
        }
        if channel.open {
            self.post_to_page(tab, id, message);
        }
    }

    /// Answers a call of a page, now or when it is back.
    fn answer_page(&mut self, tab: usize, id: ChannelId, message: FromWorker) {
        let Some(channel) = self.channel(tab, id) else { return };
        match &mut channel.kept {
            Some(kept) => kept.push(message),
            None => self.post_to_page(tab, id, message),
        }
    }

    pub fn welcome(&mut self, tab: usize, id: ChannelId) {
        let told = self.bug != Some(Bug::UntoldPage);
        let session = self.shared(tab).session.filter(|_| told).map(|seen| seen.seen_by(false));
        let heard_at = self.mono();
        let channel = self.channel(tab, id).expect("it has just joined");
        channel.known = session.map(|seen| seen.status);
        channel.heard_at = heard_at;
        self.post_to_page(tab, id, FromWorker::Welcome(session));
    }

    /// The engine has trapped.
    pub fn lose_page(&mut self, tab: usize, id: ChannelId) {
        let Some(channel) = self.channel(tab, id).filter(|channel| channel.open) else { return };
        channel.open = false;
        self.answer_page(tab, id, FromWorker::Lost);
    }

    /// The page says something to the engine.
    pub fn hear_page(&mut self, tab: usize, id: ChannelId, message: FromPage) {
        let now = self.mono();
        let Some(channel) = self.channel(tab, id) else { return };
        channel.heard_at = now;
        let page = channel.page;
        tell!(self, self.tabs[tab].id, "hears {message:?} of {page}");
        let channel = self.channel(tab, id).expect("found just before");
        match message {
            FromPage::Settle { id: call, input } => {
                if channel.takes(call) {
                    self.settle_for(tab, id, call, input);
                }
            }
            FromPage::Fetch { id: call, url, number } => {
                let work = Work::Fetch { url, number };
                let by = By { channel: id, id: call, page: channel.page, work };
                if channel.takes(call) {
                    self.fetch_for(tab, by, url);
                }
            }
            FromPage::SignIn { id: call, user, number } => {
                let by = By {
                    channel: id,
                    id: call,
                    page: channel.page,
                    work: Work::SignIn { user, number },
                };
                if channel.takes(call) {
                    channel.fresh = false;
                    self.begin_call(tab, id, call);
                    self.ask_by(tab, Purpose::SignIn { user }, Some(by), Engine::handle_sign_in);
                }
            }
            FromPage::Abort { id: call } => self.abort_call(tab, id, call),
            FromPage::Page(Wake::Restored) => {
                if !self.is_shared(tab) {
                    self.wake(tab, Wake::Restored);
                }
            }
            FromPage::Page(_) if !channel.open => {}
            FromPage::Page(wake) => {
                channel.hidden = wake == Wake::Hidden;
                self.look_at_pages(tab, wake == Wake::Visible);
            }
            FromPage::Stored => {
                channel.stored = true;
                channel.kept.get_or_insert_default();
            }
            FromPage::Back => {
                channel.stored = false;
                let kept = channel.kept.take().unwrap_or_default();
                self.catch_up(tab, id);
                for message in kept {
                    self.post_to_page(tab, id, message);
                }
            }
            FromPage::Bye => {
                channel.gone = true;
                self.leave_engine(tab, id, false);
            }
            FromPage::Close => self.leave_engine(tab, id, true),
            FromPage::Ping => {
                if channel.kept.is_none() {
                    self.post_to_page(tab, id, FromWorker::Pong);
                }
            }
            FromPage::Hello | FromPage::Pong => {}
        }
    }

    /// A page that is new here asks the authority, as every new page does.
    fn takes_up(&mut self, tab: usize, id: ChannelId) -> bool {
        let session = self.shared(tab).session;
        let anonymous = session.is_some_and(|seen| seen.status == Status::Anonymous);
        let channel = self.channel(tab, id).expect("it is heard");
        core::mem::take(&mut channel.fresh) && anonymous
    }

    fn settle_for(&mut self, tab: usize, id: ChannelId, call: u32, input: Input) {
        if input == Input::Logout {
            self.shared(tab).leaver = Some(id);
        }
        let again = self.takes_up(tab, id) && input == Input::Start;
        let channel = self.channel(tab, id).expect("it is heard");
        channel.waiting.push(call);
        let by = By { channel: id, id: call, page: channel.page, work: Work::Settle };
        let act = match input {
            Input::Start if again => Act::TakeUp,
            Input::Start => Act::Start,
            Input::StartAgain => Act::StartAgain,
            Input::Refresh => Act::Refresh,
            Input::Logout => Act::Logout,
        };
        self.perform_act(tab, act, Some(by));
    }

    fn fetch_for(&mut self, tab: usize, by: By, url: &'static str) {
        self.begin_call(tab, by.channel, by.id);
        if !self.origins.allow(url.as_bytes()) {
            self.end_call(tab, by, FromWorker::Broken { id: by.id });
        } else if self.takes_up(tab, by.channel) {
            self.perform_act(tab, Act::TakeUp, Some(by));
        } else {
            self.request_by(tab, url, Some(by));
        }
    }

    fn begin_call(&mut self, tab: usize, id: ChannelId, call: u32) {
        let channel = self.channel(tab, id).expect("it is heard");
        channel.calls.push(Call { id: call, aborted: false });
        self.watch_page(tab, id);
    }

    /// An engine answers those who wait for it.
    pub fn answer_waiter(&mut self, tab: usize, by: By, purpose: Purpose, outcome: Outcome) {
        let id = by.id;
        match (by.work, purpose) {
            (Work::Fetch { url, .. }, Purpose::Start { .. }) => {
                if self.is_wanted(tab, by) {
                    self.request_by(tab, url, Some(by));
                } else {
                    self.end_call(tab, by, FromWorker::Broken { id });
                }
            }
            (Work::SignIn { .. }, _) if outcome != Outcome::Proceed => {
                self.end_call(tab, by, FromWorker::Broken { id });
            }
            (Work::Settle, _) => {
                let done = outcome == Outcome::Done;
                self.settled(tab, by.channel, id, done);
            }
            _ => {}
        }
    }

    fn settled(&mut self, tab: usize, channel: ChannelId, id: u32, done: bool) {
        let truth = self.tabs[tab].status();
        let Some(known) = self.channel(tab, channel) else { return };
        if let Some(at) = known.waiting.iter().position(|&waiting| waiting == id) {
            known.waiting.swap_remove(at);
            self.answer_page(tab, channel, FromWorker::Settled { id, done, truth });
        }
    }

    /// A request of a page ended.
    pub fn end_fetch(&mut self, tab: usize, by: By, end: End) {
        let (id, truth) = (by.id, self.tabs[tab].status());
        self.end_call(
            tab,
            by,
            match end {
                End::Unsent => FromWorker::Broken { id },
                end => FromWorker::Head { id, end, truth },
            },
        );
    }

    /// A call of a page ends. Nobody hears the answer to one that was given up.
    pub fn end_call(&mut self, tab: usize, by: By, message: FromWorker) {
        let Some(channel) = self.channel(tab, by.channel) else { return };
        let Some(at) = channel.calls.iter().position(|call| call.id == by.id) else { return };
        let wanted = !channel.calls.swap_remove(at).aborted;
        let (over, id) = (channel.calls.is_empty() && !channel.open, channel.id);
        if wanted {
            self.answer_page(tab, by.channel, message);
        }
        if over {
            self.shared(tab).channels.retain(|channel| channel.id != id);
        }
    }

    /// Whether a call was not given up.
    pub fn is_wanted(&mut self, tab: usize, by: By) -> bool {
        self.channel(tab, by.channel).is_some_and(|channel| {
            channel.calls.iter().any(|call| call.id == by.id && !call.aborted)
        })
    }

    fn abort_call(&mut self, tab: usize, channel: ChannelId, id: u32) {
        let Some(known) = self.channel(tab, channel) else { return };
        let Some(call) = known.calls.iter_mut().find(|call| call.id == id) else { return };
        call.aborted = true;
        // A sign-in that is under way fails. Other requests notice when they go on.
        let exchanges = &self.exchanges;
        let under_way = self.tabs[tab].calls.iter().find_map(|&(_, number)| {
            let exchange = &exchanges[number];
            let Errand::SignIn { waiter, .. } = exchange.errand else { return None };
            let by = exchange.by.filter(|by| by.channel == channel && by.id == id)?;
            Some((number, waiter, by))
        });
        if let Some((number, waiter, by)) = under_way {
            self.tabs[tab].calls.retain(|&(_, known)| known != number);
            self.leave(number, true);
            self.fail_sign_in(tab, waiter, by);
        }
    }

    /// A sign-in of a page comes to nothing.
    pub fn fail_sign_in(&mut self, tab: usize, waiter: WaiterId, by: By) {
        self.tabs[tab].notes.stirred_at = self.now;
        self.input(tab, |engine, now| {
            engine.handle_sign_in_answer(now, waiter, SignInAnswer::Failed)
        });
        self.end_call(tab, by, FromWorker::Broken { id: by.id });
    }

    /// Asks a silent page with calls whether it is there.
    fn watch_page(&mut self, tab: usize, id: ChannelId) {
        let due = self.mono() + SILENCE;
        let worker = self.shared(tab).worker;
        let Some(channel) = self.channel(tab, id) else { return };
        if !core::mem::replace(&mut channel.watched, true) {
            let task = WorkerTask::Watch { channel: id, due };
            self.schedule(SILENCE, Event::Worker { worker, task });
        }
    }

    pub fn look_after_page(&mut self, tab: usize, id: ChannelId, due: Millis) {
        let now = self.mono();
        let worker = self.shared(tab).worker;
        let Some(channel) = self.channel(tab, id) else { return };
        if now < due {
            let task = WorkerTask::Watch { channel: id, due };
            return self.schedule(due - now, Event::Worker { worker, task });
        }
        channel.watched = false;
        if now - due > LATE {
            channel.heard_at = now;
        }
        let silent = now - channel.heard_at;
        let stored = channel.stored;
        if channel.calls.is_empty() {
            return;
        }
        if !stored && silent > GONE {
            tell!(self, self.tabs[tab].id, "gives up a page that is silent");
            return self.leave_engine(tab, id, false);
        }
        if !stored && silent >= SILENCE {
            self.tell_page(tab, id, FromWorker::Ping);
        }
        self.watch_page(tab, id);
    }

    /// The page goes. What it has closed may still be answered; otherwise nobody hears it.
    fn leave_engine(&mut self, tab: usize, id: ChannelId, closed: bool) {
        let Some(channel) = self.channel(tab, id) else { return };
        let was_open = core::mem::replace(&mut channel.open, false);
        let waiting = core::mem::take(&mut channel.waiting);
        let calls: Vec<u32> = channel.calls.iter().map(|call| call.id).collect();
        let truth = self.tabs[tab].status();
        if closed {
            for id_of_call in waiting {
                let message = FromWorker::Settled { id: id_of_call, done: false, truth };
                self.answer_page(tab, id, message);
            }
        } else {
            for call in calls {
                self.abort_call(tab, id, call);
            }
        }
        if was_open {
            self.part(tab, closed);
        }
        let shared = self.shared(tab);
        shared.channels.retain(|channel| channel.open || !channel.calls.is_empty());
    }
}

impl Channel {
    /// Takes an id above all earlier ones, while it is open.
    fn takes(&mut self, id: u32) -> bool {
        let rises = self.open && id > self.last_id;
        if rises {
            self.last_id = id;
        }
        rises
    }

    pub fn known(&self) -> Option<Status> {
        self.known
    }
}
