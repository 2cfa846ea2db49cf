//! Group A: what is known about the session, and when.

use tokenkeep::engine::{
    Engine, Event, Failure, FailureKind, Message, News, Outcome, SignedOutReason, Status, Step,
    Wake,
};

use crate::tab::{Tab, failed, token_of};

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

#[test]
fn client_A115_without_the_cookie_of_a_session_nothing_is_asked() {
    let mut tab = Tab::coordinating();
    tab.input(Engine::handle_no_hint);
    let (start, request) = (tab.input(Engine::handle_start), tab.request());
    assert_eq!((tab.status(), tab.reason()), (Status::Anonymous, Some(SignedOutReason::NoSession)));
    assert_eq!(
        (tab.outcome(start), tab.outcome(request)),
        (Some(Outcome::Done), Some(Outcome::Anonymous))
    );
    assert_eq!((tab.sent.len(), tab.locks.len(), tab.events.len()), (0, 0, 0));
    assert!(tab.saw(Step::NoHint));
    // A sibling with a session knows better.
    tab.hear(0, News::Refreshed { visible: true });
    tab.lock();
    tab.grant(900);
    assert_eq!(tab.status(), Status::Authenticated);
}

#[test]
fn client_A115_a_missing_cookie_does_not_count_once_the_authority_was_asked() {
    let mut tab = Tab::new();
    let start = tab.input(Engine::handle_start);
    tab.input(Engine::handle_no_hint);
    assert_eq!((tab.status(), tab.outcome(start)), (Status::Unknown, None));
    tab.grant(900);
    tab.input(Engine::handle_no_hint);
    assert_eq!(tab.status(), Status::Authenticated);

    let mut joining = Tab::coordinating();
    joining.hear(7, News::SignedIn { subject: None });
    joining.input(Engine::handle_no_hint);
    joining.input(Engine::handle_start);
    assert_eq!((joining.status(), joining.locks.len()), (Status::Unknown, 1), "it asks");

    let mut closed = Tab::new();
    closed.input(Engine::handle_close);
    closed.input(Engine::handle_no_hint);
    assert_eq!(closed.reason(), Some(SignedOutReason::Closed));
}

#[test]
fn client_A116_start_again_asks_although_the_tab_is_signed_out() {
    let mut tab = Tab::new();
    tab.input(Engine::handle_start);
    tab.fail(FailureKind::Rejected);
    let again = tab.input(Engine::handle_start_again);
    let start = tab.input(Engine::handle_start);
    assert_eq!((tab.outcome(again), tab.outcome(start)), (None, Some(Outcome::Done)));
    tab.grant(900);
    assert_eq!((tab.outcome(again), tab.status()), (Some(Outcome::Done), Status::Authenticated));
    // Signed in, it asks too: the cookie may be another user's by now.
    let again = tab.input(Engine::handle_start_again);
    assert_eq!((tab.outcome(again), tab.sent.len()), (None, 3));
    let retried = tab.refused(1);
    tab.grant(900);
    assert_eq!((tab.outcome(again), tab.generation()), (Some(Outcome::Done), 2));
    assert_eq!(tab.outcome(retried), Some(Outcome::Token), "the older token was this session's");
}

#[test]
fn client_A116_start_again_tells_that_there_is_no_session() {
    let mut tab = Tab::signed_in(900);
    tab.input(Engine::handle_logout);
    tab.logged_out(204);
    let again = tab.input(Engine::handle_start_again);
    tab.fail(FailureKind::Rejected);
    assert_eq!((tab.outcome(again), tab.status()), (Some(Outcome::Done), Status::Anonymous));
    assert_eq!((tab.reason(), tab.timer_in()), (Some(SignedOutReason::NoSession), None));
}

#[test]
fn client_A116_start_again_recovers_from_a_failure_that_it_tells() {
    let mut tab = Tab::new();
    tab.input(Engine::handle_start);
    tab.fail(FailureKind::Rejected);
    let again = tab.input(Engine::handle_start_again);
    tab.fail(FailureKind::Unreachable);
    assert_eq!(tab.outcome(again), failed(FailureKind::Unreachable));
    let later = tab.input(Engine::handle_start_again);
    tab.pass(1_000);
    tab.grant(900);
    assert_eq!((tab.outcome(later), tab.status()), (Some(Outcome::Done), Status::Authenticated));
}

#[test]
fn client_A116_a_logout_ends_what_was_asked_again() {
    let mut tab = Tab::new();
    tab.input(Engine::handle_start);
    tab.fail(FailureKind::Rejected);
    let again = tab.input(Engine::handle_start_again);
    tab.input(Engine::handle_logout);
    assert_eq!(tab.outcome(again), Some(Outcome::Done));
    tab.grant(900);
    assert_eq!((tab.status(), tab.engine.token().is_none()), (Status::Anonymous, true));
}

/// Lets `to` hear what `from` has said.
fn relay(from: &mut Tab, to: &mut Tab) {
    for Message { epoch, news } in core::mem::take(&mut from.told) {
        to.hear_at(epoch, news);
    }
}

