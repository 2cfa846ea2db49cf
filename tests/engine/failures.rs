//! Group F: what failures of the authority do, and what they never do.

use proptest::prelude::*;
use tokenkeep::engine::{
    Backoff, CALLS, Config, Engine, Event, FailureKind, Lead, News, Outcome, SignedOutReason,
    Status, WINDOW, Wake,
};

use crate::tab::{CONFIG, Tab, failed};

#[test]
fn client_F49_a_transient_failure_keeps_the_session_and_backs_off() {
    let mut tab = Tab::signed_in(900);
    tab.pass(840_000);
    let mut waits = Vec::new();
    for _ in 0..5 {
        tab.fail(FailureKind::Unreachable);
        assert_eq!(tab.status(), Status::Authenticated);
        waits.push(tab.timer_in().unwrap());
        tab.pass(*waits.last().unwrap());
    }
    for (attempt, wait) in waits.iter().enumerate() {
        assert!(*wait <= 1_000 << attempt, "{waits:?}");
    }
    tab.grant(900);
    assert_eq!((tab.status(), tab.engine.session().retry_at), (Status::Authenticated, None));
}

#[test]
fn client_F50_retry_after_is_obeyed_even_by_name() {
    let mut tab = Tab::signed_in(900);
    tab.pass(840_000);
    tab.refuse_for(120_000);
    tab.pass(100_000);
    let named = tab.input(Engine::handle_refresh);
    let Some(Outcome::Failed(failure)) = tab.outcome(named) else {
        panic!("it is refused at once")
    };
    assert_eq!((failure.kind, failure.retry_after()), (FailureKind::Unreachable, Some(20_000)));
    tab.pass(19_999);
    assert_eq!(tab.sent.len(), 1);
    tab.pass(1_001);
    assert_eq!(tab.sent.len(), 2);
}

#[test]
fn client_F91_retry_after_is_spread_by_a_second_at_most() {
    for seed in 0..50 {
        let backoff = Backoff { base: 300_000, max: 500_000 };
        let mut tab = Tab::seeded(seed, Config { backoff, ..CONFIG });
        tab.sign_in(900);
        tab.pass(840_000);
        tab.refuse_for(2_000);
        let wait = tab.timer_in().expect("it tries again");
        assert!((2_000..=3_000).contains(&wait), "{wait} ms with seed {seed}");
        tab.pass(wait);
        assert_eq!(tab.sent.len(), 2);
    }
}

#[test]
fn client_F50_retry_after_of_a_sibling_is_obeyed_too() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.hear(0, News::Pause { retry_after: 600_000 });
    let named = tab.input(Engine::handle_refresh);
    assert!(matches!(tab.outcome(named), Some(Outcome::Failed(_))));
    tab.pass(600_000);
    assert_eq!(tab.locks.len(), 1);
}

#[test]
fn client_F50_a_pause_that_comes_while_queueing_for_the_lock_is_obeyed() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    let named = tab.input(Engine::handle_refresh);
    tab.hear(0, News::Pause { retry_after: 600_000 });
    tab.lock();
    assert_eq!((tab.sent.len(), tab.released.len()), (0, 1));
    assert!(matches!(tab.outcome(named), Some(Outcome::Failed(_))));
}

#[test]
fn client_F50_one_tab_tells_the_others() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.input(Engine::handle_refresh);
    tab.lock();
    tab.refuse_for(90_000);
    assert_eq!(
        tab.told.last().map(|message| message.news),
        Some(News::Pause { retry_after: 90_000 })
    );
}

#[test]
fn client_F51_a_verdict_ends_the_session_once() {
    let mut tab = Tab::signed_in(900);
    tab.pass(840_000);
    let named = tab.input(Engine::handle_refresh);
    tab.fail(FailureKind::Rejected);
    assert_eq!((tab.status(), tab.reason()), (Status::Anonymous, Some(SignedOutReason::Rejected)));
    assert!(tab.engine.token().is_none());
    assert_eq!(tab.outcome(named), failed(FailureKind::Rejected));
    tab.pass(1_000_000);
    let ends = tab.events.iter().filter(|event| matches!(event, Event::SignedOut(_))).count();
    assert_eq!((ends, tab.timer_in(), tab.sent.len()), (1, None, 1));
}

