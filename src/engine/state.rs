//! What the engine remembers of the token, of the call under way, of the lock, and of those who
//! wait.

use super::clock::Millis;
use super::contract::{CallId, Ticket, WaiterId};
use super::reply::Grant;

pub(super) struct Token {
    pub(super) grant: Grant,
    pub(super) lifetime: Millis,
    /// From here on a renewal is due.
    pub(super) due_at: Millis,
    /// From here on requests wait for a renewal. Moves ahead of `expires_at` when the machine may
    /// have slept.
    pub(super) fresh_until: Millis,
    pub(super) expires_at: Millis,
    pub(super) expires_at_wall: Millis,
    /// An API refused it.
    pub(super) refused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Free,
    Waiting(Ticket),
    Held(Ticket),
    /// Missing, denied or too slow: this turn goes on without.
    Bypassed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Refresh,
    SignIn(WaiterId),
    Logout,
    /// Whether the session is over, which the logout endpoint's answer left open: a refresh whose
    /// token is dropped.
    LogoutCheck,
}

pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) task: Task,
    /// The session it belongs to.
    pub(super) epoch: u64,
    /// Logouts seen when it began; a sign-in that a logout overtook must not count.
    pub(super) sign_outs: u32,
    /// Sibling successes heard when it began.
    pub(super) heard: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Wants to know whether there is a session.
    Start,
    /// Asked for a refresh by name.
    Refresh,
    /// Wants to send a request.
    Request,
    /// Wants the token itself, valid for so long.
    Lend { validity: Millis },
    /// Was refused with the token of this generation.
    Retry { generation: u32 },
}

pub(super) struct Waiter {
    pub(super) id: WaiterId,
    pub(super) purpose: Purpose,
    /// Whose session it was issued in; `None` when there was none.
    pub(super) identity: Option<u32>,
}
