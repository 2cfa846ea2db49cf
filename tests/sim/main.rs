//! The simulator: one to five tabs of one browser, each with the real engine; an authority that
//! rotates refresh tokens; an API; and the faults between them. In two of five runs engines live in
//! dedicated and shared workers (`hosted`). Time is virtual.
//!
//! The second simulator, of the verifier's key sets, is in `edge`; it shares the dice, the queue,
//! the trace and the running of seeds.
//!
//! A run follows from its seed alone. `npm run sim -- --seeds 200000` runs many,
//! `npm run sim -- --seed 17` tells one as a story. After every step the nine invariants of engines
//! are checked, and the three of pages whose engine lives in a worker.

#![cfg(not(target_arch = "wasm32"))]
#![expect(
    unreachable_pub,
    reason = "a test has no API; `pub` marks what other files of it may use"
)]

mod acts;
mod answers;
mod authority;
mod device;
mod dice;
mod driver;
#[cfg(feature = "edge")]
mod edge;
mod forger;
mod hosted;
mod invariants;
mod locks;
mod network;
mod pages;
mod planted;
mod queue;
mod runs;
mod script;
mod tab;
mod tokens;
mod trace;
mod world;

use planted::Bug;
use runs::{caught_within, run_many, run_one};
use trace::Trace;

/// Seeds that once broke an invariant, and what the engine has learned from each.
const REGRESSIONS: [(u64, &str); 11] = [
    (6, "whoever queues behind several holders hears that each turn is over"),
    (2_060, "a tab that has just opened can end everybody's session"),
    (9_253, "a pause that the authority asked for is no missing network"),
    (21, "a closed keep asks nobody when it is restored"),
    (903, "a closed keep asks nobody when it is started"),
    (153, "a closed keep gives up its wish for the lock"),
    (38_902, "a tab that is about to join a session says so"),
    (30_239, "what is overdue happens before a new request waits for it"),
    (61_506, "a pause that comes in doubt lets nobody wait"),
    (82, "a logout that queued is not sent with the cookie of a newer sign-in"),
    (72_441, "a session that is confirmed while the authority is left alone lets nobody wait"),
];

/// How many seeds run if `SIM_SEEDS` is not set.
const SEEDS: u64 = 20_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

#[test]
fn the_invariants_hold_under_every_seed() {
    if let Some(seed) = number("SIM_SEED") {
        let run = run_one(seed, None, Trace::Print);
        assert!(run.broken.is_none(), "seed {seed}: {}", run.broken.expect("asserted"));
        return;
    }
    let first = number("SIM_FIRST").unwrap_or(0);
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let report = run_many(first..first + seeds);
    println!("{report}");
    assert!(report.failures.is_empty(), "{report}");
    // Most tabs have a session to come back to: signed out, a tab would prove nothing.
    assert!(seeds < 100 || report.served * 2 > report.asked && report.asked > seeds, "{report}");
}

#[test]
fn seeds_that_once_failed_pass() {
    for (seed, lesson) in REGRESSIONS {
        let run = run_one(seed, None, Trace::Off);
        assert_eq!(run.broken, None, "seed {seed}: {lesson}");
    }
}

#[test]
fn a_seed_runs_the_same_way_twice() {
    for seed in 0..50 {
        assert_eq!(run_one(seed, None, Trace::Off), run_one(seed, None, Trace::Off), "seed {seed}");
    }
}

#[test]
fn a_missing_epoch_check_is_caught() {
    caught_within(2_000, Bug::NoEpochCheck, 3);
}

#[test]
fn a_missing_lock_recheck_is_caught() {
    caught_within(2_000, Bug::NoLockRecheck, 2);
}

#[test]
fn a_logout_that_nobody_confirmed_is_caught() {
    caught_within(2_000, Bug::UnconfirmedLogout, 3);
}

#[test]
fn a_second_repeat_is_caught() {
    caught_within(2_000, Bug::EndlessRepeats, 1);
}

#[test]
fn a_third_attempt_is_caught() {
    caught_within(2_000, Bug::ThirdAttempt, 1);
}

#[test]
fn a_page_that_joins_untold_is_caught() {
    caught_within(2_000, Bug::UntoldPage, 11);
}

#[test]
fn a_call_that_is_forgotten_at_a_loss_is_caught() {
    caught_within(2_000, Bug::ForgottenCalls, 10);
}

#[test]
fn a_call_that_is_sent_again_after_a_loss_is_caught() {
    caught_within(2_000, Bug::RepeatsAfterLoss, 10);
}

#[test]
fn a_message_to_a_stored_page_is_caught() {
    caught_within(2_000, Bug::PostsToStored, 12);
}

#[test]
fn an_id_that_is_overtaken_is_caught() {
    caught_within(2_000, Bug::EarlyIds, 10);
}

#[test]
fn an_engine_that_rests_too_soon_is_caught() {
    caught_within(2_000, Bug::RestsTooSoon, 11);
}
