//! One run: events in the order of time, and after each of them everybody who waited for it goes on
//! and the invariants are looked at.

use std::cell::RefCell;
use std::rc::Rc;

use crate::edge::authority::Reply;
use crate::edge::invariants;
use crate::edge::key_sets::{Call, KeySets, LoadedSet};
use crate::edge::planted::Bug;
use crate::edge::script::{Context, HOUR, MINUTE, Runtime, SECOND};
use crate::edge::tasks::{self, Life, Task};
use crate::edge::world::{Event, Refusal, Request, Shared, Span, Token, World};
use crate::invariants::Broken;
use crate::runs::Run;
use crate::trace::{Trace, tell};

/// How long a calm lasts before everybody is asked: longer than any cooldown and any fetch.
const CALM: Span = 20 * MINUTE;
/// And how long they have to answer.
const PATIENCE: Span = HOUR;
/// How long the runtime waits for what a context keeps alive.
const KEPT: Span = 30 * SECOND;

/// The scope of a server, whose requests share all promises.
const EVERYONE: usize = usize::MAX;

struct Simulation {
    world: Shared,
    key_sets: Vec<Rc<KeySets>>,
    /// The life of each isolate that its key sets belong to.
    lives: Vec<u32>,
    tasks: Vec<Task>,
    storms_left: u64,
}

/// The run of one seed.
pub fn run_one(seed: u64, bug: Option<Bug>, trace: Trace) -> Run {
    crate::runs::guarded(|| {
        let mut simulation = Simulation::new(seed, bug, trace);
        simulation.run();
        let world = simulation.world.borrow();
        Run {
            steps: world.steps,
            asked: world.asked,
            served: world.served,
            broken: world.broken.clone(),
        }
    })
}

impl Simulation {
    fn new(seed: u64, bug: Option<Bug>, trace: Trace) -> Self {
        let world = Rc::new(RefCell::new(World::new(seed, bug, trace)));
        let isolates = world.borrow().isolates.len();
        let storms_left = world.borrow().script.storms;
        let mut simulation = Self {
            key_sets: (0..isolates).map(|isolate| KeySets::new(&world, isolate)).collect(),
            lives: vec![0; isolates],
            tasks: Vec::new(),
            storms_left,
            world,
        };
        simulation.begin_storm();
        simulation
    }

    fn run(&mut self) {
        loop {
            let event = self.world.borrow_mut().pop();
            let Some(event) = event else { break };
            if !self.happen(event) {
                break;
            }
            self.go_on();
            self.begin_anew();
            if self.world.borrow().broken.is_some() {
                return;
            }
        }
        // Whoever still waits now waits for ever.
        let mut world = self.world.borrow_mut();
        let hung = world.requests.iter().any(|request| !request.is_over);
        if hung {
            world.hold(Err(Broken { number: 6, what: "an answer never came".to_owned() }));
        }
    }

    /// False at the end of the last calm.
    fn happen(&mut self, event: Event) -> bool {
        let mut world = self.world.borrow_mut();
        world.steps += 1;
        match event {
            Event::Act { left: 0 } => {
                world.calm_down();
                world.schedule(CALM, Event::Question);
            }
            Event::Act { left } => {
                let pace = world.script.pace;
                let pause = world.dice.between(0, pace);
                world.schedule(pause, Event::Act { left: left - 1 });
                let tokens = world.act();
                drop(world);
                self.begin_anew();
                self.verify(tokens);
            }
            Event::Question => {
                let tokens = world.question();
                world.schedule(PATIENCE, Event::Judgement);
                drop(world);
                self.verify(tokens);
            }
            Event::Judgement => {
                drop(world);
                return self.begin_storm();
            }
            Event::Locate { exchange } => world.locate(exchange),
            Event::Located { exchange, address } => world.located(exchange, address),
            Event::Arrive { exchange } => world.arrive(exchange),
            Event::Return { exchange, reply } => world.settle(exchange, reply),
            Event::Fail { exchange } => world.settle(exchange, Reply::Refusal),
            Event::Find { lookup, fails } => world.find_copy(lookup, fails),
            Event::Cancel { request } => {
                if !world.requests[request].is_over {
                    tell!(world, "client", "hangs up request {request}");
                    world.requests[request].is_over = true;
                    world.over.push(request);
                }
            }
            Event::Cut { request } => {
                drop(world);
                self.tasks.retain(|task| task.request != request || task.life != Life::Kept);
            }
            Event::Wake => {}
        }
        true
    }

    fn begin_storm(&mut self) -> bool {
        let more = self.storms_left > 0;
        if more {
            self.storms_left -= 1;
            let mut world = self.world.borrow_mut();
            tell!(world, "script", "the storm begins");
            let actions = world.script.actions;
            world.schedule(1, Event::Act { left: actions });
        }
        more
    }

