//! js/edge/keys/remote.ts, with renewals.ts, in Rust: the same steps in the same order, with the
//! same awaits, over the same rules. Read them side by side, and change both together. What is left
//! out are keys and signatures, events, and issuers without an endpoint.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use tokenkeep::verify::freshness::{
    Bounds, Fetch, Freshness, Look, Means, NUMBERS, Reception, Step,
};

use crate::edge::authority::{Address, Key, Reply, Version};
use crate::edge::network::{Cause, fetch_keys, read_store, write_store};
use crate::edge::planted::Bug;
use crate::edge::script::Runtime;
use crate::edge::store::Copy;
use crate::edge::tasks::{self, Life};
use crate::edge::world::{Refusal, Shared, Truth};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadedSet {
    pub version: Version,
    pub fetched_at: f64,
    pub fresh_from: f64,
    pub fresh_until: f64,
    pub is_bundled: bool,
    /// What really happened; the product knows none of it.
    pub truth: Truth,
}

/// What a renewal has put into memory; none when it failed, or another one was quicker.
type Read = Option<LoadedSet>;

/// How an await of a renewal ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Read,
    Never,
}

/// A promise of a renewal.
#[derive(Clone)]
struct Renewal {
    began: f64,
    end: Rc<RefCell<Option<Result<Read, Refusal>>>>,
}

/// One verification that needs keys.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub now: f64,
    /// The request that it belongs to.
    pub request: usize,
    pub has_context: bool,
    /// Through what it may share a promise.
    pub scope: Option<usize>,
    /// Its issuer's options hold a set. Other issuers name the same address and have none.
    pub brings_bundled: bool,
}

pub struct KeySets {
    pub isolate: usize,
    world: Shared,
    runtime: Runtime,
    bounds: Bounds,
    bug: Option<Bug>,
    /// As JavaScript keeps it.
    known: Cell<[f64; NUMBERS]>,
    loaded: Cell<Option<LoadedSet>>,
    /// Since when the bundled set serves, of those that bring one.
    bundled: Cell<Option<LoadedSet>>,
    /// The address that the document named last.
    known_address: Cell<Option<Address>>,
    under_way: RefCell<HashMap<usize, Renewal>>,
}

impl KeySets {
    pub fn new(world: &Shared, isolate: usize) -> Rc<Self> {
        let script = world.borrow().script.clone();
        Rc::new(Self {
            isolate,
            runtime: script.isolates[isolate],
            bounds: script.bounds,
            bug: world.borrow().bug,
            world: Rc::clone(world),
            known: Cell::new(Freshness::new(script.bounds).to_numbers()),
            loaded: Cell::new(None),
            bundled: Cell::new(None),
            known_address: Cell::new(None),
            under_way: RefCell::default(),
        })
    }

    pub fn loaded(&self) -> Option<LoadedSet> {
        self.loaded.get()
    }

    fn peek(&self, now: f64) -> Option<LoadedSet> {
        self.loaded.get().filter(|loaded| now < loaded.fresh_until && now >= loaded.fresh_from)
    }

    pub async fn find(self: Rc<Self>, key: Key, call: Call) -> Result<LoadedSet, Refusal> {
        let mut loaded = match self.peek(call.now) {
            Some(loaded) => loaded,
            None => self.ready(call, call.now, false).await?,
        };
        let mut waited = None;
        loop {
            if self.has(loaded, key)? {
                return Ok(loaded);
            }
            let now = self.clock();
            let shared = if waited.is_none() { self.shared(call) } else { None };
            let under_way = shared.as_ref().map(|renewal| renewal.began);
            let has_tried = waited == Some(Look::Fetch);
            let means = Means { under_way, has_tried, ..Means::default() };
            let next = self.rules(|rules| rules.look(call.now, now, means));
            match next {
                Look::Unknown => return Err(Refusal::Unknown),
                Look::Unreachable => return Err(self.unreachable(now)),
                Look::Join | Look::Fetch => {}
            }
            let renewal = match shared.filter(|_| next == Look::Join) {
                Some(renewal) => renewal,
                None => self.share(call, Rc::clone(&self).fetch(call, Cause::Key)),
            };
            let end = self.end(call, renewal).await?;
            if end != End::Never || next == Look::Fetch {
                waited = Some(next);
            }
            loaded = self.ready(call, self.clock(), true).await?;
        }
    }