#[test]
fn client_F52_a_verdict_after_a_siblings_success_is_not_believed_once() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.input(Engine::handle_refresh);
    tab.lock();
    tab.hear(0, News::Refreshed { visible: true });
    tab.fail(FailureKind::Rejected);
    assert_eq!(tab.status(), Status::Authenticated);
    tab.lock();
    tab.fail(FailureKind::Rejected);
    assert_eq!(tab.status(), Status::Anonymous, "the second time it is");
}

#[test]
fn client_F53_a_failed_renewal_leaves_the_token_to_its_last_second() {
    let mut tab = Tab::signed_in(900);
    tab.pass(840_000);
    tab.fail(FailureKind::Unreachable);
    tab.refreshes.clear();
    tab.pass(1_000);
    for _ in 0..4 {
        if !tab.refreshes.is_empty() {
            tab.fail(FailureKind::Unreachable);
        }
        let request = tab.request();
        assert_eq!(tab.outcome(request), Some(Outcome::Token));
        tab.pass(14_000);
    }
    assert_eq!(tab.status(), Status::Authenticated);
}

#[test]
fn client_F54_calls_inside_the_cool_down_make_no_network_call() {
    let mut tab = Tab::signed_in(900);
    tab.pass(840_000);
    tab.fail(FailureKind::Misconfigured);
    let sent = tab.sent.len();
    tab.sleep(59_000, true);
    tab.now.mono += 500;
    // The token is not yet expired: requests go on. Refused ones start nothing.
    for _ in 0..20 {
        let waiter = tab.refused(1);
        assert_eq!(tab.outcome(waiter), Some(Outcome::GiveUp));
    }
    assert_eq!(tab.sent.len(), sent);
}

#[test]
fn client_F54_waiting_requests_fail_with_the_last_error() {
    let mut tab = Tab::new();
    tab.request();
    tab.fail(FailureKind::Misconfigured);
    for _ in 0..20 {
        let request = tab.request();
        assert_eq!(tab.outcome(request), failed(FailureKind::Misconfigured));
    }
    assert_eq!(tab.sent.len(), 1);
}

#[test]
fn client_F55_ten_calls_a_minute_and_no_more() {
    let mut tab = Tab::signed_in(900);
    for _ in 0..100 {
        tab.input(Engine::handle_refresh);
        if !tab.refreshes.is_empty() {
            tab.grant(900);
        }
        tab.pass(100);
    }
    assert_eq!(tab.sent.len(), CALLS);
    tab.pass(WINDOW);
    tab.input(Engine::handle_refresh);
    assert_eq!(tab.sent.len(), CALLS + 1);
}

/// Tokens that live three seconds, renewed a second before their end, and a quick backoff.
const BRISK: Config = Config {
    lead: Lead { leeway: 1_000, jitter: 0 },
    backoff: Backoff { base: 300, max: 500 },
    ..CONFIG
};

/// Lets `duration` pass in steps of 100 ms, with a request at each of `requests` of them. The
/// endpoint answers at once: 503 until `recovery`.
fn live_through(tab: &mut Tab, duration: u64, recovery: u64, requests: &mut dyn FnMut() -> bool) {
    for _ in 0..duration / 100 {
        tab.pass(100);
        if requests() {
            tab.request();
        }
        while !tab.refreshes.is_empty() {
            if tab.now.mono < recovery {
                tab.fail(FailureKind::Unreachable);
            } else {
                tab.grant(3);
            }
        }
    }
}

/// A request now: whether it gets a token, at once or by one refresh.
fn is_served(tab: &mut Tab) -> bool {
    let request = tab.request();
    if !tab.refreshes.is_empty() {
        tab.grant(3);
    }
    tab.outcome(request) == Some(Outcome::Token)
}

fn most_calls_in_a_window(tab: &Tab) -> usize {
    let in_window = |(index, at): (usize, &u64)| {
        tab.sent[index..].iter().take_while(|&later| later - at <= WINDOW).count()
    };
    tab.sent.iter().enumerate().map(in_window).max().unwrap_or(0)
}

