//! The engine's own randomness: deterministic from the seed that its driver draws.

use super::clock::Millis;

/// `SplitMix64` (Steele, Lea and Flood, 2014). Spreads load in time; nothing secret depends on it.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// Evenly from 0 to `most`, both included.
    pub(super) fn up_to(&mut self, most: Millis) -> Millis {
        // The bias of the modulus is below 2^-20 for any delay that occurs here.
        self.next() % most.saturating_add(1).max(1)
    }
}
