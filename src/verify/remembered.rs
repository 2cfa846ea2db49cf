//! Tokens whose signature was found to hold, remembered by a keyed hash of their whole text. What
//! is remembered is that verdict alone: whatever can change is judged again at each hit. When there
//! are too many, the one that was used least recently is forgotten.
//!
//! The caller keeps what it knows of a token under the token's place in the cache. A place whose
//! token is forgotten is given to another.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::claims::Dates;
use super::digest::digest;

/// Longer tokens are not remembered.
pub const MAX_TOKEN_BYTES: usize = 4_096;

/// The keyed hash that stands for a token. Nobody outside can make two tokens that share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest([u64; 2]);

impl TokenDigest {
    /// The half by which an entry is looked up. The other half is compared.
    const fn lookup_key(self) -> u64 {
        self.0[0]
    }
}

/// What decides whether a remembered token is still good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Validity {
    /// The dates of the token.
    pub dates: Dates,
    /// The number of the rules that it passed, which judge the dates.
    pub rules: u32,
}

/// The tokens of one verifier.
#[derive(Debug)]
pub struct Remembered {
    most: usize,
    /// The key of the digests.
    key: [u64; 2],
    entries: Vec<Entry>,
    places: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
    /// The ends of the list that runs through the entries, by when they were used last.
    oldest: u32,
    newest: u32,
}

#[derive(Debug)]
struct Entry {
    digest: TokenDigest,
    validity: Validity,
    /// Its neighbours in the list.
    older: u32,
    newer: u32,
}

/// The neighbour of an entry that has none.
const NO_ENTRY: u32 = u32::MAX;

impl Remembered {
    /// Remembers nothing yet, and `most` tokens at most; never less than one. `key` is random.
    #[must_use]
    pub fn new(most: usize, key: [u64; 2]) -> Self {
        Self {
            most: most.clamp(1, NO_ENTRY as usize),
            key,
            entries: Vec::new(),
            places: HashMap::default(),
            oldest: NO_ENTRY,
            newest: NO_ENTRY,
        }
    }

    /// What stands for a token here; `None` for one that is too long to be remembered.
    #[must_use]
    pub fn digest(&self, token: &[u8]) -> Option<TokenDigest> {
        (token.len() <= MAX_TOKEN_BYTES).then(|| TokenDigest(digest(token, self.key)))
    }

    /// The place of a token that is remembered and still good. One that `is_good` refuses is
    /// forgotten.
    pub fn recall(
        &mut self,
        digest: TokenDigest,
        is_good: impl FnOnce(Validity) -> bool,
    ) -> Option<u32> {
        let place = self.find(digest)?;
        self.unlink(place);
        if is_good(self.entry(place).validity) {
            self.append(place);
            return Some(place);
        }
        // The next that needs a place takes this one.
        self.places.remove(&digest.lookup_key());
        self.prepend(place);
        None
    }

    /// Remembers a token, and says in which place.
    #[expect(clippy::cast_possible_truncation, reason = "`most` is at most `NO_ENTRY`")]
    pub fn remember(&mut self, digest: TokenDigest, validity: Validity) -> u32 {
        let place = match self.places.get(&digest.lookup_key()) {
            Some(&place) => place,
            None if self.entries.len() < self.most => {
                let place = self.entries.len() as u32;
                self.entries.push(Entry { digest, validity, older: NO_ENTRY, newer: NO_ENTRY });
                self.prepend(place);
                place
            }
            None => self.oldest,
        };
        let before = self.entry(place).digest;
        if self.find(before) == Some(place) {
            self.places.remove(&before.lookup_key());
        }
        self.unlink(place);
        let entry = self.entry(place);
        (entry.digest, entry.validity) = (digest, validity);
        self.append(place);
        self.places.insert(digest.lookup_key(), place);
        place
    }

    #[inline]
    fn find(&self, digest: TokenDigest) -> Option<u32> {
        let place = *self.places.get(&digest.lookup_key())?;
        (self.entries[place as usize].digest == digest).then_some(place)
    }

    fn entry(&mut self, place: u32) -> &mut Entry {
        &mut self.entries[place as usize]
    }

    #[inline]
    fn unlink(&mut self, place: u32) {
        let Entry { older, newer, .. } = *self.entry(place);
        *self.newer_of(older) = newer;
        *self.older_of(newer) = older;
    }

    #[inline]
    fn append(&mut self, place: u32) {
        let newest = self.newest;
        *self.newer_of(newest) = place;
        self.newest = place;
        let entry = self.entry(place);
        (entry.older, entry.newer) = (newest, NO_ENTRY);
    }

