//! Time as the engine sees it: two readings that the caller passes in with each input.

/// Milliseconds: of a duration, or of a reading since some fixed point.
pub type Millis = u64;

/// One second.
pub const SECOND: Millis = 1_000;

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// A reading that never goes back and may stand still while the machine sleeps. Deadlines and
    /// lifetimes use it.
    pub mono: Millis,
    /// Milliseconds since the epoch on the local wall clock. For display, and for noticing that the
    /// machine slept.
    pub wall: Millis,
}

impl Now {
    /// The wall reading at the monotonic moment `at`, before or after now, if nobody sets the wall
    /// clock.
    #[must_use]
    pub fn wall_at(self, at: Millis) -> Millis {
        self.wall.saturating_add_signed(at.wrapping_sub(self.mono).cast_signed())
    }
}
