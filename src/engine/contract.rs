//! What passes between the engine and its driver: the configuration, what the page goes through,
//! and everything that the engine asks for.

use super::backoff::Backoff;
use super::clock::Millis;
use super::failure::Failure;
use super::lifetime::Lead;
use super::message::Message;
use super::snapshot::SignedOutReason;
use super::timers::Timer;

/// How the engine shall behave; times in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// When to renew.
    pub lead: Lead,
    /// Lifetime of a token that tells none.
    pub default_lifetime: Millis,
    /// After this a network call is given up.
    pub timeout: Millis,
    /// How to wait after failures.
    pub backoff: Backoff,
    /// Whether there may be siblings to keep in step with.
    pub coordinate: bool,
    /// Whether there is an endpoint to tell of a logout.
    pub logout_endpoint: bool,
}

/// What the page went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wake {
    /// It can be seen.
    Visible,
    /// It can't be seen.
    Hidden,
    /// The network is there.
    Online,
    /// The network is gone.
    Offline,
    /// It comes back from the back/forward cache or from being frozen, and may have missed
    /// anything.
    Restored,
}

/// What the driver has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// POST to the refresh endpoint; the answer goes to [`super::Engine::handle_refresh_answer`].
    SendRefresh {
        /// The call.
        call: CallId,
    },
    /// POST to the logout endpoint; the answer goes to [`super::Engine::handle_logout_answer`].
    SendLogout {
        /// The call.
        call: CallId,
    },
    /// Abort that call.
    AbortCall {
        /// The call.
        call: CallId,
    },
    /// Ask for the origin-wide lock; the answer goes to [`super::Engine::handle_lock`].
    AcquireLock {
        /// The wish.
        ticket: Ticket,
    },
    /// Give the lock back, or stop asking for it.
    ReleaseLock {
        /// The wish.
        ticket: Ticket,
    },
    /// Call [`super::Engine::handle_timer`] after `delay` milliseconds, instead of what was set
    /// before.
    SetTimer {
        /// How long from now.
        delay: Millis,
        /// What for.
        timer: Timer,
    },
    /// No timer is needed any more.
    ClearTimer,
    /// Tell the siblings.
    Broadcast(Message),
    /// Answer a waiter.
    Settle {
        /// Who.
        waiter: WaiterId,
        /// What.
        outcome: Outcome,
    },
    /// [`Engine::session`](super::Engine::session) has changed.
    Changed,
    /// Tell the application.
    Emit(Event),
}

/// What the application is told beyond the changed session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// There is a session now.
    SignedIn,
    /// The session ended.
    SignedOut(SignedOutReason),
    /// A token was renewed, here or by a sibling for itself.
    Refreshed {
        /// The serial number of our token.
        generation: u32,
        /// Whether it was a sibling's.
        by_sibling: bool,
    },
    /// A refresh failed and the session stands.
    RefreshFailed {
        /// How.
        failure: Failure,
        /// When the next attempt is due on the wall clock.
        retry_at: Option<Millis>,
    },
    /// The session is another user's now.
    UserChanged,
}

/// Names one network call of one engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(pub u32);

/// Names one wish for the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(pub u32);

/// Names one waiter of one engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WaiterId(pub u32);

/// What a waiter is told. Each is told exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Send the request (again) with the current token.
    Token,
    /// Send the request without a token.
    Anonymous,
    /// What was asked for is done: read the session.
    Done,
    /// The first answer is the caller's: there is nothing to retry with.
    GiveUp,
    /// The sign-in request may be sent; its answer goes to
    /// [`super::Engine::handle_sign_in_answer`].
    Proceed,
    /// It failed.
    Failed(Failure),
}
