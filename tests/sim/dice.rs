//! The simulator's random numbers. A run follows from its seed alone.
//!
//! The generator is written here and not taken from a library: a seed that is kept as a regression
//! case must mean the same run after every update.

/// With this number no seed that was kept before the sixth has a worker.
const SIXTH: u64 = 0x557C;

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x5EED)
    }

    /// A second generator of the same seed, for what was added after the first seeds were kept. It
    /// leaves the draws of the first as they were.
    pub fn second(seed: u64) -> Self {
        Self::new(!seed)
    }

    /// A third one, for what was added after the seeds of the second were kept.
    pub fn third(seed: u64) -> Self {
        Self::new(seed.rotate_left(32) ^ !0xA6A1)
    }

    /// A fourth one, for what was added after the seeds of the third were kept.
    pub fn fourth(seed: u64) -> Self {
        Self::new(seed.rotate_left(16) ^ !0x511D)
    }

    /// A fifth one, for what was added after the seeds of the fourth were kept.
    pub fn fifth(seed: u64) -> Self {
        Self::new(seed.rotate_left(48) ^ !0xD709)
    }

    /// A sixth one, for what was added after the seeds of the fifth were kept.
    pub fn sixth(seed: u64) -> Self {
        Self::new(seed.rotate_left(8) ^ !SIXTH)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// Evenly from `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    /// True in `thousandths` of a thousand cases.
    pub fn chance(&mut self, thousandths: u64) -> bool {
        thousandths > 0 && self.next() % 1_000 < thousandths
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[(self.next() % choices.len() as u64) as usize]
    }

    /// Picks by weight.
    pub fn weighted<T: Copy>(&mut self, choices: &[(u64, T)]) -> T {
        let mut rest = self.next() % choices.iter().map(|&(weight, _)| weight).sum::<u64>();
        for &(weight, choice) in choices {
            match rest.checked_sub(weight) {
                Some(less) => rest = less,
                None => return choice,
            }
        }
        unreachable!("the weights add up")
    }
}
