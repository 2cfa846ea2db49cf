//! Bugs to plant, which show that the simulator finds such bugs. The engine has no switch for
//! tests: the driver tells it something wrong, and the whole misbehaves as if the engine did.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A token that arrives after its session has ended is handed in as if it were current.
    NoEpochCheck,
    /// A wish for the lock is granted at once, though another tab holds it.
    NoLockRecheck,
    /// A request that was refused twice is sent once more.
    ThirdAttempt,
    /// A request is repeated as often as its proof is refused.
    EndlessRepeats,
    /// Every answer to a logout is taken for one that confirms it.
    UnconfirmedLogout,
    /// A page that joins a shared engine is not told of its session.
    UntoldPage,
    /// The calls that a page has open when its worker is lost stay open.
    ForgottenCalls,
    /// The same calls are sent again, by the next worker.
    RepeatsAfterLoss,
    /// A page that is stored is told of the session at once.
    PostsToStored,
    /// The id of a call is taken before its body is read.
    EarlyIds,
    /// An engine rests as soon as one of its pages is hidden.
    RestsTooSoon,
}
