//! The session machine, sans-IO and deterministic.
//!
//! It holds the access token, decides when to renew it, who may send what, and what an answer
//! means. It performs nothing: each [`Engine`] input (`handle_*`) is one mutation at a moment that
//! the caller passes in, after which
//! [`Engine::poll_output`] is drained and carried out by a driver: the browser's in `client`, the
//! simulator's in `tests/sim`. Time, the network, locks, siblings and randomness come in from
//! outside, so a whole day of five tabs runs in microseconds and twice the same way.
//!
//! Two numbers keep it straight. A **generation** counts the tokens of this tab: a 401 is judged by
//! the generation that its request carried. An **epoch** counts the sessions of the origin: logout
//! and sign-in raise it, and an answer of an older epoch has no effect.
//!
//! May use [`crate::token`] and nothing else of this crate.

#![forbid(unsafe_code)]

mod backoff;
mod budget;
mod clock;
mod contract;
mod failure;
mod grant;
mod journal;
mod lifetime;
mod logout;
mod machine;
mod message;
mod origin;
mod outbox;
mod page;
mod random;
mod renewal;
mod reply;
mod requests;
mod session;
mod siblings;
mod sign_in;
mod snapshot;
mod timers;
mod tries;
mod turn;
mod waiters;

pub use backoff::Backoff;
pub use budget::{CALLS, WINDOW};
pub use clock::{Millis, Now, SECOND};
pub use contract::{CallId, Config, Event, Outcome, Output, Ticket, WaiterId, Wake};
pub use failure::{Blame, Failure, FailureKind};
pub use grant::{Grant, without_access_token};
pub use journal::{KEPT, Step, Transition, Why};
pub use lifetime::{LONGEST_LIFETIME, Lead};
pub use machine::Engine;
pub use message::{Message, News};
pub use origin::Origins;
pub use reply::{
    LONGEST_RETRY_AFTER, LogoutAnswer, Media, Reply, SignInAnswer, judge, media_type, retry_after,
};
pub use snapshot::{Session, SignedOutReason, Status};
pub use timers::Timer;
