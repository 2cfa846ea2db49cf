//! The authority: publishes a key set, and a document that names its address. It rotates its keys,
//! moves them to another address, and fails.

use crate::edge::world::{Moment, Span};

/// A key, by its place in [`Authority::keys`].
pub type Key = usize;

/// A key set, by its place in [`Authority::sets`].
pub type Version = usize;

/// An address of the key set: how often it had moved before.
pub type Address = usize;

/// When a key was published.
pub struct Publication {
    pub from: Moment,
    pub until: Option<Moment>,
}

/// What goes wrong for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// 503, a redirect, a text that is no key set.
    Refuses,
    /// No answer ever comes.
    Hangs,
}

/// What the authority sends back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// 200 with this set, or 304 for it.
    Set { version: Version, not_modified: bool },
    /// Nothing that can be used.
    Refusal,
}

pub struct Authority {
    pub keys: Vec<Publication>,
    /// All sets that there ever were, the last one is published.
    pub sets: Vec<Vec<Key>>,
    pub outage: Option<(Outage, Moment)>,
    /// Where the last set is. There is nothing at the addresses before.
    pub address: Address,
    /// What goes wrong with the document alone.
    pub document_outage: Option<(Outage, Moment)>,
}

impl Authority {
    pub fn new() -> Self {
        let keys = vec![Publication { from: 0, until: None }];
        Self { keys, sets: vec![vec![0]], outage: None, address: 0, document_outage: None }
    }

    pub fn published(&self) -> &[Key] {
        self.sets.last().map_or(&[], Vec::as_slice)
    }

    /// A new key appears beside the others.
    pub fn publish(&mut self, now: Moment) {
        self.keys.push(Publication { from: now, until: None });
        let set = [self.published(), &[self.keys.len() - 1]].concat();
        self.sets.push(set);
    }

    /// The oldest key goes, if another one is left.
    pub fn withdraw(&mut self, now: Moment) {
        if let [oldest, rest @ ..] = self.published()
            && !rest.is_empty()
        {
            let (oldest, rest) = (*oldest, rest.to_vec());
            self.keys[oldest].until = Some(now);
            self.sets.push(rest);
        }
    }

    /// A key was stolen: all go, and a new one comes.
    pub fn replace(&mut self, now: Moment) {
        for key in self.published().to_vec() {
            self.keys[key].until = Some(now);
        }
        self.keys.push(Publication { from: now, until: None });
        self.sets.push(vec![self.keys.len() - 1]);
    }

    pub fn fail(&mut self, outage: Outage, now: Moment, lasts: Span) {
        self.outage = Some((outage, now + lasts));
    }

    /// The answer to a request for the document; `None` when it never comes, and then no address.
    pub fn locate(&self, now: Moment) -> Option<Option<Address>> {
        let fails = [self.outage, self.document_outage].into_iter().flatten();
        match fails.filter(|&(_, until)| now < until).map(|(outage, _)| outage).next() {
            Some(Outage::Hangs) => None,
            Some(Outage::Refuses) => Some(None),
            None => Some(Some(self.address)),
        }
    }

    /// The answer to a request that arrives now; `None` when it never comes.
    pub fn answer(&self, now: Moment, at: Address, etag: Option<Version>) -> Option<Reply> {
        match self.outage {
            Some((Outage::Hangs, until)) if now < until => None,
            Some((Outage::Refuses, until)) if now < until => Some(Reply::Refusal),
            _ if at != self.address => Some(Reply::Refusal),
            _ => {
                let version = self.sets.len() - 1;
                Some(Reply::Set { version, not_modified: etag == Some(version) })
            }
        }
    }
}
