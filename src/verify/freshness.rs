//! Decides how long a key set counts, when it is to be fetched again, what an answer or a copy may
//! replace, and when a token has to be refused for want of keys.
//!
//! One [`Freshness`] belongs to one address of key sets in one isolate. It is told what happens and
//! when ([`began`](Freshness::began), [`answered`](Freshness::answered),
//! [`failed`](Freshness::failed), [`stored`](Freshness::stored)) and is asked what to do
//! ([`ask`](Freshness::ask), [`look`](Freshness::look)). It knows no clock, and it never learns
//! that a request was cancelled: what such a request leaves behind are moments, and each of them
//! has an end.
//!
//! All times are in milliseconds; moments are since the epoch, by the isolate's own clock, which
//! may be set.
//!
//! An endpoint that is asked about opaque tokens rests by the same rules. Nothing that it answers
//! stays fresh.

mod numbers;
#[cfg(test)]
mod tests;

pub use numbers::NUMBERS;

/// Milliseconds, of a span or since the epoch.
pub type Millis = f64;

/// How long the first failed fetch keeps the next one waiting. Each further failure doubles it.
const FIRST_WAIT: Millis = 1_000.0;

/// The clocks of two isolates, or of one isolate before and after it was set, may differ by this
/// much. A moment further ahead comes from a clock that was wrong, and is ignored.
const AHEAD: Millis = 60_000.0;

/// The bounds of what an answer may say of its own freshness.
const SHORTEST: Millis = 60_000.0;
const LONGEST: Millis = 86_400_000.0;

/// Before anything has happened.
const NEVER: Millis = f64::NEG_INFINITY;

/// The settings of `JwksOptions`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// How long a set is fresh when its answer does not say.
    pub max_age: Millis,
    /// How long after that it may serve while no newer one can be had.
    pub max_stale: Millis,
    /// The least time between two fetches for unknown keys, and the longest wait after a failure.
    pub cooldown: Millis,
    /// The longest that one fetch takes.
    pub timeout: Millis,
}

/// Where the set in memory comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The endpoint, whoever asked it.
    Published,
    /// The options of the verifier.
    Bundled,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Loaded {
    origin: Origin,
    /// When the fetch that brought it began.
    fetched_at: Millis,
    fresh_until: Millis,
}

/// What a request can do about a set that is not fresh.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Means {
    /// When the renewal began that is under way and that this request may wait for.
    pub under_way: Option<Millis>,
    /// A renewal that this request begins goes on when the request is over.
    pub kept_alive: bool,
    /// It has waited for a renewal already, and does so only once.
    pub has_tried: bool,
    /// The options hold a set for the time before the endpoint was ever reached.
    pub has_bundled: bool,
}

/// What a request that needs a key set does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Uses the set in memory, which is fresh.
    Serve,
    /// Uses the set in memory, which is not.
    ServeStale,
    /// Begins a renewal, and uses the set in memory meanwhile.
    RenewBehind,
    /// Begins a renewal, waits for its end and asks again.
    Renew,
    /// Waits for the renewal that is under way and asks again.
    Join,
    /// Takes the bundled set into memory and uses it.
    UseBundled,
    /// Refuses the token: its keys can't be had.
    Refuse,
}

/// What a request does next whose key is not in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Waits for the renewal that is under way and looks again.
    Join,
    /// Fetches the set, past the store, and looks again.
    Fetch,
    /// Refuses the token: the key is not published.
    Unknown,
    /// Refuses the token: whether the key is published can't be known now.
    Unreachable,
}

/// What became of an answer or a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// It takes the place of the set in memory.
    Accepted,
    /// It does not: the set in memory is newer, or the copy is of no use.
    Overtaken,
}

/// One fetch. Numbers are given as fetches begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fetch {
    /// Its place among the fetches of the isolate, counted from 1.
    pub number: u32,
    /// When it began.
    pub began: Millis,
}

/// What is known of one address of key sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Freshness {
    bounds: Bounds,
    loaded: Option<Loaded>,
    /// How many fetches have begun.
    begun: u32,
    /// When the last of them began.
    began_at: Millis,
    /// Whether its end has not been told.
    is_open: bool,
    /// The number of the newest fetch that was answered.
    newest_answer: u32,
    /// How many fetches had begun when a copy was taken last.
    begun_before_copy: u32,
    /// Before this moment nobody renews a stale set, nor a missing one while the endpoint fails.
    not_before: Millis,
    /// Failures in a row.
    failures: u32,
    /// How many fetches had begun when the last failure was counted.
    begun_before_failure: u32,
}

