//! What clients do, and what goes wrong.

use crate::edge::authority::Outage;
use crate::edge::script::{Context, HOUR, MINUTE, Runtime, SECOND};
use crate::edge::world::{Event, Request, Token, World};
use crate::trace::tell;

#[derive(Clone, Copy)]
enum Fault {
    Outage,
    Document,
    Move,
    Rotation,
    Clock,
    Trap,
    Forgetting,
}

/// A key that nobody ever has.
pub const STRANGER: usize = usize::MAX;

impl World {
    /// One thing happens in the storm: the tokens that a client sends, if it is that.
    pub fn act(&mut self) -> Vec<Token> {
        if self.dice.chance(self.script.weather.faults) {
            self.fault();
            return Vec::new();
        }
        match self.dice.between(0, 19) {
            0 => self.rotate(),
            1 => self.restart(),
            _ => return self.request(),
        }
        Vec::new()
    }

    fn request(&mut self) -> Vec<Token> {
        let isolate = self.dice.between(0, self.isolates.len() as u64 - 1) as usize;
        let contexts = self.script.contexts.clone();
        let context = self.dice.pick(&contexts);
        let request = self.begin_request(isolate, context);
        let cancels = self.script.weather.cancels;
        if self.script.isolates[isolate] == Runtime::Worker && self.dice.chance(cancels) {
            let patience = self.dice.pick(&[20, SECOND, 20 * SECOND]);
            let delay = self.dice.between(0, patience);
            self.schedule(delay, Event::Cancel { request });
        }
        let tokens = self.dice.weighted(&[(6, 1), (1, 3)]);
        (0..tokens).map(|_| self.token(request)).collect()
    }

    fn begin_request(&mut self, isolate: usize, context: Context) -> usize {
        let request = self.requests.len();
        let at = &mut self.isolates[isolate];
        at.first_request.get_or_insert(request);
        let life = at.life;
        self.requests.push(Request { isolate, life, context, open: 0, is_over: false });
        request
    }

    /// A token by the newest key, another published one, one that was published once, or none.
    fn token(&mut self, request: usize) -> Token {
        let published = self.authority.published().to_vec();
        let key = if self.dice.chance(self.script.weather.strangers) {
            STRANGER
        } else {
            match self.dice.between(0, 9) {
                0..4 => published.last().copied().unwrap_or(STRANGER),
                4..8 => self.dice.pick(&published),
                _ => self.dice.between(0, self.authority.keys.len() as u64 - 1) as usize,
            }
        };
        self.requests[request].open += 1;
        let brings_bundled = self.script.has_bundled && self.dice.chance(700);
        Token { request, key, asked_at: self.now, is_question: false, brings_bundled }
    }

    /// At the end of a calm: a token by a key that was published before it.
    pub fn question(&mut self) -> Vec<Token> {
        (0..self.isolates.len())
            .map(|isolate| {
                let request = self.begin_request(isolate, Context::Missing);
                self.requests[request].open = 1;
                let key = self.authority.published().to_vec();
                let key = self.dice.pick(&key);
                self.asked += 1;
                let brings_bundled = false;
                Token { request, key, asked_at: self.now, is_question: true, brings_bundled }
            })
            .collect()
    }

    fn rotate(&mut self) {
        match self.dice.between(0, 5) {
            0..3 => self.authority.publish(self.now),
            3 | 4 => self.authority.withdraw(self.now),
            _ => self.authority.replace(self.now),
        }
        tell!(self, "authority", "publishes {:?}", self.authority.published());
    }

    /// An isolate is evicted, and a new one takes its place.
    fn restart(&mut self) {
        let isolate = self.dice.between(0, self.isolates.len() as u64 - 1) as usize;
        tell!(self, isolate, "is begun anew");
        let at = &mut self.isolates[isolate];
        at.life += 1;
        at.traps.clear();
        (at.attempted_at, at.fetched_at, at.failed_at) = (None, None, None);
        (at.newest_success, at.first_request) = (None, None);
    }

    fn fault(&mut self) {
        let weather = self.script.weather;
        let documents = u64::from(self.script.has_document);
        let fault = self.dice.weighted(&[
            (3, Fault::Outage),
            (3 * documents, Fault::Document),
            (2 * documents, Fault::Move),
            (2, Fault::Rotation),
            (weather.clocks, Fault::Clock),
            (weather.traps, Fault::Trap),
            (1, Fault::Forgetting),
        ]);
        let isolate = self.dice.between(0, self.isolates.len() as u64 - 1) as usize;
        match fault {
            Fault::Outage => {
                let outage = self.dice.pick(&[Outage::Refuses, Outage::Hangs]);
                let most = self.dice.pick(&[3 * SECOND, 40 * SECOND, 10 * MINUTE, 30 * HOUR]);
                let lasts = self.dice.between(1, most);
                tell!(self, "authority", "fails with {outage:?} for {lasts} ms");
                self.authority.fail(outage, self.now, lasts);
            }
            Fault::Document => {
                let outage = self.dice.pick(&[Outage::Refuses, Outage::Hangs]);
                let most = self.dice.pick(&[3 * SECOND, 40 * SECOND, 10 * MINUTE, 30 * HOUR]);
                let lasts = self.dice.between(1, most);
                tell!(self, "authority", "its document fails with {outage:?} for {lasts} ms");
                self.authority.document_outage = Some((outage, self.now + lasts));
            }
            Fault::Move => {
                self.authority.address += 1;
                tell!(self, "authority", "moves its set to address {}", self.authority.address);
            }
            Fault::Rotation => self.rotate(),
            Fault::Clock => {
                let most = self.dice.pick(&[SECOND, 50 * SECOND, 10 * MINUTE, 48 * HOUR]);
                let by = self.dice.between(0, 2 * most) as i64 - most as i64;
                tell!(self, isolate, "its clock is set by {by} ms");
                let at = &mut self.isolates[isolate];
                at.error += by;
                at.set_at = Some(self.now);
            }
            Fault::Trap => {
                tell!(self, isolate, "will trap");
                self.isolates[isolate].traps.push(());
            }
            Fault::Forgetting => {
                tell!(self, "store", "forgets all");
                self.store.forget();
            }
        }
    }

    /// Everything that was wrong is put right, but for the clocks.
    pub fn calm_down(&mut self) {
        tell!(self, "script", "the calm begins");
        (self.authority.outage, self.authority.document_outage) = (None, None);
        self.script.weather.loss = 0;
        self.script.weather.delay = self.script.weather.delay.min(self.timeout() / 8);
        for isolate in &mut self.isolates {
            isolate.traps.clear();
        }
    }
}
