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
//! Everything that crosses has a type here. Words are string enums (`words`), the options are an
//! object that is read member by member (`settings`), and each thing that the engine asks for is a
//! method of [`Host`]. The TypeScript of these is generated, or stands beside the Rust in one file.

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
    FailureCode, Input, Note, Outcome, RefreshedBy, SignedOutReason, Status, TransitionEvent,
};
