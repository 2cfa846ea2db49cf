//! A page whose engine lives in a worker: what its keep knows, and the calls of its application.

use std::collections::VecDeque;
use std::fmt;

use tokenkeep::engine::{Millis, Status};

use super::protocol::{ChannelId, FromWorker, Input};
use super::remote::Home;
use crate::tab::{End, Life};

/// One life of one page; a reload is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageId(pub u32);

impl fmt::Display for PageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "page {}", self.0)
    }
}

/// What the browser lets a page do, one after the other.
#[derive(Debug, Clone, Copy)]
pub enum PageTask {
    Hear {
        channel: ChannelId,
        message: FromWorker,
    },
    /// The timer of its home, which was to fire at `due`.
    Timer {
        serial: u32,
        due: Millis,
    },
    /// The body of a call is read: now it is posted. `early`: an id that was taken before.
    Post {
        channel: ChannelId,
        number: usize,
        early: Option<u32>,
    },
    /// Its worker was lost at this moment: whoever waited for it knows by now.
    Overdue {
        lost_at: Millis,
    },
}

/// What an application calls its keep for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Settle(Input),
    Fetch { url: &'static str },
    SignIn { user: u32 },
}

/// How a call ended for the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Done,
    /// The answer of an API.
    Answer(End),
    /// With an error that the worker tells of.
    Failed,
    /// With `worker_unavailable`, or what the engine has trapped with.
    Lost,
    /// The keep was closed before.
    Closed,
    /// The application has aborted it.
    Aborted,
}

/// One call of the application.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub what: Ask,
    pub since: Millis,
    pub told: Option<Told>,
    /// How often it was sent for the first time: by different engines, or by one that took it for
    /// another call.
    pub begun: u32,
}

pub struct Page {
    pub id: PageId,
    /// Its worker is shared.
    pub shares: bool,
    pub life: Life,
    pub visible: bool,
    /// Its keep was closed.
    pub closed: bool,
    pub backlog: VecDeque<PageTask>,
    pub home: Option<Home>,
    pub asked: Vec<Asked>,
    /// The status that its keep shows.
    pub status: Status,
    /// The events that it was told: a session has begun, or ended, since the last of the other.
    pub signed_in: bool,
    pub signed_out: bool,
    /// When its home was last lost.
    pub lost_at: Option<Millis>,
    /// When it last could not run, or not on time.
    pub stalled_at: Millis,
}

impl Page {
    pub fn new(id: PageId, shares: bool) -> Self {
        Self {
            id,
            shares,
            life: Life::Running,
            visible: true,
            closed: false,
            backlog: VecDeque::new(),
            home: None,
            asked: Vec::new(),
            status: Status::Unknown,
            signed_in: false,
            signed_out: false,
            lost_at: None,
            stalled_at: 0,
        }
    }
}