#[test]
fn client_F90_after_an_outage_a_request_spends_the_reserve() {
    let mut tab = Tab::with(BRISK);
    tab.sign_in(3);
    let recovery = tab.now.mono + 6_000;
    live_through(&mut tab, 6_000, recovery, &mut || false);
    assert_eq!(tab.sent.len(), CALLS - 4, "its own share is used up");
    assert!(is_served(&mut tab));
}

#[test]
fn client_F90_however_many_requests_the_outage_saw_one_is_served_fifteen_seconds_after() {
    for outage in [4_000, 20_000, 60_000, 600_000] {
        let mut tab = Tab::with(BRISK);
        tab.sign_in(3);
        let recovery = tab.now.mono + outage;
        live_through(&mut tab, outage, recovery, &mut || true);
        live_through(&mut tab, 15_000, recovery, &mut || false);
        assert!(is_served(&mut tab), "after an outage of {outage} ms");
        assert!(most_calls_in_a_window(&tab) <= CALLS);
    }
}

#[test]
fn client_F90_a_long_backoff_does_not_hold_a_request_back_for_longer() {
    let backoff = Backoff { base: 60_000, max: 600_000 };
    for seed in 0..20 {
        let mut tab = Tab::seeded(seed, Config { backoff, ..BRISK });
        tab.sign_in(3);
        let recovery = tab.now.mono + 300_000;
        live_through(&mut tab, 300_000, recovery, &mut || true);
        live_through(&mut tab, 15_000, recovery, &mut || false);
        assert!(is_served(&mut tab), "seed {seed}");
    }
}

#[test]
fn client_F90_what_the_authority_asked_for_is_obeyed_all_the_same() {
    let mut tab = Tab::with(BRISK);
    tab.sign_in(3);
    tab.pass(2_000);
    tab.refuse_for(40_000);
    tab.pass(39_999);
    assert!(!is_served(&mut tab));
    tab.pass(1);
    assert!(is_served(&mut tab));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn client_F90_whatever_the_outage_and_whoever_asks_in_it(
        outage in 0..200_000_u64,
        lifetime in 1..20_u64,
        backoff in (1..20_000_u64, 1..100_000_u64),
        requests in prop::collection::vec(any::<bool>(), 1..50),
        seed: u64,
        after in 15_000..40_000_u64,
    ) {
        let backoff = Backoff { base: backoff.0, max: backoff.1.max(backoff.0) };
        let mut tab = Tab::seeded(seed, Config { backoff, ..BRISK });
        tab.sign_in(lifetime);
        let (mut at, recovery) = (0, tab.now.mono + outage);
        let mut asks = || { at += 1; requests[at % requests.len()] };
        live_through(&mut tab, outage, recovery, &mut asks);
        live_through(&mut tab, after, recovery, &mut || false);
        let rest = (recovery + after).saturating_sub(tab.now.mono);
        tab.pass(rest);
        while !tab.refreshes.is_empty() { tab.grant(3); }
        prop_assert!(is_served(&mut tab));
        prop_assert!(most_calls_in_a_window(&tab) <= CALLS);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn client_F55_whatever_the_server_or_the_clocks_do(
        steps in prop::collection::vec(
            (0..8_u8, 0..5_u8, 0..30_000_u64, -4_000_000..4_000_000_i64), 1..200,
        ),
    ) {
        let mut tab = Tab::signed_in(3);
        for (action, answer, pass, jump) in steps {
            match action {
                0 => { tab.input(Engine::handle_refresh); }
                1 => { tab.request(); }
                2 => { let generation = tab.generation(); tab.refused(generation); }
                3 => tab.input(|engine, now| engine.handle_wake(now, Wake::Online)),
                4 => tab.input(|engine, now| engine.handle_wake(now, Wake::Restored)),
                5 => tab.now.wall = tab.now.wall.saturating_add_signed(jump),
                6 => tab.sign_in(2),
                _ => {}
            }
            if !tab.refreshes.is_empty() {
                match answer {
                    0 => tab.grant(1),
                    1 => tab.fail(FailureKind::Unreachable),
                    2 => tab.fail(FailureKind::Rejected),
                    3 => tab.refuse_for(pass),
                    _ => {}
                }
            }
            tab.pass(pass);
        }
        prop_assert!(most_calls_in_a_window(&tab) <= CALLS);
    }
}
