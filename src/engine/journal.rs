//! What is behind `explain()`: the engine's last transitions, without a token.

use super::clock::Millis;
use super::snapshot::Status;

/// How many transitions are kept.
pub const KEPT: usize = 100;

/// One transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// Wall clock, milliseconds since the epoch.
    pub at: Millis,
    /// What happened.
    pub step: Step,
    /// The status before.
    pub from: Status,
    /// The status after.
    pub to: Status,
    /// Serial number of the token that was current afterwards.
    pub generation: u32,
    /// The reason, where the step alone does not tell.
    pub note: Option<Note>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Logged out in this tab.
    Logout,
    /// Logged out in another tab.
    LogoutElsewhere,
    /// The authority ended the session.
    Rejected,
    /// The authority knows of no session.
    NoSession,
    /// The keep was closed.
    Closed,
    /// The application handed a token over.
    Adopted,
    /// A sign-in brought a token.
    SignedIn,
    /// A sign-in brought a token that came too late.
    SignInDiscarded,
    /// A sign-in took longer than its turn.
    SignInSlow,
    /// The sign-in request may go out.
    SignInSent,
    /// The refresh call went out.
    RefreshSent,
    /// The logout call went out.
    LogoutSent,
    /// The authority gave a new token.
    Refreshed,
    /// A refresh failed and the session stands.
    RefreshFailed,
    /// An answer had no effect: its session was over.
    AnswerDiscarded,
    /// A terminal answer is not believed yet.
    RejectionDoubted,
    /// The session at the server is over.
    LogoutTold,
    /// The session at the server is not known to be over.
    LogoutFailed,
    /// An API answered 401.
    Unauthorized,
    /// An API answered 401 to a token that was just issued.
    FreshTokenRejected,
    /// The turn goes on without the lock.
    LockBypassed,
    /// The wall clock ran ahead of the monotonic clock.
    ClockJumped,
    /// The page came back from the back/forward cache or from being frozen.
    Restored,
    /// A visible sibling renews its token; this tab is hidden and waits.
    RenewalLeftToSibling,
    /// A sibling signed in.
    SiblingSignedIn,
    /// A sibling was refused a refresh.
    SiblingRejected,
    /// All tabs leave the authority alone for a while.
    Paused,
    /// The logout endpoint gave another answer than 2xx: a refresh call looks whether the session
    /// is over.
    LogoutDoubted,
    /// A sign-in was answered with 2xx, and there was no usable token in it.
    SignInWithoutToken,
    /// The cookie that tells of a session is not there: the authority is not asked.
    NoHint,
    /// The first refresh after a sign-in was refused: its cookie may not have been kept.
    CookieNotKept,
}

/// What the step alone does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// See [`super::FailureKind::Rejected`].
    Rejected,
    /// See [`super::FailureKind::Unreachable`].
    Unreachable,
    /// See [`super::FailureKind::TimedOut`].
    TimedOut,
    /// See [`super::FailureKind::Malformed`].
    Malformed,
    /// See [`super::FailureKind::Misconfigured`].
    Misconfigured,
    /// See [`super::FailureKind::LogoutFailed`].
    LogoutFailed,
    /// See [`super::FailureKind::SignedOut`].
    SignedOut,
    /// See [`super::FailureKind::Closed`].
    Closed,
    /// The session that an answer belongs to is over.
    SessionOver,
    /// A logout came after the sign-in.
    LogoutSince,
    /// A sibling has just been given a token.
    SiblingSucceeded,
    /// The authority asked a sibling to wait.
    SiblingPaused,
    /// The call goes out without the lock.
    Unlocked,
    /// There is no lock to be had.
    NoLock,
    /// The lock's holder took too long.
    LockSlow,
}

/// Once it is full, the oldest makes room for each new one.
#[derive(Default)]
pub(super) struct Journal(Vec<Transition>);

impl Journal {
    /// A run of equal transitions is kept as its first: fifty parallel calls that are all refused
    /// are one entry.
    pub(super) fn write(&mut self, transition: Transition) {
        if self.0.last().is_some_and(|last| Transition { at: last.at, ..transition } == *last) {
            return;
        }
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(transition);
    }

    /// Oldest first.
    pub(super) fn read(&self) -> &[Transition] {
        &self.0
    }
}
