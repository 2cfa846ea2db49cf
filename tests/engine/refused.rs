//! Group D: what a 401 leads to.

use tokenkeep::engine::{Engine, FailureKind, Outcome};

use crate::tab::Tab;

#[test]
fn client_D25_fifty_refusals_share_one_refresh() {
    let mut tab = Tab::signed_in(900);
    let waiters: Vec<_> = (0..50).map(|_| tab.refused(1)).collect();
    assert_eq!(tab.sent.len(), 1);
    tab.grant(900);
    assert!(waiters.iter().all(|&waiter| tab.outcome(waiter) == Some(Outcome::Token)));
    assert_eq!((tab.sent.len(), tab.generation()), (1, 2));
}

#[test]
fn client_D25_while_a_refused_token_is_renewed_new_requests_wait() {
    let mut tab = Tab::signed_in(900);
    tab.refused(1);
    let request = tab.request();
    assert_eq!(tab.outcome(request), None);
    tab.grant(900);
    assert_eq!(tab.outcome(request), Some(Outcome::Token));
}

#[test]
fn client_D27_a_fresh_token_that_is_refused_too_starts_no_second_refresh() {
    let mut tab = Tab::signed_in(900);
    tab.refused(1);
    tab.grant(900);
    tab.input(|engine, now| engine.handle_retry_refused(now, 2));
    let next = tab.refused(2);
    assert_eq!((tab.outcome(next), tab.sent.len()), (Some(Outcome::GiveUp), 1));
    tab.input(|engine, _| engine.handle_accepted(2));
    let revoked = tab.refused(2);
    assert_eq!(
        (tab.outcome(revoked), tab.sent.len()),
        (None, 2),
        "an API took it meanwhile, so this 401 is news"
    );
}

#[test]
fn client_D27_and_not_for_ever() {
    let mut tab = Tab::signed_in(900);
    tab.refused(1);
    tab.grant(900);
    tab.input(|engine, now| engine.handle_retry_refused(now, 2));
    tab.pass(10_000);
    tab.refused(2);
    assert_eq!(tab.sent.len(), 2);
}

#[test]
fn client_D28_a_late_refusal_of_an_old_token_needs_no_refresh() {
    let mut tab = Tab::signed_in(900);
    tab.refused(1);
    tab.grant(900);
    let late = tab.refused(1);
    assert_eq!((tab.outcome(late), tab.sent.len()), (Some(Outcome::Token), 1));
}

#[test]
fn client_D29_a_refusal_after_logout_is_the_callers() {
    let mut tab = Tab::signed_in(900);
    tab.input(Engine::handle_logout);
    let late = tab.refused(1);
    assert_eq!((tab.outcome(late), tab.sent.len()), (Some(Outcome::GiveUp), 0));
}

#[test]
fn client_D29_a_refusal_of_another_sessions_token_is_the_callers() {
    let mut tab = Tab::signed_in(900);
    tab.input(Engine::handle_logout);
    tab.sign_in(900);
    let late = tab.refused(1);
    assert_eq!(
        tab.outcome(late),
        Some(Outcome::GiveUp),
        "no retry with the token of a later session"
    );
}

#[test]
fn client_D33_a_401_from_the_refresh_endpoint_ends_there() {
    let mut tab = Tab::signed_in(900);
    let waiter = tab.refused(1);
    tab.fail(FailureKind::Rejected);
    assert_eq!((tab.outcome(waiter), tab.sent.len()), (Some(Outcome::GiveUp), 1));
    tab.pass(1_000_000);
    assert_eq!(tab.sent.len(), 1);
}

#[test]
fn client_D34_when_the_refresh_fails_the_first_answer_is_the_callers() {
    for kind in [
        FailureKind::Unreachable,
        FailureKind::Malformed,
        FailureKind::Misconfigured,
        FailureKind::Rejected,
    ] {
        let mut tab = Tab::signed_in(900);
        let waiter = tab.refused(1);
        tab.fail(kind);
        assert_eq!(tab.outcome(waiter), Some(Outcome::GiveUp), "{kind:?}");
        let again = tab.refused(1);
        assert_eq!((tab.outcome(again), tab.sent.len()), (Some(Outcome::GiveUp), 1), "{kind:?}");
    }
}

#[test]
fn client_D34_and_the_token_serves_on_where_it_is_taken() {
    let mut tab = Tab::signed_in(900);
    tab.refused(1);
    tab.fail(FailureKind::Unreachable);
    let request = tab.request();
    assert_eq!(tab.outcome(request), Some(Outcome::Token));
}
