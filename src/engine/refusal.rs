//! Which answers of an API say that it refused the token.

/// The statuses from 400 to 599 that mean what 401 means, a bit each.
#[derive(Default)]
pub struct Refusals([u32; 7]);

impl Refusals {
    /// Lists one more. No other status is one.
    pub fn add(&mut self, status: u16) {
        let at = usize::from(status.wrapping_sub(400));
        if let Some(bits) = self.0.get_mut(at / 32) {
            *bits |= 1 << (at % 32);
        }
    }

    /// Whether an answer of this status is a refusal.
    #[must_use]
    pub fn include(&self, status: u16) -> bool {
        let at = usize::from(status.wrapping_sub(400));
        self.0.get(at / 32).is_some_and(|bits| bits >> (at % 32) & 1 == 1)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[expect(non_snake_case, reason = "tests bear the ids of behaviours")]
mod tests {
    use super::*;

    #[test]
    fn client_D129_listed_statuses_are_refusals_and_no_others() {
        let mut refusals = Refusals::default();
        assert_eq!((0..=u16::MAX).find(|&status| refusals.include(status)), None);
        for status in [599, 419, 403, 400, 399, 600, 0] {
            refusals.add(status);
        }
        let included = (400..600).filter(|&status| refusals.include(status));
        assert_eq!(included.collect::<Vec<_>>(), [400, 403, 419, 599]);
        assert!((0..400).all(|status| !refusals.include(status)));
    }
}
