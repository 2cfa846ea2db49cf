//! The workers, and the one engine of each that its pages share (js/worker/serve.ts and
//! js/worker/engine.ts).

use std::collections::VecDeque;
use std::fmt;

use tokenkeep::engine::{Event as Emitted, Millis, SignedOutReason, Status, Wake};

use super::channel::{Channel, Shared};
use super::invariants;
use super::page::PageId;
use super::protocol::{ChannelId, FromPage, FromWorker, Seen};
use crate::planted::Bug;
use crate::tab::{Life, TabId};
use crate::trace::tell;
use crate::world::World;

/// Names one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerId(pub u32);

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {}", self.0)
    }
}

/// What the browser lets a worker do, beside the tasks of its engine.
#[derive(Debug, Clone, Copy)]
pub enum WorkerTask {
    Hear { channel: ChannelId, from: PageId, message: FromPage },
    Watch { channel: ChannelId, due: Millis },
}

/// The realm of an engine. When the engine is over, a further page gets another one here.
pub struct Worker {
    pub id: WorkerId,
    pub shared: bool,
    /// It can't run: its process is busy, or its page is frozen or stored.
    pub life: Life,
    pub backlog: VecDeque<WorkerTask>,
    /// The engine that a page joins.
    pub engine: Option<TabId>,
    /// When it last could not run.
    pub stalled_at: u64,
}

impl Seen {
    /// A logout was the page's own, or that of another one.
    pub fn seen_by(self, is_leaver: bool) -> Self {
        let elsewhere = self.reason == Some(SignedOutReason::Logout) && !is_leaver;
        Self {
            reason: if elsewhere { Some(SignedOutReason::LogoutElsewhere) } else { self.reason },
            ..self
        }
    }
}

impl World {
    pub fn find_worker(&self, id: WorkerId) -> Option<usize> {
        self.hosted.workers.iter().position(|worker| worker.id == id)
    }

    /// The worker that a page reaches: the shared one of its address, or one of its own.
    pub fn worker_for(&mut self, shares: bool) -> WorkerId {
        if shares && let Some(known) = self.hosted.workers.iter().find(|worker| worker.shared) {
            return known.id;
        }
        let id = WorkerId(self.hosted.next());
        self.hosted.workers.push(Worker {
            id,
            shared: shares,
            life: Life::Running,
            backlog: VecDeque::new(),
            engine: None,
            stalled_at: 0,
        });
        id
    }

    /// A task reaches its worker, or the pile in front of it.
    pub fn deliver_to_worker(&mut self, id: WorkerId, task: WorkerTask) {
        let Some(at) = self.find_worker(id) else { return };
        if self.hosted.workers[at].life == Life::Running {
            self.run_worker_task(id, task);
        } else {
            self.hosted.workers[at].backlog.push_back(task);
        }
    }

    pub fn run_worker_task(&mut self, id: WorkerId, task: WorkerTask) {
        match task {
            WorkerTask::Hear { channel, from, message: FromPage::Hello } => {
                self.serve(id, channel, from);
            }
            WorkerTask::Hear { channel, message, .. } => {
                if let Some(tab) = self.engine_of(channel) {
                    self.hear_page(tab, channel, message);
                    let verdict = invariants::an_engine_knows_whether_it_is_seen(self, tab);
                    self.hold(verdict);
                }
            }
            WorkerTask::Watch { channel, due } => {
                if let Some(tab) = self.engine_of(channel) {
                    self.look_after_page(tab, channel, due);
                }
            }
        }
    }

    /// The engine that has this port.
    pub fn engine_of(&self, channel: ChannelId) -> Option<usize> {
        self.tabs.iter().position(|tab| {
            let channels = tab.shared.iter().flat_map(|shared| &shared.channels);
            channels.into_iter().any(|known| known.id == channel)
        })
    }

    /// Lets a page join the engine, which is made if there is none.
    fn serve(&mut self, id: WorkerId, channel: ChannelId, page: PageId) {
        let at = self.find_worker(id).expect("it runs");
        let engine = self.hosted.workers[at].engine.and_then(|engine| self.find(engine));
        let tab = engine.unwrap_or_else(|| {
            let shared = Shared { worker: id, channels: Vec::new(), session: None, leaver: None };
            let tab = self.add_tab(Some(shared));
            self.hosted.workers[at].engine = Some(self.tabs[tab].id);
            if !self.device.online {
                self.wake(tab, Wake::Offline);
            }
            tab
        });
        tell!(self, self.tabs[tab].id, "is joined by {page}");
        self.shared(tab).channels.push(Channel::new(channel, page));
        self.welcome(tab, channel);
        // A page that is hidden says so next.
        self.look_at_pages(tab, true);
    }

