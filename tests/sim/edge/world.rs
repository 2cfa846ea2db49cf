//! The world: virtual time, the queue of what is to come, and everything that things happen to.

use std::cell::RefCell;
use std::rc::Rc;

use crate::dice::Dice;
use crate::edge::authority::{Address, Authority, Key, Reply};
use crate::edge::network::{Exchange, Lookup};
use crate::edge::planted::Bug;
use crate::edge::script::{Context, Script};
use crate::edge::store::Store;
use crate::edge::tasks::Task;
use crate::invariants::Broken;
use crate::queue::Queue;
use crate::trace::{Trace, tell};

/// Milliseconds since the run began, by the clock that nobody can set.
pub type Moment = u64;
/// Milliseconds.
pub type Span = u64;

/// What the clock of an isolate shows when the run begins and nobody has set it.
const EPOCH: f64 = 1_800_000_000_000.0;

pub type Shared = Rc<RefCell<World>>;

/// What really happened when a set was fetched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// When the fetch began; none for the bundled set.
    pub began: Option<Moment>,
    /// By how much the isolate's clock was wrong then.
    pub error: i64,
}

impl Truth {
    pub const BUNDLED: Self = Self { began: None, error: 0 };
}

/// Why a token was not let in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Refusal {
    /// 401.
    Unknown,
    /// 503.
    Unreachable { retry_after: f64 },
    /// 500: the wasm trapped in this very call.
    Trap,
}

#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// Somebody acts; so many times more in this storm.
    Act { left: u64 },
    /// Every isolate is asked to verify a good token.
    Question,
    /// And what became of it.
    Judgement,
    /// A request for the document reaches the authority.
    Locate { exchange: usize },
    /// Its answer reaches the isolate, or the isolate waits no longer for it.
    Located { exchange: usize, address: Option<Address> },
    /// A request reaches the authority.
    Arrive { exchange: usize },
    /// Its reply reaches the isolate.
    Return { exchange: usize, reply: Reply },
    /// The isolate waits no longer for it.
    Fail { exchange: usize },
    /// The store answers.
    Find { lookup: usize, fails: bool },
    /// A client hangs up.
    Cancel { request: usize },
    /// The runtime waits no longer for what a context keeps alive.
    Cut { request: usize },
    /// Somebody's time is over.
    Wake,
}

/// What the world knows of an isolate.
#[derive(Default)]
pub struct Isolate {
    /// By how much its clock is wrong.
    pub error: i64,
    /// How often it was begun anew.
    pub life: u32,
    /// When its clock was set last.
    pub set_at: Option<Moment>,
    /// Traps that are to come.
    pub traps: Vec<()>,
    /// When it asked the store or the authority last.
    pub attempted_at: Option<Moment>,
    /// When it asked the authority last.
    pub fetched_at: Option<Moment>,
    /// When it learned that the authority fails; none while it does not.
    pub failed_at: Option<Moment>,
    /// The newest fetch that brought it a set.
    pub newest_success: Option<usize>,
    /// The first request of its life.
    pub first_request: Option<usize>,
}

/// A request with one or more tokens.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub isolate: usize,
    pub life: u32,
    pub context: Context,
    /// Verifications that have not ended.
    pub open: u32,
    /// It has been answered or cancelled.
    pub is_over: bool,
}

/// A token to verify.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    pub request: usize,
    pub key: Key,
    pub asked_at: Moment,
    /// It is asked at the end of a calm.
    pub is_question: bool,
    /// Its issuer's options hold a set.
    pub brings_bundled: bool,
}

pub struct World {
    pub now: Moment,
    queue: Queue<Event>,
    pub dice: Dice,
    pub script: Script,
    pub trace: Trace,
    pub bug: Option<Bug>,
    pub authority: Authority,
    pub store: Store,
    pub isolates: Vec<Isolate>,
    pub exchanges: Vec<Exchange>,
    pub lookups: Vec<Lookup>,
    pub requests: Vec<Request>,
    /// Async functions that were called and have to wait.
    pub begun: Vec<Task>,
    /// Requests that were answered in this step.
    pub over: Vec<usize>,
    pub steps: u64,
    /// Tokens verified at the end of a calm, and those let in.
    pub asked: u64,
    pub served: u64,
    pub broken: Option<Broken>,
}

impl World {
    pub fn new(seed: u64, bug: Option<Bug>, trace: Trace) -> Self {
        let mut dice = Dice::new(seed);
        let script = Script::draw(&mut dice);
        let world = Self {
            now: 0,
            queue: Queue::default(),
            trace,
            bug,
            authority: Authority::new(),
            store: Store::default(),
            isolates: script.isolates.iter().map(|_| Isolate::default()).collect(),
            exchanges: Vec::new(),
            lookups: Vec::new(),
            requests: Vec::new(),
            begun: Vec::new(),
            over: Vec::new(),
            steps: 0,
            asked: 0,
            served: 0,
            broken: None,
            dice,
            script,
        };
        tell!(world, "script", "{:?}", world.script);
        world
    }

    pub fn pop(&mut self) -> Option<Event> {
        let (at, event) = self.queue.pop()?;
        self.now = at;
        Some(event)
    }

    pub fn schedule(&mut self, delay: Span, event: Event) {
        self.queue.push(self.now + delay, event);
    }

    /// Has everybody who waits look again after so long; the moment at which that is.
    pub fn wake_after(&mut self, delay: f64) -> Moment {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a span")]
        let delay = delay.ceil() as Span;
        self.schedule(delay, Event::Wake);
        self.now + delay
    }

    /// What an isolate's clock shows.
    #[expect(clippy::cast_precision_loss, reason = "no run lasts 2^53 milliseconds")]
    pub fn clock(&self, isolate: usize) -> f64 {
        EPOCH + self.now as f64 + self.isolates[isolate].error as f64
    }

    /// What a fetch that begins now is remembered by.
    pub fn truth(&self, isolate: usize) -> Truth {
        Truth { began: Some(self.now), error: self.isolates[isolate].error }
    }

    pub fn timeout(&self) -> Span {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a span")]
        let timeout = self.script.bounds.timeout as Span;
        timeout
    }

    /// Notes an invariant that does not hold; the first is the one that counts.
    pub fn hold(&mut self, verdict: Result<(), Broken>) {
        if let Err(broken) = verdict {
            tell!(self, "broken", "{broken}");
            self.broken.get_or_insert(broken);
        }
    }
}
