//! Group C: many callers, one refresh.

use tokenkeep::engine::{Engine, FailureKind, Outcome, SignedOutReason, Status};

use crate::tab::{Tab, failed};

#[test]
fn client_C19_all_who_wait_get_one_result() {
    let mut tab = Tab::signed_in(900);
    tab.sleep(1_000_000, true);
    let waiters: Vec<_> = (0..50).map(|_| tab.request()).collect();
    let named = tab.input(Engine::handle_refresh);
    assert_eq!(tab.sent.len(), 1);
    tab.grant(900);
    assert!(waiters.iter().all(|&waiter| tab.outcome(waiter) == Some(Outcome::Token)));
    assert_eq!(tab.outcome(named), Some(Outcome::Done));
}

#[test]
fn client_C19_or_one_error() {
    let mut tab = Tab::signed_in(900);
    tab.sleep(1_000_000, true);
    let waiters: Vec<_> = (0..50).map(|_| tab.request()).collect();
    tab.fail(FailureKind::Unreachable);
    assert!(waiters.iter().all(|&waiter| tab.outcome(waiter) == failed(FailureKind::Unreachable)));
    assert_eq!(tab.sent.len(), 1);
}

#[test]
fn client_C22_a_refresh_that_hangs_is_given_up_and_the_next_may_go() {
    let mut tab = Tab::signed_in(900);
    let first = tab.input(Engine::handle_refresh);
    let late = tab.refreshes.remove(0);
    tab.pass(10_000);
    assert_eq!(
        (tab.outcome(first), tab.aborted.clone()),
        (failed(FailureKind::TimedOut), vec![late])
    );
    let second = tab.input(Engine::handle_refresh);
    assert_eq!(tab.sent.len(), 2);
    tab.input(|engine, now| engine.handle_refresh_answer(now, late, Ok(crate::tab::token(900))));
    assert_eq!((tab.generation(), tab.outcome(second)), (1, None), "the late answer is nobody's");
    tab.grant(900);
    assert_eq!((tab.generation(), tab.outcome(second)), (2, Some(Outcome::Done)));
}

#[test]
fn a_loan_is_renewed_when_it_would_not_last() {
    let mut tab = Tab::signed_in(900);
    let enough = tab.input(|engine, now| engine.handle_lend(now, 300_000));
    assert_eq!((tab.outcome(enough), tab.sent.len()), (Some(Outcome::Token), 0));
    tab.pass(700_000);
    let short = tab.input(|engine, now| engine.handle_lend(now, 300_000));
    assert_eq!((tab.outcome(short), tab.sent.len()), (None, 1));
    tab.grant(60);
    assert_eq!(tab.outcome(short), Some(Outcome::Token), "the best there is");
}

#[test]
fn a_loan_without_a_session_is_refused() {
    let mut tab = Tab::new();
    let loan = tab.input(|engine, now| engine.handle_lend(now, 0));
    tab.fail(FailureKind::Rejected);
    assert_eq!(tab.outcome(loan), failed(FailureKind::SignedOut));
}

#[test]
fn closing_answers_everybody_and_ends_everything() {
    let mut tab = Tab::coordinating();
    let start = tab.input(Engine::handle_start);
    tab.lock();
    let (request, sign_in) = (tab.request(), tab.input(Engine::handle_sign_in));
    tab.input(Engine::handle_close);
    for waiter in [start, request, sign_in] {
        assert_eq!(tab.outcome(waiter), failed(FailureKind::Closed));
    }
    assert_eq!((tab.status(), tab.reason()), (Status::Anonymous, Some(SignedOutReason::Closed)));
    assert_eq!((tab.aborted.len(), tab.released.len(), tab.timer_in()), (1, 1, None));
    assert!(tab.engine.token().is_none());
    let (sent, told) = (tab.sent.len(), tab.told.len());
    let late = [tab.input(Engine::handle_refresh), tab.request(), tab.input(Engine::handle_logout)];
    assert!(late.iter().all(|&waiter| tab.outcome(waiter) == failed(FailureKind::Closed)));
    tab.grant(900);
    tab.pass(1_000_000);
    assert_eq!(
        (tab.sent.len(), tab.told.len(), tab.timer_in(), tab.generation()),
        (sent, told, None, 0)
    );
}
