//! What is awaited: the authority's answers and the store's, with all that happens on the way.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;

use crate::edge::authority::{Address, Reply, Version};
use crate::edge::invariants;
use crate::edge::key_sets::LoadedSet;
use crate::edge::planted::Bug;
use crate::edge::script::{SECOND, float};
use crate::edge::store::Copy;
use crate::edge::world::{Event, Moment, Shared, World};
use crate::trace::tell;

/// Why a key set is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It is stale, or there is none.
    Renewal,
    /// A token names a key that it lacks.
    Key,
}

/// One fetch of a key set.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    isolate: usize,
    /// Where the set is asked for; a document may have to say it first.
    at: Address,
    /// What came of the document: no address where it can't be had.
    located: Option<Option<Address>>,
    etag: Option<Version>,
    /// What comes of it; a fetch that takes too long is a refusal.
    reply: Option<Reply>,
}

/// A read of the store that is under way.
pub struct Lookup {
    isolate: usize,
    found: Option<Option<Copy>>,
}

pub struct Answer {
    pub exchange: usize,
    pub reply: Reply,
    pub lifetime: Option<f64>,
}

/// js/edge/keys/fetch.ts, and `fetch` of js/discovery/discover.ts. `loaded`: what is in memory;
/// `serves`: what the call can use meanwhile; `known`: the address that a document named last.
pub async fn fetch_keys(
    world: &Shared,
    isolate: usize,
    loaded: Option<LoadedSet>,
    serves: Option<LoadedSet>,
    cause: Cause,
    known: &Cell<Option<Address>>,
) -> Answer {
    let has_document = world.borrow().script.has_document;
    let exchange = world.borrow_mut().send(isolate, loaded, serves, cause);
    if has_document && !(known.get().is_some() && world.borrow().bug == Some(Bug::LocatesOnce)) {
        world.borrow_mut().ask_for_document(exchange);
        let named = poll_fn(|_| {
            world.borrow().exchanges[exchange].located.map_or(Poll::Pending, Poll::Ready)
        });
        let named = named.await;
        known.set(named.or(known.get()));
    }
    match known.get().or((!has_document).then_some(0)) {
        Some(at) => world.borrow_mut().ask_for_keys(exchange, at),
        None => world.borrow_mut().settle(exchange, Reply::Refusal),
    }
    let reply = poll_fn(|_| world.borrow_mut().take(exchange)).await;
    let lifetime = world.borrow().script.told.map(float);
    Answer { exchange, reply, lifetime }
}

/// `withoutDelay` over `store.get`.
pub async fn read_store(world: &Shared, isolate: usize) -> Option<Copy> {
    let lookup = world.borrow_mut().look_up(isolate);
    poll_fn(|_| world.borrow().lookups[lookup].found.map_or(Poll::Pending, Poll::Ready)).await
}

/// `store.put`.
pub async fn write_store(world: Shared, isolate: usize, copy: Copy, ttl: f64) {
    let due = world.borrow_mut().write_due();
    poll_fn(|_| if world.borrow().now >= due { Poll::Ready(()) } else { Poll::Pending }).await;
    world.borrow_mut().write(isolate, copy, ttl);
}

impl World {
    fn send(
        &mut self,
        isolate: usize,
        loaded: Option<LoadedSet>,
        serves: Option<LoadedSet>,
        cause: Cause,
    ) -> usize {
        let verdict = invariants::fetches_are_rare(self, isolate, serves, cause);
        self.hold(verdict);
        let exchange = self.exchanges.len();
        tell!(self, isolate, "#{exchange} is sent, for {cause:?}");
        let has_etag = self.script.has_etag && !self.script.has_document;
        let etag = loaded.filter(|_| has_etag).map(|loaded| loaded.version);
        self.exchanges.push(Exchange { isolate, at: 0, located: None, etag, reply: None });
        let now = self.now;
        let at = &mut self.isolates[isolate];
        (at.attempted_at, at.fetched_at) = (Some(now), Some(now));
        let timeout = self.timeout();
        self.schedule(timeout, Event::Fail { exchange });
        exchange
    }

    fn ask_for_document(&mut self, exchange: usize) {
        let delay = self.dice.between(0, self.script.weather.delay);
        self.schedule(delay, Event::Locate { exchange });
        // It has half of the time that both have.
        let timeout = self.timeout() / 2;
        self.schedule(timeout, Event::Located { exchange, address: None });
    }

