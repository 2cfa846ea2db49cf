//! Bugs to plant, so that the simulator shows that it would find them. The shipped engine has no
//! switch for tests: each bug is one of the driver, which mis-reports or mis-drives so that the
//! whole misbehaves as if the engine had it.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A token that arrives after its session has ended is handed in as if it were current.
    NoEpochCheck,
    /// A wish for the lock is granted at once, whoever holds it: nobody looks again what changed
    /// meanwhile.
    NoLockRecheck,
    /// A request that was refused twice is sent once more.
    ThirdAttempt,
    /// Every answer to a logout is taken for one that confirms it.
    UnconfirmedLogout,
}