#[test]
fn client_A116_siblings_that_are_signed_out_join_and_the_others_stay() {
    let (mut callback, mut left) = (Tab::coordinating(), Tab::coordinating());
    left.sign_in(900);
    left.input(Engine::handle_logout);
    left.lock();
    left.logged_out(204);
    left.told.clear();
    // A page opens where the redirect ends.
    let again = callback.input(Engine::handle_start_again);
    relay(&mut callback, &mut left);
    relay(&mut left, &mut callback);
    callback.lock();
    callback.grant(900);
    assert_eq!(callback.outcome(again), Some(Outcome::Done));
    relay(&mut callback, &mut left);
    left.lock();
    left.grant(900);
    assert_eq!((left.status(), left.generation()), (Status::Authenticated, 2));
    relay(&mut left, &mut callback);
    // Asked once more, the tabs keep what they have.
    left.events.clear();
    callback.input(Engine::handle_start_again);
    callback.lock();
    callback.grant(900);
    relay(&mut callback, &mut left);
    let heard = Event::Refreshed { generation: 2, by_sibling: true };
    assert_eq!((left.generation(), left.events.clone()), (2, vec![heard]));
    let retried = left.refused(2);
    assert_eq!((left.outcome(retried), left.locks.len()), (None, 3), "its token is its own");
}

#[test]
fn client_A340_siblings_of_another_user_change_over_after_start_again() {
    let (mut callback, mut other) = (Tab::coordinating(), Tab::coordinating());
    other.input(Engine::handle_start);
    other.lock();
    other.answer(Ok(token_of("alice")));
    callback.input(Engine::handle_start_again);
    callback.lock();
    callback.answer(Ok(token_of("bob")));
    relay(&mut callback, &mut other);
    assert!(other.engine.token().is_none(), "the cookie is another user's by now");
    other.lock();
    other.answer(Ok(token_of("bob")));
    assert!(other.events.contains(&Event::UserChanged));
    // Of the same user it stays as it is.
    relay(&mut other, &mut callback);
    callback.input(Engine::handle_start_again);
    callback.lock();
    callback.answer(Ok(token_of("bob")));
    relay(&mut callback, &mut other);
    assert_eq!((other.generation(), other.locks.len()), (2, 2));
}

#[test]
fn client_A116_a_tab_that_joins_meanwhile_waits_for_the_token() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.hear(1, News::SignedOut { ago: None });
    let again = tab.input(Engine::handle_start_again);
    tab.lock();
    tab.hear(2, News::SignedIn { subject: None });
    tab.grant(900);
    assert_eq!((tab.outcome(again), tab.status()), (None, Status::Anonymous), "of another session");
    tab.lock();
    tab.grant(900);
    assert_eq!((tab.outcome(again), tab.status()), (Some(Outcome::Done), Status::Authenticated));
}

#[test]
fn client_A116_what_is_told_again_of_the_old_logout_changes_nothing() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.hear(1, News::SignedOut { ago: Some(0) });
    let epoch = tab.epoch() + 1;
    let again = tab.input(Engine::handle_start_again);
    tab.lock();
    tab.hear_at(epoch, News::SignedOut { ago: Some(50) });
    tab.grant(900);
    assert_eq!((tab.outcome(again), tab.status()), (Some(Outcome::Done), Status::Authenticated));
}

#[test]
fn client_A131_the_first_refresh_after_a_sign_in_that_is_refused_tells_of_the_cookie() {
    let rejected = || Failure::from(FailureKind::Rejected).answered(401);
    let told = |tab: &Tab| {
        let event = tab.events.contains(&Event::CookieNotKept { status: 401 });
        assert_eq!(event, tab.saw(Step::CookieNotKept));
        event
    };
    let mut tab = Tab::signed_in(900);
    tab.input(Engine::handle_refresh);
    tab.answer(Err(rejected()));
    assert!(told(&tab));
    let steps: Vec<_> = tab.engine.explain().iter().map(|entry| entry.step).collect();
    assert_eq!(steps.last_chunk(), Some(&[Step::CookieNotKept, Step::Rejected]));

    // A session that came by the cookie, or that a refresh has confirmed here or in a sibling.
    let mut restored = Tab::new();
    restored.input(Engine::handle_start);
    restored.grant(900);
    let mut renewed = Tab::signed_in(900);
    renewed.input(Engine::handle_refresh);
    renewed.grant(900);
    let mut sibling = Tab::coordinating();
    sibling.sign_in(900);
    sibling.hear(0, News::Refreshed { visible: true });
    sibling.locks.clear();
    for mut tab in [restored, renewed, sibling] {
        tab.input(Engine::handle_refresh);
        if !tab.locks.is_empty() {
            tab.lock();
        }
        tab.answer(Err(rejected()));
        assert_eq!((tab.reason(), told(&tab)), (Some(SignedOutReason::Rejected), false));
    }

    // A failure that is no verdict does not count, and nobody is told twice.
    let mut late = Tab::signed_in(900);
    late.input(Engine::handle_refresh);
    late.fail(FailureKind::Unreachable);
    assert!(!told(&late));
    late.input(Engine::handle_refresh);
    late.answer(Err(rejected()));
    assert!(told(&late));
    late.input(Engine::handle_refresh);
    late.answer(Err(rejected()));
    assert_eq!(late.events.iter().filter(|e| matches!(e, Event::CookieNotKept { .. })).count(), 1);
}
