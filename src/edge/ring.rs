//! Values that JavaScript knows by a number. There is no end of verifiers and tenants, and nobody
//! says when one goes; so the oldest value makes room for the newest, and whoever still has its
//! number finds nothing.

/// At most `MOST` values. A power of two, so that numbers may start again from zero.
pub(super) struct Ring<T, const MOST: usize> {
    values: Vec<(u32, T)>,
    next: u32,
}

impl<T, const MOST: usize> Ring<T, MOST> {
    pub(super) const EMPTY: Self = {
        assert!(MOST.is_power_of_two());
        Self { values: Vec::new(), next: 0 }
    };

    pub(super) fn push(&mut self, value: T) -> u32 {
        let number = self.next;
        self.next = number.wrapping_add(1);
        match self.values.get_mut(Self::place(number)) {
            Some(oldest) => *oldest = (number, value),
            None => self.values.push((number, value)),
        }
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        match self.values.get(Self::place(number)) {
            Some((found, value)) if *found == number => Some(value),
            _ => None,
        }
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        match self.values.get_mut(Self::place(number)) {
            Some((found, value)) if *found == number => Some(value),
            _ => None,
        }
    }

    fn place(number: u32) -> usize {
        number as usize % MOST
    }
}
