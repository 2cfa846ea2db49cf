//! The ring behind `explain()`: the engine's last transitions, without a token.

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
    pub why: Option<Why>,
}

/// What happened. The numbers are the wire to the JavaScript half; the first are those of
/// [`super::SignedOutReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Step {
    /// Logged out in this tab.
    Logout = 1,
    /// Logged out in another tab.
    LogoutElsewhere = 2,
    /// The authority ended the session.
    Rejected = 3,
    /// The authority knows of no session.
    NoSession = 4,
    /// The keep was closed.
    Closed = 5,
    /// The application handed a token over.
    Adopted = 6,
    /// A sign-in brought a token.
    SignedIn = 7,
    /// A sign-in brought a token that came too late.
    SignInDiscarded = 8,
    /// A sign-in took longer than its turn.
    SignInSlow = 9,
    /// The sign-in request may go out.
    SignInSent = 10,
    /// The refresh call went out.
    RefreshSent = 11,
    /// The logout call went out.
    LogoutSent = 12,
    /// The authority gave a new token.
    Refreshed = 13,
    /// A refresh failed and the session stands.
    RefreshFailed = 14,
    /// An answer had no effect: its session was over.
    AnswerDiscarded = 15,
    /// A terminal answer is not believed yet.
    RejectionDoubted = 16,
    /// The session at the server is over.
    LogoutTold = 17,
    /// The session at the server is not known to be over.
    LogoutFailed = 18,
    /// An API answered 401.
    Unauthorized = 19,
    /// An API answered 401 to a token that was just issued.
    FreshTokenRejected = 20,
    /// The turn goes on without the lock.
    LockBypassed = 21,
    /// The wall clock ran ahead of the monotonic clock.
    ClockJumped = 22,
    /// The page came back from the back/forward cache or from being frozen.
    Restored = 23,
    /// A visible sibling renews its token; this tab is hidden and waits.
    RenewalLeftToSibling = 24,
    /// A sibling signed in.
    SiblingSignedIn = 25,
    /// A sibling was refused a refresh.
    SiblingRejected = 26,
    /// All tabs leave the authority alone for a while.
    Paused = 27,
    /// The logout endpoint gave another answer than 2xx: a refresh call looks whether the session
    /// is over.
    LogoutDoubted = 28,
    /// A sign-in was answered with 2xx, and there was no usable token in it.
    SignInWithoutToken = 29,
}

/// Why it happened. The first are those of [`super::FailureKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Why {
    /// See [`super::FailureKind::Rejected`].
    Rejected = 1,
    /// See [`super::FailureKind::Unreachable`].
    Unreachable = 2,
    /// See [`super::FailureKind::TimedOut`].
    TimedOut = 3,
    /// See [`super::FailureKind::Malformed`].
    Malformed = 4,
    /// See [`super::FailureKind::Misconfigured`].
    Misconfigured = 5,
    /// See [`super::FailureKind::LogoutFailed`].
    LogoutFailed = 6,
    /// See [`super::FailureKind::SignedOut`].
    SignedOut = 7,
    /// See [`super::FailureKind::Closed`].
    Closed = 8,
    /// The session that an answer belongs to is over.
    SessionOver = 9,
    /// A logout came after the sign-in.
    LogoutSince = 10,
    /// A sibling has just been given a token.
    SiblingSucceeded = 11,
    /// The authority asked a sibling to wait.
    SiblingPaused = 12,
    /// The call goes out without the lock.
    Unlocked = 13,
    /// There is no lock to be had.
    NoLock = 14,
    /// The lock's holder took too long.
    LockSlow = 15,
}

/// A ring: once it is full, each transition takes the place of the oldest.
#[derive(Default)]
pub(super) struct Journal {
    kept: Vec<Transition>,
    /// Where the newest stands.
    newest: usize,
}

impl Journal {
    /// A run of equal transitions is kept as its first: fifty parallel calls that are all refused
    /// are one entry.
    pub(super) fn write(&mut self, transition: Transition) {
        if self
            .kept
            .get(self.newest)
            .is_some_and(|last| Transition { at: last.at, ..transition } == *last)
        {
            return;
        }
        if self.kept.len() < KEPT {
            self.newest = self.kept.len();
            self.kept.push(transition);
        } else {
            self.newest = (self.newest + 1) % KEPT;
            if let Some(oldest) = self.kept.get_mut(self.newest) {
                *oldest = transition;
            }
        }
    }

    /// Oldest first.
    pub(super) fn read(&self) -> impl Iterator<Item = &Transition> {
        let count = self.kept.len();
        (1..=count).filter_map(move |age| self.kept.get((self.newest + age) % count))
    }
}
