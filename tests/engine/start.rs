//! Group A: what is known about the session, and when.

use tokenkeep::engine::{Engine, Event, FailureKind, Outcome, SignedOutReason, Status, Wake};

use crate::tab::{Tab, failed};

#[test]
fn client_A2_a_good_cookie_gives_a_session_with_one_refresh() {
    let mut tab = Tab::new();
    let start = tab.input(Engine::handle_start);
    assert_eq!((tab.sent.len(), tab.outcome(start)), (1, None));
    tab.grant(900);
    assert_eq!((tab.status(), tab.outcome(start)), (Status::Authenticated, Some(Outcome::Done)));
    assert!(tab.engine.token().is_some());
    assert_eq!(
        tab.events,
        [Event::SignedIn, Event::Refreshed { generation: 1, by_sibling: false }]
    );
}

#[test]
fn client_A3_no_cookie_means_anonymous_until_somebody_asks() {
    let mut tab = Tab::new();
    let start = tab.input(Engine::handle_start);
    tab.fail(FailureKind::Rejected);
    assert_eq!((tab.status(), tab.reason()), (Status::Anonymous, Some(SignedOutReason::NoSession)));
    assert_eq!((tab.outcome(start), tab.events.len()), (Some(Outcome::Done), 0));
    for wake in [Wake::Visible, Wake::Online, Wake::Restored] {
        tab.input(|engine, now| engine.handle_wake(now, wake));
    }
    let (again, request) = (tab.input(Engine::handle_start), tab.request());
    tab.pass(86_400_000);
    assert_eq!((tab.sent.len(), tab.timer_in()), (1, None));
    assert_eq!(
        (tab.outcome(again), tab.outcome(request)),
        (Some(Outcome::Done), Some(Outcome::Anonymous))
    );
    tab.input(Engine::handle_refresh);
    assert_eq!(tab.sent.len(), 2);
    tab.grant(900);
    assert_eq!(tab.status(), Status::Authenticated);
}

#[test]
fn client_A4_offline_it_waits_and_does_not_guess() {
    let mut tab = Tab::new();
    tab.input(|engine, now| engine.handle_wake(now, Wake::Offline));
    let (start, request) = (tab.input(Engine::handle_start), tab.request());
    tab.fail(FailureKind::Unreachable);
    assert_eq!(
        (tab.status(), tab.outcome(start), tab.outcome(request)),
        (Status::Unknown, None, None)
    );
    tab.pass(29_000);
    assert_eq!(tab.sent.len(), 1, "no calls into the void");
    tab.input(|engine, now| engine.handle_wake(now, Wake::Online));
    assert_eq!(tab.sent.len(), 2);
    tab.grant(900);
    assert_eq!(
        (tab.outcome(start), tab.outcome(request)),
        (Some(Outcome::Done), Some(Outcome::Token))
    );
}

#[test]
fn client_A5_two_starts_share_one_refresh() {
    let mut tab = Tab::new();
    let (first, second) = (tab.input(Engine::handle_start), tab.input(Engine::handle_start));
    tab.grant(900);
    assert_eq!(
        (tab.outcome(first), tab.outcome(second)),
        (Some(Outcome::Done), Some(Outcome::Done))
    );
    tab.input(Engine::handle_close);
    tab.input(Engine::handle_close);
    assert_eq!((tab.sent.len(), tab.timer_in()), (1, None));
}

#[test]
fn client_A6_requests_before_the_answer_wait_for_it() {
    let mut tab = Tab::new();
    let request = tab.request();
    assert_eq!((tab.outcome(request), tab.sent.len()), (None, 1));
    tab.grant(900);
    assert_eq!(tab.outcome(request), Some(Outcome::Token));
}

#[test]
fn client_A7_a_failed_start_is_told_and_recovers() {
    let mut tab = Tab::new();
    let start = tab.input(Engine::handle_start);
    tab.pass(10_000);
    assert_eq!(tab.outcome(start), failed(FailureKind::TimedOut));
    assert_eq!((tab.status(), tab.aborted.len()), (Status::Unknown, 1));
    let later = tab.input(Engine::handle_start);
    assert_eq!(tab.outcome(later), None, "it joins the recovery");
    tab.refreshes.clear();
    tab.pass(1_000);
    tab.grant(900);
    assert_eq!((tab.outcome(later), tab.status()), (Some(Outcome::Done), Status::Authenticated));
}
