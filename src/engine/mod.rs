//! The session machine, sans-IO and deterministic.
//!
//! The engine holds the access token and decides when to renew it, which request may carry it, and
//! what an answer means. It performs nothing. Each input (`handle_*`) is one mutation at a moment
//! that the caller passes in. Then the caller drains [`Engine::poll_output`] and carries out what
//! it says: the browser's driver in `client`, the simulator's in `tests/sim`. Time, the network,
//! locks, siblings and randomness come in from outside, so a day of five tabs runs in milliseconds,
//! and twice the same way.
//!
//! Two numbers tell what belongs together. A **generation** counts the tokens of this tab: a 401 is
//! judged by the generation that its request carried. An **epoch** counts the sessions of the
//! origin: logout and sign-in raise it, and an answer of an older epoch has no effect.
//!
//! | file | what it decides |
//! |---|---|
//! | `machine` | the first and last step of each input, timers, closing |
//! | `requests` | which token a request gets, and what a 401 leads to |
//! | `renewal` | when a token is renewed, and what the authority's answers mean |
//! | `sign_in`, `logout` | how a session begins and ends |
//! | `siblings` | what other tabs say |
//! | `page` | what the browser tells of the page |
//! | `turn` | which network call is next, and the lock around it |
//! | `waiters` | how each caller is answered |
//! | `reply`, `grant`, `failure` | what an answer of the authority is |
//! | `origin` | where the token may go |
//! | `session`, `tries`, `budget` | what is known: of the session, of failed calls, of the rate |
//!
//! May use [`crate::token`] and nothing else of this crate.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_types))]
#![warn(clippy::pedantic)]

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
#[cfg(all(test, feature = "edge", not(target_arch = "wasm32")))]
mod tests;
mod timers;
mod tries;
mod turn;
mod waiters;

pub use backoff::Backoff;
pub use budget::{CALLS, WINDOW};
pub use clock::{Millis, Now, SECOND};
pub use contract::{CallId, Config, Event, Outcome, Output, Ticket, WaiterId, Wake};
pub use failure::{Blame, Failure, FailureKind};
pub use grant::{Clock, Grant, TokenTypes};
pub use journal::{KEPT, Note, Step, Transition};
pub use lifetime::{LONGEST_LIFETIME, Lead};
pub use machine::Engine;
pub use message::{Message, News};
pub use origin::Origins;
pub use reply::{
    LONGEST_RETRY_AFTER, LogoutAnswer, Media, NoSession, Reply, SignInAnswer, judge, media_type,
    retry_after,
};
pub use snapshot::{Session, SignedOutReason, Status};
pub use timers::Timer;