impl Freshness {
    /// Nothing is known yet.
    #[must_use]
    pub const fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            loaded: None,
            begun: 0,
            began_at: NEVER,
            is_open: false,
            newest_answer: 0,
            begun_before_copy: 0,
            not_before: NEVER,
            failures: 0,
            begun_before_failure: 0,
        }
    }

    /// What a request that needs the set does at `now`.
    #[must_use]
    pub fn ask(&self, now: Millis, means: Means) -> Step {
        let under_way = self.is_under_way(now, means.under_way);
        // A bundled set serves those whose options hold one. Others may ask at the same address.
        let serves = |loaded: &Loaded| {
            !self.is_spent(loaded, now) && (loaded.origin == Origin::Published || means.has_bundled)
        };
        let Some(loaded) = self.loaded.filter(serves) else {
            return self.ask_without_set(now, under_way, means);
        };
        if loaded.is_fresh(now) {
            return Step::Serve;
        }
        let waits = self.must_wait(now);
        // Stale for less time than it was fresh: worth serving while its renewal is under way.
        let is_recent = now < loaded.fresh_until + (loaded.fresh_until - loaded.fetched_at);
        match means {
            Means { has_tried: true, .. } => Step::ServeStale,
            Means { kept_alive: true, .. } if under_way && (waits || is_recent) => Step::ServeStale,
            _ if under_way => Step::Join,
            _ if waits => Step::ServeStale,
            Means { kept_alive: true, .. } if is_recent => Step::RenewBehind,
            _ => Step::Renew,
        }
    }

    fn ask_without_set(&self, now: Millis, under_way: bool, means: Means) -> Step {
        let Means { has_tried, has_bundled, .. } = means;
        match (has_tried, under_way) {
            (false, true) => Step::Join,
            // Requests that come together without a set fetch each for themselves: none may wait
            // for another one's fetch, which may be cancelled.
            (false, false) if self.failures == 0 || !self.must_wait(now) => Step::Renew,
            // The bundled set is always stale, and serves only where stale sets may.
            _ if has_bundled && self.loaded.is_none() && self.bounds.max_stale > 0.0 => {
                Step::UseBundled
            }
            _ => Step::Refuse,
        }
    }

    /// What a request does at `now` that came at `asked` and whose key is not in the set. It looks
    /// at `under_way` and `has_tried`, which means here that it has fetched the set for this
    /// reason.
    #[must_use]
    pub fn look(&self, asked: Millis, now: Millis, means: Means) -> Look {
        let since = now - self.began_at;
        match (means.has_tried, self.is_under_way(now, means.under_way)) {
            (false, true) => Look::Join,
            (false, false) if since >= self.bounds.cooldown || since <= -AHEAD => Look::Fetch,
            _ if self.is_known(asked) => Look::Unknown,
            _ => Look::Unreachable,
        }
    }

    /// Whether a renewal can still have an end. It takes a read of the store and a fetch at most;
    /// after that, the request that began it must be gone, and whoever waited would wait for ever.
    fn is_under_way(&self, now: Millis, began: Option<Millis>) -> bool {
        began.is_some_and(|began| (now - began).abs() < 2.0 * self.bounds.timeout)
    }

    /// Whether the set in memory says what was published at `asked`, or a cooldown before at the
    /// earliest. While the endpoint fails nobody can say so.
    fn is_known(&self, asked: Millis) -> bool {
        self.failures == 0
            && self.loaded.is_some_and(|loaded| {
                let age = asked - loaded.fetched_at;
                loaded.origin == Origin::Published && age <= self.bounds.cooldown && age > -AHEAD
            })
    }

    /// A renewal begins, with the store if there is one. To be told before anything is awaited:
    /// this moment, and no promise, holds other requests back.
    pub fn renewing(&mut self, now: Millis) {
        self.not_before = now + self.wait(self.failures);
    }

    /// A fetch begins. To be told before it is awaited.
    pub fn began(&mut self, now: Millis) -> Fetch {
        self.renewing(now);
        self.begun += 1;
        (self.began_at, self.is_open) = (now, true);
        Fetch { number: self.begun, began: now }
    }

    /// A fetch has brought a set, or has learned that the one it asked with is still the newest.
    /// `lifetime` is what the answer says of its own freshness.
    pub fn answered(&mut self, fetch: Fetch, lifetime: Option<Millis>) -> Reception {
        self.ended(fetch);
        if fetch.number < self.newest_answer {
            return Reception::Overtaken;
        }
        // Whatever becomes of the answer: what an older fetch learns says nothing any more.
        self.newest_answer = fetch.number;
        (self.failures, self.not_before) = (0, NEVER);
        if self.is_before_copy(fetch) {
            return Reception::Overtaken;
        }
        self.load(Origin::Published, fetch.began, lifetime);
        Reception::Accepted
    }

    /// Whether the copy in memory is newer. It was taken after this fetch began, so that only the
    /// moments can be compared.
    fn is_before_copy(&self, fetch: Fetch) -> bool {
        fetch.number <= self.begun_before_copy
            && self.loaded.is_some_and(|loaded| fetch.began < loaded.fetched_at)
    }

    /// A fetch has brought nothing that can be used.
    pub fn failed(&mut self, fetch: Fetch, now: Millis) {
        self.ended(fetch);
        // A later fetch has succeeded since.
        if fetch.number < self.newest_answer {
            return;
        }
        // Fetches that were under way together fail for one reason, and count once.
        if self.failures == 0 || fetch.number > self.begun_before_failure {
            self.failures += 1;
            self.begun_before_failure = self.begun;
        }
        self.not_before = now + self.wait(self.failures - 1);
    }

    /// The store has a copy that another isolate fetched at `fetched_at`, with the lifetime that
    /// its answer named.
    pub fn stored(
        &mut self,
        now: Millis,
        fetched_at: Millis,
        lifetime: Option<Millis>,
    ) -> Reception {
        let age = now - fetched_at;
        let is_useful = age >= 0.0 && age < self.lifetime(lifetime) + self.bounds.max_stale;
        let is_newer = self.loaded.is_none_or(|loaded| {
            loaded.origin == Origin::Bundled
                || loaded.fetched_at < fetched_at
                || loaded.is_ahead(now)
        });
        if !(is_useful && is_newer) {
            return Reception::Overtaken;
        }
        self.begun_before_copy = self.begun;
        self.load(Origin::Published, fetched_at, lifetime);
        if now < self.fresh().1 {
            // The renewal that has read the store is over, and its stamp with it.
            self.not_before = NEVER;
        }
        Reception::Accepted
    }

    /// The bundled set is taken into memory. It is stale from then on.
    pub fn use_bundled(&mut self, now: Millis) {
        self.loaded = Some(Loaded { origin: Origin::Bundled, fetched_at: now, fresh_until: now });
    }

    /// Between these two moments the set in memory is fresh; the second one is not among them.
    #[must_use]
    pub fn fresh(&self) -> (Millis, Millis) {
        self.loaded.map_or((NEVER, NEVER), |loaded| (loaded.fetched_at - AHEAD, loaded.fresh_until))
    }

    /// How long from its fetch the set in memory is worth keeping for other isolates.
    #[must_use]
    pub fn usable_for(&self) -> Millis {
        self.loaded
            .map_or(0.0, |loaded| loaded.fresh_until - loaded.fetched_at + self.bounds.max_stale)
    }

    /// How long a caller should wait whose token is refused at `now` for want of keys. Never less
    /// than a second, and not much more than a cooldown.
    #[must_use]
    pub fn retry_after(&self, now: Millis) -> Millis {
        let next_look = self.began_at + self.bounds.cooldown;
        let next = match self.loaded {
            _ if self.is_open && now < self.began_at + self.bounds.timeout => now,
            Some(loaded) if loaded.is_fresh(now) => next_look,
            Some(loaded) if !self.is_spent(&loaded, now) => next_look.min(self.not_before),
            _ => self.not_before,
        };
        // Not `clamp`, whose panic formats its bounds: that alone would be 3 KB of the wasm.
        (next - now).min(self.bounds.cooldown).max(FIRST_WAIT)
    }

    fn load(&mut self, origin: Origin, fetched_at: Millis, lifetime: Option<Millis>) {
        let fresh_until = fetched_at + self.lifetime(lifetime);
        self.loaded = Some(Loaded { origin, fetched_at, fresh_until });
    }

    fn lifetime(&self, told: Option<Millis>) -> Millis {
        let told = told.filter(|told| !told.is_nan());
        told.map_or(self.bounds.max_age, |told| told.clamp(SHORTEST, LONGEST))
    }

    const fn ended(&mut self, fetch: Fetch) {
        if fetch.number == self.begun {
            self.is_open = false;
        }
    }

    fn must_wait(&self, now: Millis) -> bool {
        let wait = self.not_before - now;
        wait > 0.0 && wait <= self.bounds.cooldown + AHEAD
    }

    /// A second, doubled for each failure, up to the cooldown.
    fn wait(&self, failures: u32) -> Millis {
        let doubled = f64::from(1_u32 << failures.min(20)) * FIRST_WAIT;
        doubled.min(self.bounds.cooldown)
    }

    /// Whether the set may serve nobody any more.
    fn is_spent(&self, loaded: &Loaded, now: Millis) -> bool {
        now >= loaded.fresh_until + self.bounds.max_stale
    }
}

impl Loaded {
    fn is_fresh(&self, now: Millis) -> bool {
        now < self.fresh_until && !self.is_ahead(now)
    }

    /// Whether it was fetched by a clock that was wrong.
    fn is_ahead(&self, now: Millis) -> bool {
        self.fetched_at - now > AHEAD
    }
}
