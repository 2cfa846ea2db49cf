//! What can go wrong, sorted by what it means for the session.

use super::clock::Millis;

/// Why something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The authority ended the session: 401, 403, or 400 with `invalid_grant`, `invalid_token` or
    /// `login_required`.
    Rejected,
    /// No answer, or one that says "later": the network, 408, 425, 429, 5xx.
    Unreachable,
    /// No answer within the configured time.
    TimedOut,
    /// A 200 without a usable token in it.
    Malformed,
    /// An answer that no refresh endpoint gives: 404, 405, a redirect, another content type.
    Misconfigured,
    /// The session at the server is not known to be over.
    LogoutFailed,
    /// There is no session, or it ended while the caller waited.
    SignedOut,
    /// The keep was closed.
    Closed,
}

/// What a failed refresh means for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The session is over.
    Terminal,
    /// The session stands; try again.
    Transient,
    /// Trying again soon mends nothing. The session stands while its token lives.
    Misconfigured,
}

impl FailureKind {
    /// What this means for the session.
    #[must_use]
    pub fn blame(self) -> Blame {
        match self {
            Self::Rejected => Blame::Terminal,
            Self::Misconfigured => Blame::Misconfigured,
            _ => Blame::Transient,
        }
    }
}

/// A failure, and what the server said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// The HTTP status; 0 where there was no answer.
    pub status: u16,
    /// [`ANY_TIME`], or the milliseconds to wait.
    pause: u32,
}

/// The value of `pause` when there is no time to wait.
const ANY_TIME: u32 = u32::MAX;

impl Failure {
    /// The time to wait that the server, or the rate bound, asks for.
    #[must_use]
    pub fn retry_after(self) -> Option<Millis> {
        (self.pause != ANY_TIME).then_some(Millis::from(self.pause))
    }

    /// The same failure, told by an answer of this status.
    #[must_use]
    pub fn answered(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same failure, with a time to wait of up to 49 days. No time that occurs is longer than
    /// a day.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "it was brought below `ANY_TIME`")]
    pub fn pausing(self, wait: Millis) -> Self {
        Self { pause: wait.min(Millis::from(ANY_TIME - 1)) as u32, ..self }
    }
}

impl From<FailureKind> for Failure {
    fn from(kind: FailureKind) -> Self {
        Self { kind, status: 0, pause: ANY_TIME }
    }
}
