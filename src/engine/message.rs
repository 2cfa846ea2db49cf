//! What tabs of one origin tell each other, to keep in step. No message holds a token.

use super::clock::Millis;

/// A message to or from a sibling. A tab acts on what it receives and never sends it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// The sender's epoch. Logout and sign-in raise it above every epoch that the sender has seen.
    pub epoch: u64,
    /// What it says.
    pub news: News,
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// "I have just opened or come back: where do we stand?"
    Asking,
    /// The answer to `Asking`.
    Standing {
        /// Whether the sender holds a session.
        signed_in: bool,
        /// Whether the sender can be seen, and so keeps the session alive.
        visible: bool,
        /// A hash of the user, see [`crate::token::jwt::Payload::subject`].
        subject: Option<u64>,
        /// What is left of a `Retry-After`.
        retry_after: Option<Millis>,
    },
    /// The sender signed in.
    SignedIn {
        /// A hash of the user.
        subject: Option<u64>,
    },
    /// The sender logged out.
    SignedOut {
        /// How long ago; `None` from a sender that does not tell.
        ago: Option<Millis>,
    },
    /// The sender renewed a token of its own.
    Refreshed {
        /// Whether the sender can be seen.
        visible: bool,
    },
    /// The sender's turn at the lock is over, whatever came of it.
    TurnOver,
    /// The authority gave the sender a terminal answer: the session may be over for all tabs.
    Rejected,
    /// The authority asked to be left alone for a while.
    Pause {
        /// For how long.
        retry_after: Millis,
    },
}
