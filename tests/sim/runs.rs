//! Running seeds: one, many on all processors, or until a planted bug is found.

use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::invariants::Broken;
use crate::planted::Bug;
use crate::trace::Trace;
use crate::world::World;

/// How one seed ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Inputs that the engines were given.
    pub steps: u64,
    /// Tabs that were asked for a request at the end of a calm while the cookie was good, and those
    /// that got a valid token.
    pub asked: u64,
    pub served: u64,
    pub broken: Option<Broken>,
}

/// The run of one seed.
pub fn run_one(seed: u64, bug: Option<Bug>, trace: Trace) -> Run {
    guarded(|| {
        let mut world = World::new(seed, bug, trace);
        world.run();
        Run { steps: world.steps, asked: world.asked, served: world.served, broken: world.broken }
    })
}

/// A panic of the product is a bug like any other: its seed is told.
pub fn guarded(run: impl FnOnce() -> Run) -> Run {
    let panic = || Broken { number: 0, what: "a panic".to_owned() };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Run {
        steps: 0,
        asked: 0,
        served: 0,
        broken: Some(panic()),
    })
}

/// What a simulator's report says of itself.
#[derive(Clone, Copy, Default)]
pub struct Words {
    /// Who was asked at the end of a calm, and what `served` means.
    pub asked: &'static str,
    pub served: &'static str,
    /// What replays a seed.
    pub command: &'static str,
}

/// How many seeds ended.
#[derive(Default)]
pub struct Report {
    words: Words,
    seeds: u64,
    steps: u64,
    pub asked: u64,
    pub served: u64,
    time: Duration,
    pub failures: Vec<(u64, Broken)>,
}

impl Report {
    fn add(&mut self, seed: u64, run: Run) {
        self.steps += run.steps;
        self.asked += run.asked;
        self.served += run.served;
        self.failures.extend(run.broken.map(|broken| (seed, broken)));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, seeds, steps, asked, served, time, failures } = self;
        let speed = *seeds as f64 / time.as_secs_f64();
        writeln!(
            f,
            "{seeds} seeds, {steps} steps, {:.1} s, {speed:.0} seeds/s",
            time.as_secs_f64()
        )?;
        writeln!(f, "{asked} {}: {served} {}", words.asked, words.served)?;
        for (seed, broken) in failures.iter().take(20) {
            writeln!(f, "  seed {seed}: {broken}")?;
        }
        match failures.first() {
            Some((seed, _)) => {
                write!(
                    f,
                    "{} seeds broke an invariant; replay one: {} --seed {seed}",
                    failures.len(),
                    words.command
                )
            }
            None => write!(f, "no invariant was broken"),
        }
    }
}

/// Runs all of `seeds` of the tabs.
pub fn run_many(seeds: Range<u64>) -> Report {
    let words = Words {
        asked: "tabs were asked at the end of a calm with a good cookie",
        served: "got a valid token, the others are signed out",
        command: "npm run sim --",
    };
    run_all(seeds, words, |seed| run_one(seed, None, Trace::Off))
}

/// Runs all of `seeds`, spread over the processors.
pub fn run_all(seeds: Range<u64>, words: Words, run: impl Fn(u64) -> Run + Sync) -> Report {
    let began = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let report = Mutex::new(Report { words, seeds: seeds.end - seeds.start, ..Report::default() });
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let run = run(seed);
            report.lock().expect("no thread panics").add(seed, run);
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let mut report = report.into_inner().expect("no thread panics");
    report.failures.sort_by_key(|&(seed, _)| seed);
    report.time = began.elapsed();
    report
}

/// Asserts that `bug` breaks an invariant of the tabs within the first `most` seeds, and that the
/// first one it breaks has this number.
pub fn caught_within(most: u64, bug: Bug, number: u8) {
    caught(most, bug, number, |seed| run_one(seed, Some(bug), Trace::Off));
}

/// Asserts the same of a `bug` that each `run` has.
pub fn caught(most: u64, bug: impl fmt::Debug, number: u8, run: impl Fn(u64) -> Run) {
    let found = (0..most).find_map(|seed| run(seed).broken.map(|broken| (seed, broken)));
    let (seed, broken) =
        found.unwrap_or_else(|| panic!("{bug:?} is not caught within {most} seeds"));
    println!("{bug:?} is caught by seed {seed}: {broken}");
    assert_eq!(broken.number, number, "seed {seed}: {broken}");
}
