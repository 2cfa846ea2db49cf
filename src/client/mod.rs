//! The browser half: carries the engine into the page.
//!
//! Everything here is synchronous. JavaScript awaits what has to be awaited (the network, the lock,
//! a stream), and brings each answer back as one call. No future, waker or promise lives in wasm.
//! The token stays on this side; it becomes a JavaScript text only for a header or a loan. The
//! timers are set from here too.
//!
//! Each export changes the engine and carries out what follows before it returns. So `logout()` has
//! taken effect before anything is awaited. No code outside the crate is called while the engine is
//! borrowed: a call that comes in meanwhile is an input like any other.
//!
//! Everything that crosses has a type here. Words are string enums (`words`), the options are the
//! arguments of a constructor, and texts cross inwards as bytes. Each thing that the engine asks
//! for is a method of [`Host`]. The TypeScript of these is generated, or stands beside the Rust in
//! one file.

mod allocator;
mod driver;
mod host;
mod keep;
mod messages;
mod reply;
mod words;

pub use host::Host;
pub use keep::Keep;
pub use words::{
    FailureCode, Input, Note, Outcome, RefreshedBy, ReplyMember, SignedOutReason, Status,
    TransitionEvent,
};
