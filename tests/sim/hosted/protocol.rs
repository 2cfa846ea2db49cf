//! What a page and its worker say to each other (js/hosted/protocol.ts). No kind has a place for a
//! token. The pieces of bodies are left out: they are no business of the engine.

use tokenkeep::engine::{SignedOutReason, Status, Wake};

use crate::tab::End;

/// Names one port between a page and a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelId(pub u32);

/// What a page may ask the engine for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Start,
    StartAgain,
    Refresh,
    Logout,
}

/// From the page to the worker. `number` is the page's own name for the call, by which it is
/// judged; the worker does not look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromPage {
    Hello,
    Settle { id: u32, input: Input },
    Fetch { id: u32, url: &'static str, number: usize },
    SignIn { id: u32, user: u32, number: usize },
    Abort { id: u32 },
    Page(Wake),
    Stored,
    Back,
    Bye,
    Close,
    Ping,
    Pong,
}

/// The session as a page sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub status: Status,
    pub reason: Option<SignedOutReason>,
}

/// From the worker to the page. `truth` is the status of the engine when an answer was posted, by
/// which it is judged; the page does not look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromWorker {
    Welcome(Option<Seen>),
    Settled { id: u32, done: bool, truth: Status },
    Head { id: u32, end: End, truth: Status },
    Broken { id: u32 },
    Changed(Seen),
    SignedIn,
    SignedOut(SignedOutReason),
    Lost,
    Ping,
    Pong,
}

impl FromWorker {
    /// The same, posted while the engine has this status.
    pub fn as_of(self, truth: Status) -> Self {
        match self {
            Self::Settled { id, done, .. } => Self::Settled { id, done, truth },
            Self::Head { id, end, .. } => Self::Head { id, end, truth },
            other => other,
        }
    }

    /// The call that it answers.
    pub fn answered(self) -> Option<u32> {
        match self {
            Self::Settled { id, .. } | Self::Head { id, .. } | Self::Broken { id } => Some(id),
            _ => None,
        }
    }
}