    /// A request for the document has reached the authority.
    pub fn locate(&mut self, exchange: usize) {
        let is_lost = self.dice.chance(self.script.weather.loss);
        let delay = self.dice.between(0, self.script.weather.delay);
        if let Some(address) = self.authority.locate(self.now).filter(|_| !is_lost) {
            self.schedule(delay, Event::Located { exchange, address });
        }
    }

    /// The document has come, or its time is over.
    pub fn located(&mut self, exchange: usize, address: Option<Address>) {
        self.exchanges[exchange].located.get_or_insert(address);
    }

    fn ask_for_keys(&mut self, exchange: usize, at: Address) {
        self.exchanges[exchange].at = at;
        let delay = self.dice.between(0, self.script.weather.delay);
        self.schedule(delay, Event::Arrive { exchange });
    }

    /// A request has reached the authority.
    pub fn arrive(&mut self, exchange: usize) {
        let Exchange { at, etag, .. } = self.exchanges[exchange];
        let reply = self.authority.answer(self.now, at, etag);
        let is_lost = self.dice.chance(self.script.weather.loss);
        let delay = self.dice.between(0, self.script.weather.delay);
        if let Some(reply) = reply.filter(|_| !is_lost) {
            self.schedule(delay, Event::Return { exchange, reply });
        }
    }

    /// A reply has come, or its time is over.
    pub fn settle(&mut self, exchange: usize, reply: Reply) {
        self.exchanges[exchange].reply.get_or_insert(reply);
    }

    fn take(&mut self, exchange: usize) -> Poll<Reply> {
        let Exchange { isolate, reply, .. } = self.exchanges[exchange];
        let Some(reply) = reply else { return Poll::Pending };
        tell!(self, isolate, "#{exchange} is answered: {reply:?}");
        Poll::Ready(reply)
    }

    /// An isolate has seen that a fetch brought nothing. That counts unless a later one had brought
    /// something.
    pub fn failed(&mut self, exchange: usize) {
        let now = self.now;
        let at = &mut self.isolates[self.exchanges[exchange].isolate];
        if at.newest_success.is_none_or(|newest| newest < exchange) {
            at.failed_at = Some(now);
        }
    }

    /// An isolate has read a set.
    pub fn succeeded(&mut self, exchange: usize) {
        let at = &mut self.isolates[self.exchanges[exchange].isolate];
        if at.newest_success.is_none_or(|newest| newest < exchange) {
            (at.newest_success, at.failed_at) = (Some(exchange), None);
        }
    }

    fn look_up(&mut self, isolate: usize) -> usize {
        let lookup = self.lookups.len();
        self.lookups.push(Lookup { isolate, found: None });
        self.isolates[isolate].attempted_at = Some(self.now);
        let weather = self.script.weather;
        let is_lost = self.dice.chance(weather.store_loss);
        let delay = self.dice.between(0, weather.store_delay);
        let hangs = is_lost && self.dice.chance(500);
        if !hangs {
            self.schedule(delay, Event::Find { lookup, fails: is_lost });
        }
        let timeout = self.timeout();
        self.schedule(timeout, Event::Find { lookup, fails: true });
        lookup
    }

    /// The store answers, or fails to.
    pub fn find_copy(&mut self, lookup: usize, fails: bool) {
        let isolate = self.lookups[lookup].isolate;
        let found = self.store.read(self.now, isolate).filter(|_| !fails);
        if self.lookups[lookup].found.is_none() {
            tell!(self, isolate, "the store has {found:?}");
            self.lookups[lookup].found = Some(found);
        }
    }

    fn write_due(&mut self) -> Moment {
        let delay = self.dice.between(0, self.script.weather.store_delay);
        self.wake_after(float(delay))
    }

    fn write(&mut self, isolate: usize, copy: Copy, ttl: f64) {
        if self.dice.chance(self.script.weather.store_loss) {
            return;
        }
        let lag = self.script.weather.store_lag;
        let seen_from = (0..self.isolates.len())
            .map(|other| self.now + if other == isolate { 0 } else { self.dice.between(0, lag) })
            .collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a span")]
        let ttl = ttl.ceil().max(0.0) as Moment;
        tell!(self, isolate, "writes set {} to the store", copy.version);
        // KV keeps nothing for less than a minute.
        let until = self.now + ttl.max(60 * SECOND);
        self.store.write(copy, until, seen_from);
    }
}