    pub fn is_shared(&self, tab: usize) -> bool {
        let worker = self.tabs[tab].shared.as_ref().map(|shared| shared.worker);
        worker
            .and_then(|id| self.find_worker(id))
            .is_some_and(|worker| self.hosted.workers[worker].shared)
    }

    fn open_channels(&self, tab: usize) -> Vec<ChannelId> {
        let shared = self.tabs[tab].shared.as_ref();
        let channels = shared.into_iter().flat_map(|shared| &shared.channels);
        channels.filter(|channel| channel.open).map(|channel| channel.id).collect()
    }

    /// The session of an engine has changed.
    pub fn changed(&mut self, tab: usize) {
        let session = self.tabs[tab].engine.session();
        let seen = Seen { status: session.status, reason: session.reason };
        let Some(shared) = &mut self.tabs[tab].shared else { return };
        shared.session = Some(seen);
        let leaver = shared.leaver;
        for channel in self.open_channels(tab) {
            let seen = seen.seen_by(Some(channel) == leaver);
            self.tell_page(tab, channel, FromWorker::Changed(seen));
        }
    }

    /// An engine tells its application something.
    pub fn emitted(&mut self, tab: usize, event: Emitted) {
        for channel in self.open_channels(tab) {
            match event {
                Emitted::SignedIn => self.tell_page(tab, channel, FromWorker::SignedIn),
                Emitted::SignedOut(reason) => self.tell_of_end(tab, channel, reason),
                _ => {}
            }
        }
    }

    fn tell_of_end(&mut self, tab: usize, channel: ChannelId, reason: SignedOutReason) {
        let seen = Seen { status: Status::Anonymous, reason: Some(reason) };
        let is_leaver = Some(channel) == self.shared(tab).leaver;
        if let Some(reason) = seen.seen_by(is_leaver).reason {
            self.tell_page(tab, channel, FromWorker::SignedOut(reason));
        }
    }

    /// A page is back, and has missed what was told meanwhile.
    pub fn catch_up(&mut self, tab: usize, channel: ChannelId) {
        let Shared { session, leaver, .. } = *self.shared(tab);
        let before = self.channel(tab, channel).and_then(|channel| channel.known());
        let Some(seen) = session else { return };
        let is_leaver = Some(channel) == leaver;
        self.tell_page(tab, channel, FromWorker::Changed(seen.seen_by(is_leaver)));
        let was = before == Some(Status::Authenticated);
        let is = seen.status == Status::Authenticated;
        if is && !was {
            self.tell_page(tab, channel, FromWorker::SignedIn);
        }
        if let Some(reason) = seen.reason.filter(|_| was && !is) {
            self.tell_of_end(tab, channel, reason);
        }
    }

    /// A page was hidden or seen.
    pub fn look_at_pages(&mut self, tab: usize, is_seen: bool) {
        let channels = &self.shared(tab).channels;
        let mut open = channels.iter().filter(|channel| channel.open).peekable();
        let all_hidden = open.peek().is_some() && open.all(|channel| channel.hidden);
        if is_seen {
            self.wake(tab, Wake::Visible);
        } else if all_hidden || self.bug == Some(Bug::RestsTooSoon) {
            self.wake(tab, Wake::Hidden);
        }
    }

    /// A page has left. With the last one that has closed its keep the engine is over.
    pub fn part(&mut self, tab: usize, closed: bool) {
        if !self.open_channels(tab).is_empty() {
            return self.look_at_pages(tab, false);
        }
        if closed && !self.tabs[tab].closed {
            self.end_engine(tab);
            self.close_tab(tab);
        }
    }

    /// A further page gets another engine.
    pub fn end_engine(&mut self, tab: usize) {
        let (engine, worker) = (self.tabs[tab].id, self.shared(tab).worker);
        if let Some(at) = self.find_worker(worker) {
            let known = &mut self.hosted.workers[at].engine;
            known.take_if(|known| *known == engine);
        }
    }

    /// Something happens to an engine that its worker hears of.
    pub fn wake(&mut self, tab: usize, wake: Wake) {
        self.run_task(tab, crate::tab::Task::Wake(wake));
    }

    /// The wasm of a worker has trapped: its engine is gone, and its pages are told.
    pub fn trap(&mut self, tab: usize) {
        tell!(self, self.tabs[tab].id, "traps");
        self.end_engine(tab);
        for channel in self.open_channels(tab) {
            self.lose_page(tab, channel);
        }
        // Calls under way go on, and nobody hears their answers.
        self.bury_tab(tab, true);
    }
}
