//! What the application sees of a session: a snapshot without the token.

use super::clock::Millis;

/// Whether there is a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Nobody has asked the authority yet, or it has not answered.
    #[default]
    Unknown,
    /// There is no session.
    Anonymous,
    /// There is a session.
    Authenticated,
}

/// Why a session is anonymous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedOutReason {
    /// Logged out in this tab.
    Logout,
    /// Logged out in another tab of this origin.
    LogoutElsewhere,
    /// The authority answered a refresh with a terminal verdict.
    Rejected,
    /// The first refresh found no session.
    NoSession,
    /// The keep was closed.
    Closed,
}

impl SignedOutReason {
    pub(super) fn is_logout(self) -> bool {
        matches!(self, Self::Logout | Self::LogoutElsewhere)
    }
}

/// A snapshot. Two equal snapshots are one state to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Session {
    /// Whether there is a session.
    pub status: Status,
    /// The generation of the token, 0 before the first.
    pub generation: u32,
    /// When the token expires on the local wall clock; for display only.
    pub expires_at: Option<Millis>,
    /// A refresh is on its way or waits for its turn.
    pub refreshing: bool,
    /// When the next attempt is due (wall clock), after a refresh failed that the session outlives.
    pub retry_at: Option<Millis>,
    /// Why it is anonymous.
    pub reason: Option<SignedOutReason>,
}
