//! The second simulator: one to three isolates with the verifier's key sets, an authority that
//! rotates its keys, moves them to an address that a document names, and fails, a store that lags
//! and forgets, requests that are cancelled, clocks that are set and instances that trap, in
//! virtual time and the same way twice.
//!
//! The rules are those that ship, `src/verify/freshness.rs`. What TypeScript does around them, the
//! awaits of `js/edge/keys/remote.ts`, is done by `key_sets.rs` in the same order.
//! `npm run sim -- edge --seeds 100000` runs many seeds, `npm run sim -- edge --seed 17` tells one
//! as a story. What is shown: the six invariants hold after every step.

mod acts;
mod authority;
mod invariants;
mod key_sets;
mod network;
mod planted;
mod run;
mod script;
mod store;
mod tasks;
mod world;

use planted::Bug;
use run::run_one;

use crate::number;
use crate::runs::{Words, caught, run_all};
use crate::trace::Trace;

/// How many seeds run where nobody says otherwise.
const SEEDS: u64 = 4_000;

const WORDS: Words = Words {
    asked: "good tokens were verified at the end of a calm",
    served: "were let in",
    command: "npm run sim -- edge",
};

#[test]
fn the_invariants_hold_under_every_seed() {
    if let Some(seed) = number("SIM_SEED") {
        let run = run_one(seed, None, Trace::Print);
        assert!(run.broken.is_none(), "seed {seed}: {}", run.broken.expect("asserted"));
        return;
    }
    let first = number("SIM_FIRST").unwrap_or(0);
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let report = run_all(first..first + seeds, WORDS, |seed| run_one(seed, None, Trace::Off));
    println!("{report}");
    assert!(report.failures.is_empty(), "{report}");
    // Whose clock was set may have to wait a little longer.
    assert!(report.served * 100 > report.asked * 99 && report.asked > seeds, "{report}");
}

#[test]
fn a_seed_runs_the_same_way_twice() {
    for seed in 0..50 {
        assert_eq!(run_one(seed, None, Trace::Off), run_one(seed, None, Trace::Off), "seed {seed}");
    }
}

fn catch(bug: Bug, number: u8) {
    caught(2_000, bug, number, |seed| run_one(seed, Some(bug), Trace::Off));
}

#[test]
fn a_missing_sequence_check_is_caught() {
    catch(Bug::NoSequenceCheck, 4);
}

#[test]
fn an_assignment_after_an_await_without_looking_is_caught() {
    catch(Bug::AssignsWithoutLooking, 4);
}

#[test]
fn a_stamp_after_the_await_is_caught() {
    catch(Bug::StampsAfterAwait, 3);
}

#[test]
fn an_address_that_is_never_looked_up_again_is_caught() {
    catch(Bug::LocatesOnce, 6);
}