    fn prepend(&mut self, place: u32) {
        let oldest = self.oldest;
        *self.older_of(oldest) = place;
        self.oldest = place;
        let entry = self.entry(place);
        (entry.older, entry.newer) = (NO_ENTRY, oldest);
    }

    /// The link from a place to the next newer one; of nobody, the oldest.
    fn newer_of(&mut self, place: u32) -> &mut u32 {
        match self.entries.get_mut(place as usize) {
            Some(entry) => &mut entry.newer,
            None => &mut self.oldest,
        }
    }

    /// The link from a place to the next older one; of nobody, the newest.
    fn older_of(&mut self, place: u32) -> &mut u32 {
        match self.entries.get_mut(place as usize) {
            Some(entry) => &mut entry.older,
            None => &mut self.newest,
        }
    }
}

/// A hasher for what is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn remembered(most: usize) -> Remembered {
        Remembered::new(most, [1, 2])
    }

    fn digest(name: u8) -> TokenDigest {
        remembered(1).digest(&[name]).unwrap()
    }

    fn validity(rules: u32) -> Validity {
        Validity { dates: Dates::NONE, rules }
    }

    #[test]
    fn edge_l100_forgets_the_least_recently_used() {
        let mut tokens = remembered(2);
        let [a, b] = [1, 2].map(|name| tokens.remember(digest(name), validity(0)));
        assert_ne!(a, b);
        assert_eq!(tokens.recall(digest(1), |_| true), Some(a));
        assert_eq!(tokens.remember(digest(3), validity(0)), b, "its place goes to the newest");
        assert_eq!(tokens.recall(digest(2), |_| true), None);
        assert_eq!(tokens.recall(digest(1), |_| true), Some(a));
    }

    #[test]
    fn a_token_that_is_no_longer_good_is_forgotten_and_its_place_is_the_next() {
        let mut tokens = remembered(3);
        let [a, b, _] = [1, 2, 3].map(|name| tokens.remember(digest(name), validity(0)));
        assert_eq!(tokens.recall(digest(2), |_| false), None);
        assert_eq!(tokens.recall(digest(2), |_| true), None);
        assert_eq!(tokens.remember(digest(4), validity(0)), b);
        assert_eq!(tokens.recall(digest(1), |_| true), Some(a));
    }

    #[test]
    fn a_digest_of_the_same_name_is_another_token() {
        let mut tokens = remembered(3);
        let [one, other] = [1, 2].map(|rest| TokenDigest([7, rest]));
        tokens.remember(one, validity(1));
        assert_eq!(tokens.recall(other, |_| true), None);
        tokens.remember(other, validity(2));
        assert_eq!(tokens.recall(one, |_| true), None);
        assert!(tokens.recall(other, |validity| validity.rules == 2).is_some());
    }

    #[test]
    fn a_long_token_has_no_digest() {
        assert!(remembered(1).digest(&[0; MAX_TOKEN_BYTES]).is_some());
        assert!(remembered(1).digest(&[0; MAX_TOKEN_BYTES + 1]).is_none());
    }

    /// The same as a list, the least recently used first.
    #[derive(Default)]
    struct Model(Vec<(u8, u32)>);

    impl Model {
        fn take(&mut self, name: u8) -> Option<(u8, u32)> {
            let at = self.0.iter().position(|(found, _)| *found == name)?;
            Some(self.0.remove(at))
        }
    }

    proptest! {
        #[test]
        fn remembers_what_a_plain_list_remembers(
            most in 1_usize..6,
            steps in proptest::collection::vec((0_u8..3, 0_u8..9), 0..200),
        ) {
            let mut tokens = remembered(most);
            let mut model = Model::default();
            let mut held: HashMap<u32, u8> = HashMap::new();
            for (round, (step, name)) in (0..).zip(steps) {
                match step {
                    0 => {
                        model.take(name);
                        if model.0.len() == most {
                            model.0.remove(0);
                        }
                        model.0.push((name, round));
                        let place = tokens.remember(digest(name), validity(round));
                        prop_assert!((place as usize) < most);
                        held.insert(place, name);
                    }
                    1 => {
                        let found = model.take(name);
                        model.0.extend(found);
                        let mut rules = None;
                        let place = tokens.recall(digest(name), |validity| {
                            rules = Some(validity.rules);
                            true
                        });
                        prop_assert_eq!(rules, found.map(|(_, round)| round));
                        prop_assert_eq!(place.map(|place| held[&place]), found.map(|_| name));
                    }
                    _ => {
                        model.take(name);
                        prop_assert_eq!(tokens.recall(digest(name), |_| false), None);
                    }
                }
            }
        }
    }
}
