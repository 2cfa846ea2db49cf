//! What the seed decides before a run begins: the isolates, the settings, the authority and the
//! weather.

use tokenkeep::verify::freshness::Bounds;

use crate::dice::Dice;
use crate::edge::world::Span;

pub const SECOND: Span = 1_000;
pub const MINUTE: Span = 60 * SECOND;
pub const HOUR: Span = 60 * MINUTE;

/// Whose promises a request may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// All requests share them, and none is cancelled.
    Server,
    /// They belong to the request that made them, and go with it.
    Worker,
}

/// The runtime's context that a request hands to the verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// None, or an object that the runtime did not make.
    Missing,
    /// Its own.
    Own,
    /// That of the first request, which somebody kept.
    Kept,
}

/// Rates in thousandths, and bounds of what takes time.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Most time that one way to the authority takes.
    pub delay: Span,
    /// Answers of the authority that get lost.
    pub loss: u64,
    /// Most time that the store takes.
    pub store_delay: Span,
    /// Most time until another isolate sees what was written.
    pub store_lag: Span,
    /// Reads and writes of the store that fail, and reads that hang.
    pub store_loss: u64,
    /// Requests that are cancelled, on Workers.
    pub cancels: u64,
    /// Tokens whose key nobody has.
    pub strangers: u64,
    /// Faults among all actions.
    pub faults: u64,
    /// Clocks that are set, among the faults.
    pub clocks: u64,
    /// Traps, among the faults.
    pub traps: u64,
}

#[derive(Debug, Clone)]
pub struct Script {
    pub isolates: Vec<Runtime>,
    pub bounds: Bounds,
    pub has_store: bool,
    pub has_bundled: bool,
    /// The address of the set has to be discovered.
    pub has_document: bool,
    /// The max-age of the authority's answers.
    pub told: Option<Span>,
    pub has_etag: bool,
    /// What requests hand over, of which each picks one.
    pub contexts: Vec<Context>,
    pub weather: Weather,
    /// Most time between two actions.
    pub pace: Span,
    /// Actions before each calm.
    pub actions: u64,
    /// Storms, each with its calm.
    pub storms: u64,
}

impl Script {
    pub fn draw(dice: &mut Dice) -> Self {
        let runtime = dice.pick(&[Runtime::Worker, Runtime::Worker, Runtime::Server]);
        let contexts = match dice.between(0, 4) {
            0 | 1 => vec![Context::Missing],
            2 => vec![Context::Own],
            3 => vec![Context::Missing, Context::Own],
            _ => vec![Context::Missing, Context::Own, Context::Kept],
        };
        Self {
            isolates: vec![runtime; dice.weighted(&[(3, 1), (3, 2), (2, 3)])],
            bounds: Bounds {
                max_age: float(dice.pick(&[MINUTE, 10 * MINUTE])),
                max_stale: float(dice.pick(&[0, MINUTE, 10 * MINUTE, 24 * HOUR])),
                cooldown: float(dice.pick(&[SECOND, 30 * SECOND, 30 * SECOND, 10 * MINUTE])),
                timeout: float(dice.pick(&[SECOND, 5 * SECOND, 40 * SECOND])),
            },
            has_store: dice.chance(600),
            has_bundled: dice.chance(200),
            has_document: dice.chance(300),
            told: dice.pick(&[None, Some(0), Some(MINUTE), Some(5 * MINUTE), Some(HOUR)]),
            has_etag: dice.chance(500),
            contexts,
            weather: Self::draw_weather(dice),
            pace: dice.weighted(&[
                (2, 200),
                (4, 3 * SECOND),
                (4, 30 * SECOND),
                (2, 6 * MINUTE),
                (1, 3 * HOUR),
            ]),
            actions: dice.between(15, 70),
            storms: dice.between(1, 2),
        }
    }

    fn draw_weather(dice: &mut Dice) -> Weather {
        Weather {
            delay: dice.weighted(&[(4, 60), (4, 1_500), (2, 14 * SECOND)]),
            loss: dice.pick(&[0, 0, 20, 200]),
            store_delay: dice.weighted(&[(4, 20), (2, 1_500), (1, 14 * SECOND)]),
            store_lag: dice.pick(&[0, 2 * SECOND, MINUTE]),
            store_loss: dice.pick(&[0, 0, 50, 300]),
            cancels: dice.pick(&[0, 100, 500]),
            strangers: dice.pick(&[0, 100, 600]),
            faults: dice.pick(&[0, 100, 300]),
            clocks: dice.pick(&[0, 0, 2]),
            traps: dice.pick(&[0, 0, 2]),
        }
    }
}

/// A span as the rules take it.
#[expect(clippy::cast_precision_loss, reason = "no run lasts 2^53 milliseconds")]
pub const fn float(span: Span) -> f64 {
    span as f64
}
