//! The browser half: carries the engine into the page.
//!
//! Everything here is synchronous. What has to be awaited (the network, the lock, a stream) is
//! awaited by the JavaScript half, which brings each answer back as one call; no future, waker or
//! promise lives in wasm. Three things stay on this side: the token, which becomes a JavaScript
//! text only for a header or a loan; the calls that renew it; and the timers.
//!
//! Each export changes the engine and carries out what follows before it returns, so `logout()` has
//! taken effect before anything is awaited. No code outside the crate is called while the engine is
//! borrowed: a call that comes in meanwhile is an input like any other.
//!
//! What crosses has its type here. Words are string enums (`words`), what comes in as an object is
//! read member by member (`settings`, `reply`), and what the engine asks for is a method each
//! ([`Host`]); TypeScript's side of all that is generated, or stands beside it in the same file.

mod allocator;
mod driver;
mod host;
mod keep;
mod messages;
mod reply;
mod settings;
mod words;

pub use host::Host;
pub use keep::Keep;
pub use settings::EngineSettings;
pub use words::{
    Cause, FailureCode, Input, Outcome, RefreshedBy, SignedOutReason, Status, TransitionEvent,
};