    async fn ready(
        self: &Rc<Self>,
        call: Call,
        mut now: f64,
        mut has_tried: bool,
    ) -> Result<LoadedSet, Refusal> {
        let kept_alive = call.has_context && call.scope.is_some();
        loop {
            let shared = self.shared(call);
            let under_way = shared.as_ref().map(|renewal| renewal.began);
            let has_bundled = call.brings_bundled;
            let means = Means { under_way, kept_alive, has_tried, has_bundled };
            let step = self.rules(|rules| rules.ask(now, means));
            match step {
                Step::Renew | Step::Join => {
                    let renewal = match shared.filter(|_| step == Step::Join) {
                        Some(renewal) => renewal,
                        None => self.share(call, Rc::clone(self).renew(call)),
                    };
                    let end = self.end(call, renewal).await?;
                    has_tried = end != End::Never || step == Step::Renew;
                    now = self.clock();
                    continue;
                }
                Step::RenewBehind => {
                    self.share(call, Rc::clone(self).renew(call));
                }
                Step::UseBundled => {
                    self.trap()?;
                    self.rules(|rules| rules.use_bundled(now));
                    self.bundled.set(Some(self.held_by(0, now, true, Truth::BUNDLED)));
                }
                Step::Refuse => return Err(self.unreachable(now)),
                Step::Serve | Step::ServeStale => {}
            }
            return self.given(call).ok_or_else(|| self.unreachable(now));
        }
    }

    /// What is in memory, or what the call's issuer brings.
    fn given(&self, call: Call) -> Option<LoadedSet> {
        self.loaded.get().or_else(|| self.bundled.get().filter(|_| call.brings_bundled))
    }

    /// The rules, as they cross the border: numbers in, numbers out.
    fn rules<T>(&self, act: impl FnOnce(&mut Freshness) -> T) -> T {
        let mut freshness = Freshness::from_numbers(self.known.get());
        let result = act(&mut freshness);
        self.known.set(freshness.to_numbers());
        result
    }

    fn shared(&self, call: Call) -> Option<Renewal> {
        self.under_way.borrow().get(&call.scope?).cloned()
    }

    fn share(
        self: &Rc<Self>,
        call: Call,
        work: impl Future<Output = Result<Read, Refusal>> + 'static,
    ) -> Renewal {
        let renewal = Renewal { began: self.clock(), end: Rc::default() };
        let (this, kept) = (Rc::clone(self), renewal.clone());
        let settled = async move {
            let end = work.await;
            *kept.end.borrow_mut() = Some(end);
            if let Some(scope) = call.scope {
                this.unshare(scope, &kept);
            }
        };
        // Shared before the work has run up to its first await: nobody can look in between.
        if let Some(scope) = call.scope {
            self.under_way.borrow_mut().insert(scope, renewal.clone());
        }
        self.begin(call, settled);
        renewal
    }

    fn unshare(&self, scope: usize, renewal: &Renewal) {
        let mut under_way = self.under_way.borrow_mut();
        if under_way.get(&scope).is_some_and(|shared| Rc::ptr_eq(&shared.end, &renewal.end)) {
            under_way.remove(&scope);
        }
    }

    /// A promise that the call's context keeps alive, if it can.
    fn begin(&self, call: Call, work: impl Future<Output = ()> + 'static) {
        let life = match self.runtime {
            Runtime::Server => Life::Process,
            Runtime::Worker if call.has_context => Life::Kept,
            Runtime::Worker => Life::Request,
        };
        tasks::call(&self.world, call.request, life, work);
    }

    async fn end(&self, call: Call, renewal: Renewal) -> Result<End, Refusal> {
        let bound = 2.0 * self.bounds.timeout + 1_000.0;
        let deadline = self.world.borrow_mut().wake_after(bound);
        let end = poll_fn(|_| match *renewal.end.borrow() {
            Some(end) => Poll::Ready(Some(end)),
            None if self.world.borrow().now >= deadline => Poll::Ready(None),
            None => Poll::Pending,
        });
        match end.await {
            Some(end) => end.map(|_| End::Read),
            None => {
                if let Some(scope) = call.scope {
                    self.unshare(scope, &renewal);
                }
                Ok(End::Never)
            }
        }
    }

