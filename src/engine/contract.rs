//! What passes between the engine and its driver: the configuration, what the page goes through,
//! and everything that the engine asks for.

use super::backoff::Backoff;
use super::clock::Millis;
use super::failure::Failure;
use super::lifetime::Lead;
use super::message::Message;
use super::snapshot::SignedOutReason;
use super::timers::Timer;

/// The options of an engine; times in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// How far ahead of its expiry a token is renewed.
    pub lead: Lead,
    /// The lifetime of a token that tells none.
    pub default_lifetime: Millis,
    /// A network call is given up after this time.
    pub timeout: Millis,
    /// The bounds of the waiting times after failures.
    pub backoff: Backoff,
    /// Whether to keep in step with other tabs of the origin.
    pub coordinate: bool,
    /// Whether there is a logout endpoint.
    pub logout_endpoint: bool,
    /// Whether the access token goes along with the logout call.
    pub logout_authorization: bool,
}

/// What the page went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wake {
    /// The page can be seen.
    Visible,
    /// The page can't be seen.
    Hidden,
    /// The network is there.
    Online,
    /// The network is gone.
    Offline,
    /// The page comes back from the back/forward cache or from being frozen, and may have missed
    /// any message.
    Restored,
}

/// What the driver has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// POST to the refresh endpoint; the answer goes to [`super::Engine::handle_refresh_answer`].
    SendRefresh {
        /// Names the call.
        call: CallId,
    },
    /// POST to the logout endpoint, with [`super::Engine::logout_token`]; the answer goes to
    /// [`super::Engine::handle_logout_answer`].
    SendLogout {
        /// Names the call.
        call: CallId,
    },
    /// Abort that call.
    AbortCall {
        /// Names the call.
        call: CallId,
    },
    /// Ask for the origin-wide lock; the answer goes to [`super::Engine::handle_lock`].
    AcquireLock {
        /// Names this wish for the lock.
        ticket: Ticket,
    },
    /// Give the lock back, or stop asking for it.
    ReleaseLock {
        /// Names this wish for the lock.
        ticket: Ticket,
    },
    /// Call [`super::Engine::handle_timer`] after `delay` milliseconds, instead of what was set
    /// before.
    SetTimer {
        /// Milliseconds from now.
        delay: Millis,
        /// What the engine waits for.
        timer: Timer,
    },
    /// No timer is needed any more.
    ClearTimer,
    /// Tell the siblings.
    Broadcast(Message),
    /// Answer a waiter.
    Settle {
        /// Names the waiter.
        waiter: WaiterId,
        /// What the waiter is told.
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
        /// The generation of this tab's token.
        generation: u32,
        /// Whether the sibling's token was renewed.
        by_sibling: bool,
    },
    /// A refresh failed, and the session stands.
    RefreshFailed {
        /// What went wrong.
        failure: Failure,
        /// When the next attempt is due on the wall clock.
        retry_at: Option<Millis>,
    },
    /// The session is another user's now.
    UserChanged,
    /// The first refresh after a sign-in was refused: its cookie may not have been kept.
    CookieNotKept {
        /// The HTTP status of the refusal.
        status: u16,
    },
}

/// Names one network call of one engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(pub u32);

/// Names one wish of one engine for the lock.
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
    /// What was asked for failed.
    Failed(Failure),
}
