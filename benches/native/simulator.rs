//! How many seeds the simulator of `tests/sim` runs in a second on one core, natively and
//! optimised.

#![expect(
    unreachable_pub,
    dead_code,
    reason = "the simulator is a test of its own, of which this uses the part that runs one seed"
)]

mod clock;

#[path = "../../tests/sim/acts.rs"]
mod acts;
#[path = "../../tests/sim/answers.rs"]
mod answers;
#[path = "../../tests/sim/authority.rs"]
mod authority;
#[path = "../../tests/sim/device.rs"]
mod device;
#[path = "../../tests/sim/dice.rs"]
mod dice;
#[path = "../../tests/sim/driver.rs"]
mod driver;
#[path = "../../tests/sim/forger.rs"]
mod forger;
#[path = "../../tests/sim/hosted/mod.rs"]
mod hosted;
#[path = "../../tests/sim/invariants.rs"]
mod invariants;
#[path = "../../tests/sim/locks.rs"]
mod locks;
#[path = "../../tests/sim/network.rs"]
mod network;
#[path = "../../tests/sim/pages.rs"]
mod pages;
#[path = "../../tests/sim/planted.rs"]
mod planted;
#[path = "../../tests/sim/queue.rs"]
mod queue;
#[path = "../../tests/sim/runs.rs"]
mod runs;
#[path = "../../tests/sim/script.rs"]
mod script;
#[path = "../../tests/sim/tab.rs"]
mod tab;
#[path = "../../tests/sim/tokens.rs"]
mod tokens;
#[path = "../../tests/sim/trace.rs"]
mod trace;
#[path = "../../tests/sim/world.rs"]
mod world;

use criterion::{Criterion, Throughput};
use runs::run_one;
use trace::Trace;

/// The seeds of one turn. The runs of different seeds differ tenfold in length.
const SEEDS: u64 = 100;

fn main() {
    let mut criterion =
        Criterion::default().with_measurement(clock::ProcessorTime).configure_from_args();
    let mut group = criterion.benchmark_group("simulator");
    group.throughput(Throughput::Elements(SEEDS));
    group.bench_function("seeds", |bencher| {
        bencher.iter(|| (0..SEEDS).all(|seed| run_one(seed, None, Trace::Off).broken.is_none()));
    });
    group.finish();
    criterion.final_summary();
}