    async fn renew(self: Rc<Self>, call: Call) -> Result<Read, Refusal> {
        if !self.world.borrow().script.has_store {
            return self.fetch(call, Cause::Renewal).await;
        }
        let now = self.clock();
        self.rules(|rules| rules.renewing(now));
        let read = self.take_copy().await?;
        if self.peek(self.clock()).is_some() {
            return Ok(read);
        }
        Ok(self.fetch(call, Cause::Renewal).await?.or(read))
    }

    async fn fetch(self: Rc<Self>, call: Call, cause: Cause) -> Result<Read, Refusal> {
        let begun = self.clock();
        let mut fetch = self.began(begun, Bug::StampsAfterAwait);
        let before = self.loaded.get();
        let truth = self.world.borrow().truth(self.isolate);
        let serves = self.given(call);
        let known = &self.known_address;
        let answer = fetch_keys(&self.world, self.isolate, before, serves, cause, known).await;
        if self.bug == Some(Bug::StampsAfterAwait) {
            fetch = self.rules(|rules| rules.began(begun));
        }
        if self.bug == Some(Bug::NoSequenceCheck) {
            fetch.number = u32::MAX;
        }
        let Reply::Set { version, not_modified } = answer.reply else {
            let now = self.clock();
            self.rules(|rules| rules.failed(fetch, now));
            self.world.borrow_mut().failed(answer.exchange);
            return Ok(None);
        };
        self.trap()?;
        self.world.borrow_mut().succeeded(answer.exchange);
        let lifetime = answer.lifetime;
        if self.rules(|rules| rules.answered(fetch, lifetime)) == Reception::Overtaken {
            return Ok(None);
        }
        let loaded = self.keep(version, begun, truth);
        if !not_modified {
            self.to_store(loaded, call);
        }
        Ok(Some(loaded))
    }

    fn began(&self, now: f64, unless: Bug) -> Fetch {
        if self.bug == Some(unless) {
            return Fetch { number: 0, began: now };
        }
        self.rules(|rules| rules.began(now))
    }

    async fn take_copy(&self) -> Result<Read, Refusal> {
        let unseen = self.bug == Some(Bug::AssignsWithoutLooking) && self.loaded.get().is_none();
        let found = read_store(&self.world, self.isolate).await;
        if unseen {
            self.loaded.set(None);
        }
        let Some(Copy { version, fetched_at, lifetime, truth }) = found else {
            return Ok(None);
        };
        self.trap()?;
        let now = self.clock();
        let reception = self.rules(|rules| rules.stored(now, fetched_at, Some(lifetime)));
        if reception == Reception::Overtaken && !unseen {
            return Ok(None);
        }
        Ok(Some(self.keep(version, fetched_at, truth)))
    }

    fn to_store(&self, loaded: LoadedSet, call: Call) {
        if !self.world.borrow().script.has_store {
            return;
        }
        let copy = Copy {
            version: loaded.version,
            fetched_at: loaded.fetched_at,
            lifetime: loaded.fresh_until - loaded.fetched_at,
            truth: loaded.truth,
        };
        let ttl = self.rules(|rules| rules.usable_for());
        self.begin(call, write_store(Rc::clone(&self.world), self.isolate, copy, ttl));
    }

    fn keep(&self, version: Version, fetched_at: f64, truth: Truth) -> LoadedSet {
        let loaded = self.held_by(version, fetched_at, false, truth);
        self.loaded.set(Some(loaded));
        loaded
    }

    fn held_by(
        &self,
        version: Version,
        fetched_at: f64,
        is_bundled: bool,
        truth: Truth,
    ) -> LoadedSet {
        let (fresh_from, fresh_until) = self.rules(|rules| rules.fresh());
        LoadedSet { version, fetched_at, fresh_from, fresh_until, is_bundled, truth }
    }

    fn unreachable(&self, now: f64) -> Refusal {
        Refusal::Unreachable { retry_after: self.rules(|rules| rules.retry_after(now)) }
    }

    fn clock(&self) -> f64 {
        self.world.borrow().clock(self.isolate)
    }

    /// Where the wasm reads keys, and may trap. What the rules know lies outside of it, and a fresh
    /// instance goes on with it.
    fn trap(&self) -> Result<(), Refusal> {
        if self.world.borrow_mut().isolates[self.isolate].traps.pop().is_some() {
            return Err(Refusal::Trap);
        }
        Ok(())
    }

    fn has(&self, loaded: LoadedSet, key: Key) -> Result<bool, Refusal> {
        self.trap()?;
        Ok(self.world.borrow().authority.sets[loaded.version].contains(&key))
    }
}