    /// Whoever has what it waited for goes on, until all wait.
    fn go_on(&mut self) {
        loop {
            let mut has_moved = false;
            let mut place = 0;
            while place < self.tasks.len() {
                if self.look_after(|tasks| tasks[place].goes_on()) {
                    self.tasks.remove(place);
                    has_moved = true;
                } else {
                    place += 1;
                }
            }
            let begun = std::mem::take(&mut self.world.borrow_mut().begun);
            has_moved |= !begun.is_empty();
            self.tasks.extend(begun);
            self.end_requests();
            if !has_moved {
                return;
            }
        }
    }

    /// Does a part of a step, after which no set may be worse than before.
    fn look_after<T>(&mut self, act: impl FnOnce(&mut Vec<Task>) -> T) -> T {
        let before: Vec<Option<LoadedSet>> =
            self.key_sets.iter().map(|sets| sets.loaded()).collect();
        let result = act(&mut self.tasks);
        for (isolate, before) in before.into_iter().enumerate() {
            let after = self.key_sets[isolate].loaded();
            let mut world = self.world.borrow_mut();
            let verdict = invariants::newer_sets_stay(&world, isolate, before, after);
            world.hold(verdict);
        }
        result
    }

    /// What floats goes with a request that is over; what its context keeps alive goes later.
    fn end_requests(&mut self) {
        let over = std::mem::take(&mut self.world.borrow_mut().over);
        for request in over {
            self.tasks.retain(|task| task.request != request || task.life != Life::Request);
            self.world.borrow_mut().schedule(KEPT, Event::Cut { request });
        }
    }

    /// Isolates that were evicted lose all that they had.
    fn begin_anew(&mut self) {
        for isolate in 0..self.lives.len() {
            let life = self.world.borrow().isolates[isolate].life;
            if self.lives[isolate] == life {
                continue;
            }
            self.lives[isolate] = life;
            self.key_sets[isolate] = KeySets::new(&self.world, isolate);
            let mut world = self.world.borrow_mut();
            let gone = |owner: usize| {
                let request = &world.requests[owner];
                request.isolate == isolate && request.life != life
            };
            self.tasks.retain(|task| !gone(task.request));
            for request in &mut world.requests {
                request.is_over |= request.isolate == isolate && request.life != life;
            }
        }
    }

    /// The tokens of one request, all at once.
    fn verify(&mut self, tokens: Vec<Token>) {
        for token in tokens {
            let isolate = self.world.borrow().requests[token.request].isolate;
            let (world, key_sets) = (Rc::clone(&self.world), Rc::clone(&self.key_sets[isolate]));
            let (call, life) = call_of(&world.borrow(), token);
            let work = async move {
                let result = Rc::clone(&key_sets).find(token.key, call).await;
                answer(&mut world.borrow_mut(), key_sets.loaded(), token, result);
            };
            let world = Rc::clone(&self.world);
            self.look_after(|_| tasks::call(&world, token.request, life, work));
        }
    }
}

/// What a verification is called with, and how long it may run.
fn call_of(world: &World, token: Token) -> (Call, Life) {
    let Request { isolate, context, .. } = world.requests[token.request];
    let (scope, life) = match (world.script.isolates[isolate], context) {
        (Runtime::Server, _) => (Some(EVERYONE), Life::Process),
        (Runtime::Worker, Context::Missing) => (None, Life::Request),
        (Runtime::Worker, Context::Own) => (Some(token.request), Life::Request),
        (Runtime::Worker, Context::Kept) => (world.isolates[isolate].first_request, Life::Request),
    };
    let (now, has_context) = (world.clock(isolate), context != Context::Missing);
    let Token { request, brings_bundled, .. } = token;
    (Call { now, request, has_context, scope, brings_bundled }, life)
}

/// A verification has ended.
fn answer(
    world: &mut World,
    loaded: Option<LoadedSet>,
    token: Token,
    result: Result<LoadedSet, Refusal>,
) {
    let isolate = world.requests[token.request].isolate;
    tell!(world, isolate, "request {} by key {}: {result:?}", token.request, token.key as isize);
    world.served += u64::from(token.is_question && result.is_ok());
    let verdict = match result {
        Ok(loaded) => invariants::no_key_outlives_its_set(world, loaded, token),
        Err(Refusal::Unknown) => invariants::a_401_is_known(world, loaded, token),
        Err(Refusal::Unreachable { retry_after }) => {
            invariants::waits_are_bounded(world, retry_after)
        }
        Err(Refusal::Trap) => Ok(()),
    };
    world.hold(verdict);
    let verdict = invariants::everybody_is_answered(world, token);
    world.hold(verdict);
    let verdict = invariants::everybody_has_found_back(world, token, result);
    world.hold(verdict);
    let request = &mut world.requests[token.request];
    request.open -= 1;
    if request.open == 0 {
        request.is_over = true;
        world.over.push(token.request);
    }
}
