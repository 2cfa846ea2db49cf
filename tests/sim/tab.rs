//! One tab: a real engine, the page around it, and the notes that the invariants are judged by.

use std::collections::VecDeque;
use std::fmt;

use tokenkeep::engine::{
    CallId, Engine, Message, Millis, Now, Outcome, Status, Ticket, WaiterId, Wake,
};

use crate::hosted::{By, Shared};

/// One life of one tab; a reload is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabId(pub u32);

impl fmt::Display for TabId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tab {}", self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Running,
    /// Its tasks pile up.
    Frozen,
    /// In the back/forward cache: its tasks pile up, and its channel is closed.
    Stored,
}

/// What the browser lets a tab do, one after the other.
#[derive(Debug, Clone, Copy)]
pub enum Task {
    Timer { serial: u32 },
    Lock { ticket: Ticket, granted: bool },
    Hear(Heard),
    Answer { exchange: usize },
    Wake(Wake),
}

/// A message on its way, with what the sender knew when it said so.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    pub message: Message,
    pub from: TabId,
    /// When the event happened that it tells of.
    pub since: Millis,
    /// The family of the sender's token.
    pub family: Option<usize>,
}

/// What a waiter of the engine is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Start { again: bool },
    Refresh,
    Lend,
    Logout,
    SignIn { user: u32 },
    First { request: usize },
    Retry { request: usize },
}

#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    pub id: WaiterId,
    pub purpose: Purpose,
    pub by: Option<By>,
    pub since: Millis,
}

/// One request of the application to an API.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request {
    pub url: &'static str,
    pub sends: u32,
    /// Sends because the token was refused, and because its proof was.
    pub retries: u32,
    pub repeats: u32,
    /// The latest answer was a 401 to the token.
    pub refused: bool,
    /// The latest answer was a 401 to the proof.
    pub disproved: bool,
    /// Generation and number of the token of the latest send.
    pub carried: Option<(u32, usize)>,
    pub end: Option<End>,
    /// The page of a worker that waits for it.
    pub by: Option<By>,
}

/// What the application got for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Status(u16),
    /// It went out without a token.
    Anonymous,
    Unsent,
}

pub struct Tab {
    pub id: TabId,
    pub engine: Engine,
    /// It lives in a worker, and these pages share it.
    pub shared: Option<Shared>,
    pub life: Life,
    pub visible: bool,
    pub closed: bool,
    /// The monotonic clock of a page counts from its birth.
    born_at_mono: Millis,
    pub backlog: VecDeque<Task>,
    /// Due by the page's own clock.
    pub timer: Option<Millis>,
    pub timer_serial: u32,
    pub waiters: Vec<Waiting>,
    pub settled: VecDeque<(WaiterId, Outcome)>,
    pub requests: Vec<Request>,
    /// The exchanges of its turns that have not been answered, aborted or overtaken.
    pub calls: Vec<(CallId, usize)>,
    /// A fresh token was refused and no API has taken one since.
    pub refused: bool,
    /// The last nonce that the API gave.
    pub nonce: u32,
    /// When the latest message of each sibling arrives: one sender's messages keep their order.
    pub arrivals: Vec<(TabId, Millis)>,
    pub notes: Notes,
}

/// What the invariants need to know about a tab, gathered apart from the engine.
#[derive(Default)]
pub struct Notes {
    /// Sessions that have ended for this tab: by its own logout and sign-in, and by those that it
    /// heard of.
    pub fences: u32,
    /// Logouts among them.
    pub sign_outs: u32,
    /// The highest epoch that it said or heard.
    pub epoch: u64,
    /// Its wish for the lock.
    pub wish: Option<Ticket>,
    pub wished_at: Millis,
    /// When it last could not run, or not on time.
    pub stalled_at: Option<Millis>,
    /// It was told that the network is off.
    pub offline: bool,
    /// The moments of its refresh calls, by its own monotonic clock.
    pub refreshes: VecDeque<Millis>,
    /// By the same clock: when a refresh was last asked for by name, and when a call last ended.
    pub named_mono: Option<Millis>,
    pub tried_mono: Option<Millis>,
    /// Until when, as far as the tab knows, the authority wants to be left alone; and until when a
    /// misconfigured endpoint is not asked again.
    pub paused_mono: Millis,
    pub resting_mono: Millis,
    /// When something last happened that a waiter may be waiting for.
    pub stirred_at: Millis,
    /// When the session that it has, or the lack of one, began; the same by its own monotonic
    /// clock.
    pub turned_at: Millis,
    pub turned_mono: Millis,
    /// When it last became anonymous, or was told that it is.
    pub ended_at: Millis,
    /// When a logout, here or elsewhere, last ended its session.
    pub left_at: Millis,
    /// When its user last logged out in it.
    pub logged_out_at: Millis,
    /// The latest sign-in that it heard of, newer than what it knew and ended by no logout since:
    /// family and moment.
    pub sign_in_heard: Option<(usize, Millis)>,
    /// When it last took a token from a sign-in of its own, or from the application.
    pub signed_in_at: Millis,
    /// When somebody last asked for a session here by name, or told of one.
    pub invited_at: Millis,
    /// Status before the input that is being carried out.
    pub status: Status,
    /// That input may end the session.
    pub may_end: bool,
}

impl Notes {
    pub fn turned(&mut self, at: Millis, mono: Millis) {
        (self.turned_at, self.turned_mono) = (at, mono);
    }
}

impl Tab {
    pub fn new(
        id: TabId,
        engine: Engine,
        shared: Option<Shared>,
        born_at_mono: Millis,
        now: Millis,
    ) -> Self {
        Self {
            id,
            engine,
            shared,
            life: Life::Running,
            visible: true,
            closed: false,
            born_at_mono,
            backlog: VecDeque::new(),
            timer: None,
            timer_serial: 0,
            waiters: Vec::new(),
            settled: VecDeque::new(),
            requests: Vec::new(),
            calls: Vec::new(),
            refused: false,
            nonce: 0,
            arrivals: Vec::new(),
            notes: Notes { stirred_at: now, ..Notes::default() },
        }
    }

    /// Both clocks as this page reads them.
    pub fn clocks(&self, mono: Millis, wall: Millis) -> Now {
        Now { mono: mono - self.born_at_mono, wall }
    }

    /// The number of the token that the engine would send.
    pub fn token(&self) -> Option<(usize, u32)> {
        let (token, generation) = self.engine.token()?;
        Some((crate::tokens::token_number(token.expose()), generation))
    }

    pub fn status(&self) -> Status {
        self.engine.session().status
    }
}
