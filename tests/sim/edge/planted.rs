//! Bugs to plant, so that the simulator shows that it would find them. The shipped rules have no
//! switch for tests: each bug is one of the driver in `key_sets.rs`, which mis-reports or misplaces
//! a step.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Every answer is told as if it were that of the newest fetch.
    NoSequenceCheck,
    /// Whether memory is empty is looked at before the store is read, and what was read is assigned
    /// afterwards, nothing included.
    AssignsWithoutLooking,
    /// A fetch is told when it has ended, and not when it begins.
    StampsAfterAwait,
    /// The document is asked for until it has named an address, and then no more.
    LocatesOnce,
}
